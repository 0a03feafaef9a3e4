// Conversations with models: `a_{id}` between one user and an assistant, and assistants that are members of groups. The
// conversation decides which messages are answered, one reply at a time, and stores the answers; the `reply` actor holds an
// answer while it is written, and a `reply` process makes it.
import type { Surface } from "../../llm/contract.ts";
import type { EndedReply } from "../../reply/contract.ts";
import type { MessageId, UserId } from "../../shared/ids.ts";
import type { ChatInfo, ChatPatch, PendingReply } from "../model/assistant-state.ts";
import type { MessageRef } from "../model/send-types.ts";

export type { ChatInfo, ChatPatch, PendingReply } from "../model/assistant-state.ts";

export interface AssistantCommands {
  /** The id comes from `newGroupId` of the owner's actor, so that a retry makes no second one. */
  createChat(input: {
    ownerId: UserId;
    assistantId: string;
    assistantName?: string;
    avatar?: string;
    /** Absent or "": a default one, which a model may replace. */
    title?: string;
    description?: string;
    modelConfig?: Readonly<Record<string, unknown>>;
    tags?: readonly string[];
  }): ChatInfo;
  /** A title set here is a person's. */
  updateChat(input: { userId: UserId; patch: ChatPatch }): ChatInfo;
  /** Ignored unless the title is still the default one. */
  setModelTitle(input: { title: string }): { isSet: boolean };
  /** For good: its replies end, it leaves all lists, and is session.not_found from then on. */
  deleteChat(input: { userId: UserId }): null;
  /**
   * A new version of `answer`, or an answer to `message` when it has none. Both are found by the edge.
   * Throws message.not_found, message.not_yours, llm.assistant_not_found, llm.rate_limited.
   */
  regenerate(input: { userId: UserId; message: MessageRef; answer?: AnswerRef; surface?: Surface }): {
    replyId: string;
  };
  /** Ends the running reply and drops the queued ones: those of the user, or the one named. Idempotent. */
  stopReplies(input: { userId: UserId; replyId?: string }): { replyIds: string[] };
  /** Groups: owner and admins. An assistant that is a member already gets the new name. */
  addAssistant(input: { userId: UserId; assistantId: string; ownerId: UserId; name: string; avatar: string }): null;
  removeAssistant(input: { userId: UserId; assistantId: string }): null;
  /** From the reply's outbox, once: stores the answer, and begins the next reply. */
  replyEnded(input: EndedReply): null;
}
export interface AssistantQueries {
  /** Throws session.not_found. */
  chat(input: { userId: UserId }): ChatInfo;
  /** Running and waiting replies, in order. */
  replies(input: { userId: UserId }): { replies: readonly PendingReply[] };
}

/** An answer, as `reading.findMessage` finds it. */
export interface AnswerRef extends MessageRef {
  /** Of its content: the first version of it. */
  versionOf?: MessageId;
}

/** Content of the type `prompt`: a message of a conversation with a model that is more than a text of its user. */
export interface PromptContent {
  role: "system" | "user" | "assistant" | "tool";
  text: string;
  contentType?: "text" | "image" | "audio";
  imageIds?: readonly string[];
  /** Pictures that a model is shown: an address, or the picture itself as a data URL. */
  images?: readonly PromptImage[];
  params?: Readonly<Record<string, unknown>>;
  metadata?: Readonly<Record<string, unknown>>;
  toolCall?: unknown;
  toolResponse?: unknown;
}

export interface PromptImage {
  url: string;
  /** As OpenAI's image_url has it: low, high or auto. */
  detail?: string;
}

/** Content of the type `assistant`: an answer. `replyTo` of its message names what it answers. */
export interface AssistantContent {
  text: string;
  replyId: string;
  status: "completed" | "stopped" | "failed";
  model?: string;
  /** The first version of this answer, when this is another one. */
  versionOf?: MessageId;
  imageIds?: readonly string[];
  toolCalls?: unknown;
  tokenCount?: number;
  error?: { code: string; message: string };
  [more: string]: unknown;
}
