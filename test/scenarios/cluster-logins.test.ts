// Logins across gateways: a device that is kicked, replaced, logged out or limited at one gateway is so at every other.
import { eventually } from "../suites/eventually.ts";
import { startTestCluster, type TestCluster } from "../support/cluster-people.ts";
import { needs } from "../support/needs.ts";
import { callApi, Person } from "../support/person.ts";
import { TestDevice, type TestFrame } from "../support/test-device.ts";

const test = needs("cassandra", "nats", "redis");
let cluster: TestCluster;
const east = () => cluster.host("east");
const west = () => cluster.host("west");
const gateways = () => [east(), west(), cluster.host("north")];

test.before(async () => {
  cluster = await startTestCluster({
    hosts: {
      one: ["actors"],
      ...{ east: ["gateway"], west: ["gateway"], north: ["gateway", "actors"] },
    },
    env: { RATE_LIMITS: "on" },
  });
});
test.after.always(() => cluster?.close());

const ask = (at: { port: number }, method: string, path: string, body?: unknown, token?: string) =>
  callApi(at.port, method, path, { body, token });
const works = async (at: { port: number }, token: unknown) =>
  (await ask(at, "GET", "/users/me", undefined, String(token))).code;
const saying = (text: string) => (frame: TestFrame) => frame.data.content === text;

test("a second login of the same class kicks the first at another gateway before the second is served", async (t) => {
  const [alice, bob] = await Promise.all([Person.registers(east(), "alice"), Person.registers(west(), "bob")]);
  await alice.befriends(bob);
  await bob.connects();
  const phone = await alice.logsIn("iOS", "phone");
  const [desk, old] = [await alice.connects(), await alice.opens(phone)];
  const elsewhere = alice.at(west());
  const newPhone = await elsewhere.logsIn("Android", "new-phone");
  const fresh = await elsewhere.opens(newPhone); // resolves with CONNECT_ACK
  t.is((await old.sees("FORCE_LOGOUT")).data.reason, "multi_login");
  t.is(await old.closes(), 4403);
  for (const gateway of gateways()) await eventually(async () => (await works(gateway, phone.token)) === 10104, 1_000);
  t.is((await ask(west(), "POST", "/auth/refresh", { refreshToken: phone.refreshToken })).code, 10106);
  const late = new TestDevice(`ws://127.0.0.1:${west().port}/ws?token=${phone.token}&deviceId=phone&platform=iOS`);
  t.is(await late.closes(), 4401);
  t.is(desk.closeCode, undefined, "a device of another class stays");
  await bob.says(alice, "which phone?");
  for (const device of [desk, fresh]) await device.sees("NEW_MESSAGE", saying("which phone?"));
  t.deepEqual(old.seen("NEW_MESSAGE", saying("which phone?")), []);
});

test("a device that comes back at another gateway replaces its older socket and kicks nobody", async (t) => {
  const carl = await Person.registers(east(), "carl");
  const sockets = [await carl.connects()];
  for (const gateway of [west(), cluster.host("north"), east(), west()]) {
    sockets.push(await carl.at(gateway).connects());
    t.is(await sockets.at(-2)?.closes(), 4010);
  }
  t.deepEqual(
    sockets.flatMap((socket) => socket.seen("FORCE_LOGOUT")),
    [],
  );
  t.is(sockets.at(-1)?.closeCode, undefined);
  t.is((await sockets.at(-1)?.asks("SYNC", {}))?.type, "SYNC_RESULT");
});

test("a logout at one gateway ends the login at every other", async (t) => {
  const dora = await Person.registers(east(), "dora");
  const [desk, pad] = [await dora.at(west()).connects(), await dora.logsIn("Pad", "pad")];
  const padSocket = await dora.at(cluster.host("north")).opens(pad);
  for (const gateway of gateways()) t.is(await works(gateway, dora.token), 0, "every gateway has accepted the token");
  t.is((await dora.posts("/auth/logout", {})).code, 0);
  for (const gateway of gateways()) await eventually(async () => (await works(gateway, dora.token)) === 10104, 1_000);
  t.is(await desk.closes(), 4403);
  const late = new TestDevice(`ws://127.0.0.1:${west().port}/ws?token=${dora.token}&deviceId=dora-desk&platform=PC`);
  t.is((await late.sees("CONNECT_ERROR")).code, 401);
  t.is((await ask(west(), "POST", "/auth/refresh", { refreshToken: dora.refreshToken })).code, 10106);
  t.is(padSocket.closeCode, undefined);
  t.is(await works(west(), pad.token), 0);
});

test("a refresh token can be exchanged once at any gateway; a second use ends the login everywhere", async (t) => {
  const erin = await Person.registers(east(), "erin");
  const socket = await erin.at(west()).connects();
  const first = await ask(west(), "POST", "/auth/refresh", undefined, erin.refreshToken);
  const second = await ask(east(), "POST", "/auth/refresh", { refreshToken: first.data.refreshToken });
  t.deepEqual([first.code, second.code], [0, 0]);
  for (const gateway of gateways()) t.is(await works(gateway, second.data.accessToken), 0);
  const theft = await ask(cluster.host("north"), "POST", "/auth/refresh", { refreshToken: erin.refreshToken });
  t.like(theft, { status: 401, code: 10106 });
  t.is((await socket.sees("FORCE_LOGOUT")).data.reason, "token_reused");
  t.is(await socket.closes(), 4403);
  for (const gateway of gateways()) {
    for (const token of [erin.token, first.data.accessToken, second.data.accessToken]) {
      await eventually(async () => (await works(gateway, token)) === 10104, 1_000);
    }
  }
});

test("guesses at one account are counted over all gateways", async (t) => {
  const fred = await Person.registers(east(), "fred");
  const guess = (at: { port: number }, n: number) =>
    ask(at, "POST", "/auth/login", { account: fred.email, password: `Wrong${n}xx1`, deviceType: "Web", deviceId: "w" });
  const codes: number[] = [];
  for (let n = 0; n < 13; n += 1) codes.push((await guess(gateways()[n % 3] ?? east(), n)).code);
  t.deepEqual(codes.slice(0, 10), Array(10).fill(10103), "ten a minute over all gateways");
  t.true(codes.slice(10).includes(9));
});

test("a verification code can be requested once a minute and tried five times over all gateways", async (t) => {
  const email = `code.${process.pid}.${Math.random()}@example.test`;
  const send = (at: { port: number }) => ask(at, "POST", "/auth/code", { email, purpose: "register" });
  t.is((await send(east())).code, 0);
  for (const gateway of gateways()) {
    const again = await send(gateway);
    t.like(again, { status: 429, code: 9 });
  }
  const attempt = async (at: { port: number }) => {
    const body = { email, password: "Passw0rd1", verifyCode: "no", deviceType: "PC", deviceId: "desk" };
    return (await ask(at, "POST", "/auth/register", body)).code;
  };
  const codes: number[] = [];
  for (let n = 0; n < 6; n += 1) codes.push(await attempt(gateways()[n % 3] ?? east()));
  t.deepEqual(codes, [10108, 10108, 10108, 10108, 10108, 10109], "the fifth wrong try was the last one");
});
