// Folding: the only place where the state of a conversation changes. The same events make the same state under any
// configuration. Version and seq are taken from the events, which the commands number without gaps.

import type { RecordMeta } from "../runtime/contract.ts";
import type { MessageId, UserId } from "../shared/ids.ts";
import { applyAssistant, foldChatMessage, foldChatMessageGone } from "./assistant/apply.ts";
import { previewOf } from "./chat/content.ts";
import { foldBurnStart, foldExpired, foldSentExpiry, forgetPending } from "./chat/expiry.ts";
import { foldMentionAll } from "./chat/mentions.ts";
import { foldPinned, foldUnpinned } from "./chat/pins.ts";
import { foldReacted, foldReactionsGone, foldTapped } from "./chat/reactions.ts";
import { applyGroup } from "./group/apply.ts";
import { addAdvance, applyGroupRead, applyReceiptsTold } from "./group/marks.ts";
import { foldUncounted } from "./model/counts.ts";
import { foldSend } from "./model/dedupe.ts";
import type { ConversationEvent, Edited, Expired, Recalled, Sent } from "./model/events.ts";
import { sideOf } from "./model/pair-state.ts";
import { type ConversationState, type MessageChanged, maxChanged, maxRecent } from "./model/state.ts";
import { applyFriendship } from "./pair/apply.ts";

export function apply(state: ConversationState, event: ConversationEvent, meta: RecordMeta): void {
  state.updatedAtMs = meta.atMs;
  if ("version" in event) state.version = event.version;
  switch (event.type) {
    case "sent":
      applySent(state, event, meta);
      break;
    case "edited":
      applyEdited(state, event, meta);
      break;
    case "recalled":
      applyRecalled(state, event);
      break;
    case "expired":
      applyExpired(state, event);
      break;
    case "pinned":
      foldPinned(state, event, meta.atMs);
      break;
    case "tapped":
      foldTapped(state, event);
      break;
    case "reacted":
      foldReacted(state, event, meta.atMs);
      break;
    case "read":
      moveReadMark(state, event.userId, event.seq, meta.atMs);
      break;
    case "delivered":
      applyDelivered(state, event.userId, event.seq);
      break;
    case "group_read":
      if (state.group) applyGroupRead(state.group, event, meta.atMs);
      break;
    case "receipts_told":
      if (state.group) applyReceiptsTold(state.group, event, meta.atMs);
      break;
    case "friend_requested":
    case "friend_request_rejected":
    case "befriended":
    case "unfriended":
    case "blocked":
    case "unblocked":
      if (state.pair) applyFriendship(state.pair, event, meta.atMs);
      break;
    case "chat_created":
    case "chat_updated":
    case "chat_deleted":
    case "superseded":
    case "assistant_added":
    case "assistant_removed":
    case "files_released":
    case "reply_queued":
    case "reply_replaced":
    case "replies_left":
      applyAssistant(state, event, meta);
      break;
    default:
      applyGroup(state, event, meta);
      break;
  }
}

function applySent(state: ConversationState, event: Sent, meta: RecordMeta): void {
  const { seq, messageId, senderId, contentType, content } = event;
  if (event.countSeq === state.countSeq) foldUncounted(state, seq);
  state.seq = seq;
  state.countSeq = event.countSeq;
  if (event.opensBucket) {
    state.bucket = event.bucket;
    state.bucketFirstSeq = seq;
    state.bucketFromMs = meta.atMs;
  }
  const preview = previewOf(contentType, content);
  state.last = { messageId, seq, senderId, contentType, preview, atMs: meta.atMs };
  state.recent[seq % maxRecent] = { seq, messageId, senderId, version: event.version };
  foldSend(state.dedupe, event, meta.atMs);
  foldSentExpiry(state, event);
  foldChatMessage(state, event, meta.atMs);
  if (event.mentions !== undefined) foldMentionAll(state, event);
  moveReadMark(state, senderId, seq, meta.atMs);
}

/** For reading and for sending: a sender has seen the messages before the own one. */
function moveReadMark(state: ConversationState, userId: UserId, seq: number, atMs: number): void {
  const { pair, group, system, assistant } = state;
  if (group) {
    const member = group.members.get(userId);
    if (member) addAdvance(group, member, seq, atMs);
    return;
  }
  if (system) {
    if (userId === system.userId) system.readSeq = seq;
    return;
  }
  if (assistant) {
    if (userId === assistant.ownerId) assistant.readSeq = seq;
    return;
  }
  const side = pair && sideOf(pair, userId);
  if (!pair || side === undefined) return;
  const mark = pair.marks[side];
  mark.readSeq = seq;
  if (mark.deliveredSeq < seq) mark.deliveredSeq = seq;
  foldBurnStart(state, userId, seq, atMs);
}

function applyDelivered({ pair }: ConversationState, userId: UserId, seq: number): void {
  const side = pair && sideOf(pair, userId);
  if (pair && side !== undefined) pair.marks[side].deliveredSeq = seq;
}

function applyEdited(
  state: ConversationState,
  { seq, version, contentType, content, editedAtMs, by }: Edited,
  { atMs }: RecordMeta,
): void {
  const versions = [...(state.changed.get(seq)?.edits?.versions ?? []), version];
  noteChanged(state, seq, { status: "edited", version, edits: { by, versions } });
  state.lastEditMs = editedAtMs ?? atMs;
  if (state.last?.seq === seq) state.last = { ...state.last, preview: previewOf(contentType, content) };
}

function applyRecalled(state: ConversationState, { messageId, seq, version }: Recalled): void {
  noteChanged(state, seq, { status: "recalled", version });
  foldGone(state, messageId, seq);
  forgetPending(state, seq);
  foldUncounted(state, seq);
  emptyLast(state, seq, "recalled");
}

function applyExpired(state: ConversationState, event: Expired): void {
  state.version = event.firstVersion + event.messages.length - 1;
  foldExpired(state, event);
  event.messages.forEach(([seq, messageId], i) => {
    noteChanged(state, seq, { status: "expired", version: event.firstVersion + i });
    foldGone(state, messageId, seq);
    foldUncounted(state, seq);
    emptyLast(state, seq, "expired");
  });
}

function foldGone(state: ConversationState, messageId: MessageId, seq: number): void {
  foldChatMessageGone(state, messageId, seq);
  foldUnpinned(state, seq);
  foldReactionsGone(state, seq);
}

/** Lists show that there was a message, without its content. */
function emptyLast(state: ConversationState, seq: number, contentType: string): void {
  if (state.last?.seq === seq) state.last = { ...state.last, contentType, preview: "" };
}

function noteChanged(state: ConversationState, seq: number, changed: MessageChanged): void {
  state.changed.delete(seq);
  state.changed.set(seq, changed);
  if (state.changed.size <= maxChanged) return;
  const [oldest] = state.changed;
  if (!oldest) return;
  state.changed.delete(oldest[0]);
  state.forgottenVersion = oldest[1].version;
}
