// Forwarded messages: single copies, and many merged into one. Their bodies come from the store, never from the client.
import test from "ava";
import { connected } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import type { TestFrame } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
interface Result extends Row {
  ok: boolean;
  messages: { messageId: string; seq: number }[];
}
const ofType = (contentType: string) => (frame: TestFrame) => frame.data.contentType === contentType;

/** Alice is a friend of Bob and of Carol, who do not know each other. */
async function friends() {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  await alice.befriends(bob);
  await alice.befriends(carol);
  return { alice, bob, carol };
}
const forwards = (person: Person, body: Row) => person.posts<{ results: Result[] }>("/messages/forward", body);
const contents = (messages: Row[]) => messages.map(({ content }) => content);

test("copies keep the order of the chat, name who wrote the original, and a retry sends nothing twice", async (t) => {
  const { alice, bob, carol } = await friends();
  const one = await bob.says(alice, "one");
  const { data: two } = await alice.posts("/messages", {
    ...{ sessionId: alice.chatWith(bob), contentType: "image", content: { url: "/2.png", width: 4 } },
  });
  const three = await bob.says(alice, "three");
  const group = await alice.createsGroup("Forwards", [carol]);
  const body = {
    messageIds: [three.messageId, one.messageId, two.messageId, one.messageId],
    targets: [{ receiverId: carol.userId }, { groupId: group.slice(2) }, { receiverId: "247239848101600" }],
    ...{ merge: false, clientMsgId: "forward-1" },
  };
  const answer = await forwards(alice, body);
  t.is(answer.code, 0);
  const { results } = answer.data;
  t.like(results[0], { ok: true, sessionId: alice.chatWith(carol) });
  t.like(results[1], { ok: true, sessionId: group });
  t.like(results[2], { ok: false, code: 50107, codeStr: "050107" });
  t.deepEqual(
    results.map(({ messages }) => messages?.map(({ seq }) => seq)),
    [[1, 2, 3], [1, 2, 3], undefined],
  );
  for (const id of [alice.chatWith(carol), group]) {
    const copies = await carol.history(id);
    t.deepEqual(contents(copies), ["one", { url: "/2.png", width: 4 }, "three"]);
    t.deepEqual(
      copies.map(({ forwardFrom }) => forwardFrom),
      [bob, alice, bob].map(({ userId: senderId, name: senderName }) => ({ senderId, senderName })),
    );
    for (const copy of copies) t.is(copy.senderId, alice.userId);
  }
  const live = await carol.device.sees(
    "NEW_MESSAGE",
    ({ data }) => data.messageId === results[0]?.messages[0]?.messageId,
  );
  t.deepEqual(live.data.forwardFrom, { senderId: bob.userId, senderName: "bob" });

  // The originals change; the copies, and the answer to a retry, stay.
  await bob.puts(`/messages/${one.messageId}`, { content: "better" });
  await bob.posts(`/messages/${three.messageId}/recall`);
  t.deepEqual((await forwards(alice, body)).data, answer.data);
  t.deepEqual(contents(await carol.history(group)), ["one", { url: "/2.png", width: 4 }, "three"]);
  t.like(await forwards(alice, { ...body, clientMsgId: "forward-2" }), { status: 410, code: 50102 });
  t.is((await carol.history(group)).length, 3, "one message that may not be forwarded refuses all");

  // A copy of a copy names the first writer.
  const again = { messageIds: [results[0]?.messages[0]?.messageId], targets: [{ sessionId: group }] };
  t.is((await forwards(carol, again)).code, 0);
  t.like((await alice.history(group)).at(-1), { senderId: carol.userId, forwardFrom: { senderId: bob.userId } });
});

test("what its sender may not read, or may not leave its conversation, is not forwarded", async (t) => {
  const { alice, bob, carol } = await friends();
  const [eve] = await connected(chat, "eve");
  const id = alice.chatWith(bob);
  const said = await alice.says(bob, "between us");
  const burning = { sessionId: id, contentType: "text", content: "burns", burnAfterReadMs: 60_000 };
  const { data: burns } = await alice.posts("/messages", burning);
  const toCarol = [{ receiverId: carol.userId }];
  for (const merge of [false, true]) {
    const forward = (person: Person, messageIds: unknown[]) =>
      forwards(person, { messageIds, targets: toCarol, merge });
    t.like(await forward(alice, [said.messageId, burns.messageId]), { status: 400, code: 50112 }, "burning");
    t.like(await forward(alice, [said.messageId, "999"]), { status: 404, code: 50101 });
    t.like(await forward(alice, ["nonsense"]), { status: 404, code: 50101 });
    const { status, code } = await forward(eve, [said.messageId]);
    t.deepEqual([status, code], [403, 50107], "eve may not write to carol");
    const toAlice = [{ receiverId: alice.userId }];
    await carol.says(alice, "hello");
    t.like(await forwards(carol, { messageIds: [said.messageId], targets: toAlice, merge }), { status: 404 });
  }
  const { messageId: hidden } = await bob.says(alice, "deleted for alice");
  await alice.deletes(`/messages/${hidden}`);
  t.like(await forwards(alice, { messageIds: [hidden], targets: toCarol }), { status: 404, code: 50101 });
  for (const wrong of [
    { messageIds: [], targets: toCarol },
    { messageIds: [said.messageId], targets: [] },
    { messageIds: Array(101).fill(said.messageId), targets: toCarol },
    { messageIds: [said.messageId], targets: Array(21).fill(toCarol[0]) },
    { messageIds: [said.messageId], targets: [{}] },
    { messageIds: [said.messageId], targets: toCarol, merge: true, title: "t".repeat(101) },
  ]) {
    t.like(await forwards(alice, wrong), { status: 400, code: 1 }, JSON.stringify(wrong).slice(0, 80));
  }
  t.deepEqual(contents(await alice.history(alice.chatWith(carol))), ["hello", "hello"]);
});

test("merged messages show four lines, and whole they are read by whoever got them", async (t) => {
  const { alice, bob, carol } = await friends();
  const id = alice.chatWith(bob);
  const long = "x".repeat(4_000);
  const said: Row[] = [];
  for (const [person, text] of [
    [bob, "first"],
    [alice, long],
    [bob, "third"],
    [alice, "fourth"],
    [bob, "fifth"],
  ] as const) {
    said.push(await person.says(person === bob ? alice : bob, text));
  }
  const messageIds = said.map(({ messageId }) => messageId).reverse();
  const body = {
    ...{ messageIds, targets: [{ receiverId: carol.userId }], merge: true },
    ...{ title: "alice and bob", clientMsgId: "merged-1" },
  };
  const sent = await forwards(alice, body);
  const [result] = sent.data.results;
  const { data: live } = await carol.device.sees("NEW_MESSAGE", ofType("merged_forward"));
  t.is(live.messageId, result?.messages[0]?.messageId);
  t.deepEqual(live.content, {
    ...{ title: "alice and bob", count: 5 },
    previews: [
      { senderName: "bob", contentType: "text", content: "first" },
      { senderName: "alice", contentType: "text", content: long.slice(0, 100) },
      { senderName: "bob", contentType: "text", content: "third" },
      { senderName: "alice", contentType: "text", content: "fourth" },
    ],
  });
  t.deepEqual((await carol.history(alice.chatWith(carol)))[0]?.content, live.content);
  const merged = await carol.gets<{ title: string; messages: Row[] }>(`/messages/${live.messageId}/merged`);
  t.is(merged.data.title, "alice and bob");
  t.deepEqual(contents(merged.data.messages), ["first", long, "third", "fourth", "fifth"]);
  t.like(merged.data.messages[0], { messageId: said[0]?.messageId, senderId: bob.userId, senderName: "bob", seq: 1 });

  t.like(await bob.gets(`/messages/${live.messageId}/merged`), { status: 404, code: 50101 });
  t.like(await carol.gets(`/messages/${said[0]?.messageId}/merged`), { status: 404, code: 50101 });
  t.like(await alice.gets(`/messages/${said[0]?.messageId}/merged`), { status: 404, code: 50101 }, "not merged");

  // The copies are independent of their originals, and a retry is the same message.
  await bob.posts(`/messages/${said[0]?.messageId}/recall`);
  t.deepEqual((await forwards(alice, body)).data, sent.data);
  t.like(await forwards(alice, { ...body, title: "other" }), { status: 409, code: 8 });
  const later = await carol.gets<{ messages: Row[] }>(`/messages/${live.messageId}/merged`);
  t.is(later.data.messages[0]?.content, "first");

  // A merged message is forwarded with what it holds, by itself or inside another one.
  const group = await carol.createsGroup("Onwards", [alice]);
  for (const merge of [false, true]) {
    const onward = { messageIds: [live.messageId], targets: [{ sessionId: group }], merge };
    t.is((await forwards(carol, onward)).code, 0);
  }
  const [single, nested] = await alice.history(group);
  t.deepEqual(single?.content, live.content);
  const ofSingle = await alice.gets<{ messages: Row[] }>(`/messages/${single?.messageId}/merged`);
  t.deepEqual(contents(ofSingle.data.messages), ["first", long, "third", "fourth", "fifth"]);
  const ofNested = await alice.gets<{ messages: Row[] }>(`/messages/${nested?.messageId}/merged`);
  const [inner] = ofNested.data.messages as [{ content: { messages: Row[] } }];
  t.deepEqual(contents(inner.content.messages), ["first", long, "third", "fourth", "fifth"]);

  await alice.posts(`/messages/${live.messageId}/recall`);
  t.like(await carol.gets(`/messages/${live.messageId}/merged`), { status: 410, code: 50102 });
  t.is((await carol.history(alice.chatWith(carol)))[0]?.content, null);
  t.is((await carol.history(id).catch(() => [])).length, 0);
});

test("a forwarded text is checked like a written one, and an announcement becomes a text", async (t) => {
  const { alice, carol } = await friends();
  const group = await alice.createsGroup("Hear", [carol]);
  const { data: heard } = await alice.posts("/messages", {
    ...{ sessionId: group, contentType: "announcement", content: { text: "tea at four" } },
  });
  const other = await alice.createsGroup("Other", [carol]);
  t.is((await forwards(carol, { messageIds: [heard.messageId], targets: [{ sessionId: other }] })).code, 0);
  t.like((await alice.history(other))[0], { contentType: "text", content: "tea at four" });
  await alice.puts(`/groups/${other.slice(2)}/mute`, { muted: true });
  const [muted] = [await forwards(carol, { messageIds: [heard.messageId], targets: [{ sessionId: other }] })];
  t.like(muted, { status: 403, code: 40115 });
});
