// Several gateways before the same actors: what one knows, the others must be told, and no bell may be counted on.
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { until } from "../suites/eventually.ts";
import { startWorld } from "../support/ws-world.ts";

const pair = "s_1_2";
const two = ["east", "west"];

test("a device that comes back at another gateway replaces its socket there at once", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const old = await east!.device("1");
  const asked = () => edge.world.calls.filter(({ name }) => name === "session.connect").length;
  const before = asked();
  await west!.device("1");
  t.is(await old.closes(), 4010);
  t.is(asked() - before, 2, "it did not have to ask again and again");
  t.is(edge.world.session("1").sockets.length, 1);
});

test("the old socket is closed though the first bells are lost, and nobody is served beside it", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const old = await east!.device("1");
  let rung = 0;
  edge.world.bell = (notification, ring) => {
    rung += 1;
    if (rung > 3) ring(notification);
  };
  const waiting = west!.open({ query: { token: west!.tokenOf("1", "d1") } });
  await waiting.opens();
  await waiting.connected();
  t.not(old.closeCode, undefined, "served only after the other one was closed");
  t.true(rung > 3);
});

test("a gateway whose report of a closed socket was lost says it again", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const old = await east!.device("1");
  const stays = await east!.device("1", "tablet");
  let refusals = 0;
  edge.world.before.set("session.disconnected", () => {
    refusals += 1;
    if (refusals < 4) throw new RuntimeError("unreachable", "nobody is there");
  });
  old.socket.terminate();
  await west!.device("1");
  t.is(refusals >= 4, true);
  t.is(stays.closeCode, undefined);
});

test("a socket that its gateway never heard of is confirmed as gone by it", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  await east!.device("1", "tablet");
  const ghost = { loginId: "login-d1", connectionId: "ghost", gateway: "host of east", boot: "east", deviceId: "d1" };
  edge.world.session("1").sockets.unshift(ghost);
  await west!.device("1");
  t.false(edge.world.session("1").sockets.some(({ connectionId }) => connectionId === "ghost"));
});

test("a gateway that died holds nobody up once its boot is closed, and is forgotten", async (t) => {
  await using edge = await startWorld({}, two);
  const [, west] = edge.gateways;
  const dead = { loginId: "login-d1", connectionId: "dead-1", gateway: "north", boot: "north", deviceId: "d1" };
  edge.world.session("1").sockets.push(dead);
  const waiting = west!.open({ query: { token: west!.tokenOf("1", "d1") } });
  await waiting.opens();
  await until(() => edge.world.calls.filter(({ name }) => name === "session.connect").length >= 2);
  t.is(waiting.seen("CONNECT_ACK").length, 0);
  edge.world.closedBoots.add("north");
  await waiting.connected();
  await until(() => edge.world.session("1").sockets.length === 1);
});

test("two sockets of one device that wait at once do not close each other: the newer one stays", async (t) => {
  await using edge = await startWorld({}, two);
  const [east, west] = edge.gateways;
  const dead = { loginId: "login-d1", connectionId: "dead-1", gateway: "north", boot: "north", deviceId: "d1" };
  edge.world.session("1").sockets.push(dead);
  const first = east!.open({ query: { token: east!.tokenOf("1", "d1") } });
  await until(() => edge.world.session("1").sockets.length === 2);
  const second = west!.open({ query: { token: west!.tokenOf("1", "d1") } });
  await until(() => edge.world.session("1").sockets.length === 3 || first.closeCode !== undefined);
  edge.world.closedBoots.add("north");
  await second.connected();
  t.is(await first.closes(), 4010);
  t.is(second.closeCode, undefined);
});

test("a kicked login's socket at another gateway is told why, and closed", async (t) => {
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
