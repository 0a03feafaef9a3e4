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
  last?: { messageId: string; seq: number; senderId: string; contentType: string; preview: string; atMs: number };
  /** Read marks of a pair, by user: counted messages read. Absent for groups. */
  readCount?: Record<string, number>;
}
