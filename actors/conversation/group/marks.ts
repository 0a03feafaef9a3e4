// Folding of read marks and receipts of a group.
import type { GroupRead, ReceiptsTold } from "../model/events.ts";
import { exactReceiptsMaxMembers, type GroupState, type Member, maxAdvances } from "../model/group-state.ts";

/** Moves a member's read mark; groups of up to 500 members keep the time. */
export function addAdvance(group: GroupState, member: Member, seq: number, atMs: number): void {
  member.readSeq = seq;
  const { size } = group.members;
  if (size > exactReceiptsMaxMembers) return;
  const { advances } = member;
  advances.push(seq, atMs);
  const maxKept = Math.max(16, Math.floor(maxAdvances / size));
  // Half of the list goes at once, so that a long list is not moved at every step.
  if (advances.length > 2 * maxKept) advances.splice(0, 2 * Math.ceil(maxKept / 2));
}

export function applyGroupRead(group: GroupState, event: GroupRead, atMs: number): void {
  for (const [userId, seq] of event.marks) {
    const member = group.members.get(userId);
    if (member) addAdvance(group, member, seq, atMs);
  }
  noteTold(group, event.receipts, atMs);
  for (const { senderId, messageId, seq, userId } of event.later) {
    const waiting = group.receipts.waiting.get(senderId);
    if (!waiting || waiting.seq <= seq) group.receipts.waiting.set(senderId, { messageId, seq, userId });
  }
}

export function applyReceiptsTold(group: GroupState, event: ReceiptsTold, atMs: number): void {
  noteTold(group, event.receipts, atMs);
  for (const senderId of event.dropped ?? []) group.receipts.waiting.delete(senderId);
}

function noteTold({ receipts }: GroupState, told: GroupRead["receipts"], atMs: number): void {
  for (const { senderId } of told) {
    receipts.toldAtMs.renew(senderId, atMs);
    receipts.waiting.delete(senderId);
  }
}

/**
 * When the member read the message; undefined = not read yet. For a move that is not kept any more the oldest kept time is
 * answered, and 0 for messages read while the group was too large to keep times.
 */
export function findReadAtMs({ readSeq, advances }: Member, seq: number): number | undefined {
  if (readSeq < seq) return undefined;
  for (let i = 0; i < advances.length; i += 2) if (advances[i]! >= seq) return advances[i + 1]!;
  return 0;
}
