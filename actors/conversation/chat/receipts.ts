// GROUP_MESSAGE_READ: the senders of recent group messages learn who has read them, each sender once a second at most.
import type { UserId } from "../../shared/ids.ts";
import { findReadAtMs } from "../group/marks.ts";
import type { GroupRead, Receipt } from "../model/events.ts";
import type { GroupState } from "../model/group-state.ts";
import { type ConversationState, type ConversationTurn, recentBetween } from "../model/state.ts";

/** Pause between two receipts to one sender; what is read meanwhile waits. */
const receiptEveryMs = 1_000;

/** The receipts for these read marks: one for each sender, for the newest message that became read. */
export function groupRead(
  state: ConversationState,
  group: GroupState,
  marks: Map<UserId, number>,
  nowMs: number,
): GroupRead {
  const newest = new Map<UserId, Omit<Receipt, "readCount">>();
  for (const [userId, seq] of marks) {
    const { readSeq = 0, visibleFromSeq = 1 } = group.members.get(userId) ?? {};
    // The mark of a new member covers messages that the member may not see: these did not become read.
    const fromSeq = Math.max(readSeq, visibleFromSeq - 1);
    for (const { messageId, seq: messageSeq, senderId } of recentBetween(state, fromSeq, seq)) {
      if (senderId === userId || messageSeq < (newest.get(senderId)?.seq ?? 0)) continue;
      newest.set(senderId, { senderId, messageId, seq: messageSeq, userId });
    }
  }
  const receipts: Receipt[] = [];
  const later: Omit<Receipt, "readCount">[] = [];
  for (const receipt of newest.values()) {
    if (!group.members.has(receipt.senderId)) continue;
    if (nowMs - (group.receipts.toldAtMs.get(receipt.senderId) ?? 0) < receiptEveryMs) later.push(receipt);
    else receipts.push({ ...receipt, readCount: countReaders(group, receipt, marks) });
  }
  return { type: "group_read", marks: [...marks], receipts, later };
}

function countReaders(
  group: GroupState,
  { seq, senderId }: { seq: number; senderId: UserId },
  marks: ReadonlyMap<UserId, number>,
): number {
  let count = 0;
  for (const [userId, { readSeq, visibleFromSeq }] of group.members) {
    if (userId === senderId || visibleFromSeq > seq) continue;
    if (Math.max(readSeq, marks.get(userId) ?? 0) >= seq) count += 1;
  }
  return count;
}

/** When the first waiting receipt may be published. */
export function receiptsDueMs({ receipts }: GroupState): number {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const senderId of receipts.waiting.keys()) {
    dueMs = Math.min(dueMs, (receipts.toldAtMs.get(senderId) ?? 0) + receiptEveryMs);
  }
  return dueMs;
}

/** Publishes the waiting receipts that are due; false when none is. */
export function emitReceipts(turn: ConversationTurn): boolean {
  const { group } = turn.state;
  if (!group || group.isDisbanded) return false;
  const receipts: Receipt[] = [];
  const dropped: UserId[] = [];
  for (const [senderId, waiting] of group.receipts.waiting) {
    if ((group.receipts.toldAtMs.get(senderId) ?? 0) + receiptEveryMs > turn.nowMs) continue;
    const receipt = { senderId, ...waiting };
    const userId = lastReader(group, receipt);
    if (userId === undefined) dropped.push(senderId);
    else receipts.push({ ...receipt, userId, readCount: countReaders(group, receipt, noMarks) });
  }
  if (receipts.length + dropped.length === 0) return false;
  turn.emit(dropped.length > 0 ? { type: "receipts_told", receipts, dropped } : { type: "receipts_told", receipts });
  return true;
}

/** The reader whom the receipt names, or, when that reader has left meanwhile, the last one who is still a member. */
function lastReader(
  { members }: GroupState,
  { userId, seq, senderId }: { userId: UserId; seq: number; senderId: UserId },
): UserId | undefined {
  const named = members.get(userId);
  if (named && named.visibleFromSeq <= seq && named.readSeq >= seq) return userId;
  let last: { userId: UserId; readAtMs: number } | undefined;
  for (const [memberId, member] of members) {
    if (memberId === senderId || member.visibleFromSeq > seq) continue;
    const readAtMs = findReadAtMs(member, seq);
    if (readAtMs !== undefined && readAtMs >= (last?.readAtMs ?? 0)) last = { userId: memberId, readAtMs };
  }
  return last?.userId;
}

const noMarks: ReadonlyMap<UserId, number> = new Map();
