// The state of a chat between a user and a model, and of the replies that models owe: in such chats, and in groups that have
// assistants.
import type { Surface } from "../../llm/contract.ts";
import type { ReplyProcessName } from "../../reply/contract.ts";
import type { ConversationId, MessageId, UserId } from "../../shared/ids.ts";

export interface ChatInfo {
  conversationId: ConversationId;
  ownerId: UserId;
  assistantId: string;
  /** The assistant's name and picture, as they were given with `assistantId`. */
  assistantName: string;
  avatar: string;
  /** "" as long as neither a person nor a model gave one. */
  title: string;
  /** A title made by a model replaces only a default one. */
  titleBy: "default" | "model" | "person";
  description: string;
  /** provider, model, temperature, systemPrompt and whatever a client keeps there. */
  modelConfig: Readonly<Record<string, unknown>>;
  tags: readonly string[];
  createdAtMs: number;
  updatedAtMs: number;
  lastUsedAtMs: number;
  /** Messages that are neither deleted nor older versions of an answer. */
  messageCount: number;
}

export type ChatPatch = Partial<
  Pick<ChatInfo, "title" | "description" | "modelConfig" | "tags" | "assistantId" | "assistantName" | "avatar">
>;

export interface AssistantChat extends Omit<ChatInfo, "conversationId"> {
  readSeq: number;
  /** The files that its messages hold, by message. */
  readonly files: Map<MessageId, readonly string[]>;
  /** A title was asked of a model: it is asked once. */
  isTitleAsked: boolean;
  /** The chat answers session.not_found from then on. */
  isDeleted: boolean;
}

/** A model that is a member of a group. */
export interface GroupAssistant {
  /** Who made the assistant: its definition stands in the settings of that user. */
  ownerId: UserId;
  name: string;
  avatar: string;
  joinedAtMs: number;
  visibleFromSeq: number;
}

/** A message that will be answered, or is being answered. */
export interface PendingReply {
  replyId: string;
  replyTo: MessageId;
  replyToSeq: number;
  assistantId: string;
  assistantOwnerId: UserId;
  /** The first message that the assistant may see. */
  fromSeq: number;
  payerId: UserId;
  isRunning: boolean;
  /** `edit`: an image edit. */
  process: ReplyProcessName;
  /** Where it was asked for; absent: in the messenger. */
  surface?: Surface;
  /** The answer that this one replaces. */
  regenerates?: ReplacedAnswer;
}

export interface ReplacedAnswer {
  messageId: MessageId;
  seq: number;
  /** The first version. */
  versionOf: MessageId;
}
