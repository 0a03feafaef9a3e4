// REPLY_DONE: a reply is over. The frame precedes the answer's message; a reply that leaves no message has the frame alone.
import type { RecordMeta } from "../../runtime/contract.ts";
import { addressOf } from "../../shared/ids.ts";
import type { StoredMessage } from "../../shared/message.ts";
import type { Notification } from "../../shared/notification.ts";
import type { AssistantEvent } from "../model/assistant-events.ts";
import type { ConversationState } from "../model/state.ts";
import { targetsOf } from "../model/targets.ts";
import type { AssistantContent } from "./contract.ts";

interface Done {
  replyId: string;
  replyTo?: string;
  messageId?: string;
  status: AssistantContent["status"];
  error?: AssistantContent["error"];
}

export function notifyAnswered(
  state: ConversationState,
  { conversationId, content, messageId, replyTo, seq, atMs }: StoredMessage,
): Notification[] {
  const { replyId, status, error } = content as AssistantContent;
  // Answers that were written elsewhere, and stored as they were.
  if (replyId === undefined) return [];
  const done = { replyId, ...(replyTo !== undefined && { replyTo }), messageId, status, ...(error && { error }) };
  return doneNotifications(state, done, seq, { key: conversationId, atMs });
}

export function notifyUnstored(
  state: ConversationState,
  event: Extract<AssistantEvent, { type: "reply_replaced" | "replies_left" }>,
  meta: RecordMeta,
): Notification[] {
  const over = event.type === "replies_left" ? (event.unstored ?? []) : [{ ...event.reply, replyId: event.replyId }];
  return over.flatMap(({ replyId, replyTo, replyToSeq }) =>
    doneNotifications(state, { replyId, replyTo, status: "stopped" }, replyToSeq, meta),
  );
}

function doneNotifications(
  state: ConversationState,
  done: Done,
  seq: number,
  { key, atMs }: Pick<RecordMeta, "key" | "atMs">,
): Notification[] {
  const data = { ...addressOf(key), ...done, timestamp: atMs };
  return targetsOf(state, atMs, { seq }).map((target) => ({
    type: "reply.done",
    target,
    atMs,
    frame: "REPLY_DONE",
    data,
  }));
}
