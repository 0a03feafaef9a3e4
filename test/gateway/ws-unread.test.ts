// session.unread_updated: to whom, how often, and what it costs a send.
import test from "ava";
import { staysTrue, until } from "../suites/eventually.ts";
import type { TestDevice } from "../support/test-device.ts";
import { startWorld } from "../support/ws-world.ts";

const pair = "s_1_2";
const counts = (device: TestDevice, sessionId = pair) =>
  device
    .seen("NOTIFICATION", ({ data }) => data.type === "session.unread_updated" && data.sessionId === sessionId)
    .map(({ data }) => data);

test("who gets a message learns what is unread, and the sender does not", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const [ana, bob, bobsDesk] = [await edge.device("1"), await edge.device("2"), await edge.device("2", "desk")];
  chat.says("1", "hello");
  await until(() => counts(bob).length === 1 && counts(bobsDesk).length === 1);
  t.like(counts(bob)[0], { unreadCount: 1, mentionCount: 0, totalUnread: 1, priority: "low", requireAck: false });
  await staysTrue(() => counts(ana).length === 0, 1_300);
});

test("a burst is told at most once a second, and ends with all of it", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const bob = await edge.device("2");
  const startMs = performance.now();
  for (let n = 1; n <= 40; n += 1) {
    chat.says("1", n);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  await until(() => counts(bob).at(-1)?.unreadCount === 40);
  const seconds = Math.ceil((performance.now() - startMs) / 1_000);
  t.true(counts(bob).length <= seconds + 1, `${counts(bob).length} in ${seconds} s`);
});

test("a read is told to every device with the mark's version, and asked for once more when the answer fails", async (t) => {
  await using edge = await startWorld();
  edge.world.conversation(pair, ["1", "2"]).says("1", "hello");
  const bob = await edge.device("2");
  let refusals = 1;
  edge.world.before.set("reading.unread", () => {
    refusals -= 1;
    if (refusals >= 0) throw new Error("no host");
  });
  edge.world.publishTo("2", "session.unread_updated", { sessionId: pair, readSeq: 1, readCountSeq: 1, userVersion: 3 });
  await until(() => counts(bob).length === 1);
  t.like(counts(bob)[0], { sessionId: pair, userVersion: 3 });
  t.true(edge.world.logged.some((line) => line.startsWith("unread counts: not known")));
});

test("in a large group a send asks for nobody's counts, and counting is bounded", async (t) => {
  await using edge = await startWorld();
  const members = Array.from({ length: 60 }, (_, i) => `${i + 1}`);
  const group = edge.world.conversation("g_9", members, "conversation");
  const devices = await Promise.all(members.map((userId) => edge.device(userId)));
  group.says("1", "first");
  await until(() => devices.every((device) => device.seen("NEW_MESSAGE").length === 1));
  edge.world.isRecording = true;
  edge.world.calls.length = 0;
  const asked = () => edge.world.calls.filter(({ name }) => name === "reading.unread").length;
  for (let n = 0; n < 100; n += 1) group.says("1", n);
  t.is(asked(), 0);
  await until(() => devices.slice(1).every((device) => counts(device, "g_9").at(-1)?.unreadCount === 101));
  t.true(asked() <= 2 * 60, `${asked()} for 100 messages`);
  t.is(counts(devices[0]!, "g_9").length, 0);
});

test("a message that is taken back changes the count, for its sender too", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const [ana, bob] = [await edge.device("1"), await edge.device("2")];
  const { messageId, seq } = chat.says("1", "hello");
  await until(() => counts(bob).length === 1);
  chat.recalls({ messageId, seq });
  await until(() => counts(bob).length === 2 && counts(ana).length === 1);
  t.deepEqual([counts(bob).length, counts(ana).length], [2, 1]);
});
