import test from "ava";
import type { ConversationCommands, ConversationQueries } from "../../actors/conversation/contract.ts";
import { createConversation } from "../../actors/conversation/conversation.ts";
import type { ConversationEvent } from "../../actors/conversation/model/events.ts";
import { defaultConversationRules } from "../../actors/conversation/model/rules.ts";
import type { ConversationState } from "../../actors/conversation/model/state.ts";
import { defaultReadingLimits } from "../../actors/reading/limits.ts";
import { createReading } from "../../actors/reading/reading.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { contract } from "../../actors/runtime/contract.ts";
import type { Row } from "../../actors/runtime/ports.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { createMemoryHeads } from "../../infra/memory/heads.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { LoneActor } from "../support/lone-actor.ts";
import { createMemoryViews } from "../support/memory-views.ts";
import { createSeededRandom, type SeededRandom } from "../support/seeded-random.ts";

const [alice, bob, carol, dave] = ["1001", "1002", "1003", "1004"];

function startConversation(id: string) {
  const rules = { ...defaultConversationRules, requireFriend: false, bucketMessagesMax: 7, perUserFanoutMax: 3 };
  const conversation = createConversation({ sends: { find: async () => undefined }, rules, random: systemRandom });
  // What needs others' consent is decided outright.
  const decide = (turn: { emit(event: ConversationEvent): void }, event: ConversationEvent): null => {
    turn.emit(event);
    return null;
  };
  type Commands = ConversationCommands & { decide(event: ConversationEvent): null };
  const commands = { ...conversation.commands, decide };
  const actor = new LoneActor<ConversationState, ConversationEvent, Commands, ConversationQueries>(
    { ...conversation, contract: contract("conversation"), commands },
    id,
  );
  actor.isChecked = false;
  return actor;
}
type Conversation = ReturnType<typeof startConversation>;

const groupCreated: ConversationEvent = {
  ...{ type: "group_created", version: 1, lastSeq: 0, ownerId: alice, name: "Friends", avatar: "" },
  ...{ joinVerify: false, maxMembers: 100, fanout: "users", userIds: [bob, carol, dave] },
};
const befriended: ConversationEvent = { type: "befriended", version: 1, lastSeq: 0, by: bob, accepted: [] };

/** Whatever people may do, at random; what is refused is refused. */
function happen(
  actor: Conversation,
  random: SeededRandom,
  sent: { messageId: string; seq: number; senderId: string; atMs: number }[],
) {
  actor.nowMs += 1 + random.below(3_000);
  const by = random.pick([alice, bob, carol, dave]);
  const userId = random.pick([bob, carol, dave]);
  const roll = random.below(100);
  const target = sent.length > 0 ? random.pick(sent.slice(-12)) : undefined;
  const asOf = { status: "normal" as const, asOfVersion: actor.state.version };
  const message = target && { ...target, bucket: Math.ceil(target.seq / 7), contentType: "text", ...asOf };
  if (roll < 50 || !message) {
    const options = random.below(6) === 0 ? { expireAtMs: actor.nowMs + 1 + random.below(9_000) } : {};
    const input = {
      senderId: by,
      clientMsgId: `c${actor.nowMs}`,
      senderName: by,
      senderAvatar: "",
      contentType: "text",
    };
    const receipt = actor.run("send", { ...input, content: `words ${roll}`, options });
    // A filter that says "perhaps" reads rows first: the lone actor is not waited for, so that send is none.
    if (receipt instanceof Promise) receipt.catch(() => {});
    else sent.push({ messageId: receipt.messageId, seq: receipt.seq, senderId: by, atMs: receipt.atMs });
  } else if (roll < 60) actor.run("edit", { by: message.senderId, message, content: `edited ${roll}` });
  else if (roll < 65) actor.run("recall", { by: message.senderId, message });
  else if (roll < 72) {
    const tap = { emoji: random.pick(["👍", "❤️"]), on: random.below(3) > 0 };
    actor.run("react", { by, message, ...tap });
  } else if (roll < 75) actor.run("pin", { by: alice, message, on: random.below(3) > 0 });
  else if (roll < 77) actor.wake();
  else if (roll < 83)
    actor.run("markMany", { marks: [{ userId: by, readSeq: message.seq, deliveredSeq: message.seq + 1 }] });
  else if (roll < 85) actor.run("updateGroup", { by: alice, patch: { name: `name ${roll}` } });
  else if (roll < 88) actor.run("setGroupNickname", { userId: by, nickname: `nick ${roll}` });
  else if (roll < 90) actor.run("setRole", { by: alice, userId, role: random.below(2) ? "admin" : "member" });
  else if (roll < 92) actor.run("muteMember", { by: alice, userId, untilMs: actor.nowMs + 5_000 });
  else if (roll < 96) actor.run("removeMember", { by: alice, userId: random.pick([carol, dave]) });
  else if (actor.state.group && !actor.state.group.members.has(userId)) {
    const { version, seq } = actor.state;
    const joined = { type: "members_joined" as const, userIds: [userId], by: alice, groupName: "", visibleFromSeq: 1 };
    actor.run("decide", { ...joined, version: version + 1, lastSeq: seq });
  }
}

/** The read side over the rows of the first `projected` records, with the rest as the tail. */
async function readingAt(actor: Conversation, rowsOf: readonly Row[][], projected: number) {
  const store = createMemoryViews();
  await store.views.write({ rows: rowsOf.slice(0, projected).flat(), marks: [] });
  const handles: Record<string, Record<string, (input: never) => Promise<unknown>>> = {
    conversation: {
      window: async (input) => ({ ...actor.ask("window", input), tail: actor.records.slice(projected) }),
    },
    user: { entry: async () => ({ deleted: [] }) },
  };
  const reading = createReading({
    actors: { get: ({ kind }: { kind: string }) => handles[kind] } as unknown as Actors,
    ...{ messages: store.messages, buckets: store.buckets, changes: store.changes, directory: store.directory },
    heads: createMemoryHeads(),
    clock: { nowMs: () => actor.nowMs, monotonicMs: () => 0, after: () => () => {}, soon: () => {} },
    storeId: "store-1",
    limits: defaultReadingLimits,
  });
  return reading;
}

test("rows and tail give the same messages and changes, wherever the projector stands", async (t) => {
  let changes = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = createSeededRandom(seed);
    const isGroup = seed % 2 === 0;
    const actor = startConversation(isGroup ? "g_77" : `s_${alice}_${bob}`);
    const rowsOf: Row[][] = [];
    const sent: Parameters<typeof happen>[2] = [];
    const act = (run: () => void): void => {
      const before = actor.records.length;
      try {
        run();
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
      }
      if (actor.records.length > before) rowsOf.push(actor.rows);
    };
    act(() => actor.run("decide", isGroup ? groupCreated : befriended));
    for (let step = 0; step < 90; step += 1) act(() => happen(actor, random, sent));
    const input = { userId: alice, conversationId: actor.key };
    const { head } = actor.ask("window", { userId: alice });
    const done = await readingAt(actor, rowsOf, rowsOf.length);
    const all = async (reading: typeof done) => ({
      history: await reading.history({ ...input, startSeq: 0, limit: 100, direction: "backward" }),
      differences: await Promise.all(
        Array.from({ length: head.version }, (_, i) =>
          reading.difference({ ...input, fromVersion: i + 1, maxMessages: 1_000 }),
        ),
      ),
    });
    const expected = await all(done);
    t.is(expected.history.messages.at(-1)?.seq, head.seq);
    changes += expected.differences[0]!.changes.length;
    for (let i = 0; i < 8; i += 1) {
      const projected = random.below(rowsOf.length + 1);
      const actual = await all(await readingAt(actor, rowsOf, projected));
      t.deepEqual(actual, expected, `seed ${seed}, ${projected} of ${rowsOf.length} records projected`);
    }
  }
  t.true(changes > 40, `${changes} changes`);
});
