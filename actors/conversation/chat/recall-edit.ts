// Recalls and edits. The facts of the message come with the command, read from its row; who may change it, and until when, is
// decided here. The row's status and the changes since then decide together: the memory of changes is bounded, so a message
// that is missing in it may have been recalled long ago.
import { DomainError } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import { checkSameFiles, fileIdsOf, releaseFiles } from "../assistant/files.ts";
import { discardReplies, processOf, replaceReply } from "../assistant/queue.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { MessageRef } from "../model/send-types.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";
import { checkContentSize } from "./check-message.ts";
import { checkNotEnded, checkVisible, findEnd } from "./check-ref.ts";
import { getContentType, limitsOf, searchableText } from "./content.ts";
import type { ChatCommands } from "./contract.ts";
import { mentionsAll } from "./mentions.ts";

/** A second recall answers the version of the first, or 0 when that version is not kept any more. */
export function recall(
  turn: ConversationTurn,
  { by, message }: Parameters<ChatCommands["recall"]>[0],
  { rules }: ConversationPorts,
): ReturnType<ChatCommands["recall"]> {
  const { state, nowMs } = turn;
  const isOwn = message.senderId === by;
  // An admin, who may recall every message, has the same time for the own messages.
  allow(state, rules, isOwn ? "message.recall_own" : "message.recall_any", by);
  checkVisible(state, by, message);
  const gone = findEnd(state, message);
  if (gone?.status === "recalled") return { version: gone.version };
  if (gone) throw new DomainError("message.not_found");
  if (!state.assistant && nowMs - message.atMs > recallLimitMs(state, by, rules)) {
    throw new DomainError("message.recall_too_late");
  }
  const version = state.version + 1;
  const { messageId, seq, bucket } = message;
  const edits = state.changed.get(seq)?.edits;
  turn.emit({ type: "recalled", version, lastSeq: state.seq, messageId, seq, bucket, by, ...(edits && { edits }) });
  releaseFiles(turn, messageId);
  discardReplies(turn, ({ replyTo, regenerates }) => replyTo === messageId || regenerates?.messageId === messageId);
  return { version, isFirst: true };
}

function recallLimitMs({ group }: ConversationState, by: UserId, rules: ConversationPorts["rules"]): number {
  const role = group?.members.get(by)?.role;
  return role === "owner" || role === "admin" ? rules.adminRecallMs : rules.recallMs;
}

/**
 * Replaces the content of the caller's own text message. In a chat with a model the owner may edit every text, at any time;
 * a message that is being answered gets one reply, to the new text.
 */
export function edit(
  turn: ConversationTurn,
  { by, message, content, original, mentions }: Parameters<ChatCommands["edit"]>[0],
  { rules }: ConversationPorts,
): { version: number } {
  const { state, nowMs } = turn;
  allow(state, rules, "message.edit", by);
  if (state.group && mentionsAll({ mentions })) allow(state, rules, "message.mention_all", by);
  checkVisible(state, by, message);
  checkEditable(state, by, message);
  checkNotEnded(findEnd(state, message)?.status);
  if (!state.assistant && nowMs - message.atMs > rules.editMs) {
    throw new DomainError("message.recall_too_late", { message: "It is too late to edit this message." });
  }
  const { messageId, seq, bucket, contentType } = message;
  const limits = limitsOf(state.assistant !== undefined);
  checkContentSize(content, limits);
  getContentType(contentType).check(content, limits);
  checkSameFiles(state, messageId, fileIdsOf(contentType, content));
  if (rules.sensitiveWords.isIn(searchableText(contentType, content))) throw new DomainError("message.sensitive");
  const known = state.changed.get(seq)?.edits;
  if (known && known.versions.length >= maxEdits) {
    throw new DomainError("common.too_many", { message: `A message may be edited ${maxEdits} times.` });
  }
  const isFirst = message.status === "normal" && !state.changed.has(seq);
  const version = state.version + 1;
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
    ...(isFirst && isKept(original) && { original: { content: original, atMs: message.atMs } }),
  });
  const running = state.replies.find(({ replyTo, isRunning }) => isRunning && replyTo === messageId);
  if (running) replaceReply(turn, running, processOf(contentType, content));
  return { version };
}

/** Edits of one message; one more is refused with common.too_many. */
const maxEdits = 100;

/** Every text between people is: two texts to a model, of 256 KiB each, do not fit into a record. */
function isKept(original: unknown): boolean {
  if (original === undefined || original === null) return false;
  return JSON.stringify(original).length <= limitsOf(false).maxContentBytes;
}

const chatTexts: ReadonlySet<string> = new Set(["text", "prompt", "assistant"]);

function checkEditable({ assistant }: ConversationState, by: UserId, { senderId, contentType }: MessageRef): void {
  const isEditable = assistant ? chatTexts.has(contentType) : senderId === by && contentType === "text";
  if (!isEditable) throw new DomainError("message.not_yours");
}
