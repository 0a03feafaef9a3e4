// Frames that come at once because they could not come before: after a gap of the notification bus, without the lease, while
// actors are away. No healthy socket is closed for it, nothing is lost, and the order stays.
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { staysTrue, until } from "../suites/eventually.ts";
import type { TestDevice } from "../support/test-device.ts";
import { startWorld } from "../support/ws-world.ts";

const pair = "s_1_2";
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const big = "x".repeat(8_000);
type Edge = Awaited<ReturnType<typeof startWorld>>;

const callsOf = (edge: Edge, name: string) => edge.world.calls.filter((call) => call.name === name);

async function groupOf(edge: Edge, userIds: string[]) {
  const group = edge.world.conversation("g_9", userIds, "conversation");
  const devices = await Promise.all(userIds.map((userId) => edge.device(userId)));
  await until(() => edge.world.subjects.has("g_9"));
  group.says("1", "hello");
  for (const device of devices) await device.sees(({ data }) => data?.content === "hello");
  return { group, devices };
}

function holdsAll(
  t: { deepEqual(a: unknown, b: unknown): void; is(a: unknown, b: unknown): void },
  devices: TestDevice[],
  n: number,
) {
  for (const device of devices) {
    t.is(device.closeCode, undefined);
    t.deepEqual(device.versions("g_9"), upTo(n));
  }
}

test("a gap in a very busy group is filled without closing a socket, and senders are answered meanwhile", async (t) => {
  await using edge = await startWorld();
  const { group, devices } = await groupOf(edge, ["1", "2", "3"]);
  edge.world.conversation(pair, ["1", "2"]);
  edge.world.onPublish = () => {};
  for (let i = 0; i < 600; i += 1) group.says("4", big);
  edge.world.onPublish = (notification, deliver) => deliver(notification);
  edge.world.reportGap();
  const sender = devices[0]!;
  const ack = await sender.asks("SEND_MESSAGE", { sessionId: pair, contentType: "text", content: "x" });
  t.is(ack.type, "SEND_ACK");
  group.says("4", "live again");
  for (const device of devices) await device.sees(({ data }) => data?.content === "live again");
  holdsAll(t, devices, 602);
  t.is(edge.world.counts.pulled - 1 <= 4, true, "pulled for all together");
});

test("more frames in one tick than fit into a socket's buffer close no socket", async (t) => {
  await using edge = await startWorld();
  const { group, devices } = await groupOf(edge, ["1", "2", "3"]);
  for (let i = 0; i < 300; i += 1) group.says("4", big);
  group.says("4", "the last");
  for (const device of devices) await device.sees(({ data }) => data?.content === "the last");
  holdsAll(t, devices, 302);
});

test("messages of the time without a lease come in order when the lease is back", async (t) => {
  await using edge = await startWorld();
  const { group, devices } = await groupOf(edge, ["1", "2"]);
  group.says("4", "just before"); // in the middle of a fan-out: decided, and not written yet
  edge.world.setLease(false);
  for (let i = 0; i < 50; i += 1) {
    for (let j = 0; j < 50; j += 1) group.says("4", big);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const device of devices) t.deepEqual(device.versions("g_9"), [1]);
  edge.world.setLease(true);
  group.says("4", "back");
  for (const device of devices) {
    await device.sees(({ data }) => data?.content === "back" || data?.type === "sync.request");
    t.is(device.closeCode, undefined);
  }
});

test("no more is sent again than a socket takes", async (t) => {
  await using edge = await startWorld({ resendAfterMs: [150], maxOutboundBytes: 200_000 });
  const chats = ["3", "4", "5"].map((other) => edge.world.conversation(`s_2_${other}`, ["2", other]));
  const silent = await edge.device("2");
  for (let i = 0; i < 12; i += 1) {
    for (const chat of chats) chat.says("9", big);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => edge.world.counts.resent >= 1);
  chats[0]!.says("9", "after");
  await silent.sees(({ data }) => data?.content === "after");
  t.is(silent.closeCode, undefined);
});

test("a change of the lists whose notification was lost is noticed: after a gap, by the next change, and by the comparison", async (t) => {
  for (const how of ["gap", "next", "comparison"]) {
    await using edge = await startWorld(how === "comparison" ? { syncEveryMs: 200 } : {});
    const device = await edge.device("2");
    const { onPublish } = edge.world;
    edge.world.changesList("2");
    await device.sees(({ data }) => data?.userVersion === 1);
    edge.world.onPublish = () => {};
    edge.world.changesList("2");
    edge.world.onPublish = onPublish;
    if (how === "gap") edge.world.reportGap();
    if (how === "next") edge.world.changesList("2");
    const { data } = await device.sees(({ data }) => data?.type === "sync.request");
    t.like(data, { scope: "user", userVersion: how === "next" ? 3 : 2 });
  }
});

test("changes of the lists that come out of order are no reason to sync", async (t) => {
  await using edge = await startWorld({ syncEveryMs: 200 });
  const device = await edge.device("2");
  const kept: (() => void)[] = [];
  edge.world.onPublish = (notification, deliver) => kept.push(() => deliver(notification));
  for (let i = 0; i < 3; i += 1) edge.world.changesList("2");
  for (const deliver of kept.toReversed()) deliver();
  const before = callsOf(edge, "reading.present").length;
  await until(() => callsOf(edge, "reading.present").length > before + 2);
  t.deepEqual(
    device.seen("NOTIFICATION").map(({ data }) => data.userVersion),
    [3, 2, 1],
  );
});

test("after a gap each user is read once, however many sockets the user has and however many gaps there are", async (t) => {
  await using edge = await startWorld({}, ["boot"]);
  const userIds = upTo(40).map(String);
  const devices = await Promise.all(
    userIds.flatMap((userId) => ["phone", "web", "pad"].map((name) => edge.device(userId, `${name}${userId}`))),
  );
  const before = edge.world.calls.length;
  for (let i = 0; i < 5; i += 1) edge.world.reportGap();
  const reads = () => edge.world.calls.slice(before).filter(({ name }) => name === "reading.present");
  await until(() => new Set(reads().map(({ key }) => key)).size === userIds.length);
  t.true(reads().length <= userIds.length + 16, "those being read when it was said again are read again");
  t.log(`${reads().length / devices.length} actor calls per socket`);
  t.is(edge.world.calls.length - before, reads().length, "and nothing else is asked");
});

test("every host of actors is away for three seconds: sockets wait, and none is closed", async (t) => {
  await using edge = await startWorld({ syncEveryMs: 400 });
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const [alice, bob] = await Promise.all([edge.device("1"), edge.device("2")]);
  edge.world.session("3").vectors.set("d3", { userVersion: 0, conversations: {} });
  edge.world.isAway = true;
  const sends = upTo(5).map((i) =>
    alice.asks("SEND_MESSAGE", { sessionId: pair, contentType: "text", content: i }, `m${i}`),
  );
  bob.sends({ type: "MESSAGE_READ", data: { sessionId: pair, seq: 1 } });
  edge.world.onPublish = () => {};
  chat.says("2", "unheard");
  edge.world.onPublish = (notification, deliver) => deliver(notification);
  edge.world.reportGap();
  const late = edge.open({ query: { token: edge.tokenOf("3", "d3") } });
  await late.opens();
  const answers = () => [...alice.seen("SEND_ACK"), ...alice.seen("ERROR"), ...late.seen("CONNECT_ACK")];
  await staysTrue(() => answers().length === 0, 3_000);
  edge.world.isAway = false;
  for (const answer of await Promise.all(sends)) t.is(answer.type, "SEND_ACK");
  await late.connected();
  await bob.sees(({ data }) => data?.content === 5);
  t.deepEqual(
    bob.seen("NEW_MESSAGE").map(({ data }) => data.content),
    ["unheard", 1, 2, 3, 4, 5],
  );
  await until(() => callsOf(edge, "user.markRead").length > 0);
  for (const device of [alice, bob, late]) t.is(device.closeCode, undefined);
});

test("a device that has just connected waits for actors that go away then, and is not closed", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  chat.says("1", "old");
  edge.world.session("2").vectors.set("d2", { userVersion: 0, conversations: {} });
  edge.world.before.set("session.connect", () => {
    edge.world.before.clear();
    setImmediate(() => {
      edge.world.isAway = true;
    });
  });
  const bob = await edge.device("2");
  await until(() => edge.world.isAway);
  bob.sends({ type: "PING" });
  await bob.sees("PONG");
  await staysTrue(() => bob.closeCode === undefined, 500);
  edge.world.isAway = false;
  await bob.sees(({ data }) => data?.content === "old");
  t.is(bob.closeCode, undefined);
});

test("a send that no actor took in time is answered with 000006, and the socket stays", async (t) => {
  await using edge = await startWorld({ sendDeadlineMs: 400 });
  edge.world.conversation(pair, ["1", "2"]);
  const alice = await edge.device("1");
  await alice.asks("SEND_MESSAGE", { sessionId: pair, contentType: "text", content: "x" });
  edge.world.isAway = true;
  const answer = await alice.asks("SEND_MESSAGE", { sessionId: pair, contentType: "text", content: "y" });
  t.like(answer, { type: "ERROR", code: 6 });
  t.is(alice.closeCode, undefined);
});

test("a lease that lapses in the middle of a fan-out stops it there; the rest is written when it is back", async (t) => {
  await using edge = await startWorld();
  const { group, devices } = await groupOf(edge, upTo(40).map(String));
  edge.world.leaseChecksLeft = 1;
  group.says("99", "to all");
  await until(() => !edge.world.isLeaseHeld);
  const reached = () => devices.filter((device) => device.versions("g_9").length === 2).length;
  await staysTrue(() => reached() <= 16, 50);
  edge.world.setLease(true);
  await until(() => reached() === 40);
  for (const device of devices) t.is(device.closeCode, undefined);
});

test("a lease that lapsed and came back unnoticed leaves no frame behind, in or out", async (t) => {
  await using edge = await startWorld();
  const { group, devices } = await groupOf(edge, ["1", "2"]);
  const [alice, bob] = devices;
  edge.world.isLeaseHeld = false;
  alice?.sends({ type: "PING" });
  group.says("1", "held");
  await staysTrue(() => alice?.seen("PONG").length === 0, 100);
  edge.world.isLeaseHeld = true;
  await alice?.sees("PONG");
  await bob?.sees(({ data }) => data?.content === "held");
  t.is(alice?.closeCode, undefined);
});

/** From a group of three; Bob's own list does not show it yet. */
async function removesBob(edge: Edge) {
  const group = edge.world.conversation("g_9", ["1", "2", "3"]);
  const [bob, carol] = await Promise.all(["2", "3"].map((id) => edge.device(id)));
  group.says("1", "for all");
  await bob?.sees(({ data }) => data?.content === "for all");
  group.removes("2");
  edge.world.staleLists.set("2", [group.id]);
  await bob?.sees(({ data }) => data?.type === "session.deleted");
  return { group, bob, carol };
}

test("a removed member gets nothing more when compared by a list that does not show the removal yet", async (t) => {
  await using edge = await startWorld({ syncEveryMs: 200 });
  const { world } = edge;
  const { group, bob, carol } = await removesBob(edge);
  const asked = () => world.calls.filter(({ name, key }) => name === "reading.present" && key === "2").length;
  const before = asked();
  await until(() => asked() >= before + 3);
  group.says("1", "not for bob");
  await carol?.sees(({ data }) => data?.content === "not for bob");
  const last = asked();
  await until(() => asked() >= last + 2);
  t.is(bob?.seen("NEW_MESSAGE").filter(({ data }) => data?.content === "not for bob").length, 0);
});

test("a member whose list may be wrong gets nothing until the group has confirmed the membership", async (t) => {
  await using edge = await startWorld({ syncEveryMs: 200 });
  const { world } = edge;
  const { group, bob, carol } = await removesBob(edge);
  let failures = 0;
  world.before.set("reading.difference", (input) => {
    if ((input as { userId: string }).userId !== "2" || failures >= 3) return;
    failures += 1;
    throw new RuntimeError("overloaded", "its shard is ahead of its views");
  });
  await until(() => failures > 0);
  group.says("1", "not for bob");
  await carol?.sees(({ data }) => data?.content === "not for bob");
  await until(() => failures >= 3);
  group.says("1", "nor this");
  await carol?.sees(({ data }) => data?.content === "nor this");
  const seen = bob?.seen("NEW_MESSAGE").map(({ data }) => data?.content);
  t.deepEqual(seen, ["for all"]);
});

test("a member who was removed while away gets nothing more of the group, though more was missed than is pushed", async (t) => {
  await using edge = await startWorld({ maxPushAtConnect: 5 });
  const { world } = edge;
  const chat = world.conversation("s_1_2", ["1", "2"]);
  const group = world.conversation("g_9", ["1", "2", "3"]);
  for (const each of [chat, group]) each.says("1");
  world.session("2").vectors.set("d2", { userVersion: 0, conversations: { [chat.id]: 1, [group.id]: 1 } });
  const carol = await edge.device("3");
  for (let i = 0; i < 20; i += 1) chat.says("1");
  group.members = ["1", "3"];
  group.says("1", "while bob was away");
  // The user's own list does not know it yet.
  world.staleLists.set("2", [group.id]);
  const bob = await edge.device("2");
  await bob.sees(({ data }) => data?.type === "sync.request" && data.sessionId === group.id);
  group.says("1", "not for bob");
  await carol.sees(({ data }) => data?.content === "not for bob");
  chat.says("1", "for bob");
  await bob.sees(({ data }) => data?.content === "for bob");
  t.is(bob.seen("NEW_MESSAGE").filter(({ data }) => data?.content === "not for bob").length, 0);
});

test("after a gap few presence subscriptions are judged at one time, and all in the end", async (t) => {
  await using edge = await startWorld();
  const devices = await Promise.all(Array.from({ length: 20 }, (_, i) => edge.device(String(100 + i))));
  for (const device of devices) await device.asks("PRESENCE_SUBSCRIBE", { userIds: ["2", "3"] });
  const { promise, resolve } = Promise.withResolvers<void>();
  const judged: string[] = [];
  edge.world.before.set("user.friendsAmong", (_, viewerId) => {
    judged.push(viewerId);
    return promise;
  });
  edge.world.reportGap();
  await until(() => judged.length > 0);
  devices[0]!.sends({ type: "PING" });
  await devices[0]!.sees("PONG");
  t.true(judged.length <= 4, `${judged.length} at one time`);
  resolve();
  await until(() => judged.length === devices.length);
  t.is(new Set(judged).size, devices.length);
});
