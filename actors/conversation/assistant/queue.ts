// The replies that a conversation owes: one runs, the others wait in the order of their messages. A reply is an actor, and a
// process makes it; the conversation begins the process when the turn of the reply comes.
import type { Surface } from "../../llm/contract.ts";
import { Process } from "../../process/contract.ts";
import { Reply, type ReplyFacts, type ReplyProcessInput, type ReplyProcessName } from "../../reply/contract.ts";
import { DomainError } from "../../shared/errors.ts";
import type { MessageId, UserId } from "../../shared/ids.ts";
import type { AssistantChat, PendingReply, ReplacedAnswer } from "../model/assistant-state.ts";
import type { SendMessage } from "../model/send-types.ts";
import type { ConversationState, ConversationTurn } from "../model/state.ts";
import { targetsOf } from "../model/targets.ts";
import type { PromptContent } from "./contract.ts";
import { fileIdsOf } from "./files.ts";
import { maxQueuedReplies } from "./limits.ts";

/** An assistant that answers a message. */
interface Answerer {
  assistantId: string;
  ownerId: UserId;
  /** The first message that it may see. */
  fromSeq: number;
}

/**
 * In a chat with a model every message of its owner is answered, except those that the owner writes for another role. In a
 * group an assistant answers when it is mentioned by its id, and when one of its messages is quoted.
 */
export function answerersOf(state: ConversationState, message: SendMessage): readonly Answerer[] {
  const { assistant, group } = state;
  if (message.origin === "service" || message.answer === false) return nobody;
  if (assistant) return roleOf(message) === "user" ? [answererOfChat(assistant)] : nobody;
  if (!group?.assistants) return nobody;
  const addressed = new Set(message.options?.mentions);
  if (message.references?.replySenderId !== undefined) addressed.add(message.references.replySenderId);
  return [...addressed].flatMap((assistantId) => findAnswerer(state, assistantId) ?? []);
}

const nobody: readonly Answerer[] = [];

/** The assistant of a chat, whatever id is asked for; or a member of a group. */
export function findAnswerer({ assistant, group }: ConversationState, assistantId: string): Answerer | undefined {
  if (assistant) return answererOfChat(assistant);
  const member = group?.assistants?.get(assistantId);
  return member && { assistantId, ownerId: member.ownerId, fromSeq: member.visibleFromSeq };
}

function answererOfChat({ assistantId, ownerId }: AssistantChat): Answerer {
  return { assistantId, ownerId, fromSeq: 1 };
}

function roleOf({ contentType, content }: SendMessage): PromptContent["role"] {
  return contentType === "prompt" ? (content as PromptContent).role : "user";
}

/** A message with images asks for an edit of them. */
export function processOf(contentType: string, content: unknown): ReplyProcessName {
  return contentType === "prompt" && fileIdsOf(contentType, content).length > 0 ? "edit" : "reply";
}

/** Throws llm.rate_limited when too many replies wait. */
export function checkRoom({ replies }: ConversationState, more: number): void {
  if (replies.length + more <= maxQueuedReplies) return;
  const message = `At most ${maxQueuedReplies} messages of a conversation may wait for their answers.`;
  throw new DomainError("llm.rate_limited", { message, details: { maxQueuedReplies } });
}

/** What is answered, and for whom. */
interface Question {
  messageId: MessageId;
  seq: number;
  payerId: UserId;
  process: ReplyProcessName;
  surface?: Surface;
  regenerates?: ReplacedAnswer;
}

/** One reply of each answerer, under the given ids. The first of all runs at once. */
export function queueReplies(
  turn: ConversationTurn,
  { messageId, seq, payerId, process, surface, regenerates }: Question,
  answerers: readonly Answerer[],
  replyIds: readonly string[],
): void {
  const isIdle = turn.state.replies.length === 0;
  for (const [i, { assistantId, ownerId, fromSeq }] of answerers.entries()) {
    const reply: PendingReply = {
      ...{ replyId: replyIds[i]!, replyTo: messageId, replyToSeq: seq },
      ...{ assistantId, assistantOwnerId: ownerId, fromSeq, payerId },
      ...{ isRunning: isIdle && i === 0, process },
      ...(surface && { surface }),
      ...(regenerates && { regenerates }),
    };
    turn.emit({ type: "reply_queued", reply });
    create(turn, reply);
    if (reply.isRunning) start(turn, reply);
  }
}

/** Another reply takes the place of a running one, because its message was edited. */
export function replaceReply(turn: ConversationTurn, old: PendingReply, process: ReplyProcessName): void {
  const reply: PendingReply = { ...old, replyId: String(turn.stamp()), process };
  turn.emit({ type: "reply_replaced", replyId: old.replyId, reply });
  turn.tell(Reply, old.replyId).discard({});
  create(turn, reply);
  start(turn, reply);
}

/** Takes replies from the queue, and begins the next one when the running one is among them. */
export function leaveQueue(
  turn: ConversationTurn,
  replyIds: readonly string[],
  { asksTitle = false, isStored = false }: { asksTitle?: boolean; isStored?: boolean } = {},
): void {
  const unstored = turn.state.replies.filter(({ replyId }) => !isStored && replyIds.includes(replyId)).map(placeOf);
  const [next] = turn.state.replies.filter(({ replyId }) => !replyIds.includes(replyId));
  const starts = next !== undefined && !next.isRunning;
  turn.emit({
    type: "replies_left",
    replyIds: [...replyIds],
    ...(starts && { nextId: next.replyId }),
    ...(asksTitle && { asksTitle }),
    ...(unstored.length > 0 && { unstored }),
  });
  if (!starts) return;
  turn.tell(Reply, next.replyId).start({});
  start(turn, next);
}

function placeOf({ replyId, replyTo, replyToSeq }: PendingReply) {
  return { replyId, replyTo, replyToSeq };
}

/** The replies end at once, and nothing of them is stored. */
export function discardReplies(turn: ConversationTurn, isMeant: (reply: PendingReply) => boolean): void {
  const { replies } = turn.state;
  if (replies.length === 0) return;
  const replyIds = replies.filter(isMeant).map(({ replyId }) => replyId);
  if (replyIds.length === 0) return;
  for (const replyId of replyIds) turn.tell(Reply, replyId).discard({});
  leaveQueue(turn, replyIds);
}

function create(turn: ConversationTurn, reply: PendingReply): void {
  const [target = { users: [reply.payerId] }] = targetsOf(turn.state, turn.nowMs, { seq: reply.replyToSeq });
  const facts: ReplyFacts = { ...factsOf(turn, reply), target };
  turn.tell(Reply, reply.replyId).create(reply.isRunning ? facts : { ...facts, isWaiting: true });
}

function start(turn: ConversationTurn, reply: PendingReply): void {
  const { process, replyId } = reply;
  const input: ReplyProcessInput = { replyId, ...factsOf(turn, reply) };
  turn.tell(Process, `${process}:${replyId}`).start({ input });
}

function factsOf({ key }: ConversationTurn, reply: PendingReply): Omit<ReplyFacts, "target"> {
  const { replyTo, replyToSeq, assistantId, assistantOwnerId, fromSeq, payerId, surface, regenerates } = reply;
  return {
    ...{ conversationId: key, replyTo, replyToSeq, assistantId, assistantOwnerId, fromSeq, payerId },
    ...(surface && { surface }),
    ...(regenerates && { regenerates: regenerates.messageId }),
  };
}
