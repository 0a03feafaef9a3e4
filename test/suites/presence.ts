// What every presence store must do: it counts the connections of a user, and connections that are not touched expire.
import type { TestFn } from "ava";
import type { Presence } from "../../gateway/ports.ts";
import { createSuite, type UnderTest } from "./suite.ts";

interface PresenceUnderTest extends UnderTest {
  readonly presence: Presence;
  readonly ttlMs: number;
  /** Lets time pass, for the store. */
  pass(ms: number): Promise<void>;
}
const at = 1_767_225_600_000;
const phone = { connectionId: "c1", platform: "iOS", atMs: at };
const web = { connectionId: "c2", platform: "Web", atMs: at + 10 };

export function presenceSuite(test: TestFn, name: string, make: () => Promise<PresenceUnderTest>): void {
  const it = createSuite(test, name, make);

  it("a user is online while any device is", async (t, { presence }) => {
    t.deepEqual(await presence.online("alice", phone), { firstDevice: true });
    t.deepEqual(await presence.online("alice", web), { firstDevice: false });
    const both = (await presence.findMany(["alice", "bob"])).get("alice");
    t.is(both?.isOnline, true);
    t.deepEqual(both?.platforms.sort(), ["Web", "iOS"]);
    t.deepEqual(await presence.offline("alice", "c1", at + 20), { lastDevice: false });
    t.deepEqual((await presence.findMany(["alice"])).get("alice")?.platforms, ["Web"]);
    t.deepEqual(await presence.offline("alice", "c2", at + 30), { lastDevice: true });
    t.deepEqual(
      await presence.findMany(["alice", "bob"]),
      new Map([["alice", { isOnline: false, platforms: [], lastSeenMs: at + 30 }]]),
    );
  });

  it("a connection added twice counts once, and removing an unknown one changes nothing", async (t, { presence }) => {
    await presence.online("alice", phone);
    t.deepEqual(await presence.online("alice", phone), { firstDevice: false });
    t.deepEqual(await presence.offline("alice", "c404", at), { lastDevice: false });
    t.deepEqual(await presence.offline("alice", "c1", at), { lastDevice: true });
    t.deepEqual(await presence.offline("alice", "c1", at), { lastDevice: false });
    t.deepEqual(await presence.offline("nobody", "c1", at), { lastDevice: false });
  });

  it("the connections of a dead gateway expire, those of a living one stay", async (t, made) => {
    const { presence, ttlMs } = made;
    await presence.online("alice", phone);
    await presence.online("bob", { ...phone, connectionId: "c9" });
    for (let round = 0; round < 3; round++) {
      await made.pass(ttlMs * 0.6);
      await presence.touch([{ userId: "bob", connectionId: "c9", platform: "iOS" }]);
    }
    const found = await presence.findMany(["alice", "bob"]);
    t.is(found.get("alice")?.isOnline ?? false, false);
    t.is(found.get("bob")?.isOnline, true);
    t.deepEqual(await presence.online("alice", web), { firstDevice: true });
  });

  it("a connection that the store does not know is known again by its next touch", async (t, { presence }) => {
    await presence.touch([
      { userId: "carol", connectionId: "c1", platform: "iOS" },
      { userId: "carol", connectionId: "c2", platform: "Web" },
      { userId: "dave", connectionId: "c3", platform: "iOS" },
    ]);
    const found = await presence.findMany(["carol", "dave"]);
    t.deepEqual(found.get("carol")?.platforms.toSorted(), ["Web", "iOS"]);
    t.true((found.get("dave")?.lastSeenMs ?? 0) > 0);
    t.deepEqual(await presence.online("carol", { ...phone, connectionId: "c4" }), { firstDevice: false });
    for (const id of ["c1", "c4"]) t.deepEqual(await presence.offline("carol", id, at), { lastDevice: false });
    t.deepEqual(await presence.offline("carol", "c2", at), { lastDevice: true });
    t.is((await presence.findMany(["carol"])).get("carol")?.isOnline, false);
  });

  it("of devices that connect or leave at the same time exactly one is the first, and one the last", async (t, made) => {
    const ids = Array.from({ length: 20 }, (_, n) => `d${n}`);
    const { presence } = made;
    for (let round = 0; round < 5; round += 1) {
      const came = await Promise.all(
        ids.map((connectionId) => presence.online("erin", { connectionId, platform: "Web", atMs: at })),
      );
      t.is(came.filter(({ firstDevice }) => firstDevice).length, 1);
      const went = await Promise.all(ids.map((id) => presence.offline("erin", id, at)));
      t.is(went.filter(({ lastDevice }) => lastDevice).length, 1);
    }
  });

  it("many users are found in one call, also when a user is named twice", async (t, { presence }) => {
    const userIds = Array.from({ length: 1_000 }, (_, n) => `u${n}`);
    await presence.touch(userIds.map((userId) => ({ userId, connectionId: `of ${userId}`, platform: "a b" })));
    const found = await presence.findMany([...userIds, "u1", "u404404"]);
    t.is(found.size, 1_000);
    t.deepEqual(found.get("u999")?.platforms, ["a b"]);
    t.is((await presence.findMany([])).size, 0);
  });
}
