// Appends a message. Seq and version are dense (G3), and one key makes one message (G2). The ordinary send reads nothing and
// answers in its turn; only a key that may have been used before, or a first message to a user, waits for a read.

import { DomainError } from "../../shared/errors.ts";
import { conversationTypeOf, type UserId } from "../../shared/ids.ts";
import { User } from "../../user/contract.ts";
import { checkFiles, fileIdsOf, referFiles } from "../assistant/files.ts";
import { answerersOf, checkRoom, processOf, queueReplies } from "../assistant/queue.ts";
import { daysToAsk, findExact, findInRows, findInTail, receiptAgain, sendKey } from "../model/dedupe.ts";
import { isGroupMuted } from "../model/group-state.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { SendMessage, SendReceipt } from "../model/send-types.ts";
import { sentOf } from "../model/sent.ts";
import type { ConversationTurn } from "../model/state.ts";
import { getOther } from "../pair/other.ts";
import { checkContent, checkContentSize, checkShape, hasPayload, payloadHash } from "./check-message.ts";
import { limitsOf } from "./content.ts";
import { addressedFor, referFile, withFile } from "./content-files.ts";
import { checkExpiry } from "./expiry.ts";
import { mentionsAll, tellMentioned, withMembersOnly } from "./mentions.ts";
import { quoteForAll } from "./quote.ts";
import { addedBy, checkReferences, contentToStore, withCopy } from "./references.ts";

export function send(
  turn: ConversationTurn,
  given: SendMessage,
  ports: ConversationPorts,
): SendReceipt | Promise<SendReceipt> {
  const input = withCopy(given);
  checkShape(input);
  const { state, nowMs } = turn;
  const key = sendKey(input.senderId, input.clientMsgId);
  const known = findExact(state.dedupe, key);
  if (known) return receiptAgain(known, (hash) => hasPayload(input, hash));
  const days = daysToAsk(state.dedupe, key, nowMs);
  const needsOther = state.seq === 0 && state.pair !== undefined && !state.pair.isFriend;
  const fileIds = state.assistant ? fileIdsOf(input.contentType, input.content) : noFiles;
  if (days.length === 0 && !needsOther && fileIds.length === 0) return append(turn, input, ports);
  return appendAfterReading(turn, input, { days, needsOther, fileIds }, ports);
}

/** The key may have been used before, it is the first message to a user who may not exist, or the message holds files. */
async function appendAfterReading(
  turn: ConversationTurn,
  input: SendMessage,
  { days, needsOther, fileIds }: { days: number[]; needsOther: boolean; fileIds: readonly string[] },
  ports: ConversationPorts,
): Promise<SendReceipt> {
  const known =
    days.length === 0
      ? undefined
      : (findInTail(turn.tail(), input.senderId, input.clientMsgId) ??
        (await findInRows(ports.sends, days, turn.key, input)));
  if (known) return receiptAgain(known, (hash) => hasPayload(input, hash));
  if (needsOther) {
    allowSend(turn, input, ports);
    await getOther(turn, input.senderId);
  }
  const { assistant } = turn.state;
  if (assistant && fileIds.length > 0) {
    allowSend(turn, input, ports);
    checkContent(turn.state, input, ports);
    await checkFiles(turn, assistant, input.senderId, fileIds);
  }
  const receipt = append(turn, input, ports);
  referFiles(turn, receipt.messageId, fileIds);
  return receipt;
}

const noFiles: readonly string[] = [];

function append(turn: ConversationTurn, input: SendMessage, ports: ConversationPorts): SendReceipt {
  const { state, nowMs } = turn;
  allowSend(turn, input, ports);
  checkOrder(turn, input);
  checkReferences(state, input);
  const filled = withFile(input);
  checkContent(state, filled, ports);
  const messageId = String(turn.stamp());
  const content = addressedFor(messageId, filled.contentType, contentToStore(filled));
  if (content !== input.content) checkContentSize(content, limitsOf(state.assistant !== undefined));
  checkExpiry(state, input.options ?? {}, nowMs);
  const answerers = answerersOf(state, input);
  if (answerers.length > 0) checkRoom(state, answerers.length);
  const replyIds = answerers.map(() => String(turn.stamp()));
  const sent = sentOf(
    state,
    {
      messageId,
      senderId: input.senderId,
      senderName: input.senderName,
      senderAvatar: input.senderAvatar,
      clientMsgId: input.clientMsgId,
      hash: payloadHash(input),
      deviceId: input.deviceId,
      contentType: input.contentType,
      content,
      options: { ...withMembersOnly(state, input.options ?? {}), ...addedBy(input) },
      quote: quoteForAll(state, input.references ?? {}),
    },
    nowMs,
    ports,
  );
  const { seq, version } = sent;
  const receipt: SendReceipt = { messageId, seq, version, atMs: nowMs };
  if (replyIds[0] !== undefined) {
    sent.replyId = replyIds[0];
    receipt.replyId = replyIds[0];
  }
  turn.emit(sent);
  referFile(turn, messageId, input.contentType, content);
  if (seq === 1) tellFirstMessage(turn, input.senderId);
  tellMentioned(turn, sent);
  if (answerers.length > 0) {
    const process = processOf(input.contentType, content);
    const { senderId: payerId, surface } = input;
    const question = { messageId, seq, payerId, process, ...(surface && { surface }) };
    queueReplies(turn, question, answerers, replyIds);
  }
  return receipt;
}

function allowSend({ state, nowMs }: ConversationTurn, input: SendMessage, { rules }: ConversationPorts): void {
  const isService = input.origin === "service";
  allow(state, rules, "message.send", isService ? "service" : input.senderId);
  const { group } = state;
  if (isService || !group) return;
  if (mentionsAll(input.options ?? {})) allow(state, rules, "message.mention_all", input.senderId);
  if (isGroupMuted(group, nowMs)) allow(state, rules, "message.send_while_muted", input.senderId);
  if ((group.members.get(input.senderId)?.mutedUntilMs ?? 0) > nowMs) throw new DomainError("group.muted");
}

/** Sends in flight together keep their order while an earlier one is being retried (G3). */
function checkOrder(turn: ConversationTurn, { senderId, afterClientMsgId }: SendMessage): void {
  if (afterClientMsgId === undefined) return;
  const isKnown =
    findExact(turn.state.dedupe, sendKey(senderId, afterClientMsgId)) ??
    findInTail(turn.tail(), senderId, afterClientMsgId);
  if (!isKnown) throw new DomainError("message.out_of_order");
}

/** A pair enters the lists of its users with its first message; members of a group have the entry since they joined. */
function tellFirstMessage(turn: ConversationTurn, senderId: UserId): void {
  const { pair, system } = turn.state;
  for (const userId of pair?.users ?? (system ? [system.userId] : [])) {
    turn.tell(User, userId).conversationJoined({
      conversationId: turn.key,
      conversationType: conversationTypeOf(turn.key),
      fanout: "users",
      atMs: turn.nowMs,
      by: senderId,
    });
  }
}
