// Reactions and pins of a conversation, decided by its actor.
import test from "ava";
import { decode, encode } from "../../actors/conversation/encode.ts";
import { alice, bob, carol, createFriends, createGroupOf, dave, refusal } from "../support/chat-rig.ts";

const secondMs = 1_000;

test("the first tap is a version at once, and taps of the next second become one", async (t) => {
  const { rig, says, refOf } = await createGroupOf();
  await says(alice, "hello");
  rig.takeNotifications();
  const before = rig.state.version;
  const message = refOf(1);
  await rig.run("react", { by: bob, message, emoji: "👍", on: true });
  await rig.run("react", { by: carol, message, emoji: "👍", on: true });
  await rig.run("react", { by: dave, message, emoji: "❤️", on: true });
  t.is(rig.state.version, before + 1);
  rig.nowMs += secondMs;
  rig.wake();
  t.is(rig.state.version, before + 2);
  const frames = rig.takeNotifications().map(({ frame, data }) => [frame, data.reactions]);
  t.deepEqual(frames, [
    ["REACTION_UPDATED", [{ emoji: "👍", count: 1, userIds: [bob] }]],
    [
      "REACTION_UPDATED",
      [
        { emoji: "👍", count: 2, userIds: [bob, carol] },
        { emoji: "❤️", count: 1, userIds: [dave] },
      ],
    ],
  ]);
});

test("sixty taps of ten seconds are at most twenty versions", async (t) => {
  const { rig, says, refOf } = await createGroupOf();
  await says(alice, "hello");
  const before = rig.state.version;
  for (let tap = 0; tap < 60; tap += 1) {
    const by = [alice, bob, carol, dave][tap % 4]!;
    const emoji = ["👍", "❤️", "😂", "🎉"][Math.floor(tap / 4) % 4]!;
    await rig.run("react", { by, message: refOf(1), emoji, on: tap < 16 || tap % 3 > 0 });
    rig.nowMs += 10 * (secondMs / 60);
    rig.wake();
  }
  rig.nowMs += secondMs;
  rig.wake();
  t.true(rig.state.version - before <= 20);
  t.is(rig.state.reactions?.dueMs, 0);
});

test("a tap that was answered is in the window before its version", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "hello");
  const message = refOf(1);
  await rig.run("react", { by: bob, message, emoji: "👍", on: true });
  await rig.run("react", { by: alice, message, emoji: "👍", on: true });
  t.deepEqual((await rig.query("window", { userId: bob })).reactions, [[1, [{ emoji: "👍", userIds: [bob, alice] }]]]);
  rig.nowMs += secondMs;
  rig.wake();
  t.is((await rig.query("window", { userId: bob })).reactions, undefined);
});

test("the same tap again, and the removal of a reaction that is not there, change nothing", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "hello");
  const message = refOf(1);
  await rig.run("react", { by: bob, message, emoji: "👍", on: true });
  const { version } = rig.state;
  rig.nowMs += secondMs;
  await rig.run("react", { by: bob, message, emoji: "👍", on: true });
  await rig.run("react", { by: alice, message, emoji: "👍", on: false });
  await rig.run("react", { by: alice, message, emoji: "❤️", on: false });
  t.is(rig.state.version, version);
});

test("only one emoji is a reaction", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "hello");
  const tap = (emoji: string) => refusal(() => rig.run("react", { by: bob, message: refOf(1), emoji, on: true }));
  for (const emoji of ["👍🏽", "👨‍👩‍👧‍👦", "🇨🇳", "1️⃣", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]) t.is(await tap(emoji), "", emoji);
  for (const text of ["", "ok", "1", "❤", "👍👍", "👍 ", "<b>", "好"]) t.is(await tap(text), "common.invalid", text);
});

test("a message takes twenty different emoji", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "hello");
  const emoji = [..."😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎😏😐😑😒😓😔"];
  for (const each of emoji.slice(0, 20)) await rig.run("react", { by: bob, message: refOf(1), emoji: each, on: true });
  const one = (by: string, each: string) =>
    refusal(() => rig.run("react", { by, message: refOf(1), emoji: each, on: true }));
  t.is(await one(alice, emoji[20]!), "common.too_many");
  t.is(await one(alice, emoji[0]!), "");
});

test("a recalled message takes no reaction and no pin, and loses both", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "hello");
  await rig.run("react", { by: bob, message: refOf(1), emoji: "👍", on: true });
  await rig.run("react", { by: alice, message: refOf(1), emoji: "👍", on: true });
  await rig.run("pin", { by: bob, message: refOf(1), on: true });
  await rig.run("recall", { by: alice, message: refOf(1) });
  const { pins, reactions } = await rig.query("window", { userId: bob });
  t.deepEqual([pins, reactions], [undefined, undefined]);
  t.like(
    rig.rows.findLast(({ table }) => table === "reactions"),
    { seq: 1, reactions: "" },
  );
  t.is(
    await refusal(() => rig.run("react", { by: bob, message: refOf(1), emoji: "👍", on: false })),
    "message.recalled",
  );
  t.is(await refusal(() => rig.run("pin", { by: bob, message: refOf(1), on: true })), "message.recalled");
  rig.nowMs += secondMs;
  const { version } = rig.state;
  rig.wake();
  t.is(rig.state.version, version);
});

test("reactions of an older message begin with those of its row", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "hello");
  const reactedBy = [{ emoji: "👍", userIds: [alice] }];
  await rig.run("react", { by: bob, message: { ...refOf(1), reactedBy }, emoji: "👍", on: true });
  t.like(
    rig.rows.findLast(({ table }) => table === "reactions"),
    {
      reactions: JSON.stringify([{ emoji: "👍", userIds: [alice, bob] }]),
    },
  );
});

test("what was read before newer reactions were forgotten is refused", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "first");
  const old = refOf(1);
  await rig.run("react", { by: bob, message: old, emoji: "👍", on: true });
  // Each message takes room for itself and its two reactions.
  for (let i = 0; i < 700; i += 1) {
    const { seq } = await says(alice, `m ${i}`);
    rig.nowMs += secondMs;
    const reactedBy = [{ emoji: "👍", userIds: [alice] }];
    await rig.run("react", { by: bob, message: { ...refOf(seq), reactedBy }, emoji: "👍", on: true });
  }
  t.false(rig.state.reactions?.held.has(1));
  t.is(await refusal(() => rig.run("react", { by: alice, message: old, emoji: "👍", on: true })), "common.conflict");
  const fresh = { ...refOf(1), reactedBy: [{ emoji: "👍", userIds: [bob] }] };
  t.is(await refusal(() => rig.run("react", { by: alice, message: fresh, emoji: "👍", on: true })), "");
});

test("in a group owner and admins pin, and fifty messages are pinned at most", async (t) => {
  const { rig, says, refOf } = await createGroupOf();
  for (let seq = 1; seq <= 51; seq += 1) await says(bob, `m ${seq}`);
  const pin = (by: string, seq: number, on = true) => refusal(() => rig.run("pin", { by, message: refOf(seq), on }));
  t.is(await pin(bob, 1), "group.not_admin");
  for (let seq = 1; seq <= 50; seq += 1) t.is(await pin(alice, seq), "");
  t.is(await pin(alice, 51), "common.too_many");
  t.is(await pin(alice, 7), "");
  t.is(await pin(alice, 7, false), "");
  t.is(await pin(alice, 51), "");
  const { pins = [] } = await rig.query("window", { userId: bob });
  t.deepEqual([pins.length, pins[0]?.seq, pins.at(-1)?.seq], [50, 1, 51]);
});

test("every member learns of a pin, once", async (t) => {
  const { rig, says, refOf } = await createGroupOf();
  await says(bob, "read this");
  rig.takeNotifications();
  await rig.run("pin", { by: alice, message: refOf(1), on: true });
  await rig.run("pin", { by: alice, message: refOf(1), on: true });
  const [pinned, ...more] = rig.takeNotifications();
  t.deepEqual(more, []);
  t.like(pinned, { frame: "MESSAGE_PINNED", target: { users: [alice, bob, carol, dave] } });
  t.like(pinned?.data, { messageId: refOf(1).messageId, sessionId: "g_77", on: true, operatorId: alice });
});

test("pins and reactions outlive a snapshot", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "hello");
  await rig.run("react", { by: bob, message: refOf(1), emoji: "👍", on: true });
  await rig.run("react", { by: alice, message: refOf(1), emoji: "👍", on: true });
  await rig.run("pin", { by: bob, message: refOf(1), on: true });
  const restored = decode(JSON.parse(JSON.stringify(encode(rig.state))), rig.state.id);
  t.deepEqual(restored.pins, rig.state.pins);
  t.deepEqual(restored.reactions, rig.state.reactions);
});
