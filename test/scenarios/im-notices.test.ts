// What a user's devices are told without asking: counts, friends who come and go.
import test from "ava";
import { eventually, staysTrue } from "../suites/eventually.ts";
import { Person } from "../support/person.ts";
import { startTestNode } from "../support/start-node.ts";
import type { TestDevice, TestFrame } from "../support/test-device.ts";

const isOf = (type: string) => (frame: TestFrame) => frame.type === "NOTIFICATION" && frame.data.type === type;

function countsOf(device: TestDevice, sessionId: string): TestFrame["data"][] {
  const own = device.frames.filter(
    (frame) => isOf("session.unread_updated")(frame) && frame.data.sessionId === sessionId,
  );
  return own.map(({ data }) => data);
}

async function people<N extends string>(at: { readonly port: number }, ...names: N[]): Promise<Person[]> {
  return Promise.all(names.map((name) => Person.registers(at, name)));
}

test("counts follow messages, mentions, reads and mutes on every device, as the list shows them", async (t) => {
  await using node = await startTestNode();
  const [ana, bo, cy] = (await people(node, "ana", "bo", "cy")) as [Person, Person, Person];
  await ana.befriends(bo);
  const group = await ana.createsGroup("walkers", [bo, cy]);
  await Promise.all([ana.connects(), bo.connects()]);
  const phone = await bo.opens(await bo.logsIn("iOS", "bo-phone"));
  const chat = ana.chatWith(bo);
  const last = (device: TestDevice, id: string) => countsOf(device, id).at(-1);

  await ana.says(bo, "one");
  await ana.says(bo, "two");
  for (const device of [bo.device, phone]) await eventually(() => last(device, chat)?.unreadCount === 2);
  await ana.device.asks("SEND_MESSAGE", {
    ...{ sessionId: group, contentType: "text", content: "@bo?", mentions: [bo.userId] },
  });
  await eventually(() => last(phone, group)?.mentionCount === 1);
  await eventually(() => last(phone, group)?.totalUnread === 3);
  const listed = await bo.gets<{ sessions: { sessionId: string; unreadCount: number; mentionCount: number }[] }>(
    "/sessions",
  );
  t.like(
    listed.data.sessions.find(({ sessionId }) => sessionId === group),
    { unreadCount: 1, mentionCount: 1 },
  );

  bo.device.sends({ type: "MESSAGE_READ", data: { sessionId: chat, seq: 2 } });
  for (const device of [bo.device, phone]) {
    await eventually(() => last(device, chat)?.unreadCount === 0);
    t.like(last(device, chat), { readSeq: 2, totalUnread: 1 });
    t.is(typeof last(device, chat).userVersion, "number");
  }
  await bo.puts(`/sessions/${group}/mute`, { isMuted: true });
  await eventually(() => last(phone, group)?.totalUnread === 0);
  t.is(last(phone, group).unreadCount, 1);
  await staysTrue(() => countsOf(ana.device, chat).length === 0, 200);
  t.is((await bo.gets("/sessions/unread/total")).data.totalUnread, 0);
});

test("entries that are pinned say when, and stand in that order; the list names what is not there", async (t) => {
  await using node = await startTestNode();
  const [ana, bo, cy] = (await people(node, "ana", "bo", "cy")) as [Person, Person, Person];
  await ana.connects();
  for (const friend of [bo, cy]) {
    await ana.befriends(friend);
    await ana.says(friend, "hello");
  }
  const sessions = async () => (await ana.gets<{ sessions: TestFrame["data"][] }>("/sessions")).data.sessions;
  t.deepEqual(
    (await sessions()).map(({ pinnedAt }) => pinnedAt),
    [0, 0],
  );
  for (const friend of [cy, bo]) await ana.puts(`/sessions/${ana.chatWith(friend)}/pin`, { pinned: true });
  const pinned = await sessions();
  t.deepEqual(
    pinned.map(({ name }) => name),
    ["bo", "cy"],
  );
  t.true(pinned.every(({ pinnedAt, isPinned }) => isPinned && Math.abs(Date.now() - pinnedAt) < 60_000));
  t.true(pinned[0].pinnedAt >= pinned[1].pinnedAt);
  t.like(await ana.posts("/sessions", {}), { status: 400, codeStr: "060103" });
  t.like(await ana.gets(`/sessions/${ana.chatWith(await Person.registers(node, "di"))}`), {
    status: 404,
    codeStr: "060101",
  });
  await ana.deletes(`/sessions/${ana.chatWith(bo)}`);
  t.like(await ana.gets(`/sessions/${ana.chatWith(bo)}`), { status: 410, codeStr: "060102" });
});
