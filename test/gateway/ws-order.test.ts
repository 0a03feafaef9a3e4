// Frames of one socket that change the same thing take effect in the order in which they were sent, however long each
// takes; frames about different things do not wait for each other.
import test from "ava";
import { eventually, until } from "../suites/eventually.ts";
import { startWorld, type World } from "../support/ws-world.ts";

const pair = "s_1_2";

/** Lookups of a message without its conversation wait until `goOn`. */
function holdSlowLookups(world: World) {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.before.set("reading.findMessage", (asked) =>
    (asked as { conversationId?: string }).conversationId === undefined ? promise : undefined,
  );
  return { goOn: resolve };
}

const changesOf = (world: World) =>
  world.calls.map(({ name }) => name).filter((name) => /\.(edit|recall|deleteMessages)$/.test(name));

/** The gateway has read every frame that was sent before. */
async function isRead(device: { sends(frame: unknown): void; sees(type: string): Promise<unknown> }): Promise<void> {
  device.sends({ type: "PING" });
  await device.sees("PONG");
}

test("of two edits of a message the later one stays, though the place of the first must be looked up", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const [alice, bob] = await Promise.all([edge.device("1"), edge.device("2")]);
  const { messageId } = chat.says("1", "draft");
  const { goOn } = holdSlowLookups(edge.world);
  const first = alice.asks("MESSAGE_EDIT", { messageId, content: "first" });
  const second = alice.asks("MESSAGE_EDIT", { messageId, content: "second", sessionId: pair });
  await isRead(alice);
  goOn();
  t.deepEqual([(await first).type, (await second).type], ["OK", "OK"]);
  await eventually(() => bob.seen("MESSAGE_EDITED").length === 2);
  t.deepEqual(
    bob.seen("MESSAGE_EDITED").map(({ data }) => data.content),
    ["first", "second"],
  );
});

test("an edit that was sent before a recall is done before it; so is a deletion of several messages", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const alice = await edge.device("1");
  const [one, two] = [chat.says("1", "one"), chat.says("1", "two")];
  const { goOn } = holdSlowLookups(edge.world);
  const answers = [
    alice.asks("MESSAGE_EDIT", { messageId: one.messageId, content: "edited" }),
    alice.asks("MESSAGE_DELETE", { messageIds: [one.messageId, two.messageId], sessionId: pair }),
    alice.asks("MESSAGE_RECALL", { messageId: two.messageId, sessionId: pair }),
  ];
  await isRead(alice);
  goOn();
  t.deepEqual(
    (await Promise.all(answers)).map(({ type }) => type),
    ["OK", "OK", "OK"],
  );
  t.deepEqual(changesOf(edge.world), ["conversation.edit", "user.deleteMessages", "conversation.recall"]);
});

test("a change waits for no change of another message, and for no refused one", async (t) => {
  await using edge = await startWorld();
  const chat = edge.world.conversation(pair, ["1", "2"]);
  const alice = await edge.device("1");
  const [one, two] = [chat.says("1", "one"), chat.says("1", "two")];
  const { goOn } = holdSlowLookups(edge.world);
  const slow = alice.asks("MESSAGE_EDIT", { messageId: one.messageId, content: "edited" });
  const other = await alice.asks("MESSAGE_EDIT", { messageId: two.messageId, content: "edited", sessionId: pair });
  t.is(other.type, "OK");
  const unknown = alice.asks("MESSAGE_EDIT", { messageId: "1234567890123", content: "x" });
  const known = alice.asks("MESSAGE_RECALL", { messageId: two.messageId, sessionId: pair });
  t.is((await known).type, "OK");
  goOn();
  t.deepEqual([(await slow).type, (await unknown).type], ["OK", "ERROR"]);
});

test("of two presence subscriptions the later one holds, though the first is answered last", async (t) => {
  await using edge = await startWorld();
  const alice = await edge.device("1");
  await Promise.all([edge.device("2"), edge.device("3")]);
  const { promise, resolve } = Promise.withResolvers<void>();
  edge.world.before.set("user.friendsAmong", (asked) =>
    (asked as { userIds: string[] }).userIds.includes("2") ? promise : undefined,
  );
  const first = alice.asks("PRESENCE_SUBSCRIBE", { userIds: ["2"] });
  const second = await alice.asks("PRESENCE_SUBSCRIBE", { userIds: ["3"] });
  t.is(second.type, "OK");
  await alice.sees(({ type, data }) => type === "USER_ONLINE" && data.userId === "3");
  resolve();
  t.is((await first).type, "OK");
  t.deepEqual(
    alice.seen("USER_ONLINE").map(({ data }) => data.userId),
    ["3"],
  );
});

test("of two renewals of the token the later one holds, though the first is confirmed last", async (t) => {
  await using edge = await startWorld();
  const alice = await edge.device("1");
  edge.auth.accessTokenMs = 2_000;
  const short = edge.tokenOf("1", "d1");
  edge.auth.accessTokenMs = 3_600_000;
  const long = edge.tokenOf("1", "d1");
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  edge.world.before.set("session.isActive", () => {
    asked += 1;
    return asked === 1 ? promise : undefined;
  });
  const answers = [alice.asks("AUTH_REFRESH", { token: short }), alice.asks("AUTH_REFRESH", { token: long })];
  await isRead(alice);
  resolve();
  await Promise.all(answers);
  const endMs = Date.now() + 2_500;
  await until(() => alice.closeCode !== undefined || Date.now() > endMs);
  t.is(alice.closeCode, undefined, "the token that was sent last is good for an hour");
});
