// A conversation: the single writer of a pair (`s_…`: friendship, requests, blocks, chat), of a group (`g_…`: members,
// roles, mutes, chat), of a user's system messages (`sys_…`), or of a chat between a user and a model (`a_…`). Callers import
// everything they need of it from here.
import { contract } from "../runtime/contract.ts";
import type { Head } from "../runtime/head.ts";
import type { ActorRecord } from "../runtime/record.ts";
import type { Fanout, Role } from "../shared/conversation.ts";
import type { MessageId, UserId } from "../shared/ids.ts";
import type { Reaction } from "../shared/message.ts";
import type { AssistantCommands, AssistantQueries } from "./assistant/contract.ts";
import type { ConversationCallCommands, ConversationCallQueries } from "./chat/call-contract.ts";
import type { ChatCommands } from "./chat/contract.ts";
import type { GroupCommands, GroupQueries } from "./group/contract.ts";
import type { PlacedMessage } from "./model/send-types.ts";
import type { PairCommands, PairQueries } from "./pair/contract.ts";

export type { ConversationChange, Fanout, GroupInfo, GroupPatch, Role } from "../shared/conversation.ts";
export type { Reaction, StoredMessage } from "../shared/message.ts";
export type { AssistantMember, MemberView } from "./group/contract.ts";
export type {
  MessageCopy,
  MessageRef,
  PlacedMessage,
  References,
  SendMessage,
  SendReader,
  SendReceipt,
} from "./model/send-types.ts";

export interface ConversationCommands
  extends ChatCommands,
    PairCommands,
    GroupCommands,
    AssistantCommands,
    ConversationCallCommands {}

/** The facts about a conversation that a list of one viewer shows. */
export interface Summary {
  head: Head;
  /** Messages below are not visible to this member. */
  visibleFromSeq: number;
  /** The viewer's own read mark as the conversation knows it (own sends included). */
  readSeq: number;
  /**
   * Messages above that mark that do not count as unread (recalled, expired, system messages of a group), ascending; at
   * most the newest `maxUncountedAnswered`.
   */
  uncountedSeqs: readonly number[];
  /** Group only: unread messages that mention everybody, ascending. */
  mentionAllSeqs?: readonly number[];
  /** Group only: its name and avatar, and the viewer's role. */
  group?: { name: string; avatar: string; role: Role };
}

/** What a member may see, at one version, with the records the views may not hold yet (J7). */
export interface Window extends Summary {
  /** Current bucket and where it began: older ones are found in the buckets table. */
  bucket: number;
  bucketFirstSeq: number;
  /** Absent in the answer of an older release. */
  bucketFromMs?: number;
  /** Records of this conversation since the mark; overlay them on the rows. */
  tail: readonly ActorRecord[];
  memberCount: number;
  /** Every member may see the messages from here on. Absent in answers of older hosts. */
  membersFromSeq?: number;
  /** Messages whose time is over and whose tombstones are not made yet. */
  vanishedSeqs?: readonly number[];
  /** Pinned messages, in the order of pinning. */
  pins?: readonly { seq: number; by: UserId; atMs: number }[];
  /** Reactions that no row holds yet: of messages whose taps are being gathered. */
  reactions?: readonly [seq: number, reactions: readonly Reaction[]][];
  /** Answers of models that have a newer version, ascending: they are not shown. */
  supersededSeqs?: readonly number[];
  /** Pair only: the other side's marks, for message status. */
  other?: { userId: UserId; readSeq: number; deliveredSeq: number };
  fanout: Fanout;
}

export interface ConversationQueries extends GroupQueries, PairQueries, AssistantQueries, ConversationCallQueries {
  /** Throws group.not_member or session.not_found for a user who may not see the conversation. */
  window(input: { userId: UserId }): Window;
  /** One of the newest messages, for a user who may see it in the conversation; null: it has to be read from the rows. */
  place(input: { userId: UserId; messageId: MessageId }): PlacedMessage | null;
  /** The part of the window that lists need, without records. Throws like `window`. */
  summary(input: { userId: UserId }): Summary;
  /** For a gateway that begins to listen: which of these users are members, and the first seq that each may see. */
  attach(input: { userIds: UserId[] }): {
    version: number;
    seq: number;
    fanout: Fanout;
    members: { userId: UserId; visibleFromSeq: number }[];
    tail: readonly ActorRecord[];
  };
}

export const Conversation = contract<ConversationCommands, ConversationQueries>("conversation");
