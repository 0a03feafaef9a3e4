// Recalls and edits. The facts of the message come with the command, read from its row; who may change it, and until when, is
// decided here. The row's status and the changes since then decide together: the memory of changes is bounded, so a message
// that is missing in it may have been recalled long ago.
import { DomainError } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import { hasSensitiveWord } from "../model/rules.ts";
import type { MessageRef } from "../model/send-types.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";
import { checkContentSize } from "./check-message.ts";
import { getContentType, searchableText } from "./content.ts";

/** A second recall answers the version of the first, or 0 when that version is not kept any more. */
export function recall(
  turn: ConversationTurn,
  { by, message }: { by: UserId; message: MessageRef },
  { rules }: ConversationPorts,
): { version: number } {
  const { state, nowMs } = turn;
  const isOwn = message.senderId === by;
  // An admin, who may recall every message, has the same time for the own messages.
  allow(state, rules, isOwn ? "message.recall_own" : "message.recall_any", by);
  checkVisible(state, by, message);
  const gone = goneMessage(state, message);
  if (gone?.status === "recalled") return { version: gone.version };
  if (gone) throw new DomainError("message.not_found");
  const role = state.group?.members.get(by)?.role;
  const limitMs = role === "owner" || role === "admin" ? rules.adminRecallMs : rules.recallMs;
  if (nowMs - message.atMs > limitMs) throw new DomainError("message.recall_too_late");
  const version = state.version + 1;
  const { messageId, seq, bucket } = message;
  turn.emit({ type: "recalled", version, lastSeq: state.seq, messageId, seq, bucket, by });
  return { version };
}

/** Replaces the content of the caller's own text message. */
export function edit(
  turn: ConversationTurn,
  { by, message, content }: { by: UserId; message: MessageRef; content: unknown },
  { rules }: ConversationPorts,
): { version: number } {
  const { state, nowMs } = turn;
  allow(state, rules, "message.edit", by);
  checkVisible(state, by, message);
  if (message.senderId !== by || message.contentType !== "text") throw new DomainError("message.not_yours");
  const gone = goneMessage(state, message);
  if (gone) throw new DomainError(gone.status === "recalled" ? "message.recalled" : "message.not_found");
  if (nowMs - message.atMs > rules.editMs) {
    throw new DomainError("message.recall_too_late", { message: "It is too late to edit this message." });
  }
  checkContentSize(content);
  getContentType("text").check(content);
  if (hasSensitiveWord(rules, searchableText("text", content))) throw new DomainError("message.sensitive");
  const version = state.version + 1;
  const { messageId, seq, bucket, contentType } = message;
  const editedAtMs = nowMs < state.lastEditMs ? state.lastEditMs : undefined;
  turn.emit({
    type: "edited",
    version,
    lastSeq: state.seq,
    messageId,
    seq,
    bucket,
    contentType,
    content,
    by,
    editedAtMs,
  });
  return { version };
}

/** How a message ended: "recalled" and "expired" are final. Throws common.conflict for facts that are too old to tell. */
function goneMessage(
  state: ConversationState,
  { seq, status, asOfVersion }: MessageRef,
): { status: "recalled" | "expired"; version: number } | undefined {
  const changed = state.changed.get(seq);
  if (changed && changed.status !== "edited") return { status: changed.status, version: changed.version };
  if (status === "recalled" || status === "expired") return { status, version: 0 };
  if (!changed && asOfVersion < state.forgottenVersion) {
    throw new DomainError("common.conflict", { message: "The conversation changed meanwhile. Try again." });
  }
  return undefined;
}

function checkVisible(state: ConversationState, userId: UserId, { seq }: MessageRef): void {
  const fromSeq = state.group?.members.get(userId)?.visibleFromSeq ?? 1;
  if (seq < fromSeq || seq > state.seq) throw new DomainError("message.not_found");
}
