// Reads that join rows of the views with the owner's tail (J7). They run at the caller's host, outside any mailbox.
import type { ConversationChange, StoredMessage } from "../conversation/contract.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";

export interface MessageReader {
  /** Messages of one bucket with fromSeq ≤ seq ≤ toSeq, patches applied, ascending, at most `maxMessages`. */
  page(
    conversationId: ConversationId,
    bucket: number,
    range: { fromSeq: number; toSeq: number; order: "ascending" | "descending" },
    maxMessages: number,
  ): Promise<StoredMessage[]>;
  /** The message of this bucket with this id, if any (ids rise with seq). */
  find(conversationId: ConversationId, bucket: number, messageId: string): Promise<StoredMessage | undefined>;
  /** The contents that a message had, oldest first; none when it was never edited, or is gone. */
  edits(conversationId: ConversationId, bucket: number, seq: number): Promise<StoredEdit[]>;
  /** Messages of one bucket that hold every term, newest first, below `beforeSeq`. */
  search(
    conversationId: ConversationId,
    bucket: number,
    query: {
      terms: readonly string[];
      beforeSeq: number;
      fromSeq: number;
      senderId?: UserId;
      contentType?: string;
      fromMs?: number;
      toMs?: number;
    },
    maxMessages: number,
  ): Promise<StoredMessage[]>;
}
/** `version` 0: the original. */
export interface StoredEdit {
  version: number;
  atMs: number;
  content: unknown;
}
export interface BucketReader {
  /** Every bucket of a conversation, oldest first; the newest may be missing while it is in the tail only. */
  list(conversationId: ConversationId): Promise<{ bucket: number; firstSeq: number; fromMs: number }[]>;
}
export interface ChangeReader {
  /** Versioned events other than sends with afterVersion < version ≤ upToVersion, ascending, at most `maxChanges`. */
  range(
    conversationId: ConversationId,
    afterVersion: number,
    upToVersion: number,
    maxChanges: number,
  ): Promise<{ version: number; change: ConversationChange }[]>;
}
export interface Directory {
  /** Names of users as of now; unknown ones are absent. */
  findMany(userIds: readonly UserId[]): Promise<Map<UserId, { nickname: string; avatar: string }>>;
  /**
   * Members with `part` in their name or their name in the group, both canonical, as far as the rows say; in order of the id.
   * `known`: the members whose names the rows hold. `except` are not looked at.
   */
  searchMembers(
    conversationId: ConversationId,
    query: { part: string; except: readonly UserId[]; offset: number; max: number },
  ): Promise<{ known: number; total: number; userIds: UserId[] }>;
}
