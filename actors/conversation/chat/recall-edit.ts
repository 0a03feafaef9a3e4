// Taking back and correcting messages. The facts of the message come with the command (immutable, read from its row); who
// may do it, and until when, is decided here.
import { DomainError } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import { hasSensitiveWord } from "../model/rules.ts";
import type { MessageRef } from "../model/send-types.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";
import { checkContentText } from "./check-message.ts";
import { getContentType, searchableText } from "./content.ts";

/** Twice is once: the second time answers the first version. */
export function recall(
  turn: ConversationTurn,
  { by, message }: { by: UserId; message: MessageRef },
  { rules }: ConversationPorts,
): { version: number } {
  const { state, nowMs } = turn;
  const isOwn = message.senderId === by;
  // Whoever may take back anybody's message may do so with his own for as long.
  allow(state, rules, isOwn ? "message.recall_own" : "message.recall_any", by);
  checkVisible(state, by, message);
  const changed = state.changed.get(message.seq);
  if (changed?.status === "recalled") return { version: changed.version };
  if (changed?.status === "expired") throw new DomainError("message.not_found");
  const role = state.group?.members.get(by)?.role;
  const limitMs = role === "owner" || role === "admin" ? rules.adminRecallMs : rules.recallMs;
  if (nowMs - message.atMs > limitMs) throw new DomainError("message.recall_too_late");
  const version = state.version + 1;
  const { messageId, seq, bucket } = message;
  turn.emit({ type: "recalled", version, lastSeq: state.seq, messageId, seq, bucket, by });
  return { version };
}

/** Own text only. */
export function edit(
  turn: ConversationTurn,
  { by, message, content }: { by: UserId; message: MessageRef; content: unknown },
  { rules }: ConversationPorts,
): { version: number } {
  const { state, nowMs } = turn;
  allow(state, rules, "message.edit", by);
  checkVisible(state, by, message);
  if (message.senderId !== by || message.contentType !== "text") throw new DomainError("message.not_yours");
  const changed = state.changed.get(message.seq);
  if (changed?.status === "recalled") throw new DomainError("message.recalled");
  if (changed?.status === "expired") throw new DomainError("message.not_found");
  if (nowMs - message.atMs > rules.editMs) {
    throw new DomainError("message.recall_too_late", { message: "It is too late to edit this message." });
  }
  checkContentText(typeof content === "string" ? content : (JSON.stringify(content) ?? ""));
  getContentType("text").check(content);
  if (hasSensitiveWord(rules, searchableText("text", content))) throw new DomainError("message.sensitive");
  const version = state.version + 1;
  const { messageId, seq, bucket, contentType } = message;
  turn.emit({ type: "edited", version, lastSeq: state.seq, messageId, seq, bucket, contentType, content, by });
  return { version };
}

function checkVisible(state: ConversationState, userId: UserId, { seq }: MessageRef): void {
  const fromSeq = state.group?.members.get(userId)?.visibleFromSeq ?? 1;
  if (seq < fromSeq || seq > state.seq) throw new DomainError("message.not_found");
}
