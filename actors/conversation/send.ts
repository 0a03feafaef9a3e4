// Appending a message. S1: seq and version are dense. S2: one key, one message (G2). S3: the ordinary send reads nothing and
// waits for nothing: it answers in the turn itself.

import { otherSide, sideOf } from "../friendship/state.ts";
import { isSilenced } from "../group/state.ts";
import { DomainError } from "../shared/errors.ts";
import { hashText } from "../shared/hash.ts";
import type { UserId } from "../shared/ids.ts";
import { User } from "../user/contract.ts";
import { getContentType, maxContentBytes, searchableText } from "./content.ts";
import type { SendMessage, SendReceipt } from "./contract.ts";
import { daysToAsk, findExact, findInRows, findInTail, receiptAgain, sendKey } from "./dedupe.ts";
import type { Sent } from "./events.ts";
import { checkExpiry } from "./expiry.ts";
import type { ConversationPorts } from "./ports.ts";
import { allow } from "./relation.ts";
import { hasSensitiveWord } from "./rules.ts";
import { type ConversationState, type ConversationTurn, conversationTypeOf } from "./state.ts";

const maxClientMsgIdChars = 64;
/** Each may cost an outbox entry, and a turn's record has 64 KiB with the content's 48. */
export const maxMentions = 50;
const maxNameChars = 200;
const maxAvatarChars = 2_048;

export function send(
  turn: ConversationTurn,
  input: SendMessage,
  ports: ConversationPorts,
): SendReceipt | Promise<SendReceipt> {
  checkShape(input);
  const { state, nowMs } = turn;
  const contentText = typeof input.content === "string" ? input.content : (JSON.stringify(input.content) ?? "");
  const hash = payloadHash(input, contentText);
  const key = sendKey(input.senderId, input.clientMsgId);
  const known = findExact(state.dedupe, key);
  if (known) return receiptAgain(known, hash);
  const days = daysToAsk(state.dedupe, key, nowMs);
  const needsOther = state.seq === 0 && state.pair !== undefined && !state.pair.isFriend;
  if (days.length === 0 && !needsOther) return append(turn, input, contentText, hash, ports);
  return appendAfterReading(turn, input, { contentText, hash, days, needsOther }, ports);
}

/** A filter said "perhaps", or a first message goes to somebody who may not exist. */
async function appendAfterReading(
  turn: ConversationTurn,
  input: SendMessage,
  { contentText, hash, days, needsOther }: { contentText: string; hash: number; days: number[]; needsOther: boolean },
  ports: ConversationPorts,
): Promise<SendReceipt> {
  const known =
    days.length === 0
      ? undefined
      : (findInTail(turn.tail(), input.senderId, input.clientMsgId) ??
        (await findInRows(ports.sends, days, turn.key, input)));
  if (known) return receiptAgain(known, hash);
  if (needsOther) {
    allowSend(turn, input, ports);
    await getOther(turn, input.senderId);
  }
  return append(turn, input, contentText, hash, ports);
}

/** Throws user.not_found when the other side of a pair does not exist. */
export async function getOther(turn: ConversationTurn, userId: UserId): Promise<void> {
  const { pair } = turn.state;
  const side = pair && sideOf(pair, userId);
  if (pair && side !== undefined) await turn.ask(User, pair.users[otherSide(side)]).card({});
}

function append(
  turn: ConversationTurn,
  input: SendMessage,
  contentText: string,
  hash: number,
  ports: ConversationPorts,
): SendReceipt {
  const { state, nowMs } = turn;
  allowSend(turn, input, ports);
  checkOrder(turn, input);
  checkContent(state, input, contentText, ports);
  checkExpiry(state, input, nowMs);
  const seq = state.seq + 1;
  const version = state.version + 1;
  const opensBucket = decideOpensBucket(state, nowMs, ports);
  const messageId = String(turn.stamp());
  const sent: Sent = {
    type: "sent",
    messageId,
    seq,
    version,
    countSeq: isCounted(state, input.contentType) ? state.countSeq + 1 : state.countSeq,
    bucket: opensBucket ? state.bucket + 1 : state.bucket,
    opensBucket: opensBucket || undefined,
    senderId: input.senderId,
    senderName: input.senderName,
    senderAvatar: input.senderAvatar,
    clientMsgId: input.clientMsgId,
    hash,
    deviceId: input.deviceId,
    contentType: input.contentType,
    content: input.content,
    replyTo: input.replyTo,
    mentions: input.mentions?.length ? input.mentions : undefined,
    burnAfterReadMs: input.burnAfterReadMs,
    expireAtMs: input.expireAtMs,
  };
  turn.emit(sent);
  if (seq === 1) tellFirstMessage(turn, input.senderId);
  if (sent.mentions && state.group) tellMentioned(turn, sent);
  return { messageId, seq, version, atMs: nowMs };
}

function allowSend({ state, nowMs }: ConversationTurn, input: SendMessage, { rules }: ConversationPorts): void {
  const isService = input.origin === "service";
  allow(state, rules, "message.send", isService ? "service" : input.senderId);
  const { group } = state;
  if (isService || !group) return;
  if (isSilenced(group, nowMs)) allow(state, rules, "message.send_in_silence", input.senderId);
  if ((group.members.get(input.senderId)?.mutedUntilMs ?? 0) > nowMs) throw new DomainError("group.muted");
}

/** G3: sends in flight together keep their order while an earlier one is being retried. */
function checkOrder(turn: ConversationTurn, { senderId, afterClientMsgId }: SendMessage): void {
  if (afterClientMsgId === undefined) return;
  const isKnown =
    findExact(turn.state.dedupe, sendKey(senderId, afterClientMsgId)) ??
    findInTail(turn.tail(), senderId, afterClientMsgId);
  if (!isKnown) throw new DomainError("message.out_of_order");
}

function checkShape({ clientMsgId, senderName, senderAvatar, mentions, replyTo }: SendMessage): void {
  if (typeof clientMsgId !== "string" || clientMsgId.length < 1 || clientMsgId.length > maxClientMsgIdChars) {
    throw invalid("clientMsgId", `1 to ${maxClientMsgIdChars} characters`);
  }
  if (senderName.length > maxNameChars) throw invalid("senderName", `at most ${maxNameChars} characters`);
  if (senderAvatar.length > maxAvatarChars) throw invalid("senderAvatar", `at most ${maxAvatarChars} characters`);
  if (replyTo !== undefined && replyTo.length > maxClientMsgIdChars) throw invalid("replyTo", "a message id");
  if (mentions && (mentions.length > maxMentions || mentions.some((id) => id.length > maxClientMsgIdChars))) {
    throw invalid("mentions", `at most ${maxMentions} user ids`);
  }
}

function checkContent(
  state: ConversationState,
  input: SendMessage,
  contentText: string,
  ports: ConversationPorts,
): void {
  const type = getContentType(input.contentType);
  if (input.origin !== "service") {
    if (type.reserved === "service") throw new DomainError("message.type_unknown");
    if (type.reserved === "admins") allow(state, ports.rules, "message.announce", input.senderId);
  }
  checkContentText(contentText);
  type.check(input.content);
  if (hasSensitiveWord(ports.rules, searchableText(input.contentType, input.content))) {
    throw new DomainError("message.sensitive");
  }
}

/** `text` is the content's JSON, or the content itself when it is a string (which has 5 000 characters at most). */
export function checkContentText(text: string): void {
  // A character takes at most three bytes: only long contents are counted.
  if (text.length * 3 > maxContentBytes && new TextEncoder().encode(text).length > maxContentBytes) {
    throw new DomainError("message.too_long", { details: { maxContentBytes } });
  }
}

function decideOpensBucket(state: ConversationState, nowMs: number, { rules }: ConversationPorts): boolean {
  return (
    state.bucket === 0 ||
    nowMs - state.bucketFromMs >= rules.bucketMs ||
    state.seq + 1 - state.bucketFirstSeq >= rules.bucketMessagesMax
  );
}

/** What the system tells a user counts; what it says among others does not. */
function isCounted(state: ConversationState, contentType: string): boolean {
  return contentType !== "system" || state.system !== undefined;
}

/** The conversation comes into the lists of a pair with its first message; members of a group have it since they joined. */
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

function tellMentioned(turn: ConversationTurn, { mentions, senderId, messageId, seq }: Sent): void {
  for (const userId of new Set(mentions)) {
    if (userId === senderId || !turn.state.group?.members.has(userId)) continue;
    turn.tell(User, userId).mentioned({ conversationId: turn.key, messageId, seq, by: senderId, atMs: turn.nowMs });
  }
}

function payloadHash(input: SendMessage, contentText: string): number {
  const { contentType, replyTo, mentions, burnAfterReadMs, expireAtMs } = input;
  let text = `${contentType} ${contentText}`;
  if (replyTo !== undefined) text += ` reply ${replyTo}`;
  if (mentions?.length) text += ` mentions ${mentions.join(" ")}`;
  if (burnAfterReadMs !== undefined) text += ` burn ${burnAfterReadMs}`;
  if (expireAtMs !== undefined) text += ` until ${expireAtMs}`;
  return hashText(text);
}

function invalid(field: string, expected: string): DomainError {
  return new DomainError("common.invalid", { details: [{ field, expected }] });
}
