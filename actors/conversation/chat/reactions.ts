// Reactions: each tap is durable at once, and the taps of a message within a second become one version. A row holds all
// reactions of its message; the state holds those that changed last, because a row may be older than the state.
import { DomainError, invalidField } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import type { Reaction } from "../../shared/message.ts";
import type { Reacted, Tapped } from "../model/events.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { PlacedMessage } from "../model/send-types.ts";
import type { ConversationState, ConversationTurn, HeldReactions, ReactionState } from "../model/state.ts";
import { changedMeanwhile, checkThere } from "./check-ref.ts";

/** Different emoji at one message; one more is refused with common.too_many. */
const maxEmoji = 20;
/** Of all users with all emoji, at one message; one more is refused with common.too_many. */
const maxReactions = 1_000;
/** Pause between two versions of one message's reactions; what is tapped meanwhile waits. */
const reactedEveryMs = 1_000;
/** Held for messages whose taps do not wait. A constant of folding: to change it needs a new snapshot format. */
const maxHeld = 2_000;

/** As Unicode recommends them for interchange: with the sign that makes a picture of a letter, where there is one. */
const oneEmoji = /^\p{RGI_Emoji}$/v;

interface React {
  by: UserId;
  message: PlacedMessage;
  emoji: string;
  on: boolean;
}

/** The same reaction again, or the removal of one that is not there, changes nothing. */
export function react(
  turn: ConversationTurn,
  { by, message, emoji, on }: React,
  { rules }: ConversationPorts,
): { version: number } {
  const { state, nowMs } = turn;
  allow(state, rules, "message.react", by);
  checkThere(state, by, message);
  if (!oneEmoji.test(emoji)) throw invalidField("emoji", "one emoji");
  const { messageId, seq, bucket } = message;
  const held = state.reactions?.held.get(seq);
  if (!held && message.asOfVersion < (state.reactions?.forgottenVersion ?? 0)) {
    throw changedMeanwhile();
  }
  const before = held?.reactions ?? message.reactedBy ?? [];
  const reactions = tapped(before, emoji, by, on);
  if (reactions === before) return { version: held?.version ?? 0 };
  if (on) checkLimits(reactions);
  if (held && nowMs - held.toldAtMs < reactedEveryMs) {
    turn.emit({ type: "tapped", messageId, seq, bucket, userId: by, emoji, on });
    return { version: state.version };
  }
  const version = state.version + 1;
  turn.emit({ type: "reacted", version, lastSeq: state.seq, messageId, seq, bucket, reactions: [...reactions] });
  return { version };
}

function checkLimits(reactions: readonly Reaction[]): void {
  const count = countOf(reactions);
  if (reactions.length <= maxEmoji && count <= maxReactions) return;
  const message =
    count > maxReactions
      ? `A message takes at most ${maxReactions} reactions.`
      : `A message takes at most ${maxEmoji} different emoji.`;
  throw new DomainError("common.too_many", { message });
}

function countOf(reactions: readonly Reaction[]): number {
  return reactions.reduce((count, { userIds }) => count + userIds.length, 0);
}

/** The reactions after a tap; the same list when the tap changes nothing. */
function tapped(reactions: readonly Reaction[], emoji: string, userId: UserId, on: boolean): readonly Reaction[] {
  const index = reactions.findIndex((reaction) => reaction.emoji === emoji);
  const userIds = reactions[index]?.userIds ?? [];
  if (userIds.includes(userId) === on) return reactions;
  if (index < 0) return [...reactions, { emoji, userIds: [userId] }];
  const left = on ? [...userIds, userId] : userIds.filter((id) => id !== userId);
  if (left.length === 0) return reactions.toSpliced(index, 1);
  return reactions.with(index, { emoji, userIds: left });
}

/** Publishes the taps that waited, of as many messages as one record takes; false when none is due. */
export function emitReacted(turn: ConversationTurn): boolean {
  const { state, nowMs } = turn;
  const { dueMs = 0, held } = state.reactions ?? {};
  if (!held || dueMs === 0 || dueMs > nowMs || state.group?.isDisbanded) return false;
  const due = [...held].filter(([, { isWaiting, toldAtMs }]) => isWaiting && toldAtMs + reactedEveryMs <= nowMs);
  const lastSeq = state.seq;
  let { version } = state;
  let room = maxReactions;
  for (const [seq, { messageId, bucket, reactions }] of due) {
    // The first one always fits; the rest stays due.
    if (room < maxReactions && countOf(reactions) > room) break;
    room -= Math.max(1, countOf(reactions));
    version += 1;
    turn.emit({ type: "reacted", version, lastSeq, messageId, seq, bucket, reactions: [...reactions] });
  }
  return due.length > 0;
}

export function foldTapped(state: ConversationState, { seq, emoji, userId, on }: Tapped): void {
  const known = state.reactions?.held.get(seq);
  if (!state.reactions || !known) return;
  hold(state.reactions, seq, { ...known, reactions: tapped(known.reactions, emoji, userId, on), isWaiting: true });
}

export function foldReacted(state: ConversationState, event: Reacted, atMs: number): void {
  const { messageId, seq, bucket, reactions, version } = event;
  state.reactions ??= { held: new Map(), count: 0, forgottenVersion: 0, dueMs: 0 };
  hold(state.reactions, seq, { messageId, bucket, reactions, version, toldAtMs: atMs, isWaiting: false });
}

/** The message was recalled or has expired. */
export function foldReactionsGone({ reactions }: ConversationState, seq: number): void {
  if (reactions) release(reactions, seq);
}

/** Reactions of messages that wait for their version, by seq: no row holds them yet. */
export function listWaiting({ reactions }: ConversationState): [seq: number, reactions: readonly Reaction[]][] {
  if (!reactions || reactions.dueMs === 0) return [];
  return [...reactions.held].flatMap(([seq, held]) => (held.isWaiting ? [[seq, held.reactions]] : []));
}

function hold(state: ReactionState, seq: number, now: HeldReactions): void {
  release(state, seq);
  state.held.set(seq, now);
  state.count += weightOf(now);
  if (now.isWaiting) raiseDue(state, now);
  for (const [each, { isWaiting, version }] of state.held) {
    if (state.count <= maxHeld) break;
    if (isWaiting || each === seq) continue;
    release(state, each);
    state.forgottenVersion = Math.max(state.forgottenVersion, version);
  }
}

function release(state: ReactionState, seq: number): void {
  const held = state.held.get(seq);
  if (!held) return;
  state.held.delete(seq);
  state.count -= weightOf(held);
  if (!held.isWaiting) return;
  state.dueMs = 0;
  for (const each of state.held.values()) if (each.isWaiting) raiseDue(state, each);
}

function raiseDue(state: ReactionState, { toldAtMs }: HeldReactions): void {
  const dueMs = toldAtMs + reactedEveryMs;
  if (state.dueMs === 0 || dueMs < state.dueMs) state.dueMs = dueMs;
}

/** A message whose last reaction was removed takes room, too. */
function weightOf({ reactions }: HeldReactions): number {
  return 1 + countOf(reactions);
}
