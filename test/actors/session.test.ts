import test from "ava";
import { type DeviceType, maxMarksPerRecord } from "../../actors/session/contract.ts";
import type { KickPolicy } from "../../actors/session/kick-presets.ts";
import { refreshRepeatMs, revokedMarginMs } from "../../actors/session/logins.ts";
import { seenEveryMs } from "../../actors/session/places.ts";
import { createSession, defaultRefreshTokenMs, type SessionOptions } from "../../actors/session/session.ts";
import { maxDevices, maxOldRefreshHashes, maxPlaces } from "../../actors/session/state.ts";
import { LoneActor } from "../support/lone-actor.ts";
import { createSeededRandom } from "../support/seeded-random.ts";

function newSession(options: SessionOptions = {}) {
  const session = new LoneActor(createSession(options), "1");
  session.run("create", { passwordHash: "argon:1", atMs: session.nowMs });
  return session;
}
type Alice = ReturnType<typeof newSession>;

let hashes = 0;
function logIn(alice: Alice, deviceId: string, deviceType: DeviceType = "iOS", refreshHash = `hash ${++hashes}`) {
  return alice.run("login", { deviceId, deviceType, refreshHash, ip: "::1", userAgent: "test" });
}
let connections = 0;
function connect(alice: Alice, loginId: string, more: { boot?: string; placeId?: number; newestCursor?: number } = {}) {
  const boot = more.boot ?? "b1";
  return alice.run("connect", {
    loginId,
    connectionId: `c${++connections}`,
    gateway: `gateway ${boot}`,
    boot,
    ...more,
  });
}
const bootsOf = ({ closeFirst }: ReturnType<typeof connect>) => closeFirst.map(({ boot }) => boot);
function issue(alice: Alice, base: number, conversations: Record<string, number>, deviceId = "phone"): number {
  return alice.run("issueCursor", { deviceId, base, add: { conversations } }).cursor;
}
const held = (alice: Alice, cursor: number, deviceId = "phone") =>
  alice.ask("vector", { deviceId, cursor }).vector?.conversations;

test("an account begins with its password, and only once", (t) => {
  t.throws(() => new LoneActor(createSession(), "2").ask("credentials", {}), { message: /no such user/ });
  const alice = newSession();
  alice.run("create", { passwordHash: "other", atMs: 1 });
  t.deepEqual(alice.ask("credentials", {}), { passwordHash: "argon:1", credentialVersion: 1, status: "normal" });
});

test("a second phone kicks the first one; a browser does not", (t) => {
  const alice = newSession();
  const first = logIn(alice, "phone-1", "iOS");
  const browser = logIn(alice, "browser", "Web");
  const second = logIn(alice, "phone-2", "Android");
  t.deepEqual(second.revoked, [{ loginId: first.loginId, reason: "multi_login" }]);
  t.like(alice.notifications, [
    {
      type: "auth.force_logout",
      frame: "FORCE_LOGOUT",
      target: { users: ["1"] },
      data: { reason: "multi_login", loginIds: [first.loginId] },
    },
  ]);
  t.false(alice.ask("isActive", first).active);
  t.true(alice.ask("isActive", browser).active);
  t.deepEqual(
    alice.ask("logins", {}).logins.map(({ deviceId, deviceType }) => [deviceId, deviceType]),
    [
      ["browser", "Web"],
      ["phone-2", "Android"],
    ],
  );
  t.false(JSON.stringify(alice.ask("logins", {})).includes("hash"), "no secret leaves with the list of logins");
});

test("the same device logs in again without being kicked", (t) => {
  const alice = newSession();
  const before = logIn(alice, "phone-1");
  const after = logIn(alice, "phone-1");
  t.deepEqual(after.revoked, [{ loginId: before.loginId, reason: "replaced" }]);
  t.deepEqual(alice.notifications, []);
});

test("a policy of two browsers that refuses the third, and a class of its own for what it does not name", (t) => {
  const kickPolicy: KickPolicy = {
    classes: [{ name: "web", types: ["Web", "H5"], maxLogins: 2, onFull: "refuse_new" }],
  };
  const alice = newSession({ kickPolicy });
  logIn(alice, "a", "Web");
  logIn(alice, "b", "H5");
  t.like(
    t.throws(() => logIn(alice, "c", "Web")),
    { error: "auth.too_many_devices", details: { deviceClass: "web", maxLogins: 2 } },
  );
  t.is(logIn(alice, "a", "Web").revoked[0]?.reason, "replaced");
  const pad = logIn(alice, "pad-1", "Pad");
  t.deepEqual(logIn(alice, "pc", "PC").revoked, []);
  t.deepEqual(logIn(alice, "pad-2", "Pad").revoked, [{ loginId: pad.loginId, reason: "multi_login" }]);
});

test("a login whose refresh token expired takes nobody's place", (t) => {
  const alice = newSession({
    kickPolicy: { classes: [{ name: "web", types: ["Web"], maxLogins: 1, onFull: "refuse_new" }] },
  });
  logIn(alice, "old", "Web");
  alice.nowMs += defaultRefreshTokenMs + 1;
  t.deepEqual(alice.ask("logins", {}).logins, []);
  t.deepEqual(logIn(alice, "new", "Web").revoked, []);
});

test("a password verified against an old version logs nobody in", (t) => {
  const alice = newSession();
  const input = { deviceId: "a", deviceType: "iOS", refreshHash: "h", ip: "", userAgent: "" } as const;
  alice.run("login", { ...input, credentialVersion: 1 });
  alice.run("resetPassword", { passwordHash: "argon:2" });
  t.like(
    t.throws(() => alice.run("login", { ...input, credentialVersion: 1 })),
    { error: "common.conflict" },
  );
  alice.run("login", { ...input, credentialVersion: 2 });
  t.like(
    t.throws(() => alice.run("login", { ...input, deviceId: "" })),
    { details: { field: "deviceId" } },
  );
});

test("changing the password ends every other login", (t) => {
  const alice = newSession();
  const phone = logIn(alice, "phone", "iOS");
  const browser = logIn(alice, "browser", "Web");
  t.like(
    t.throws(() => alice.run("changePassword", { credentialVersion: 7, passwordHash: "x" })),
    {
      error: "common.conflict",
    },
  );
  const change = { credentialVersion: 1, passwordHash: "argon:2", keepLoginId: phone.loginId };
  t.deepEqual(alice.run("changePassword", change).revoked, [browser.loginId]);
  t.deepEqual(
    alice.notifications.map(({ type, data }) => [type, data.loginIds]),
    [
      ["auth.force_logout", [browser.loginId]],
      ["auth.password_changed", undefined],
    ],
  );
  t.deepEqual(alice.run("resetPassword", { passwordHash: "argon:3" }).revoked, [phone.loginId]);
  t.like(alice.ask("credentials", {}), { passwordHash: "argon:3", credentialVersion: 3 });
});

test("refresh tokens rotate; an old one that comes back ends the login", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone", "iOS", "h0");
  t.deepEqual(alice.run("refresh", { loginId, oldHash: "h0", newHash: "h1" }), {
    deviceId: "phone",
    deviceType: "iOS",
  });
  t.like(
    t.throws(() => alice.run("refresh", { loginId, oldHash: "never", newHash: "x" })),
    {
      error: "auth.refresh_invalid",
    },
  );
  alice.run("refresh", { loginId, oldHash: "h1", newHash: "h2" });
  t.like(alice.run("refresh", { loginId, oldHash: "h0", newHash: "x" }), { reused: true });
  t.like(alice.notifications, [{ data: { reason: "token_reused", loginIds: [loginId] } }]);
  t.false(alice.ask("isActive", { loginId }).active);
  t.like(
    t.throws(() => alice.run("refresh", { loginId, oldHash: "h2", newHash: "x" })),
    {
      error: "auth.refresh_invalid",
    },
  );
});

test("the same exchange again within its time is answered like the first, until the new token was exchanged", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone", "iOS", "h0");
  const exchange = (oldHash: string, newHash: string) => alice.run("refresh", { loginId, oldHash, newHash });
  exchange("h0", "h1");
  const { length } = alice.records;
  alice.nowMs += refreshRepeatMs;
  t.deepEqual(exchange("h0", "h1"), { deviceId: "phone", deviceType: "iOS" });
  t.is(alice.records.length, length, "nothing changes");
  exchange("h1", "h2");
  t.like(exchange("h0", "h1"), { reused: true });
  const again = logIn(alice, "phone", "iOS", "g0").loginId;
  alice.run("refresh", { loginId: again, oldHash: "g0", newHash: "g1" });
  alice.nowMs += refreshRepeatMs + 1;
  t.like(alice.run("refresh", { loginId: again, oldHash: "g0", newHash: "g1" }), { reused: true });
});

test("a refresh token is good for seven days from its issue, and old ones are remembered within a bound", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone", "iOS", "h0");
  alice.nowMs += defaultRefreshTokenMs;
  alice.run("refresh", { loginId, oldHash: "h0", newHash: "h1" });
  alice.nowMs += defaultRefreshTokenMs + 1;
  t.like(
    t.throws(() => alice.run("refresh", { loginId, oldHash: "h1", newHash: "h2" })),
    {
      error: "auth.refresh_expired",
    },
  );
  alice.nowMs -= 1;
  for (let i = 1; i <= maxOldRefreshHashes; i += 1) {
    alice.run("refresh", { loginId, oldHash: `h${i}`, newHash: `h${i + 1}` });
  }
  t.like(
    t.throws(() => alice.run("refresh", { loginId, oldHash: "h0", newHash: "x" })),
    {
      error: "auth.refresh_invalid",
    },
  );
  t.like(alice.run("refresh", { loginId, oldHash: "h1", newHash: "x" }), { reused: true });
});

test("logging out ends one login, one device, or all; again changes nothing", (t) => {
  const alice = newSession();
  const phone = logIn(alice, "phone", "iOS");
  const browser = logIn(alice, "browser", "Web");
  const pad = logIn(alice, "pad", "Pad");
  t.deepEqual(alice.run("logout", { loginId: phone.loginId, deviceId: "pad" }), { revoked: [phone.loginId] });
  t.deepEqual(alice.notifications, [], "a user who logs out gets no notification of it");
  t.deepEqual(alice.run("logout", { loginId: phone.loginId }), { revoked: [] });
  t.deepEqual(alice.run("logout", { deviceId: "browser", reason: "admin_kick" }), { revoked: [browser.loginId] });
  t.like(alice.notifications, [{ frame: "FORCE_LOGOUT", data: { reason: "admin_kick" } }]);
  t.deepEqual(alice.run("logout", {}), { revoked: [pad.loginId] });
});

test("a revoked login opens no socket, and is forgotten when its tokens have surely expired", (t) => {
  const alice = newSession();
  const first = logIn(alice, "phone-1");
  const second = logIn(alice, "phone-2");
  const refused = () => t.throws(() => connect(alice, first.loginId));
  t.like(refused(), { error: "auth.token_invalid", details: { reason: "multi_login" } });
  alice.nowMs += defaultRefreshTokenMs + revokedMarginMs + 1;
  alice.run("logout", { loginId: second.loginId });
  t.is(alice.state.revoked.size, 1);
  t.like(refused(), { error: "auth.token_invalid", details: { reason: undefined } });
});

test("a device that comes back to the same gateway process is served without a record", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone");
  const first = connect(alice, loginId);
  const { length } = alice.records;
  t.deepEqual(connect(alice, loginId), first);
  t.deepEqual(connect(alice, loginId, { placeId: first.placeId }), first, "asked again");
  t.is(alice.records.length, length);
  t.deepEqual(alice.notifications, []);
  alice.nowMs += seenEveryMs;
  t.is(connect(alice, loginId).placeId, first.placeId);
  t.is(alice.ask("logins", {}).logins[0]?.lastSeenMs, alice.nowMs, "its last use is known to within an hour");
  connect(alice, loginId);
  t.is(alice.records.length, length + 1);
});

test("a device that moves waits until the gateway it came from has left the older place", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone");
  const east = connect(alice, loginId, { boot: "east" });
  t.deepEqual([east.closeFirst, alice.notifications], [[], []]);
  const west = connect(alice, loginId, { boot: "west" });
  t.deepEqual(bootsOf(west), ["east"]);
  const close = [{ placeId: east.placeId, boot: "east", deviceId: "phone", reason: "replaced" }];
  t.like(alice.notifications, [{ type: "auth.sockets", target: { users: ["east"] }, data: { userId: "1", close } }]);
  t.deepEqual(connect(alice, loginId, { boot: "west", placeId: west.placeId }), west);
  t.like(alice.notifications, [{ data: { close } }], "asking again repeats the notification");
  alice.run("leave", { placeId: east.placeId });
  t.like(alice.notifications, [{ type: "auth.sockets", target: { users: ["1"] }, data: { left: [east.placeId] } }]);
  t.deepEqual(bootsOf(connect(alice, loginId, { boot: "west", placeId: west.placeId })), []);
});

test("of two sockets of a device that wait for each other the one that asked first gives way", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone");
  const east = connect(alice, loginId, { boot: "east" });
  const west = connect(alice, loginId, { boot: "west" });
  t.deepEqual(bootsOf(connect(alice, loginId, { boot: "east", placeId: east.placeId })), []);
  t.deepEqual(bootsOf(connect(alice, loginId, { boot: "west", placeId: west.placeId })), ["east"]);
});

test("a device that returns while its old place is asked to leave gets a new place, which the late leave does not end", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone");
  const before = connect(alice, loginId, { boot: "east" });
  const west = connect(alice, loginId, { boot: "west" });
  const after = connect(alice, loginId, { boot: "east" });
  t.true(after.placeId > west.placeId && west.placeId > before.placeId);
  t.deepEqual(bootsOf(after), ["east", "west"]);
  alice.run("leave", { placeId: before.placeId });
  alice.run("leave", { placeId: west.placeId });
  const { length } = alice.records;
  alice.run("leave", { placeId: before.placeId });
  t.is(alice.records.length, length, "a repeated one ends nothing");
  t.deepEqual(connect(alice, loginId, { boot: "east" }), { ...after, closeFirst: [] });
  t.like(
    t.throws(() => connect(alice, loginId, { boot: "west", placeId: west.placeId })),
    { error: "common.unavailable" },
  );
});

test("a connect whose answer was lost finds its place again, though the device has moved since", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone");
  const input = { loginId, connectionId: "lost", gateway: "gateway", boot: "east" };
  const lost = alice.run("connect", input);
  connect(alice, loginId, { boot: "west" });
  t.deepEqual(alice.run("connect", input), lost);
});

test("a kicked login's place is closed wherever it is before the next login of its class is served", (t) => {
  const alice = newSession();
  const old = logIn(alice, "phone-1");
  const browser = logIn(alice, "browser", "Web");
  const { placeId } = connect(alice, old.loginId, { boot: "east" });
  connect(alice, browser.loginId, { boot: "west" });
  const phone = logIn(alice, "phone-2");
  const { closeFirst } = connect(alice, phone.loginId, { boot: "west" });
  t.like(closeFirst, [{ placeId, boot: "east", deviceId: "phone-1", reason: "multi_login" }]);
  t.is(closeFirst.length, 1, "the browser stays");
  alice.run("leave", { placeId });
  t.deepEqual(bootsOf(connect(alice, phone.loginId, { boot: "west" })), []);
});

test("nobody waits for a process that has ended; its places go with the next record", (t) => {
  const ended = new Set<string>();
  const alice = newSession({ isClosed: (boot) => ended.has(boot) });
  const { loginId } = logIn(alice, "phone");
  connect(alice, loginId, { boot: "east" });
  const west = connect(alice, loginId, { boot: "west" });
  t.deepEqual(bootsOf(west), ["east"]);
  ended.add("east");
  t.deepEqual(bootsOf(connect(alice, loginId, { boot: "west", placeId: west.placeId })), []);
  t.deepEqual(alice.notifications, []);
  connect(alice, loginId, { boot: "north" });
  t.deepEqual(
    [...alice.state.places.values()].map(({ boot }) => boot),
    ["west", "north"],
  );
  for (let i = 0; i < maxPlaces + 5; i += 1) connect(alice, loginId, { boot: `boot ${i}` });
  t.is(alice.state.places.size, maxPlaces);
});

test("a place is not used again while a newer one stands, though the newer one's process has ended", (t) => {
  const ended = new Set<string>();
  const alice = newSession({ isClosed: (boot) => ended.has(boot) });
  const { loginId } = logIn(alice, "phone");
  const before = connect(alice, loginId, { boot: "east" });
  connect(alice, loginId, { boot: "west" }); // east was asked to leave, and its answer is late
  ended.add("west");
  const after = connect(alice, loginId, { boot: "east" });
  t.true(after.placeId > before.placeId);
  alice.run("leave", { placeId: before.placeId });
  t.deepEqual([...alice.state.places.keys()], [after.placeId]);
});

test("what older releases journaled for every socket is read, and counts as progress only", (t) => {
  const alice = newSession();
  const { apply } = createSession();
  const meta = { key: "1", n: 9, stamp: 9, atMs: alice.nowMs } as never;
  apply(alice.state, { type: "connected" }, meta);
  const progress = { conversations: { g_1: 3 } };
  apply(alice.state, { type: "disconnected", deviceId: "phone", progress }, meta);
  t.is(alice.state.places.size, 0);
  t.deepEqual(alice.ask("device", { deviceId: "phone" }).vector?.conversations, { g_1: 3 });
});

test("a device never seen starts at the present, until its start is journaled", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone");
  t.like(connect(alice, loginId), {
    isNewDevice: true,
    cursor: 0,
    vector: { userVersion: 0, conversations: {} },
  });
  t.true(connect(alice, loginId).isNewDevice, "the gateway died before it journaled the start");
  t.false(connect(alice, loginId, { newestCursor: 55 }).isNewDevice, "a device with a cursor is no new one");
  const add = { userVersion: 9, conversations: { g_1: 5, g_2: 6 } };
  const { cursor } = alice.run("issueCursor", { deviceId: "phone", base: 0, add, isStart: true });
  t.deepEqual(connect(alice, loginId).vector, add);
  t.like(connect(alice, loginId), { isNewDevice: false, cursor });
});

test("a start without marks is journaled once: the device is no new one afterwards", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone");
  const start = { deviceId: "phone", vector: { userVersion: 0, conversations: {} } };
  alice.run("progress", start);
  t.false(connect(alice, loginId).isNewDevice);
  const { length } = alice.records;
  alice.run("progress", start);
  t.is(alice.records.length, length);
});

test("marks only rise, and what does not rise is not journaled", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone");
  const progress = (userVersion: number, conversations: Record<string, number>): null =>
    alice.run("progress", { deviceId: "phone", vector: { userVersion, conversations } });
  progress(5, { g_1: 10, g_2: 4 });
  progress(4, { g_1: 9, g_2: 5, g_3: 0 });
  t.deepEqual(alice.records.at(-1)!.events, [
    { type: "progressed", deviceId: "phone", progress: { conversations: { g_2: 5 } } },
  ]);
  const { length } = alice.records;
  progress(5, { g_1: 10 });
  t.is(alice.records.length, length);
  progress(0, { g_1: 11 });
  t.deepEqual(connect(alice, loginId).vector, { userVersion: 5, conversations: { g_1: 11, g_2: 5 } });
  t.deepEqual(alice.ask("device", { deviceId: "phone" }).vector?.userVersion, 5);
  t.deepEqual(alice.ask("device", { deviceId: "watch" }), { cursor: 0 });
});

test("a cursor stands for its base and what its answer added; the two newest are kept", (t) => {
  const alice = newSession();
  const c1 = issue(alice, 0, { g_1: 1, g_2: 1 });
  t.is(alice.records.at(-1)!.stamp, c1, "the stamp of the very record");
  const c2 = issue(alice, c1, { g_1: 2, g_3: 1 });
  t.deepEqual(
    [held(alice, c1), held(alice, c2)],
    [
      { g_1: 1, g_2: 1 },
      { g_1: 2, g_2: 1, g_3: 1 },
    ],
  );
  const c3 = alice.run("issueCursor", {
    deviceId: "phone",
    base: c2,
    add: { userVersion: 3, conversations: { g_4: 1 } },
    drop: ["g_2"],
  }).cursor;
  t.deepEqual(alice.ask("vector", { deviceId: "phone", cursor: c3 }).vector, {
    userVersion: 3,
    conversations: { g_1: 2, g_3: 1, g_4: 1 },
  });
  t.deepEqual(held(alice, c2), { g_1: 2, g_2: 1, g_3: 1 });
  t.is(held(alice, c1), undefined);
  t.is(held(alice, 0), undefined);
  t.is(held(alice, c3, "watch"), undefined);
  t.like(
    t.throws(() => issue(alice, c1, { g_1: 9 })),
    { error: "sync.failed" },
  );
  t.is(issue(alice, c3, { g_1: 2 }), c3, "nothing added: the same vector, the same cursor");
});

test("an answer that was lost is given again on top of the cursor before", (t) => {
  const alice = newSession();
  const c1 = issue(alice, 0, { g_1: 1, g_2: 1 });
  const lost = issue(alice, c1, { g_1: 2, g_3: 1 });
  const given = issue(alice, c1, { g_1: 3 });
  t.deepEqual(held(alice, given), { g_1: 3, g_2: 1 });
  t.deepEqual(held(alice, lost), { g_1: 2, g_2: 1, g_3: 1 });
  const full = issue(alice, 0, { g_9: 1 });
  t.deepEqual([held(alice, full), held(alice, given)], [{ g_9: 1 }, { g_1: 3, g_2: 1 }]);
});

test("a device that comes with a cursor holds what the cursor stands for; an answer that was never confirmed counts for nothing", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone");
  const c1 = issue(alice, 0, { g_1: 1 });
  t.deepEqual(connect(alice, loginId).vector.conversations, {});
  t.deepEqual(connect(alice, loginId, { newestCursor: c1 }).vector.conversations, { g_1: 1 });
  const c2 = issue(alice, c1, { g_1: 2, g_2: 2 });
  t.deepEqual(connect(alice, loginId).vector.conversations, { g_1: 1 });
  alice.run("progress", { deviceId: "phone", vector: { conversations: { g_1: 7, g_3: 1 } } });
  t.deepEqual(connect(alice, loginId, { newestCursor: c2 }).vector.conversations, { g_1: 7, g_2: 2, g_3: 1 });
  alice.run("issueCursor", { deviceId: "phone", base: c2, add: {}, drop: ["g_1"] });
  t.deepEqual(connect(alice, loginId).vector.conversations, { g_2: 2, g_3: 1 });
});

test("a record holds the marks of a thousand pairs; more is refused, and a close takes what fits", (t) => {
  const alice = newSession();
  const marks = (count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`s_${1e15 + i}_${1e15 + 5_000 + i}`, 100_000 + i]));
  issue(alice, 0, marks(maxMarksPerRecord));
  t.true(JSON.stringify(alice.records.at(-1)).length < 60 * 1024);
  const tooLarge = { error: "common.too_large" };
  t.like(
    t.throws(() => issue(alice, 0, marks(maxMarksPerRecord + 1))),
    tooLarge,
  );
  const vector = { conversations: marks(maxMarksPerRecord + 1) };
  t.like(
    t.throws(() => alice.run("progress", { deviceId: "phone", vector })),
    tooLarge,
  );
});

test("of many devices the one used longest ago is forgotten", (t) => {
  const alice = newSession();
  for (let i = 0; i < maxDevices; i += 1) issue(alice, 0, { g_1: 1 }, `device ${i}`);
  alice.run("progress", { deviceId: "device 0", vector: { conversations: { g_1: 2 } } });
  const cursor = issue(alice, 0, { g_1: 1 }, "one more");
  t.is(alice.ask("device", { deviceId: "device 1" }).vector, undefined);
  t.truthy(alice.ask("device", { deviceId: "device 0" }).vector);
  t.deepEqual(held(alice, cursor, "one more"), { g_1: 1 });
});

test("a snapshot at any point and the records after it make the same session; cursors agree with a plain model", (t) => {
  const random = createSeededRandom(11);
  const alice = newSession();
  const devices = ["phone", "browser", "pad"];
  const deviceId = () => random.pick(devices);
  const marks = () => ({
    [`g_${random.below(8)}`]: 1 + random.below(50),
    [`s_1_${random.below(8)}`]: 1 + random.below(50),
  });
  const model = new Map<string, { cursor: number; conversations: Record<string, number> }[]>();
  const types: DeviceType[] = ["iOS", "Web", "Pad"];
  const logins: string[] = [];
  const sync = (): void => {
    const device = deviceId();
    const issued = model.get(device) ?? [];
    const from = random.below(10) === 0 ? undefined : random.pick(issued.slice(-2));
    const drop = Object.keys(from?.conversations ?? {}).filter(() => random.below(10) === 0);
    const add = { conversations: marks() };
    const { cursor } = alice.run("issueCursor", { deviceId: device, base: from?.cursor ?? 0, add, drop });
    const conversations = { ...from?.conversations };
    for (const id of drop) delete conversations[id];
    Object.assign(conversations, add.conversations);
    if (cursor !== issued.at(-1)?.cursor) model.set(device, [...issued, { cursor, conversations }]);
    for (const [i, known] of (model.get(device) ?? []).toReversed().entries()) {
      t.deepEqual(held(alice, known.cursor, device), i < 2 ? known.conversations : undefined);
    }
  };
  const moves: (() => unknown)[] = [
    ...[sync, sync, sync],
    () => logins.push(logIn(alice, `${deviceId()} ${random.below(2)}`, random.pick(types)).loginId),
    () => logins.length > 0 && connect(alice, random.pick(logins), { boot: `boot ${random.below(3)}` }),
    () => alice.run("leave", { placeId: random.pick([0, ...alice.state.places.keys()]) }),
    () =>
      alice.run("progress", { deviceId: deviceId(), vector: { userVersion: random.below(9), conversations: marks() } }),
    () => logins.length > 0 && alice.run("logout", { loginId: random.pick(logins) }),
    () => (alice.nowMs += random.below(3) * 3_600_000),
  ];
  for (let i = 0; i < 500; i += 1) {
    try {
      random.pick(moves)();
    } catch (refusal) {
      t.like(refusal, { error: "auth.token_invalid" });
    }
  }
  const cursors = [...model.values()].flat().map(({ cursor }) => cursor);
  t.is(new Set(cursors).size, cursors.length, "a cursor's number is never used twice");
  for (let i = 0; i <= alice.records.length; i += 17) t.deepEqual(alice.replayed(i), alice.state);
});
