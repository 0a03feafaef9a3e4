// Several gateways before the same actors: what one knows the others must learn, and any notification may be lost.
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { until } from "../suites/eventually.ts";
import { startWorld } from "../support/ws-world.ts";

const pair = "s_1_2";
const two = ["east", "west"];
type Edge = Awaited<ReturnType<typeof startWorld>>;

const bootsOf = (edge: Edge) => edge.world.session("1").places.map(({ boot }) => boot);
const asks = (edge: Edge, name: string) => edge.world.calls.filter((call) => call.name === name).length;
function hasPlace(edge: Edge, boot: string) {
  const place = { placeId: edge.world.nextId(), loginId: "login-d1", connectionId: `${boot}-0`, gateway: boot, boot };
  edge.world.session("1").places.push({ ...place, deviceId: "d1" });
}

test("a device that comes back to the same gateway is served after one call, and its close is none", async (t) => {
  await using edge = await startWorld({}, two);
  const [east] = edge.gateways;
  const first = await east!.device("1");
  first.socket.close();
  await first.closes();
  const second = await east!.device("1");
  second.socket.terminate();
  await east!.device("1");
  const calls = edge.world.calls.filter(({ name }) => name.startsWith("session.")).map(({ name }) => name);
  // The first socket of a device also stores where the device begins.
  t.deepEqual(calls, ["session.connect", "session.progress", "session.connect", "session.connect"]);
  t.deepEqual(bootsOf(edge), ["east"]);
});

test("of two sockets of a device at one gateway the one that came last is served", async (t) => {
  await using edge = await startWorld({}, two);
  const [east] = edge.gateways;
  const older = await east!.device("1");
  const newer = await east!.device("1");
  t.is(await older.closes(), 4010);
  t.is(newer.closeCode, undefined);
});

test("a device that comes back at another gateway replaces its socket there at once", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const old = await east!.device("1");
  const before = asks(edge, "session.connect");
  await west!.device("1");
  t.is(await old.closes(), 4010);
  t.is(asks(edge, "session.connect") - before, 2, "it did not have to ask again and again");
  t.deepEqual(bootsOf(edge), ["west"]);
});

test("a device whose socket at another gateway closed long ago asks that gateway once", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const old = await east!.device("1");
  old.socket.close();
  await old.closes();
  await until(() => !edge.world.isConnected("1"));
  const before = asks(edge, "session.connect");
  await west!.device("1");
  t.is(asks(edge, "session.connect") - before, 2);
  t.is(asks(edge, "session.leave"), 1);
  t.deepEqual(bootsOf(edge), ["west"]);
});

test("the old socket is closed though the first notifications are lost, and no other is served beside it", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const old = await east!.device("1");
  let published = 0;
  edge.world.onPublish = (notification, deliver) => {
    published += 1;
    if (published > 3) deliver(notification);
  };
  const waiting = west!.open({ query: { token: west!.tokenOf("1", "d1") } });
  await waiting.opens();
  await waiting.connected();
  t.not(old.closeCode, undefined, "served only after the other one was closed");
  t.true(published > 3);
});

test("a gateway whose report that it left a place was lost repeats it", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const old = await east!.device("1");
  const stays = await east!.device("1", "tablet");
  let refusals = 0;
  edge.world.before.set("session.leave", () => {
    refusals += 1;
    if (refusals < 4) throw new RuntimeError("unreachable", "no host");
  });
  old.socket.terminate();
  await west!.device("1");
  t.is(refusals >= 4, true);
  t.is(stays.closeCode, undefined);
});

test("a device that comes back while its old place is being left keeps its new socket", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const first = await east!.device("1");
  const leaves: (() => void)[] = [];
  edge.world.before.set("session.leave", () => new Promise<void>((resolve) => leaves.push(resolve)));
  const moved = west!.open({ query: { token: west!.tokenOf("1", "d1") } });
  t.is(await first.closes(), 4010);
  moved.socket.terminate();
  const back = east!.open({ query: { token: east!.tokenOf("1", "d1") } });
  // The report of the first place comes when the device has its next place at the same gateway.
  await until(() => bootsOf(edge).length === 3 && leaves.length >= 2);
  edge.world.before.delete("session.leave");
  for (const goOn of leaves) goOn();
  await back.connected();
  await until(() => bootsOf(edge).length === 1);
  t.deepEqual([bootsOf(edge), back.closeCode], [["east"], undefined]);
});

test("a socket whose answer is on its way when its place is asked to close is not served", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  let answer = () => {};
  let isDecided = false;
  edge.world.after.set("session.connect", () => {
    edge.world.after.delete("session.connect");
    isDecided = true;
    return new Promise<void>((resolve) => {
      answer = resolve;
    });
  });
  const slow = east!.open({ query: { token: east!.tokenOf("1", "d1") } });
  await until(() => isDecided);
  const moved = await west!.device("1");
  answer();
  t.is(await slow.closes(), 4010);
  t.deepEqual(slow.seen("CONNECT_ACK"), []);
  t.is(moved.closeCode, undefined);
});

test("a device that moves is not sent again what it acknowledged at the gateway it came from", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const chat = edge.world.conversation(pair, ["1", "2"]);
  chat.says("2", "before its time");
  const first = await east!.device("1");
  chat.says("2", "read at east");
  await first.sees("NEW_MESSAGE");
  first.sends({ type: "MESSAGE_ACK", data: { sessionId: pair, seq: 2 } });
  await first.asks("SYNC", { cursor: 0 });
  const moved = await west!.device("1");
  chat.says("2", "read at west");
  const frame = await moved.sees("NEW_MESSAGE");
  t.is(frame.data.content, "read at west");
});

test("a gateway that died delays no handshake once its boot is closed", async (t) => {
  await using edge = await startWorld({}, two);
  const [, west] = edge.gateways;
  hasPlace(edge, "north");
  const waiting = west!.open({ query: { token: west!.tokenOf("1", "d1") } });
  await waiting.opens();
  await until(() => asks(edge, "session.connect") >= 2);
  t.is(waiting.seen("CONNECT_ACK").length, 0);
  edge.world.closedBoots.add("north");
  await waiting.connected();
});

test("two sockets of one device that wait at once do not close each other: the newer one stays", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  hasPlace(edge, "north");
  const first = east!.open({ query: { token: east!.tokenOf("1", "d1") } });
  await until(() => bootsOf(edge).length === 2);
  const second = west!.open({ query: { token: west!.tokenOf("1", "d1") } });
  await until(() => bootsOf(edge).length === 3 || first.closeCode !== undefined);
  edge.world.closedBoots.add("north");
  await second.connected();
  t.is(await first.closes(), 4010);
  t.is(second.closeCode, undefined);
});

test("a kicked login's socket at another gateway gets FORCE_LOGOUT, and is closed", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  edge.world.conversation(pair, ["1", "2"]);
  const kicked = await east!.device("1", "old-phone");
  edge.world.session("1").revoked.add("login-old-phone");
  const fresh = await west!.device("1", "new-phone");
  t.like((await kicked.sees("FORCE_LOGOUT")).data, { reason: "multi_login" });
  t.is(await kicked.closes(), 4403);
  t.is(fresh.closeCode, undefined);
});
