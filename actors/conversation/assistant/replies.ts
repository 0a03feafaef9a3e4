// Commands about replies: the end of one, a stop by a user, and another version of an answer.
import type { Surface } from "../../llm/contract.ts";
import { Process } from "../../process/contract.ts";
import { type EndedReply, Reply } from "../../reply/contract.ts";
import { DomainError } from "../../shared/errors.ts";
import { hashText } from "../../shared/hash.ts";
import type { UserId } from "../../shared/ids.ts";
import type { PendingReply } from "../model/assistant-state.ts";
import type { Sent } from "../model/events.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { MessageRef } from "../model/send-types.ts";
import { sentOf } from "../model/sent.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";
import type { AnswerRef, AssistantContent } from "./contract.ts";
import { fileIdsOf, referFiles } from "./files.ts";
import { maxSupersededAnswers } from "./limits.ts";
import { checkRoom, discardReplies, findAnswerer, leaveQueue, queueReplies } from "./queue.ts";

/** Keys of answers, reserved for them. */
export const replyKeyPrefix = "reply:";

/** Input of the process `title:<conversation>`. */
export interface TitleProcessInput {
  conversationId: string;
  ownerId: UserId;
  /** Of the reply after which the title is made. */
  surface?: Surface;
}

/** A reply that is not owed any more leaves nothing: its message or its conversation is gone. */
export function replyEnded(turn: ConversationTurn, ended: EndedReply, ports: ConversationPorts): null {
  const { state, key } = turn;
  const { replyId, status, text, extra } = ended;
  const reply = state.replies.find((each) => each.replyId === replyId);
  if (!reply) return null;
  // A stopped reply without a text leaves no message; a failed one says what failed.
  const isEmpty = text === "" && !Array.isArray(extra?.imageIds);
  const answer = isEmpty && status !== "failed" ? undefined : storeAnswer(turn, reply, ended, ports);
  turn.tell(Reply, replyId).stored(answer ? { messageId: answer.messageId } : {});
  const { assistant } = state;
  const asksTitle = assistant?.titleBy === "default" && !assistant.isTitleAsked && status !== "failed" && text !== "";
  leaveQueue(turn, [replyId], { asksTitle, isStored: answer !== undefined });
  if (asksTitle) {
    const { surface } = reply;
    const input: TitleProcessInput = {
      ...{ conversationId: key, ownerId: assistant.ownerId },
      ...(surface && { surface }),
    };
    turn.tell(Process, `title:${key}`).start({ input });
  }
  return null;
}

function storeAnswer(
  turn: ConversationTurn,
  reply: PendingReply,
  { status, text, error, extra }: EndedReply,
  ports: ConversationPorts,
): Sent {
  const { state, nowMs } = turn;
  const { replyId, replyTo, assistantId, regenerates } = reply;
  const content: AssistantContent = {
    ...extra,
    ...{ text, replyId, status },
    ...(regenerates && { versionOf: regenerates.versionOf }),
    ...(error && { error }),
  };
  const sent = sentOf(
    state,
    {
      ...{ messageId: String(turn.stamp()), senderId: assistantId, ...cardOf(state, assistantId) },
      ...{ clientMsgId: replyKeyPrefix + replyId, hash: hashText(replyId) },
      ...{ contentType: "assistant", content, options: { replyTo, replySeq: reply.replyToSeq } },
    },
    nowMs,
    ports,
  );
  turn.emit(sent);
  if (state.assistant) referFiles(turn, sent.messageId, fileIdsOf("assistant", content));
  if (regenerates && isShown(state, regenerates.seq)) {
    const { messageId, seq } = regenerates;
    const version = sent.version + 1;
    turn.emit({ type: "superseded", version, lastSeq: sent.seq, messageId, seq, newMessageId: sent.messageId });
  }
  return sent;
}

function cardOf({ assistant, group }: ConversationState, id: string): { senderName: string; senderAvatar: string } {
  const { name, avatar } = assistant
    ? { name: assistant.assistantName, avatar: assistant.avatar }
    : (group?.assistants?.get(id) ?? { name: "", avatar: "" });
  return { senderName: name, senderAvatar: avatar };
}

/** Neither deleted nor replaced by a newer version. */
function isShown({ changed, superseded }: ConversationState, seq: number): boolean {
  const status = changed.get(seq)?.status;
  return status !== "recalled" && status !== "expired" && !superseded.includes(seq);
}

export function stopReplies(
  turn: ConversationTurn,
  { userId, replyId }: { userId: UserId; replyId?: string },
  { rules }: ConversationPorts,
): { replyIds: string[] } {
  const { state } = turn;
  allow(state, rules, "reply.stop_own", userId);
  const named = state.replies.filter((reply) =>
    replyId === undefined ? reply.payerId === userId : reply.replyId === replyId,
  );
  if (named.some(({ payerId }) => payerId !== userId)) allow(state, rules, "reply.stop_any", userId);
  const replyIds = named.map((reply) => reply.replyId);
  // The running one reports its end, with what was written so far. The others were not begun.
  const running = named.find(({ isRunning }) => isRunning);
  if (running) turn.tell(Reply, running.replyId).stop({ userId });
  discardReplies(turn, (reply) => !reply.isRunning && replyIds.includes(reply.replyId));
  return { replyIds };
}

/** The same answer twice at once is one new version. */
export function regenerate(
  turn: ConversationTurn,
  { userId, message, answer, surface }: { userId: UserId; message: MessageRef; answer?: AnswerRef; surface?: Surface },
  { rules }: ConversationPorts,
): { replyId: string } {
  const { state } = turn;
  const relation = allow(state, rules, "reply.regenerate", userId);
  const fromSeq = state.group?.members.get(userId)?.visibleFromSeq ?? 1;
  if (message.seq < fromSeq || message.seq > state.seq || isGone(state, message)) {
    throw new DomainError("message.not_found");
  }
  if (message.senderId !== userId && relation === "member") throw new DomainError("message.not_yours");
  const known = state.replies.find(({ replyTo, regenerates }) =>
    answer ? regenerates?.messageId === answer.messageId : replyTo === message.messageId,
  );
  if (known) return { replyId: known.replyId };
  const answerer = findAnswerer(state, answer?.senderId ?? "");
  if (!answerer) throw new DomainError("llm.assistant_not_found");
  if (answer && !isShown(state, answer.seq)) throw new DomainError("message.not_found");
  checkRoom(state, 1);
  if (state.superseded.length >= maxSupersededAnswers) {
    throw new DomainError("common.too_many", {
      message: `A conversation keeps ${maxSupersededAnswers} older versions of answers.`,
    });
  }
  const replyId = String(turn.stamp());
  const { messageId, seq, process = "reply" } = message;
  const regenerates = answer && {
    messageId: answer.messageId,
    seq: answer.seq,
    versionOf: answer.versionOf ?? answer.messageId,
  };
  const question = { messageId, seq, payerId: userId, process, ...(surface && { surface }) };
  queueReplies(turn, regenerates ? { ...question, regenerates } : question, [answerer], [replyId]);
  return { replyId };
}

function isGone({ changed }: ConversationState, { seq, status }: MessageRef): boolean {
  const now = changed.get(seq)?.status ?? status;
  return now === "recalled" || now === "expired";
}
