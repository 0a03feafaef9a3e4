// Reactions, pins and versions of edited messages, decided by the actor of their conversation.
import test from "ava";
import { decode, encode } from "../../actors/conversation/encode.ts";
import { alice, bob, carol, createFriends, createGroupOf, dave, refusal } from "../support/chat-rig.ts";
import { createMemoryViews } from "../support/memory-views.ts";

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

test("the versions of a message are kept with its original, and none outlives its recall", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "ALPHA7731");
  const bucket = refOf(1).bucket;
  const edit = (content: string, original: string) =>
    rig.run("edit", { by: alice, message: refOf(1), content, original });
  rig.nowMs += secondMs;
  await edit("ALPHA7732", "ALPHA7731");
  rig.nowMs += secondMs;
  await edit("ALPHA7733", "ALPHA7732");
  const views = createMemoryViews();
  await views.views.write({ rows: rig.rows, marks: [] });
  const versions = async () => (await views.messages.edits(rig.state.id, bucket, 1)).map(({ content }) => content);
  t.deepEqual(await versions(), ["ALPHA7731", "ALPHA7732", "ALPHA7733"]);
  rig.rows = [];
  await rig.run("recall", { by: alice, message: refOf(1) });
  await views.views.write({ rows: rig.rows, marks: [] });
  t.deepEqual(await versions(), []);
  const changes = await views.changes.range(rig.state.id, 0, rig.state.version, 100);
  const messages = await views.messages.page(rig.state.id, bucket, { fromSeq: 1, toSeq: 1, order: "ascending" }, 1);
  t.is(changes.filter(({ change }) => change.type === "edited").length, 2);
  t.false(JSON.stringify([changes, messages]).includes("ALPHA"));
});

test("an edit from an old reading does not pass a later text off as the original", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "first");
  const stale = refOf(1);
  await rig.run("edit", { by: alice, message: stale, content: "second", original: "first" });
  await rig.run("edit", { by: alice, message: stale, content: "third", original: "first" });
  const originals = rig.rows.filter((row) => row.table === "edits" && row.version === 0);
  t.is(originals.length, 1);
});

test("a message is edited a hundred times at most", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "0");
  const edit = (i: number) =>
    refusal(() => rig.run("edit", { by: alice, message: refOf(1), content: `${i}`, original: `${i - 1}` }));
  for (let i = 1; i <= 100; i += 1) t.is(await edit(i), "");
  t.is(await edit(101), "common.too_many");
});

test("the conversation knows its newest messages without a row, and leaves the others to the rows", async (t) => {
  const { rig, says, refOf } = await createFriends({ rules: { bucketMessagesMax: 100 } });
  for (let i = 1; i <= 70; i += 1) await says(alice, `m ${i}`);
  const place = (seq: number) => rig.query("place", { userId: bob, messageId: refOf(seq).messageId });
  t.is(await place(1), null);
  t.like(await place(70), { seq: 70, bucket: 1, status: "normal", asOfVersion: rig.state.version });
  await rig.run("react", { by: bob, message: (await place(70))!, emoji: "👍", on: true });
  await rig.run("edit", { by: alice, message: refOf(69), content: "better" });
  await rig.run("recall", { by: alice, message: refOf(68) });
  t.deepEqual((await place(70))?.reactedBy, [{ emoji: "👍", userIds: [bob] }]);
  t.is((await place(69))?.status, "edited");
  t.is((await place(68))?.status, "recalled");
  await says(alice, "soon over", { expireAtMs: rig.nowMs + secondMs });
  t.is((await place(71))?.status, "normal");
  rig.nowMs += secondMs;
  t.is(await place(71), null);
});
