import type { Fanout } from "../shared/conversation.ts";
import type { ConversationId, ConversationType } from "../shared/ids.ts";

/** A conversation in the list of one user. */
export interface ListEntry {
  type: "conversation";
  id: ConversationId;
  conversationType: ConversationType;
  joinedAtMs: number;
  /** Above the per-user fan-out limit: one subject per conversation. */
  fanout: Fanout;
  isPinned: boolean;
  pinnedAtMs: number;
  isMuted: boolean;
  /** The entry is hidden until a message with a higher seq (list entry deleted). */
  hiddenSeq: number;
  /** Messages up to here are cleared for me. */
  clearedSeq: number;
  /** Own read mark (large groups keep it only here; elsewhere the larger of both counts). */
  readSeq: number;
  readCountSeq: number;
  /** Mentions of me above my read mark, oldest first, at most 100. */
  mentionSeqs: number[];
  /** The user's own name for a group; "" for none. */
  remark: string;
}
