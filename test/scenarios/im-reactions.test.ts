// Reactions and pinned messages, over the real gateway: live, in history, in search, after a pause, and after a recall.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { connected } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;

async function friends(): Promise<{ alice: Person; bob: Person; id: string }> {
  const [alice, bob] = await connected(chat, "alice", "bob");
  await alice.befriends(bob);
  return { alice, bob, id: alice.chatWith(bob) };
}
const reacts = (person: Person, messageId: unknown, emoji: string, on = true) =>
  person.calls(on ? "PUT" : "DELETE", `/messages/${messageId}/reactions/${encodeURIComponent(emoji)}`);
const pins = (person: Person, messageId: unknown, on = true) =>
  person.calls(on ? "PUT" : "DELETE", `/messages/${messageId}/pin`);
const pinsOf = async (person: Person, id: string) =>
  (await person.gets<{ pins: Row[] }>(`/sessions/${id}/pins`)).data.pins;
/** The changes of conversations since `vector`; an empty one is that of a new device. */
const syncs = async (person: Person, vector: Row): Promise<Row[]> =>
  (await person.posts<{ changes: Row[] }>("/sync", { vector })).data.changes.filter(
    ({ type }) => type === "conversation",
  );

test("a reaction reaches everybody, and each sees in history whether it is their own", async (t) => {
  const { alice, bob, id } = await friends();
  const { messageId, seq } = await alice.says(bob, "dinner at eight");
  t.like(await reacts(bob, messageId, "👍"), { status: 200, data: { messageId, seq, sessionId: id } });
  t.like(await reacts(bob, messageId, "👍"), { status: 200, code: 0 });
  for (const device of [alice.device, bob.device]) {
    const { data } = await device.sees("REACTION_UPDATED");
    t.like(data, { messageId, sessionId: id, seq, reactions: [{ emoji: "👍", count: 1, userIds: [bob.userId] }] });
  }
  const answer = await alice.device.asks("REACTION", { messageId, emoji: "👍", on: true });
  t.is(answer.type, "OK");
  // The answered tap is read at once, also before its version.
  const shown = async (person: Person) => (await person.history(id))[0]?.reactions;
  t.deepEqual(await shown(alice), [{ emoji: "👍", count: 2, mine: true }]);
  const found = await bob.gets<{ messages: Row[] }>(`/messages/search?keyword=dinner&sessionId=${id}`);
  t.deepEqual(found.data.messages[0]?.reactions, [{ emoji: "👍", count: 2, mine: true }]);
  await reacts(bob, messageId, "👍", false);
  t.deepEqual(await shown(bob), [{ emoji: "👍", count: 1, mine: false }]);
  await bob.device.sees("REACTION_UPDATED", ({ data }) => data.reactions[0]?.userIds[0] === alice.userId);
  const { data } = await bob.gets(`/messages/${messageId}/reactions`);
  t.deepEqual(data, {
    reactions: [{ emoji: "👍", count: 1, users: [{ userId: alice.userId, nickname: "alice" }] }],
  });
});

test("a message that its reader deleted or cleared takes no tap of theirs, whether the conversation is named or not", async (t) => {
  const { alice, bob, id } = await friends();
  const first = await alice.says(bob, "one");
  const second = await alice.says(bob, "two");
  await bob.deletes(`/messages/${second.messageId}`);
  for (const where of [{}, { sessionId: id }]) {
    const tap = { messageId: second.messageId, ...where, emoji: "👍", on: true };
    t.is((await bob.device.asks("REACTION", tap)).code, 50101);
    t.is((await bob.device.asks("MESSAGE_PIN", tap)).code, 50101);
  }
  await bob.deletes(`/sessions/${id}/messages`);
  const tap = { messageId: first.messageId, sessionId: id, emoji: "👍", on: true };
  t.is((await bob.device.asks("REACTION", tap)).code, 50101);
  t.is((await alice.device.asks("REACTION", tap)).type, "OK");
});

test("what is no emoji is refused, by a route and by a frame", async (t) => {
  const { alice, bob } = await friends();
  const { messageId } = await alice.says(bob, "hello");
  for (const text of ["ok", "❤", "👍👍", "<script>"]) {
    t.like(await reacts(bob, messageId, text), { status: 400, code: 1 }, text);
    t.is((await bob.device.asks("REACTION", { messageId, emoji: text, on: true })).code, 1, text);
  }
});

test("an edit and later reactions both reach a device that was away, and so does the end of a pin", async (t) => {
  const { alice, bob, id } = await friends();
  const { messageId, seq } = await alice.says(bob, "helo");
  await pins(bob, messageId);
  const [first] = await syncs(bob, {});
  t.like((first!.messages as Row[])[0], { content: "helo", isPinned: true, reactions: [] });
  await alice.puts(`/messages/${messageId}`, { content: "hello" });
  await reacts(bob, messageId, "❤️");
  await pins(alice, messageId, false);
  const [later] = await syncs(bob, { [id]: first?.version });
  const changes = (later!.changes as Row[]).filter(({ type }) => type !== "read");
  t.deepEqual(
    changes.map(({ type, content, on, reactions }) => [type, content ?? on ?? reactions]),
    [
      ["edited", "hello"],
      ["reacted", [{ emoji: "❤️", count: 1, userIds: [bob.userId] }]],
      ["pinned", false],
    ],
  );
  const [anew] = await syncs(bob, {});
  t.like((anew!.messages as Row[])[0], {
    ...{ seq, content: "hello", isPinned: false, reactions: [{ emoji: "❤️", count: 1, mine: true }] },
  });
});

test("a recall takes reactions and pin away, and no more are taken", async (t) => {
  const { alice, bob, id } = await friends();
  const { messageId } = await alice.says(bob, "secret");
  await reacts(bob, messageId, "👍");
  await pins(alice, messageId);
  t.like((await pinsOf(bob, id))[0], { messageId, content: "secret", pinnedBy: alice.userId, senderName: "alice" });
  await alice.posts(`/messages/${messageId}/recall`);
  t.deepEqual(await pinsOf(bob, id), []);
  t.like((await bob.history(id))[0], { status: "recalled", content: null, isPinned: false, reactions: [] });
  t.like(await reacts(bob, messageId, "👍"), { status: 410, code: 50102 });
  t.is((await bob.device.asks("REACTION", { messageId, emoji: "👍", on: true })).code, 50102);
  t.like(await pins(bob, messageId), { status: 410, code: 50102 });
  t.like(await bob.gets(`/messages/${messageId}/reactions`), { status: 410, code: 50102 });
});

test("the versions of an edited message are read with the original, until the message is recalled", async (t) => {
  const { alice, bob, id } = await friends();
  const { messageId, timestamp } = await alice.says(bob, "ALPHA7731");
  const editsOf = (person: Person) => person.gets<{ edits: Row[] }>(`/messages/${messageId}/edits`);
  t.deepEqual((await editsOf(bob)).data.edits, [{ content: "ALPHA7731", editedAt: timestamp }]);
  await alice.puts(`/messages/${messageId}`, { content: "ALPHA7732" });
  await alice.device.asks("MESSAGE_EDIT", { messageId, content: "ALPHA7733" });
  const { edits } = (await editsOf(bob)).data;
  t.deepEqual(
    edits.map(({ content }) => content),
    ["ALPHA7731", "ALPHA7732", "ALPHA7733"],
  );
  t.is(edits[0]?.editedAt, timestamp);
  await alice.posts(`/messages/${messageId}/recall`);
  t.like(await editsOf(bob), { status: 410, code: 50102 });
  const everything = [await bob.history(id), await syncs(bob, {}), await syncs(bob, { [id]: 1 })];
  t.false(JSON.stringify(everything).includes("ALPHA"));
});

test("in a group owner and admins pin, the newest pin comes first, and who joined later sees what they may", async (t) => {
  const [ana, bo, cy] = await connected(chat, "ana", "bo", "cy");
  const id = await ana.createsGroup("Trip", [bo]);
  await ana.puts(`/groups/${id.slice(2)}/settings`, { allowViewHistory: false });
  const before = await bo.says(id, "the old plan");
  t.like(await pins(bo, before.messageId), { status: 403, code: 40108 });
  t.is((await bo.device.asks("MESSAGE_PIN", { messageId: before.messageId, on: true })).code, 40108);
  await pins(ana, before.messageId);
  await ana.posts(`/groups/${id.slice(2)}/members`, { memberIds: [cy.userId] });
  const after = await bo.says(id, "the new plan");
  t.is((await ana.device.asks("MESSAGE_PIN", { messageId: after.messageId, on: true })).type, "OK");
  const { data } = await cy.device.sees("MESSAGE_PINNED", (frame) => frame.data.messageId === after.messageId);
  t.like(data, { sessionId: id, on: true, operatorId: ana.userId });
  t.deepEqual(
    (await pinsOf(bo, id)).map(({ content }) => content),
    ["the new plan", "the old plan"],
  );
  t.deepEqual(
    (await pinsOf(cy, id)).map(({ content }) => content),
    ["the new plan"],
  );
  await bo.deletes(`/messages/${after.messageId}`);
  t.deepEqual(
    (await pinsOf(bo, id)).map(({ content }) => content),
    ["the old plan"],
  );
});

test("sixty quick taps end in one state everywhere, and make few versions", async (t) => {
  const [ana, ...others] = await connected(chat, "ana", "bo", "cy", "di");
  const id = await ana.createsGroup("Taps", others);
  const { messageId } = await ana.says(id, "like it?");
  const emoji = ["👍", "❤️", "😂", "🎉", "🔥"];
  const taps = [ana, ...others].flatMap((person) => emoji.map((each) => [person, each] as const));
  await Promise.all(taps.map(([person, each]) => reacts(person, messageId, each)));
  await Promise.all(taps.map(([person, each]) => reacts(person, messageId, each, false)));
  await Promise.all(taps.map(([person, each]) => reacts(person, messageId, each)));
  const full = emoji.map((each) => ({ emoji: each, count: 4, mine: true })).sort(byEmoji);
  for (const person of [ana, ...others]) {
    await eventually(() => {
      const last = person.device.seen("REACTION_UPDATED").at(-1)?.data.reactions as { count: number }[] | undefined;
      return last?.length === emoji.length && last.every(({ count }) => count === 4);
    });
    t.true(person.device.seen("REACTION_UPDATED").length <= 20);
    const [message] = (await person.history(id)).filter((row) => row.messageId === messageId);
    t.deepEqual((message!.reactions as { emoji: string }[]).toSorted(byEmoji), full);
  }
});

function byEmoji(a: { emoji: string }, b: { emoji: string }): number {
  return a.emoji < b.emoji ? -1 : 1;
}
