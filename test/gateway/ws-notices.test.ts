// Notifications that ask for a confirmation, and notifications that are too old to be delivered.
import test from "ava";
import { staysTrue, until } from "../suites/eventually.ts";
import { isOf, type TestDevice } from "../support/test-device.ts";
import { startWorld } from "../support/ws-world.ts";

type Edge = Awaited<ReturnType<typeof startWorld>>;

const soon = { resendAfterMs: [60, 180] };
const requests = (device: TestDevice) => device.seen("NOTIFICATION", isOf("friend.request"));

function asksToBeFriends(edge: Edge, userId: string, more: { atMs?: number; userVersion?: number } = {}): void {
  const { atMs = Date.now(), userVersion } = more;
  edge.world.publish({
    ...{ type: "friend.request", target: { users: [userId] }, atMs, frame: "NOTIFICATION", fromUserId: "9" },
    data: {
      ...{ requestId: "7", userId: "9", direction: "received", message: "hi", source: "search", status: "pending" },
      ...{ timestamp: atMs, ...(userVersion !== undefined && { userVersion }) },
    },
  });
}

test("a friend request says how it is to be handled, and comes twice more with the same id until it is confirmed", async (t) => {
  await using edge = await startWorld(soon);
  const [confirming, silent] = [await edge.device("2", "phone"), await edge.device("2", "desk")];
  asksToBeFriends(edge, "2");
  const first = await confirming.sees("NOTIFICATION", isOf("friend.request"));
  t.like(first.data, { type: "friend.request", priority: "high", ttl: 3_600, requireAck: true });
  t.regex(first.data.notificationId, /^[0-9a-f-]{32,36}$/);
  confirming.sends({ type: "NOTIFICATION_ACK", data: { notificationIds: [first.data.notificationId, "unknown"] } });
  await until(() => requests(silent).length === 3);
  t.deepEqual([...new Set(requests(silent).map(({ data }) => data.notificationId))], [first.data.notificationId]);
  await staysTrue(() => requests(silent).length === 3 && requests(confirming).length === 1, 300);
});

test("a confirmation between the rounds ends them, and names several notifications at once", async (t) => {
  await using edge = await startWorld({ resendAfterMs: [60, 600] });
  const bob = await edge.device("2");
  asksToBeFriends(edge, "2");
  asksToBeFriends(edge, "2");
  await until(() => requests(bob).length === 4);
  const ids = [...new Set(requests(bob).map(({ data }) => data.notificationId))];
  t.is(ids.length, 2);
  bob.sends({ type: "NOTIFICATION_ACK", notificationIds: ids });
  await staysTrue(() => requests(bob).length === 4, 800);
});

test("other notifications come once, with their terms", async (t) => {
  await using edge = await startWorld(soon);
  const bob = await edge.device("2");
  edge.world.changesList("2");
  const frame = await bob.sees("NOTIFICATION", isOf("session.mute_updated"));
  t.like(frame.data, { priority: "normal", ttl: 3_600, requireAck: false });
  await staysTrue(() => bob.seen("NOTIFICATION").length === 1, 300);
});

test("an outdated notification is not delivered; one that changed the lists is replaced by the request to sync them", async (t) => {
  await using edge = await startWorld(soon);
  const bob = await edge.device("2");
  const anHourAgo = Date.now() - 3_600_001;
  asksToBeFriends(edge, "2", { atMs: anHourAgo });
  asksToBeFriends(edge, "2", { atMs: anHourAgo, userVersion: 5 });
  t.like((await bob.sees("NOTIFICATION")).data, { type: "sync.request", scope: "user", userVersion: 5 });
  await staysTrue(() => requests(bob).length === 0, 200);
});

test("a request that comes while the device is brought to the present follows, and is confirmed like the others", async (t) => {
  await using edge = await startWorld(soon);
  const chat = edge.world.conversation("s_1_2", ["1", "2"]);
  const first = await edge.device("2");
  chat.says("1", "one");
  await first.sees("NEW_MESSAGE");
  first.disconnects();
  await until(() => !edge.world.isConnected("2"));
  const { promise, resolve } = Promise.withResolvers<void>();
  let isPulling = false;
  edge.world.before.set("reading.difference", async () => {
    isPulling = true;
    await promise;
  });
  const bob = await edge.device("2");
  await until(() => isPulling);
  asksToBeFriends(edge, "2");
  await staysTrue(() => requests(bob).length === 0, 50);
  resolve();
  await until(() => requests(bob).length === 3);
  t.is(new Set(requests(bob).map(({ data }) => data.notificationId)).size, 1);
});

test("a device that confirms nothing and gets very many is sent again only the newest", async (t) => {
  await using edge = await startWorld({ resendAfterMs: [400] });
  const bob = await edge.device("2");
  for (let n = 0; n < 100; n += 1) asksToBeFriends(edge, "2");
  await until(() => requests(bob).length === 164);
  await staysTrue(() => requests(bob).length === 164, 300);
  t.is(bob.closeCode, undefined);
});

test("every NOTIFICATION of a conversation is named by its version, pushed or pulled", async (t) => {
  await using edge = await startWorld(soon);
  const group = edge.world.conversation("g_9", ["1", "2"]);
  const bob = await edge.device("2");
  group.version += 1;
  group.changes({ type: "nickname_changed", userId: "1", nickname: "Ana", atMs: Date.now() } as never);
  const pushed = await bob.sees("NOTIFICATION", isOf("group.info_updated"));
  t.like(pushed.data, { notificationId: `g_9.${group.version}`, requireAck: false, priority: "normal" });
  bob.disconnects();
  await until(() => !edge.world.isConnected("2"));
  const again = await edge.device("2");
  const pulled = await again.sees("NOTIFICATION", isOf("group.info_updated"));
  t.is(pulled.data.notificationId, pushed.data.notificationId);
});
