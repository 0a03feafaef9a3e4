// Where a user has logged in, which logins give way, and which are unusual.
import test from "ava";
import type { DeviceType } from "../../actors/session/contract.ts";
import { type KickPreset, kickPresets } from "../../actors/session/kick-presets.ts";
import { networkOf } from "../../actors/session/network.ts";
import { createSession, defaultRefreshTokenMs, type SessionOptions } from "../../actors/session/session.ts";
import { maxPastLogins } from "../../actors/session/state.ts";
import { LoneActor } from "../support/lone-actor.ts";

function newSession(options: SessionOptions = {}) {
  const session = new LoneActor(createSession(options), "1");
  session.run("create", { passwordHash: "argon:1", atMs: session.nowMs });
  return session;
}
type Alice = ReturnType<typeof newSession>;

let hashes = 0;
function logIn(
  alice: Alice,
  deviceId: string,
  more: { deviceType?: DeviceType; ip?: string; deviceName?: string; clientVersion?: string } = {},
) {
  alice.nowMs += 1;
  const { deviceType = "iOS", ip = "192.0.2.1", ...names } = more;
  return alice.run("login", {
    ...{ deviceId, deviceType, refreshHash: `hash ${++hashes}`, ip, userAgent: "test" },
    ...names,
  });
}
const historyOf = (alice: Alice, page: { beforeId?: string; limit?: number } = {}) =>
  alice.ask("history", { limit: 100, ...page });
const reasonsOf = (alice: Alice) =>
  historyOf(alice).logins.map(({ deviceId, endReason }) => [deviceId, endReason] as const);
const warnings = (alice: Alice) => alice.notifications.filter(({ type }) => type === "auth.unusual_login");

test("a login keeps the name of its device and the version of its client, and an older one has none", (t) => {
  const alice = newSession();
  logIn(alice, "pad", { deviceType: "Pad", deviceName: "Alice's pad", clientVersion: "3.2.1" });
  logIn(alice, "desk", { deviceType: "PC" });
  const named = alice.ask("logins", {}).logins.map(({ deviceName, clientVersion }) => [deviceName, clientVersion]);
  t.deepEqual(named, [
    ["Alice's pad", "3.2.1"],
    ["", ""],
  ]);
  alice.replayed(2);
  const plain = JSON.parse(alice.encoded());
  delete plain.past;
  for (const login of plain.logins) {
    delete login.deviceName;
    delete login.clientVersion;
  }
  const restored = createSession().decode(plain, "1");
  t.deepEqual(
    [...restored.logins.values()].map(({ deviceName }) => deviceName),
    ["", ""],
    "a snapshot without names",
  );
  t.is(restored.past.size, 0);
});

test("the history holds open logins and how each of the others ended, newest first", (t) => {
  const alice = newSession();
  const { loginId } = logIn(alice, "phone-1");
  logIn(alice, "phone-2"); // kicks phone-1
  logIn(alice, "phone-2"); // replaces itself
  logIn(alice, "browser", { deviceType: "Web" });
  alice.run("logout", { deviceId: "browser" });
  const pad = logIn(alice, "pad", { deviceType: "Pad" });
  alice.run("changePassword", { credentialVersion: 1, passwordHash: "argon:2", keepLoginId: pad.loginId });
  t.deepEqual(reasonsOf(alice), [
    ["pad", ""],
    ["browser", "logout"],
    ["phone-2", "password_changed"],
    ["phone-2", "replaced"],
    ["phone-1", "multi_login"],
  ]);
  const [newest, ...ended] = historyOf(alice).logins;
  t.is(newest?.endedAtMs, 0);
  t.true(ended.every(({ createdAtMs, endedAtMs }) => endedAtMs >= createdAtMs));
  t.is(ended.at(-1)?.loginId, loginId);
  t.false(JSON.stringify(historyOf(alice)).includes("hash"), "no secret leaves with the history");
  for (let n = 0; n <= alice.records.length; n += 1) t.deepEqual(alice.replayed(n), alice.state);
});

test("a login that nobody refreshed has expired when its refresh token did, whenever that is noticed", (t) => {
  const alice = newSession();
  logIn(alice, "old");
  const endedAtMs = alice.nowMs + defaultRefreshTokenMs;
  alice.nowMs = endedAtMs + 86_400_000;
  t.like(historyOf(alice).logins, [{ deviceId: "old", endReason: "expired", endedAtMs }]);
  logIn(alice, "new");
  t.like(historyOf(alice).logins, [
    { deviceId: "new", endReason: "" },
    { deviceId: "old", endReason: "expired", endedAtMs },
  ]);
});

test("the history is bounded, and is read page by page while logins come and go", (t) => {
  const alice = newSession();
  for (let i = 0; i < maxPastLogins + 10; i += 1) logIn(alice, `phone-${i}`);
  t.is(alice.state.past.size, maxPastLogins);
  alice.replayed(alice.records.length);
  const seen: string[] = [];
  for (let beforeId: string | undefined; ; ) {
    const page = historyOf(alice, beforeId === undefined ? { limit: 20 } : { limit: 20, beforeId });
    seen.push(...page.logins.map(({ loginId }) => loginId));
    if (!page.hasMore) break;
    beforeId = page.logins.at(-1)?.loginId;
    logIn(alice, "another", { deviceType: "Web" });
  }
  t.is(new Set(seen).size, seen.length);
  t.deepEqual(
    seen,
    seen.toSorted((a, b) => Number(b) - Number(a)),
  );
  t.true(seen.length > maxPastLogins - 5);
});

test("a login on a new device from a new network is unusual, and the user's other devices learn of it", (t) => {
  const alice = newSession();
  logIn(alice, "phone", { ip: "192.0.2.1" });
  t.deepEqual(warnings(alice), [], "the first login");
  logIn(alice, "pad", { deviceType: "Pad", ip: "192.0.2.77" });
  t.deepEqual(warnings(alice), [], "a new device in a known network");
  logIn(alice, "phone", { ip: "198.51.100.9" });
  t.deepEqual(warnings(alice), [], "a known device in a new network");
  logIn(alice, "thief", { deviceType: "Web", ip: "203.0.113.5", deviceName: "Firefox" });
  t.like(warnings(alice), [
    {
      ...{ target: { users: ["1"] }, exceptDeviceId: "thief", frame: "NOTIFICATION" },
      data: { deviceId: "thief", deviceType: "Web", deviceName: "Firefox", ip: "203.0.113.5" },
    },
  ]);
  logIn(alice, "thief 2", { deviceType: "Web", ip: "203.0.113.80" });
  t.deepEqual(warnings(alice), [], "its network is known by now");
  alice.run("logout", {});
  logIn(alice, "laptop", { deviceType: "PC", ip: "198.51.100.44" });
  t.deepEqual(warnings(alice), [], "a network of a login that has ended");
  logIn(alice, "unseen", { deviceType: "PC", ip: "" });
  t.deepEqual(warnings(alice), [], "an unknown address");
});

test("a network is 24 bits of IPv4 and 48 of IPv6, in whatever spelling", (t) => {
  const same = (...addresses: string[]) => new Set(addresses.map(networkOf)).size === 1;
  t.true(same("192.0.2.1", "192.0.2.254", "::ffff:192.0.2.9"));
  t.false(same("192.0.2.1", "192.0.3.1"));
  t.true(same("2001:db8:7::1", "2001:0DB8:0007:9::", "2001:db8:7:1:2:3:4:5", "2001:db8:7::%eth0"));
  t.false(same("2001:db8:7::1", "2001:db8:8::1"));
  t.true(same("::1", "0:0:0::5"));
});

const all: DeviceType[] = ["iOS", "Android", "Pad", "PC", "Web", "H5"];
for (const [preset, left] of Object.entries({
  one_per_class: ["Android", "Pad", "PC", "H5"],
  one_per_type: all,
  single: ["H5"],
  mobile_and_desktop: ["Pad", "H5"],
  one_mobile: ["Pad", "PC", "Web", "H5"],
  five_per_class: all,
  unlimited: all,
  refuse_new: ["iOS"],
} satisfies Record<KickPreset, DeviceType[]>)) {
  test(`kick preset ${preset}: after a login of each type these are left, and programs are not counted`, (t) => {
    const alice = newSession({ kickPolicy: kickPresets[preset as KickPreset] });
    logIn(alice, "program", { deviceType: "API" });
    const refused = all.filter((deviceType) => {
      try {
        logIn(alice, `one ${deviceType}`, { deviceType });
        return false;
      } catch (error) {
        t.like(error, { error: "auth.too_many_devices", code: "010115" });
        return true;
      }
    });
    t.deepEqual(refused, preset === "refuse_new" ? all.slice(1) : []);
    const types = alice.ask("logins", {}).logins.map(({ deviceType }) => deviceType);
    t.deepEqual(types, ["API", ...left]);
    for (const type of left) logIn(alice, `one ${type}`, { deviceType: type });
    t.is(alice.ask("logins", {}).logins.length, left.length + 1, "the same devices come back");
  });
}

test("five_per_class keeps the five newest of a class", (t) => {
  const alice = newSession({ kickPolicy: kickPresets.five_per_class });
  for (let i = 1; i <= 7; i += 1) logIn(alice, `phone ${i}`, { deviceType: i % 2 === 0 ? "iOS" : "Android" });
  const devices = alice.ask("logins", {}).logins.map(({ deviceId }) => deviceId);
  t.deepEqual(
    devices,
    [3, 4, 5, 6, 7].map((i) => `phone ${i}`),
  );
});

test("refuse_new lets the next device in once the first one has logged out or expired", (t) => {
  const alice = newSession({ kickPolicy: kickPresets.refuse_new });
  const { loginId } = logIn(alice, "phone");
  t.throws(() => logIn(alice, "desk", { deviceType: "PC" }));
  t.true(alice.ask("isActive", { loginId }).active);
  alice.run("logout", { loginId });
  logIn(alice, "desk", { deviceType: "PC" });
  alice.nowMs += defaultRefreshTokenMs;
  logIn(alice, "phone");
  t.deepEqual(
    alice.ask("logins", {}).logins.map(({ deviceId }) => deviceId),
    ["phone"],
  );
});

test("hosts with other presets agree on what one of them decided, and a stricter preset holds from the next login on", (t) => {
  const wide = newSession({ kickPolicy: kickPresets.unlimited });
  for (const deviceType of all) logIn(wide, `one ${deviceType}`, { deviceType });
  const strict = new LoneActor(createSession({ kickPolicy: kickPresets.single }), "1", wide.nowMs + 1);
  strict.state = createSession().decode(JSON.parse(wide.encoded()), "1");
  t.deepEqual(
    strict.ask("logins", {}).logins.map(({ deviceType }) => deviceType),
    all,
    "nobody is kicked by the new host's start",
  );
  const { revoked } = logIn(strict, "one H5", { deviceType: "H5" });
  t.is(revoked.length, all.length);
  for (const record of strict.records) {
    for (const event of record.events) createSession().apply(wide.state, event as never, record);
  }
  t.deepEqual(wide.state, strict.state, "the record says who was kicked, whoever reads it");
});
