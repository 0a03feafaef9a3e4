// Messages that expire: at a given time, or (pairs) so long after the other side has read them. The reading side hides them at
// that very time; this file makes their tombstones, so that every device drops them.

import { DomainError, invalidField } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import type { SendOptions } from "../../shared/message.ts";
import { releaseFiles } from "../assistant/files.ts";
import type { Expired, Sent } from "../model/events.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";

/** Messages of one conversation that wait to expire; one more is refused with common.too_many. */
const maxPending = 1_000;
const maxBurnMs = 7 * 86_400_000;
const maxExpireMs = 366 * 86_400_000;

/** Throws common.invalid for a time out of range, and common.too_many when too many messages wait. */
export function checkExpiry(state: ConversationState, options: SendOptions, nowMs: number): void {
  const { burnAfterReadMs, expireAtMs } = options;
  if (burnAfterReadMs === undefined && expireAtMs === undefined) return;
  if (burnAfterReadMs !== undefined && !state.pair) throw invalidField("burnAfterReadMs", "in a chat of two");
  if (burnAfterReadMs !== undefined && !(burnAfterReadMs > 0 && burnAfterReadMs <= maxBurnMs)) {
    throw invalidField("burnAfterReadMs", `1 to ${maxBurnMs}`);
  }
  if (expireAtMs !== undefined && !(expireAtMs > nowMs && expireAtMs <= nowMs + maxExpireMs)) {
    throw invalidField("expireAt", "a time within a year from now");
  }
  if (state.pending.size >= maxPending) {
    throw new DomainError("common.too_many", {
      message: `Only ${maxPending} messages of a conversation may wait to expire.`,
    });
  }
}

export function foldSentExpiry(state: ConversationState, sent: Sent): void {
  const { burnAfterReadMs, expireAtMs, messageId, bucket, senderId } = sent;
  if (burnAfterReadMs === undefined && expireAtMs === undefined) return;
  const dueMs = expireAtMs ?? 0;
  state.pending.set(sent.seq, { messageId, bucket, senderId, dueMs, burnAfterReadMs: burnAfterReadMs ?? 0 });
  raiseDue(state, dueMs);
}

/** `userId` has read up to `seq`: the burn time of these messages starts. */
export function foldBurnStart(state: ConversationState, userId: UserId, seq: number, atMs: number): void {
  if (state.pending.size === 0) return;
  for (const [pendingSeq, pending] of state.pending) {
    if (pendingSeq > seq) break;
    if (pending.burnAfterReadMs === 0 || pending.senderId === userId) continue;
    const burnMs = atMs + pending.burnAfterReadMs;
    pending.dueMs = pending.dueMs === 0 ? burnMs : Math.min(pending.dueMs, burnMs);
    // It starts once: a later read mark does not start it again.
    pending.burnAfterReadMs = 0;
    raiseDue(state, pending.dueMs);
  }
}

export function forgetPending(state: ConversationState, seq: number): void {
  if (!state.pending.delete(seq)) return;
  state.expiryDueMs = 0;
  for (const { dueMs } of state.pending.values()) raiseDue(state, dueMs);
}

export function foldExpired(state: ConversationState, event: Expired): void {
  for (const [seq] of event.messages) state.pending.delete(seq);
  state.expiryDueMs = 0;
  for (const { dueMs } of state.pending.values()) raiseDue(state, dueMs);
}

/** Expires all messages that are due, in one event; false when none is due. */
export function emitExpired(turn: ConversationTurn): boolean {
  const { state, nowMs } = turn;
  if (state.expiryDueMs === 0 || state.expiryDueMs > nowMs || state.group?.isDisbanded) return false;
  const messages: Expired["messages"] = [];
  for (const [seq, { dueMs, messageId, bucket }] of state.pending) {
    if (dueMs <= 0 || dueMs > nowMs) continue;
    const edits = state.changed.get(seq)?.edits;
    messages.push(edits ? [seq, messageId, bucket, edits] : [seq, messageId, bucket]);
  }
  for (const [, messageId] of messages) releaseFiles(turn, messageId);
  turn.emit({ type: "expired", firstVersion: state.version + 1, lastSeq: state.seq, messages });
  return true;
}

function raiseDue(state: ConversationState, dueMs: number): void {
  if (dueMs > 0 && (state.expiryDueMs === 0 || dueMs < state.expiryDueMs)) state.expiryDueMs = dueMs;
}
