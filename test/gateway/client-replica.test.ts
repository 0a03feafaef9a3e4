// The client's replica beside the read side: live frames, and answers to SYNC, lead to what the server counts.
import test from "ava";
import { messageOf } from "../../actors/conversation/message.ts";
import { changesOf } from "../../actors/conversation/model/changes.ts";
import type { ConversationEvent } from "../../actors/conversation/model/events.ts";
import { defaultClientLimits } from "../../gateway/client/base/limits.ts";
import type { ServerFrame, SyncResult } from "../../gateway/client/base/wire.ts";
import { HeldConversation } from "../../gateway/client/replica/conversation.ts";
import { ownMessageOf, Replica } from "../../gateway/client/replica/replica.ts";
import { framed, frameOfChange, frameOfMessage } from "../../gateway/wire/notification.ts";
import { syncOnWire } from "../../gateway/wire/sync.ts";
import { RandomLife } from "../support/random-life.ts";
import { alice, bob, carol, ReadingWorld } from "../support/reading-world.ts";
import type { ScriptedConversation } from "../support/scripted-conversation.ts";
import { createSeededRandom, type SeededRandom } from "../support/seeded-random.ts";
import { user } from "../support/user-behaviour.ts";

/** What Bob's device receives while it is connected, as its gateway would send it. */
class Feed {
  readonly #world: ReadingWorld;
  readonly #chats: readonly ScriptedConversation[];
  readonly #sent = new Map<ScriptedConversation, number>();
  #userRecords = 0;

  constructor(world: ReadingWorld, chats: readonly ScriptedConversation[]) {
    this.#world = world;
    this.#chats = chats;
  }

  /** All frames since the last call. The user's own may come before those of the conversations. */
  next(random: SeededRandom): ServerFrame[] {
    const ofChats = this.#chats.flatMap((chat) => this.#framesOf(chat));
    const own = this.#ownFrames();
    return random.below(2) === 0 ? [...ofChats, ...own] : [...own, ...ofChats];
  }

  #framesOf(chat: ScriptedConversation): ServerFrame[] {
    const records = chat.records.slice(this.#sent.get(chat) ?? 0);
    this.#sent.set(chat, chat.records.length);
    const { visibleFromSeq = Number.POSITIVE_INFINITY } = chat.members.get(bob) ?? {};
    return records.flatMap(({ events, atMs }) =>
      (events as ConversationEvent[]).flatMap((event): ServerFrame[] => {
        if (event.type === "sent") {
          const { frame: type, data } = frameOfMessage(messageOf(chat.id, event, atMs));
          return event.seq >= visibleFromSeq ? [{ type, timestamp: atMs, data }] : [];
        }
        if (visibleFromSeq === Number.POSITIVE_INFINITY) return [];
        return changesOf(event, atMs).map(({ version, change }) => {
          const { frame: type, data } = frameOfChange({ conversationId: chat.id, version, seq: chat.seq }, change);
          return { type, timestamp: atMs, data };
        });
      }),
    );
  }

  #ownFrames(): ServerFrame[] {
    const actor = this.#world.user(bob);
    const records = actor.records.slice(this.#userRecords);
    this.#userRecords = actor.records.length;
    return records.flatMap((record) =>
      record.events
        .flatMap((event) => user.notify?.(actor.state, event as never, record) ?? [])
        .filter(({ type }) => type !== "user.visibility_changed")
        .map((notification) => {
          const { frame, data } = framed(notification);
          return { type: frame, timestamp: record.atMs, data } as unknown as ServerFrame;
        }),
    );
  }
}

async function sync(world: ReadingWorld, replica: Replica): Promise<void> {
  for (;;) {
    const { vector: conversations, userVersion, storeId } = replica.vector();
    const from = { vector: { conversations, userVersion }, ...(storeId !== undefined && { storeId }) };
    const result = await world.reading.sync({ userId: bob, deviceId: "", from, maxMessages: 500, maxBytes: 500_000 });
    replica.sync(syncOnWire(result) as unknown as SyncResult, world.nowMs);
    if (!result.hasMore) return;
  }
}

function countsOf(replica: Replica) {
  const held = [...replica.conversations.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return held.map(({ id, seq, unreadCount, mentionCount }) => ({ id, seq, unreadCount, mentionCount }));
}

/** Tombstones of what has expired are never late here: until one comes, a device counts the message. */
function expireWhatIsDue(chat: ScriptedConversation, nowMs: number): void {
  const due = [...chat.expiring].filter(([seq, atMs]) => atMs <= nowMs && !chat.gone.has(seq)).map(([seq]) => seq);
  if (due.length > 0) chat.expire(due, nowMs);
}

test("between two answers of the server a device counts unread messages and mentions as the server does", async (t) => {
  let compared = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = createSeededRandom(seed);
    // The device holds every message: of one that it does not hold, it cannot know whether it counts.
    const world = new ReadingWorld({ maxFirstMessages: 500 });
    for (const userId of [alice, bob, carol]) world.addUser(userId);
    const chats = [world.addPair(alice, bob), ...["77", "78"].map((id) => world.addGroup(id, [alice, bob, carol]))];
    const life = new RandomLife(world, random, chats);
    const feed = new Feed(world, chats);
    let isBehind = true;
    let isAway = false;
    const replica = new Replica(defaultClientLimits, { gap: () => (isBehind = true), left: () => (isBehind = true) });
    replica.userId = bob;
    for (let step = 0; step < 200; step += 1) {
      life.step();
      for (const chat of chats) expireWhatIsDue(chat, world.nowMs);
      if (random.below(25) === 0) isAway = !isAway;
      const frames = feed.next(random);
      if (isAway) {
        isBehind = true;
        continue;
      }
      for (const frame of frames) {
        if (replica.concerns(frame)) replica.take(frame);
        if (frame.data?.type === "session.created" || frame.data?.type === "group.member_joined") isBehind = true;
      }
      if (isBehind || random.below(20) === 0) {
        await sync(world, replica);
        isBehind = false;
      }
      const fresh = new Replica(defaultClientLimits);
      fresh.userId = bob;
      await sync(world, fresh);
      const isListed = ({ id }: { id: string }) => fresh.find(id) !== undefined;
      t.deepEqual(countsOf(replica).filter(isListed), countsOf(fresh), `seed ${seed}, step ${step}`);
      compared += countsOf(fresh).filter(({ unreadCount }) => unreadCount > 0).length;
    }
  }
  t.true(compared > 2_000);
});

test("what is gone is not unread, and is taken off the count once", (t) => {
  const room = "g_1";
  const replica = new Replica(defaultClientLimits);
  replica.userId = bob;
  const says = (type: string, data: object) => replica.take({ type, data: { sessionId: room, ...data } });
  const counts = () => [replica.find(room)?.unreadCount, replica.find(room)?.mentionCount];
  const facts = { senderId: alice, contentType: "text", content: "hello" };
  for (let seq = 1; seq <= 6; seq += 1) says("NEW_MESSAGE", { ...facts, messageId: `m${seq}`, seq, version: seq });
  for (const seq of [2, 5]) says("NOTIFICATION", { type: "message.mentioned", messageId: `m${seq}`, seq });
  t.deepEqual(counts(), [6, 2]);
  says("MESSAGE_RECALLED", { messageId: "m2", seq: 2, version: 7 });
  t.deepEqual(counts(), [5, 1]);
  for (let times = 0; times < 2; times += 1) says("MESSAGE_EXPIRED", { messageId: "m4", seq: 4, version: 8 });
  says("MESSAGE_DELETED", { type: "message.deleted", messageIds: ["m3", "m4"], seqs: [3, 4] });
  t.deepEqual(counts(), [3, 1]);
  says("NOTIFICATION", { type: "session.unread_updated", readSeq: 1 });
  t.deepEqual(counts(), [2, 1]);
  says("NOTIFICATION", { type: "message.deleted", clearedSeq: 5 });
  t.deepEqual(counts(), [1, 0]);
  says("NEW_MESSAGE", { ...facts, senderId: bob, messageId: "m7", seq: 7, version: 9 });
  t.deepEqual(counts(), [0, 0], "sending moves one's own mark");
});

test("the later of two edits is shown, though the server's clock went back between them", (t) => {
  const conversation = new HeldConversation("s_7_9", defaultClientLimits);
  const sent = { messageId: "100", sessionId: "s_7_9", senderId: "7", contentType: "text", seq: 1 } as const;
  conversation.take({ ...sent, content: "first", timestamp: 1_000, version: 1 }, false);
  const edited = { type: "edited", messageId: "100", seq: 1 } as const;
  conversation.happen({ ...edited, version: 2, timestamp: 9_000, content: "second" }, "9");
  conversation.happen({ ...edited, version: 3, timestamp: 2_000, content: "third" }, "9");
  t.is(conversation.messages.get(1)?.content, "third");

  const other = new HeldConversation("s_7_9", defaultClientLimits);
  other.takeHistory([{ ...sent, content: "second", timestamp: 1_000, version: 1, editedAt: 9_000 }]);
  other.happen({ ...edited, version: 3, timestamp: 2_000, content: "third" }, "9");
  t.is(other.messages.get(1)?.content, "third", "the edited message came from history");
});

test("a held quote follows the edit and the recall of the quoted message, also when that message is not held", (t) => {
  const conversation = new HeldConversation("s_7_9", defaultClientLimits);
  const quote = { messageId: "100", seq: 1, senderId: "7", senderName: "seven", contentType: "text", content: "first" };
  const answer = { messageId: "200", sessionId: "s_7_9", senderId: "9", contentType: "text", content: "ok" };
  conversation.take({ ...answer, seq: 2, timestamp: 1_000, version: 2, replyTo: "100", quote }, false);
  const shown = () => conversation.messages.get(2)?.quote;
  conversation.happen({ type: "edited", messageId: "100", seq: 1, version: 3, content: "z".repeat(300) }, "9");
  t.deepEqual(shown(), { ...quote, content: "z".repeat(100) });
  conversation.happen({ type: "recalled", messageId: "100", seq: 1, version: 4 }, "9");
  t.deepEqual(shown(), { ...quote, content: "", status: "recalled" });
  conversation.happen({ type: "edited", messageId: "100", seq: 1, version: 3, content: "late" }, "9");
  t.is(shown()?.content, "");
});

test("a message that ended shows no quote, as on a device that gets it afterwards", (t) => {
  for (const type of ["recalled", "expired"]) {
    const held = new HeldConversation("s_7_9", defaultClientLimits);
    const quote = {
      messageId: "90",
      seq: 1,
      senderId: "7",
      senderName: "seven",
      contentType: "text",
      content: "first",
    };
    const answer = { messageId: "100", sessionId: "s_7_9", senderId: "9", contentType: "text", content: "ok" };
    held.take({ ...answer, seq: 2, timestamp: 1_000, version: 2, replyTo: "90", quote }, false);
    held.happen({ type, messageId: "100", seq: 2, version: 3 }, "9");
    t.like(held.messages.get(2), { status: type, content: null, quote: undefined, replyTo: "90" });
  }
});

test("pins and reactions change the held message, in the order of versions, and go with its recall", (t) => {
  const held = new HeldConversation("g_77", defaultClientLimits);
  const message = { messageId: "m1", sessionId: "g_77", senderId: alice, contentType: "text", content: "hi" };
  held.take({ ...message, timestamp: 1, seq: 1, version: 1 }, false);
  const tell = (version: number, fields: object) =>
    held.happen({ version, messageId: "m1", seq: 1, ...fields } as Parameters<typeof held.happen>[0], bob);
  const thumbs = (count: number, userIds: string[]) => [{ emoji: "👍", count, userIds }];
  tell(2, { type: "pinned", on: true });
  tell(4, { type: "reacted", reactions: thumbs(2, [alice, bob]) });
  // An older change that arrives late.
  tell(3, { type: "reacted", reactions: thumbs(1, [alice]) });
  t.like(held.messages.get(1), { isPinned: true, reactions: [{ emoji: "👍", count: 2, mine: true }] });
  // Only the first of many are named: the own reaction is still there.
  tell(5, { type: "reacted", reactions: thumbs(80, [alice, carol]) });
  t.deepEqual(held.messages.get(1)?.reactions, [{ emoji: "👍", count: 80, mine: true }]);
  tell(6, { type: "edited", content: "hello" });
  t.like(held.messages.get(1), { content: "hello", isPinned: true });
  tell(7, { type: "recalled" });
  t.like(held.messages.get(1), { status: "recalled", content: null, isPinned: false, reactions: [] });
});

test("an acknowledged message is held with everything that was sent: what it answers, and whom it mentions", (t) => {
  const receipt = { msgId: "m1", messageId: "70", sessionId: "s_1_2", seq: 4, version: 9, timestamp: 1_000 };
  const sent = { sessionId: "s_1_2", contentType: "text", content: "yes", replyTo: "60", mentions: ["2"] };
  const replica = new Replica(defaultClientLimits);
  replica.userId = "1";
  replica.takeOwn(ownMessageOf(receipt, sent));
  t.deepEqual(replica.find("s_1_2")?.messages.get(4), {
    ...{ messageId: "70", clientMsgId: "m1", sessionId: "s_1_2", senderId: "1", seq: 4, version: 9, timestamp: 1_000 },
    ...{ contentType: "text", content: "yes", replyTo: "60", mentions: ["2"] },
  });
});
