/** What lists show of a conversation without asking its actor. Plain data; the port `Heads` keeps the newest one of each. */
export interface Head {
  /** The higher version is the newer head. */
  version: number;
  /** Number of the last message; 0: there is none. */
  seq: number;
  /** Messages that count as unread: system messages do not. */
  countSeq: number;
  updatedAtMs: number;
  /** The last message, as lists show it; undefined before the first. */
  last?: {
    messageId: string;
    seq: number;
    senderId: string;
    contentType: string;
    preview: string;
    atMs: number;
    /** From then on a list shows the message as expired. */
    expireAtMs?: number;
  };
  /** Of a pair and of a chat with a model, by user: `countSeq` less this many messages are unread. Absent for groups. */
  readCount?: Record<string, number>;
  /** Of a chat with a model: what its lists show. */
  chat?: HeadOfChat;
}

/** The facts of a chat with a model, without the settings of the model. */
export interface HeadOfChat {
  /** "": shown under the assistant's name. */
  title: string;
  assistantId: string;
  assistantName: string;
  avatar: string;
  description: string;
  tags: readonly string[];
  createdAtMs: number;
  updatedAtMs: number;
  lastUsedAtMs: number;
  messageCount: number;
}
