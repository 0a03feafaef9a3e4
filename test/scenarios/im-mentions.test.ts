// Mentions of single members and of everybody.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { connected } from "../support/people.ts";
import { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import type { TestFrame } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
const mentioned = (frame: TestFrame) => frame.data.type === "message.mentioned";
const countsOf = async (person: Person, id: string) => {
  const { data } = await person.gets(`/sessions/${id}`);
  return [data.unreadCount, data.mentionCount];
};
async function toAll(person: Person, sessionId: string, more: Row = {}): Promise<Row> {
  const frame = { sessionId, contentType: "text", content: "@all tea", mentions: ["all"], ...more };
  const answer = await person.device.asks("SEND_MESSAGE", frame);
  if (answer.type !== "SEND_ACK") throw new Error(JSON.stringify(answer));
  return answer.data;
}

test("a mention of everybody is counted by all members but the sender, until they read or it is recalled", async (t) => {
  const [alice, bob, carol, dave] = await connected(chat, "alice", "bob", "carol", "dave");
  const id = await alice.createsGroup("All", [bob, carol]);
  const phone = await alice.opens(await alice.logsIn("iOS", "phone"));
  const first = await toAll(alice, id, { mentions: ["all", bob.userId] });
  for (const person of [bob, carol]) {
    const { data } = await person.device.sees("NOTIFICATION", mentioned);
    t.like(data, { sessionId: id, messageId: first.messageId, seq: 1, senderId: alice.userId });
    t.deepEqual(await countsOf(person, id), [1, 1]);
  }
  const second = await toAll(alice, id);
  await phone.sees("NEW_MESSAGE", ({ data }) => data.messageId === second.messageId);
  await bob.device.sees("NOTIFICATION", (frame) => mentioned(frame) && frame.data.seq === 2);
  t.is(bob.device.seen("NOTIFICATION", mentioned).length, 2, "once for each message, though bob is named, too");
  for (const device of [alice.device, phone]) t.deepEqual(device.seen("NOTIFICATION", mentioned), []);
  t.deepEqual(await countsOf(alice, id), [0, 0]);
  t.deepEqual(await countsOf(bob, id), [2, 2]);

  // Who joins later is not mentioned by what was written before.
  await alice.puts(`/groups/${id.slice(2)}`, { allowViewHistory: false });
  await alice.posts(`/groups/${id.slice(2)}/members`, { userIds: [dave.userId] });
  await eventually(async () => (await dave.gets(`/sessions/${id}`)).code === 0);
  t.deepEqual(await countsOf(dave, id), [0, 0]);

  await bob.posts(`/sessions/${id}/read`, { seq: 1 });
  t.deepEqual(await countsOf(bob, id), [1, 1]);
  await alice.posts(`/messages/${second.messageId}/recall`);
  t.deepEqual(await countsOf(bob, id), [0, 0]);
  t.deepEqual(await countsOf(carol, id), [1, 1]);
  const { data: sync } = await carol.posts<{ changes: Row[] }>("/sync", { cursor: 0 });
  t.like(
    sync.changes.find(({ sessionId }) => sessionId === id),
    { unreadCount: 1, mentionCount: 1 },
  );
});

test("who may not mention everybody is refused on every way, and the words alone mention nobody", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  const id = await alice.createsGroup("Reserved", [bob, carol]);
  const frame = { sessionId: id, contentType: "text", content: "@all tea", mentions: ["all"] };
  t.like(await bob.posts("/messages", frame), { status: 403, code: 40108 });
  t.is((await bob.device.asks("SEND_MESSAGE", frame)).code, 40108);
  const plain = await bob.says(id, "@all ＠all tea for all");
  const edit = { content: "@all again", mentions: ["all"] };
  t.like(await bob.puts(`/messages/${plain.messageId}`, edit), { status: 403, code: 40108 });
  t.is((await bob.device.asks("MESSAGE_EDIT", { messageId: plain.messageId, ...edit })).code, 40108);
  t.deepEqual(await countsOf(carol, id), [1, 0]);
  t.deepEqual(carol.device.seen("NOTIFICATION", mentioned), []);

  await alice.posts(`/groups/${id.slice(2)}/admins`, { userIds: [bob.userId] });
  t.is((await bob.posts("/messages", frame)).code, 0, "an admin may");
  await carol.device.sees("NOTIFICATION", mentioned);
  t.deepEqual(await countsOf(carol, id), [2, 1]);

  await alice.befriends(bob);
  const pair = alice.chatWith(bob);
  t.is((await alice.posts("/messages", { ...frame, sessionId: pair })).code, 0);
  t.is((await bob.history(pair))[0]?.mentions, undefined, "in a chat of two it mentions nobody");
  t.deepEqual(await countsOf(bob, pair), [1, 0]);
});

test("everybody is mentioned only so often by one user", async (t) => {
  const limited = await startTestNode({ env: { RATE_LIMITS: "on" } });
  t.teardown(() => limited.close());
  const [alice, bob] = [await Person.registers(limited, "alice"), await Person.registers(limited, "bob")];
  const id = await alice.createsGroup("Often", [bob]);
  const frame = { sessionId: id, contentType: "text", content: "now", mentions: ["all"] };
  const codes: number[] = [];
  for (let i = 0; i < 25; i += 1) codes.push((await alice.posts("/messages", frame)).code);
  t.deepEqual(codes.slice(0, 20), Array(20).fill(0));
  t.is(codes.at(-1), 9);
  t.is((await alice.posts("/messages", { ...frame, mentions: [] })).code, 0);
});

test("mentions go by user id: a name inside a longer name, twice, or renamed changes nothing", async (t) => {
  const [alice, jo, joAnn] = await connected(chat, "host", "Jo", "Jo.Ann");
  const id = await alice.createsGroup("Names", [jo, joAnn]);
  await joAnn.puts("/users/me", { nickname: "Jo Ann 李 雷" });
  const frame = {
    ...{ sessionId: id, contentType: "text", content: "(@Jo.Ann). @Jo.Ann! jo@example.test" },
    mentions: [joAnn.userId, joAnn.userId],
  };
  t.is((await alice.posts("/messages", frame)).code, 0);
  await joAnn.device.sees("NOTIFICATION", mentioned);
  t.deepEqual(await countsOf(joAnn, id), [1, 1]);
  t.deepEqual(await countsOf(jo, id), [1, 0]);
  t.is(joAnn.device.seen("NOTIFICATION", mentioned).length, 1);
  t.deepEqual(jo.device.seen("NOTIFICATION", mentioned), []);
});
