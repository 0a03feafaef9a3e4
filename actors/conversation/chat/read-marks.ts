// Read and delivered marks. A mark only rises, and is never above the head. Read marks of a pair are versioned events; groups
// of up to 500 members keep the read marks with their times; in larger groups only the reader's own actor keeps the mark.

import { DomainError } from "../../shared/errors.ts";
import type { MessageId, UserId } from "../../shared/ids.ts";
import { countAt } from "../model/counts.ts";
import { keepsReaders } from "../model/group-state.ts";
import { sideOf } from "../model/pair-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import { type ConversationState, type ConversationTurn, recentBetween } from "../model/state.ts";
import type { ChatCommands } from "./contract.ts";
import { groupRead } from "./receipts.ts";

/** Marks of one call; more are refused with common.too_large. */
const maxMarksPerCall = 1_000;
/** Messages that MESSAGE_READ names at most: the newest that became read. */
const maxNamedMessages = 20;

type MarkMany = ChatCommands["markMany"];

export function markRead(
  turn: ConversationTurn,
  { userId, seq }: { userId: UserId; seq: number },
  { rules }: ConversationPorts,
): { seq: number; countSeq: number } {
  allow(turn.state, rules, "message.mark", userId);
  const marks = new Marks(turn);
  const readSeq = marks.read(userId, seq) ?? 0;
  marks.emit();
  return { seq: readSeq, countSeq: countAt(turn.state, readSeq) };
}

export function markMany(turn: ConversationTurn, { marks }: Parameters<MarkMany>[0]): ReturnType<MarkMany> {
  if (marks.length > maxMarksPerCall) throw new DomainError("common.too_large", { details: { maxMarksPerCall } });
  if (turn.state.group?.isDisbanded) return { accepted: 0, reads: [] };
  const gathered = new Marks(turn);
  const reads: ReturnType<MarkMany>["reads"] = [];
  let accepted = 0;
  for (const { userId, readSeq, deliveredSeq } of marks) {
    const seq = readSeq === undefined ? undefined : gathered.read(userId, readSeq);
    if (seq !== undefined) reads.push({ userId, seq, countSeq: countAt(turn.state, seq) });
    const isDelivered = deliveredSeq !== undefined && gathered.deliver(userId, deliveredSeq);
    if (seq !== undefined || isDelivered) accepted += 1;
  }
  gathered.emit();
  return { accepted, reads };
}

/** Gathers the marks of one turn: several marks of one user become one. */
class Marks {
  readonly #turn: ConversationTurn;
  readonly #read = new Map<UserId, number>();
  readonly #delivered = new Map<UserId, number>();

  constructor(turn: ConversationTurn) {
    this.#turn = turn;
  }

  /** The user's read mark after this call; undefined for a user who is not in the conversation. */
  read(userId: UserId, seq: number): number | undefined {
    const { state } = this.#turn;
    const own = readSeqOf(state, userId);
    if (own === undefined) return undefined;
    const before = Math.max(own, this.#read.get(userId) ?? 0);
    const after = Math.min(seq, state.seq);
    if (!(after > before)) return before;
    // Above 500 members only the reader's own actor keeps the mark.
    if (!state.group || keepsReaders(state.group)) this.#read.set(userId, after);
    return after;
  }

  deliver(userId: UserId, seq: number): boolean {
    const { pair, seq: lastSeq } = this.#turn.state;
    const side = pair && sideOf(pair, userId);
    if (!pair || side === undefined) return false;
    const after = Math.min(seq, lastSeq);
    const { deliveredSeq, readSeq } = pair.marks[side];
    if (after > Math.max(deliveredSeq, readSeq, this.#delivered.get(userId) ?? 0)) this.#delivered.set(userId, after);
    return true;
  }

  emit(): void {
    const { state } = this.#turn;
    let { version } = state;
    // A read mark includes delivery.
    for (const [userId, seq] of this.#delivered) {
      if (seq > (this.#read.get(userId) ?? 0)) this.#turn.emit({ type: "delivered", userId, seq });
    }
    if (this.#read.size === 0) return;
    if (state.group) {
      this.#turn.emit(groupRead(state, state.group, this.#read, this.#turn.nowMs));
      return;
    }
    for (const [userId, seq] of this.#read) {
      version += 1;
      const messageIds = namedMessages(state, userId, seq);
      this.#turn.emit({ type: "read", version, lastSeq: state.seq, userId, seq, messageIds });
    }
  }
}

export function readSeqOf({ pair, group, system, assistant }: ConversationState, userId: UserId): number | undefined {
  if (group) return group.members.get(userId)?.readSeq;
  if (assistant) return assistant.ownerId === userId ? assistant.readSeq : undefined;
  if (system) return system.userId === userId ? system.readSeq : undefined;
  const side = pair && sideOf(pair, userId);
  return side === undefined ? undefined : pair?.marks[side].readSeq;
}

function namedMessages(state: ConversationState, userId: UserId, seq: number): MessageId[] {
  return recentBetween(state, readSeqOf(state, userId) ?? 0, seq)
    .filter(({ senderId }) => senderId !== userId)
    .slice(0, maxNamedMessages)
    .map(({ messageId }) => messageId)
    .reverse();
}
