import test from "ava";
import type { VisibleMessage } from "../../actors/reading/contract.ts";
import { DeviceModel } from "../support/device-model.ts";
import { RandomLife } from "../support/random-life.ts";
import { alice, bob, carol, type ReadingWorld, say, startWorld } from "../support/reading-world.ts";
import type { ScriptedConversation } from "../support/scripted-conversation.ts";
import { createSeededRandom } from "../support/seeded-random.ts";

const page = { maxMessages: 200, maxBytes: 512 * 1024 };

const seqs = (messages: readonly { seq: number }[]): number[] => messages.map(({ seq }) => seq);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function historyOf(world: ReadingWorld, chat: ScriptedConversation, userId: string) {
  return (startSeq: number, limit: number, direction: "forward" | "backward" = "backward") =>
    world.reading.history({ userId, conversationId: chat.id, startSeq, limit, direction });
}

/** Syncs until nothing is left, as a client does. */
async function catchUp(world: ReadingWorld, device: DeviceModel, deviceId: string, how = page): Promise<number> {
  for (let answers = 1; ; answers += 1) {
    const from = deviceId === "" ? { vector: device.vector(), storeId: device.storeId } : { cursor: device.cursor };
    const result = await world.reading.sync({ userId: device.userId, deviceId, from, ...how });
    device.apply(result);
    if (!result.hasMore) return answers;
    if (answers > 2_000) throw new Error("The answers do not come to an end");
  }
}

async function pageBack(world: ReadingWorld, device: DeviceModel): Promise<void> {
  for (const conversationId of device.conversations.keys()) {
    for (;;) {
      const startSeq = device.olderThan(conversationId);
      if (startSeq === undefined) break;
      const input = { userId: device.userId, conversationId, startSeq, limit: 100, direction: "backward" as const };
      const { messages, hasMore } = await world.reading.history(input);
      device.applyHistory(conversationId, messages);
      if (!hasMore) break;
    }
  }
}

async function freshState(world: ReadingWorld, userId: string): Promise<unknown> {
  const device = new DeviceModel(userId);
  await catchUp(world, device, "");
  await pageBack(world, device);
  for (const [id, { unreadCount }] of device.conversations) {
    if (device.unread(id, world.nowMs) === unreadCount) continue;
    throw new Error(`The server counts ${unreadCount} unread of ${id}, a device ${device.unread(id, world.nowMs)}`);
  }
  return device.state(world.nowMs);
}

test("history goes back page by page over buckets, rows and tail, and pages do not move when messages arrive", async (t) => {
  const world = startWorld();
  const chat = world.addPair(alice, bob, 7);
  say(world, chat, alice, 30);
  chat.project(19);
  const history = historyOf(world, chat, bob);
  const first = await history(0, 10);
  t.deepEqual(seqs(first.messages), range(21, 30));
  t.true(first.hasMore);
  say(world, chat, alice, 3);
  chat.project();
  const second = await history(20, 15);
  t.deepEqual(seqs(second.messages), range(6, 20));
  const last = await history(5, 100);
  t.deepEqual(seqs(last.messages), range(1, 5));
  t.false(last.hasMore);
  const forward = await history(0, 4, "forward");
  t.deepEqual(seqs(forward.messages), [1, 2, 3, 4]);
  t.true(forward.hasMore);
  t.deepEqual(seqs((await history(31, 10, "forward")).messages), [31, 32, 33]);
});

test("no message is missing when the projector moves between the turn and the read", async (t) => {
  for (let at = 0; at <= 14; at += 1) {
    const world = startWorld();
    const chat = world.addPair(alice, bob, 4);
    say(world, chat, alice, 10);
    chat.edit(3, "edited", alice, world.nowMs + 1);
    chat.recall(4, alice, world.nowMs + 2);
    chat.edit(5, "first", alice, world.nowMs + 3);
    chat.edit(6, "first", alice, world.nowMs + 4);
    chat.project(at);
    world.beforeRead = () => {
      say(world, chat, alice, 1);
      chat.edit(5, "second", alice, world.nowMs);
      if (!chat.gone.has(6)) chat.recall(6, alice, world.nowMs);
      chat.project();
    };
    const { messages } = await historyOf(world, chat, bob)(0, 100);
    t.deepEqual(seqs(messages), range(1, 10), `projected ${at}`);
    t.like(messages[2], { content: "edited", status: "edited" });
    t.like(messages[3], { content: null, status: "recalled" });
    // From the tail as of the turn, or from rows that are newer already: never an older edit over a newer row.
    t.like(messages[4], at < 5 ? { content: "first" } : { content: "second" });
    t.like(messages[5], at < 6 ? { content: "first" } : { content: null, status: "recalled" });
  }
});

test("a row that the views have lost fails the read instead of leaving a hole", async (t) => {
  const world = startWorld();
  const chat = world.addPair(alice, bob);
  say(world, chat, alice, 10);
  chat.project();
  chat.rows.delete(5);
  await t.throwsAsync(historyOf(world, chat, bob)(0, 10), { message: /1–10 of s_1001_1002: only 9/ });
});

test("messages that are cleared, deleted for the viewer, expired or from before the viewer joined are not shown", async (t) => {
  const world = startWorld();
  const group = world.addGroup("77", [alice, bob]);
  say(world, group, alice, 5);
  group.join(carol, alice, false, world.nowMs);
  world.tellJoined(group, carol);
  say(world, group, alice, 10);
  group.send(alice, "short-lived", world.nowMs, { expireAtMs: world.nowMs + 1_000 });
  group.project(9);
  const third = group.find(12);
  world.user(bob).run("clear", { conversationId: group.id, seq: 3 });
  const messages = [{ messageId: third.messageId, seq: 12 }];
  world.user(bob).run("deleteMessages", { conversationId: group.id, messages });
  t.deepEqual(seqs((await historyOf(world, group, carol)(0, 100)).messages), range(6, 16));
  const bobs = historyOf(world, group, bob);
  t.deepEqual(seqs((await bobs(0, 100)).messages), [4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16]);
  t.deepEqual(seqs((await bobs(14, 3)).messages), [11, 13, 14]);
  t.deepEqual(seqs((await bobs(11, 3, "forward")).messages), [11, 13, 14]);
  t.deepEqual(seqs((await bobs(0, 1, "forward")).messages), [4]);
  t.is((await bobs(16, 1)).messages[0]?.content, "short-lived");
  world.nowMs += 2_000;
  t.like((await bobs(16, 1)).messages[0], { content: null, status: "expired" });
  await t.throwsAsync(historyOf(world, world.addPair(alice, carol), bob)(0, 10), { message: /no such conversation/ });
});

test("history shows today's names and how far the other side has got", async (t) => {
  const world = startWorld();
  const chat = world.addPair(alice, bob);
  say(world, chat, alice, 3);
  chat.read(bob, 1, world.nowMs);
  chat.members.get(bob)!.deliveredSeq = 2;
  world.names.set(alice, "Alice B.");
  say(world, chat, bob, 0);
  const { messages } = await historyOf(world, chat, alice)(0, 10);
  t.deepEqual(
    messages.map(({ viewStatus, senderName }) => [viewStatus, senderName]),
    [
      ["read", "Alice B."],
      ["delivered", "Alice B."],
      ["sent", "Alice B."],
    ],
  );
  const seen = (await historyOf(world, chat, bob)(0, 10)).messages.map(({ viewStatus }) => viewStatus);
  t.deepEqual(seen, ["read", "delivered", "delivered"]);
});

test("a gateway that missed events pulls exactly these events", async (t) => {
  const world = startWorld();
  const chat = world.addPair(alice, bob, 5);
  say(world, chat, alice, 8);
  const fromVersion = chat.version;
  chat.edit(2, "old, edited", alice, world.nowMs);
  say(world, chat, bob, 2);
  chat.recall(3, alice, world.nowMs);
  chat.edit(10, "new, edited", bob, world.nowMs);
  chat.read(alice, 9, world.nowMs);
  chat.read(alice, 10, world.nowMs);
  const pull = (version: number, maxMessages = 50) =>
    world.reading.difference({ userId: alice, conversationId: chat.id, fromVersion: version, maxMessages });
  for (let at = 0; at <= chat.records.length; at += 1) {
    chat.project(at);
    const { messages, changes, ...rest } = await pull(fromVersion);
    t.deepEqual(seqs(messages), [9, 10], `projected ${at}`);
    t.like(messages[1], { content: "new, edited", status: "edited" });
    t.deepEqual(
      changes.map(({ version, change }) => [version, change.type]),
      [
        [fromVersion + 1, "edited"],
        [fromVersion + 4, "recalled"],
        [fromVersion + 5, "edited"], // of a message that is answered, too: a device may hold it as it was
        [fromVersion + 7, "read"],
      ].slice(0, chat.members.get(alice)!.readSeq === 10 ? 4 : 3) as [number, string][],
    );
    t.like(rest, { version: chat.version, seq: 10, full: false, fromVersion });
    t.like(await pull(chat.version), { messages: [], changes: [], full: false });
  }
  const tooMany = await pull(1, 4);
  t.true(tooMany.full);
  t.deepEqual(seqs(tooMany.messages), [7, 8, 9, 10]);
  t.true((await pull(chat.version + 5)).full, "a version from the future is not believed");
});

test("an edit of a message that the viewer may not see, or that was recalled since, shows nothing", async (t) => {
  const world = startWorld();
  const chat = world.addPair(alice, bob);
  say(world, chat, alice, 6);
  const fromVersion = chat.version;
  for (const seq of [1, 3, 4, 5]) chat.edit(seq, "secret", alice, world.nowMs);
  chat.recall(5, alice, world.nowMs);
  world.user(bob).run("clear", { conversationId: chat.id, seq: 2 });
  world.user(bob).run("deleteMessages", { conversationId: chat.id, messages: [{ ...chat.find(3), seq: 3 }] });
  const pulled = await world.reading.difference({
    ...{ userId: bob, conversationId: chat.id, fromVersion, maxMessages: 10 },
  });
  t.deepEqual(
    pulled.changes.map(({ version, change }) => [version, change.type, "seq" in change && change.seq]),
    [
      [9, "edited", 4],
      [11, "recalled", 5],
    ],
  );
  t.is(pulled.version, 11);
});

test("one pull for all members holds messages that one of them deleted", async (t) => {
  const world = startWorld();
  const group = world.addGroup("77", [alice, bob]);
  say(world, group, alice, 4);
  group.join(carol, alice, false, world.nowMs);
  world.tellJoined(group, carol);
  world.user(carol).run("clear", { conversationId: group.id, seq: 4 });
  const input = { userId: carol, conversationId: group.id, fromVersion: 2, maxMessages: 50 };
  t.deepEqual(seqs((await world.reading.difference({ ...input, asEveryMember: true })).messages), [3, 4]);
  t.true((await world.reading.difference(input)).full, "a member who joined in between gets the visible messages anew");
  say(world, group, alice, 2);
  const after = await world.reading.difference({ ...input, fromVersion: 5 });
  t.false(after.full);
  t.deepEqual(seqs(after.messages), [5, 6]);
  await t.throwsAsync(world.reading.difference({ ...input, userId: "1004", asEveryMember: true }));
});

test("a device gets its lists, then everything it missed, page by page, and a cursor for each answer", async (t) => {
  const world = startWorld();
  const chat = world.addPair(alice, bob, 100);
  const group = world.addGroup("77", [alice, bob, carol]);
  for (const each of [chat, group]) say(world, each, alice, 1);
  const phone = new DeviceModel(bob);
  await catchUp(world, phone, "phone");
  t.deepEqual([...phone.items.keys()], ["profile/me", "settings/me", `conversation/${chat.id}`, "conversation/g_77"]);
  say(world, group, carol, 40);
  say(world, chat, alice, 1_000);
  chat.project();
  t.is(await catchUp(world, phone, "phone"), 6);
  t.is(phone.conversations.get(chat.id)?.messages.size, 1_001);
  t.deepEqual(phone.state(world.nowMs), await freshState(world, bob));
  const again = await world.reading.sync({ userId: bob, deviceId: "phone", from: { cursor: phone.cursor }, ...page });
  t.like(again, { changes: [], cursor: phone.cursor, hasMore: false, full: false });
});

test("a conversation with too many missed messages, an unknown cursor and another store are answered anew", async (t) => {
  const world = startWorld({ maxDifferenceMessages: 100 });
  const chat = world.addPair(alice, bob);
  say(world, chat, alice, 10);
  const phone = new DeviceModel(bob);
  await catchUp(world, phone, "phone");
  say(world, chat, alice, 101);
  await catchUp(world, phone, "phone");
  t.deepEqual(seqs([...phone.conversations.get(chat.id)!.messages.values()]), range(62, 111));
  await pageBack(world, phone);
  t.deepEqual(phone.state(world.nowMs), await freshState(world, bob));
  const sync = (from: Parameters<typeof world.reading.sync>[0]["from"]) =>
    world.reading.sync({ userId: bob, deviceId: "phone", from, ...page });
  t.true((await sync({ cursor: 42 })).full);
  t.true((await sync({ vector: phone.vector(), storeId: "another" })).full);
  t.false((await sync({ vector: phone.vector(), storeId: world.storeId })).full);
});

test("of a conversation that was left, or left and joined again, a device keeps nothing from before", async (t) => {
  const world = startWorld();
  const group = world.addGroup("77", [alice, bob, carol]);
  say(world, group, alice, 5);
  const phone = new DeviceModel(bob);
  await catchUp(world, phone, "phone");
  const tablet = new DeviceModel(bob);
  await catchUp(world, tablet, "tablet");
  group.leave(bob, world.nowMs);
  world.tellLeft(group, bob);
  await catchUp(world, phone, "phone");
  t.false(phone.conversations.has(group.id));
  group.join(bob, alice, false, world.nowMs);
  world.tellJoined(group, bob);
  say(world, group, alice, 2);
  for (const [device, id] of [
    [phone, "phone"],
    [tablet, "tablet"],
  ] as const) {
    await catchUp(world, device, id);
    t.deepEqual([...device.conversations.get(group.id)!.messages.keys()], [6, 7]);
  }
  group.disband(alice, world.nowMs);
  await catchUp(world, phone, "phone");
  t.false(phone.conversations.has(group.id));
});

test("a message is found by its id alone, in rows and tail, by those who may see it", async (t) => {
  const world = startWorld();
  const chats = [world.addPair(alice, bob, 5), world.addPair(alice, carol, 5), world.addGroup("77", [alice, bob], 5)];
  for (const chat of chats)
    for (let i = 0; i < 22; i += 1) {
      world.nowMs += 86_400_000;
      say(world, chat, alice, 1);
    }
  const [chat] = chats as [ScriptedConversation];
  for (let at = 0; at <= 22; at += 11) {
    chat.project(at);
    for (const seq of [1, 5, 6, 13, 22]) {
      const { messageId } = chat.find(seq);
      const found = await world.reading.findMessage({ userId: bob, messageId });
      t.like(found, { conversationId: chat.id, ref: { messageId, seq, senderId: alice }, message: { seq } });
    }
  }
  const { messageId } = chat.find(3);
  const notFound = { message: /no such message/ };
  await t.throwsAsync(world.reading.findMessage({ userId: carol, messageId }), notFound);
  await t.throwsAsync(world.reading.findMessage({ userId: bob, messageId: `${messageId}1` }), notFound);
  await t.throwsAsync(world.reading.findMessage({ userId: bob, messageId: "nonsense" }), notFound);
  await t.throwsAsync(world.reading.findMessage({ userId: bob, messageId, conversationId: "g_77" }), notFound);
  world.user(bob).run("clear", { conversationId: chat.id, seq: 3 });
  await t.throwsAsync(world.reading.findMessage({ userId: bob, messageId }), notFound);
  chat.recall(5, alice, world.nowMs);
  const recalled = await world.reading.findMessage({ userId: bob, messageId: chat.find(5).messageId });
  t.like(recalled.message, { status: "recalled", content: null });
});

test("a user's present versions come from heads; only conversations without a cached head are asked", async (t) => {
  const world = startWorld();
  const chat = world.addPair(alice, bob);
  const group = world.addGroup("77", [alice, bob]);
  say(world, chat, alice, 3);
  say(world, group, alice, 2);
  world.forgottenHeads.add(chat.id);
  world.user(bob).run("fanoutChanged", { conversationId: "g_77", fanout: "conversation" });
  t.like(await world.reading.present({ userId: bob }), {
    vector: { conversations: { [chat.id]: 3, g_77: 2 } },
    rooms: ["g_77"],
  });
  t.deepEqual([chat.windowsAsked, group.windowsAsked], [1, 0]);
});

test("an empty cache of heads does not lead to all actors being asked at once", async (t) => {
  const world = startWorld({ maxHeadAsks: 3 });
  const others = Array.from({ length: 8 }, (_, n) => `9${n}`);
  for (const other of others) world.addUser(other);
  const chats = others.flatMap((other) => [world.addPair(alice, other), world.addPair(bob, other)]);
  let asked = 0;
  let most = 0;
  for (const chat of chats) {
    say(world, chat, chat.id.includes(alice) ? alice : bob, 1);
    world.forgottenHeads.add(chat.id);
    const { window } = chat;
    const answerLater = async (userId: string) => {
      asked += 1;
      most = Math.max(most, asked);
      await new Promise((resolve) => setImmediate(resolve));
      asked -= 1;
      return window.call(chat, userId, world.nowMs);
    };
    Object.assign(chat, { window: answerLater });
  }
  const present = await Promise.all([alice, bob].map((userId) => world.reading.present({ userId })));
  for (const { vector } of present) t.is(Object.keys(vector.conversations).length, others.length);
  t.is(most, 3);
});

test("a list that waits for an actor that does not answer fails in time, and delays no other list", async (t) => {
  const world = startWorld({ maxHeadAsks: 1, headAsksMsMax: 1_500 });
  const away = world.addPair(alice, carol);
  const chat = world.addPair(bob, carol);
  say(world, chat, bob, 1);
  say(world, away, alice, 1);
  for (const { id } of [away, chat]) world.forgottenHeads.add(id);
  let wakeUp = () => {};
  const { window } = away;
  const sleep = async (userId: string) => {
    await new Promise<void>((resolve) => {
      wakeUp = resolve;
    });
    return window.call(away, userId, world.nowMs);
  };
  Object.assign(away, { window: sleep });
  const first = world.reading.present({ userId: alice });
  const second = await world.reading.present({ userId: bob });
  t.is(second.vector.conversations[chat.id], 1);
  wakeUp();
  t.is((await first).vector.conversations[away.id], 1);
});

test("a search without words looks at few messages for one page, and goes on at its cursor", async (t) => {
  const world = startWorld({ maxSearchPartitions: 2, maxSearchRows: 10 });
  const chat = world.addPair(alice, bob);
  say(world, chat, bob, 3);
  say(world, chat, alice, 97);
  chat.project(60);
  const found: number[] = [];
  let pages = 0;
  for (let cursor: string | undefined; ; ) {
    const answer = await world.reading.search({
      userId: alice,
      query: "",
      senderId: bob,
      limit: 5,
      ...(cursor && { cursor }),
    });
    found.push(...seqs(answer.messages));
    pages += 1;
    cursor = answer.cursor;
    if (cursor === undefined) break;
  }
  t.deepEqual(found, [3, 2, 1]);
  t.is(pages, 5, "20 messages a page");
  const inChat = await world.reading.search({ userId: alice, query: "", conversationId: chat.id, limit: 5 });
  t.deepEqual(seqs(inChat.messages), [100, 99, 98, 97, 96]);
});

test("search finds the present words in rows and tail, page by page, and nothing that the viewer may not see", async (t) => {
  const world = startWorld({ maxSearchPartitions: 2 });
  const chats = [world.addPair(alice, bob, 5), world.addGroup("77", [alice, bob], 5), world.addPair(bob, carol, 5)];
  for (const chat of chats) say(world, chat, alice, 18, "你好 hello");
  const [pair, group] = chats as [ScriptedConversation, ScriptedConversation];
  pair.project(9);
  group.project();
  pair.recall(3, alice, world.nowMs);
  pair.edit(4, "something else", alice, world.nowMs);
  group.edit(1, "goodbye", alice, world.nowMs);
  world.user(bob).run("clear", { conversationId: chats[2]!.id, seq: 10 });
  const all = async (query: string, conversationId?: string) => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const input = {
        userId: bob,
        query,
        limit: 3,
        ...(cursor && { cursor }),
        ...(conversationId && { conversationId }),
      };
      const answer = await world.reading.search(input);
      t.true(answer.messages.length <= 3);
      found.push(...answer.messages.map(({ conversationId: id, seq }: VisibleMessage) => `${id}:${seq}`));
      cursor = answer.cursor;
    } while (cursor !== undefined);
    return found;
  };
  const expected = [
    ...range(11, 18)
      .reverse()
      .map((seq) => `${chats[2]!.id}:${seq}`),
    ...range(2, 18)
      .reverse()
      .map((seq) => `g_77:${seq}`),
    ...range(1, 18)
      .reverse()
      .filter((seq) => seq !== 3 && seq !== 4)
      .map((seq) => `${pair.id}:${seq}`),
  ];
  t.deepEqual(await all("你好"), expected);
  t.deepEqual(
    await all("HELLO 你", "g_77"),
    expected.filter((id) => id.startsWith("g_77")),
  );
  t.deepEqual(await all("goodbye"), ["g_77:1"]);
  t.deepEqual(await all("absent"), []);
  await t.throwsAsync(world.reading.search({ userId: bob, query: " ", limit: 3 }), { message: /at least one word/ });
  await t.throwsAsync(world.reading.search({ userId: bob, query: "x", limit: 3, cursor: "1.2" }), {
    message: /cursor/,
  });
});

test("a friend's new name reaches a device that asks before the directory holds it", async (t) => {
  const world = startWorld();
  world.names.set(alice, "Alice");
  world.user(bob).run("friendChanged", { userId: alice, isFriend: true, atMs: world.nowMs });
  const phone = new DeviceModel(bob);
  await catchUp(world, phone, "phone");
  world.user(bob).run("friendProfileChanged", { userId: alice, card: { nickname: "Alicia" } });
  await catchUp(world, phone, "phone");
  world.names.set(alice, "Alicia");
  await catchUp(world, phone, "phone");
  t.like(phone.items.get(`friend/${alice}`), { nickname: "Alicia", avatar: "" });
  t.deepEqual(phone.state(world.nowMs), await freshState(world, bob));
});

test("a device learns how far the other user has read, also when the message that shows it was deleted before it came", async (t) => {
  const world = startWorld();
  const chat = world.addPair(alice, bob);
  say(world, chat, bob, 1);
  const phone = new DeviceModel(bob);
  await catchUp(world, phone, "phone");
  say(world, chat, alice, 1);
  world.user(bob).run("deleteMessages", { conversationId: chat.id, messages: [{ ...chat.find(2), seq: 2 }] });
  await catchUp(world, phone, "phone");
  t.deepEqual(phone.state(world.nowMs), await freshState(world, bob));
});

test("a device that was away, whenever and however it syncs, ends in the state of a fresh one", async (t) => {
  for (let seed = 1; seed <= 120; seed += 1) {
    const random = createSeededRandom(seed);
    const world = startWorld({
      maxDifferenceMessages: 40,
      maxDifferenceChanges: 1 + random.below(12),
      maxFirstMessages: 10,
    });
    const groups = ["77", "78"].map((id) => world.addGroup(id, [alice, bob, carol], 9));
    const chats = [world.addPair(alice, bob, 9), ...groups];
    const life = new RandomLife(world, random, chats);
    const devices = [new DeviceModel(bob), new DeviceModel(bob), new DeviceModel(bob)];
    const deviceIds = ["", "phone", "tablet"];
    const how = () => ({ maxMessages: 1 + random.below(30), maxBytes: 500 + random.below(6_000) });
    const move = () => {
      for (const chat of chats) if (random.below(3) === 0) chat.project(chat.projected + random.below(8));
    };
    for (let step = 0; step < 260; step += 1) {
      life.step();
      move();
      for (const chat of chats) world.forgottenHeads[random.below(2) === 0 ? "add" : "delete"](chat.id);
      if (random.below(25) > 0) continue;
      // One answer only, while things go on between its turns and its reads.
      world.beforeRead = () => {
        if (random.below(4) === 0) life.step();
        move();
      };
      const i = random.below(devices.length);
      const device = devices[i]!;
      const from = i === 0 ? { vector: device.vector() } : { cursor: device.cursor };
      device.apply(await world.reading.sync({ userId: bob, deviceId: deviceIds[i]!, from, ...how() }));
      if (random.below(3) === 0)
        await pageBack(world, device).catch((error) => t.regex(String(error), /not in this group|dissolved/));
      world.beforeRead = move;
    }
    life.settle();
    const fresh = await freshState(world, bob);
    for (const [i, device] of devices.entries()) {
      await catchUp(world, device, deviceIds[i]!, how());
      await pageBack(world, device);
      t.deepEqual(device.state(world.nowMs), fresh, `seed ${seed}, device ${deviceIds[i]}`);
    }
  }
});
