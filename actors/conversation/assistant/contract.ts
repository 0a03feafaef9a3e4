// Conversations with models: `a_{id}` between one user and an assistant, and assistants that are members of groups. The
// conversation decides which messages are answered, one reply at a time, and stores the answers; the `reply` actor holds an
// answer while it is written, and a `reply` process makes it.
import type { ConversationId, MessageId, UserId } from "../../shared/ids.ts";

export interface ChatInfo {
  conversationId: ConversationId;
  ownerId: UserId;
  assistantId: string;
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
export type ChatPatch = Partial<Pick<ChatInfo, "title" | "description" | "modelConfig" | "tags" | "assistantId">>;

/** A message that will be answered, or is being answered. */
export interface PendingReply {
  replyId: string;
  replyTo: MessageId;
  assistantId: string;
  payerId: UserId;
  isRunning: boolean;
}

export interface AssistantCommands {
  /** The id comes from `newGroupId` of the owner's actor, so that a retry makes no second one. */
  createChat(input: {
    ownerId: UserId;
    assistantId: string;
    title?: string;
    description?: string;
    modelConfig?: Readonly<Record<string, unknown>>;
    tags?: readonly string[];
  }): ChatInfo;
  /** A title set here is a person's. */
  updateChat(input: { userId: UserId; patch: ChatPatch }): ChatInfo;
  /** Ignored unless the title is still the default one. */
  setModelTitle(input: { title: string }): { isSet: boolean };
  /** For good: its replies end, its files are released, it leaves all lists, and is session.not_found from then on. */
  deleteChat(input: { userId: UserId }): null;
  /** A new version of an answer, or an answer to a message that has none. Throws message.not_found, message.not_yours. */
  regenerate(input: { userId: UserId; messageId: MessageId }): { replyId: string };
  /** Ends the running reply and drops the queued ones, all or the one named. Idempotent. */
  stopReplies(input: { userId: UserId; replyId?: string }): { replyIds: string[] };
  /** Groups: owner and admins. */
  addAssistant(input: { userId: UserId; assistantId: string; ownerId: UserId; name: string; avatar: string }): null;
  removeAssistant(input: { userId: UserId; assistantId: string }): null;
  /** From the reply's outbox, once: stores the answer, and begins the next reply. */
  replyEnded(input: {
    replyId: string;
    status: "completed" | "stopped" | "failed";
    text: string;
    error?: { code: string; message: string };
    extra?: Readonly<Record<string, unknown>>;
  }): null;
}
export interface AssistantQueries {
  /** Throws session.not_found. */
  chat(input: { userId: UserId }): ChatInfo;
  replies(input: { userId: UserId }): { replies: readonly PendingReply[] };
}

/** Content of the type `prompt`: a message of a conversation with a model that is more than a text of its user. */
export interface PromptContent {
  role: "system" | "user" | "assistant" | "tool";
  text: string;
  contentType?: "text" | "image" | "audio";
  imageIds?: readonly string[];
  params?: Readonly<Record<string, unknown>>;
  metadata?: Readonly<Record<string, unknown>>;
  toolCall?: unknown;
  toolResponse?: unknown;
}

/** Content of the type `assistant`: an answer. */
export interface AssistantContent {
  text: string;
  replyId: string;
  status: "completed" | "stopped" | "failed";
  model?: string;
  /** The message that this answer is another version of. */
  versionOf?: MessageId;
  imageIds?: readonly string[];
  toolCalls?: unknown;
  tokenCount?: number;
  error?: { code: string; message: string };
}
