// The conversation list, whole and since a time.
import test from "ava";
import { alice, bob, carol, say, startWorld } from "../support/reading-world.ts";

test("the list shows names, unread counts and pins, hides deleted entries, and answers what changed since a time", async (t) => {
  const world = startWorld();
  const chat = world.addPair(alice, bob);
  const other = world.addPair(bob, carol);
  const group = world.addGroup("77", [alice, bob]);
  world.names.set(alice, "Alice").set(carol, "Carol");
  group.title = "Friends";
  world.user(bob).run("friendChanged", { userId: alice, isFriend: true, atMs: world.nowMs });
  world.user(bob).run("setRemark", { userId: alice, remark: "Al" });
  say(world, chat, alice, 3);
  say(world, group, alice, 4);
  say(world, group, bob, 1);
  say(world, group, alice, 2);
  world.forgottenHeads.add(other.id);
  const list = async (sinceMs?: number) => {
    const { sessions, ...rest } = await world.reading.sessions({ userId: bob, sinceMs });
    return { rows: sessions.map(({ entry, name, unreadCount }) => [entry.id, name, unreadCount]), ...rest };
  };
  const groupRow = ["g_77", "Friends", 2];
  t.deepEqual((await list()).rows, [groupRow, [chat.id, "Al", 3], [other.id, "Carol", 0]]);
  t.is(await world.reading.unreadTotal({ userId: bob }), 5);
  world.user(bob).run("pin", { conversationId: chat.id, isPinned: true });
  world.user(bob).run("mute", { conversationId: "g_77", isMuted: true });
  world.user(bob).run("markRead", { conversationId: chat.id, seq: 2, countSeq: 2 });
  t.deepEqual((await list()).rows, [[chat.id, "Al", 1], groupRow, [other.id, "Carol", 0]]);
  t.is(await world.reading.unreadTotal({ userId: bob }), 1);
  world.nowMs += 60_000;
  const { updateTimeMs } = await list();
  world.nowMs += 60_000;
  world.user(bob).run("hide", { conversationId: chat.id, seq: chat.seq });
  world.tellLeft(group, bob);
  t.deepEqual(await list(updateTimeMs), {
    ...{ rows: [], deletedIds: ["g_77", chat.id], full: false, updateTimeMs: world.nowMs - 2_000 },
  });
  say(world, chat, alice, 1);
  t.deepEqual((await list(updateTimeMs)).rows, [[chat.id, "Al", 2]]);
  world.user(bob).run("clear", { conversationId: chat.id, seq: chat.seq });
  t.deepEqual((await list(updateTimeMs)).rows, [[chat.id, "Al", 0]]);
});

test("the list since a time names entries with another title, or another preview, for this user", async (t) => {
  const world = startWorld();
  const [chat, other] = [world.addPair(alice, bob), world.addPair(bob, carol)];
  world.user(bob).run("friendChanged", { userId: alice, isFriend: true, atMs: world.nowMs });
  for (const each of [chat, other]) say(world, each, carol, 2);
  const since = async () => {
    world.nowMs += 60_000;
    const sinceMs = world.nowMs;
    return async () => {
      world.nowMs += 60_000;
      const { sessions } = await world.reading.sessions({ userId: bob, sinceMs });
      return sessions.map(({ entry, name, last }) => [entry.id, name, last?.preview]);
    };
  };
  let changed = await since();
  world.user(bob).run("setRemark", { userId: alice, remark: "Al" });
  t.deepEqual(await changed(), [[chat.id, "Al", "message 2"]]);
  changed = await since();
  world.user(bob).run("deleteMessages", { conversationId: other.id, messages: [{ ...other.find(2), seq: 2 }] });
  t.deepEqual(await changed(), [[other.id, "", "message 1"]]);
  changed = await since();
  world.user(bob).run("friendChanged", { userId: alice, isFriend: false, atMs: world.nowMs });
  t.deepEqual(await changed(), [[chat.id, "", "message 2"]]);
});

test("a list since a time whose deletions are forgotten is the whole list, and says so", async (t) => {
  const world = startWorld();
  const [chat, group, next] = [world.addPair(alice, bob), world.addGroup("77", [bob]), world.addGroup("78", [bob])];
  say(world, chat, alice, 1);
  world.nowMs += 60_000;
  const sinceMs = world.nowMs;
  world.tellLeft(group, bob);
  t.like(await world.reading.sessions({ userId: bob, sinceMs }), { sessions: [], deletedIds: ["g_77"], full: false });
  world.nowMs += 40 * 86_400_000;
  world.tellLeft(next, bob);
  const { sessions, deletedIds, full } = await world.reading.sessions({ userId: bob, sinceMs });
  t.deepEqual([sessions.map(({ entry }) => entry.id), deletedIds, full], [[chat.id], [], true]);
});
