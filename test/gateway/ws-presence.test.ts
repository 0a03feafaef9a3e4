// Friends who come and go, without being asked for.
import test from "ava";
import { staysTrue, until } from "../suites/eventually.ts";
import type { TestDevice } from "../support/test-device.ts";
import { startWorld } from "../support/ws-world.ts";

const of = (device: TestDevice, userId: string) =>
  device.frames.filter(({ type, data }) => /^USER_O/.test(type) && data.userId === userId).map(({ type }) => type);

test("after CONNECT_ACK a device is shown the friends who are here, then those who come and go", async (t) => {
  await using edge = await startWorld();
  // User 4 shows presence to nobody, user 5 is no friend.
  edge.world.friends.set("1", ["2", "3", "4"]);
  for (const userId of ["2", "4", "5"]) await edge.device(userId);
  const ana = await edge.device("1");
  await until(() => of(ana, "2").length === 1);
  t.true(
    ana.frames.findIndex(({ type }) => type === "USER_ONLINE") >
      ana.frames.findIndex(({ type }) => type === "CONNECT_ACK"),
  );
  t.deepEqual(ana.seen("USER_OFFLINE"), [], "nothing is said of those who are not here");
  const cy = await edge.device("3");
  await until(() => of(ana, "3").at(-1) === "USER_ONLINE");
  cy.disconnects();
  await until(() => of(ana, "3").at(-1) === "USER_OFFLINE");
  t.deepEqual(of(ana, "3"), ["USER_ONLINE", "USER_OFFLINE"]);
  t.deepEqual([of(ana, "2"), of(ana, "4"), of(ana, "5")], [["USER_ONLINE"], [], []]);
});

test("a friend whose socket is replaced, or who comes and goes fifty times in a moment, does not flicker", async (t) => {
  await using edge = await startWorld();
  edge.world.friends.set("1", ["2"]);
  const [ana, first] = [await edge.device("1"), await edge.device("2")];
  await until(() => of(ana, "2").length === 1);
  await edge.device("2", "tablet");
  first.disconnects();
  await staysTrue(() => of(ana, "2").length === 1, 2_500);
  for (let n = 0; n < 50; n += 1) (await edge.device("2", `d${n % 7}`)).disconnects();
  await staysTrue(() => of(ana, "2").length === 1, 2_500);
  t.deepEqual(of(ana, "2"), ["USER_ONLINE"]);
});

test("a subscription replaces the friends, whenever it comes", async (t) => {
  await using edge = await startWorld();
  edge.world.friends.set("1", ["2", "3"]);
  for (const userId of ["2", "3"]) await edge.device(userId);
  const ana = await edge.device("1");
  await ana.asks("PRESENCE_SUBSCRIBE", { userIds: ["3"] });
  await until(() => of(ana, "3").includes("USER_ONLINE"));
  const before = of(ana, "2").length;
  await edge.world.friends.set("1", ["2"]);
  await staysTrue(() => of(ana, "2").length === before, 2_300);
  t.true(before <= 1);
});

test("a new friend is followed from the moment of the friendship", async (t) => {
  await using edge = await startWorld();
  edge.world.friends.set("1", ["3"]);
  const [ana] = [await edge.device("1"), await edge.device("2"), await edge.device("3")];
  await until(() => of(ana, "3").length === 1);
  t.deepEqual(of(ana, "2"), []);
  edge.world.publishTo("1", "friend.added", { userId: "2", userVersion: 1 });
  await until(() => of(ana, "2").at(-1) === "USER_ONLINE");
});

test("the first friend of a user without friends is followed from the moment of the friendship", async (t) => {
  await using edge = await startWorld();
  const [ana, bo] = [await edge.device("1"), await edge.device("2")];
  edge.world.publishTo("1", "friend.added", { userId: "2", userVersion: 1 });
  await until(() => of(ana, "2").at(-1) === "USER_ONLINE");
  bo.disconnects();
  await until(() => of(ana, "2").at(-1) === "USER_OFFLINE");
  t.deepEqual(of(ana, "2"), ["USER_ONLINE", "USER_OFFLINE"]);
});

test("many who come at once wait in a queue: few questions are under way at a time, and everybody is served", async (t) => {
  await using edge = await startWorld();
  const users = Array.from({ length: 120 }, (_, i) => `${i + 10}`);
  for (const userId of users) edge.world.friends.set(userId, users.filter((other) => other !== userId).slice(0, 40));
  let [asked, underWay, most] = [0, 0, 0];
  edge.world.before.set("user.card", async () => {
    asked += 1;
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
  });
  const devices = await Promise.all(users.map((userId) => edge.device(userId)));
  await until(() => devices.every((device) => device.seen("USER_ONLINE").length >= 40));
  t.true(most <= 16, `${most} at a time`);
  t.true(asked <= users.length * 40 * 1.2, `${asked} questions`);
});
