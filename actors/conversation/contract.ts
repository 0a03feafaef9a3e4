// A conversation: the single writer of a pair (`s_…`: friendship, requests, blocks, chat), of a group (`g_…`: members,
// roles, mutes, chat) or of a user's system messages (`sys_…`).
import { contract } from "../runtime/contract.ts";
import type { Head } from "../runtime/head.ts";
import type { ActorRecord } from "../runtime/record.ts";
import type { ConversationId, MessageId, UserId } from "../shared/ids.ts";
import type { ConversationCallCommands, ConversationCallQueries } from "./call-contract.ts";

export interface SendMessage {
  senderId: UserId;
  /** Idempotency key with conversation and sender (G2). 1–64 characters. */
  clientMsgId: string;
  /** As in frames: the sender's at send time. */
  senderName: string;
  senderAvatar: string;
  /** The sending device: it gets SEND_ACK instead of NEW_MESSAGE. */
  deviceId?: string;
  /**
   * The clientMsgId that this sender's socket sent just before and has no answer to yet: unless the conversation knows it
   * (tail or the keys of 10 minutes), this send is refused with message.out_of_order, so that sends in flight together
   * keep their order while one of them is retried at a new owner (G3).
   */
  afterClientMsgId?: string;
  contentType: string;
  content: unknown;
  replyTo?: MessageId;
  /** User ids, or "all". */
  mentions?: string[];
  burnAfterReadMs?: number;
  /** Ms since 1970. */
  expireAtMs?: number;
  /**
   * Set by services of this system acting for the sender (call records, replies), never by the edge: friendship, blocks
   * and mutes are not asked, and reserved content types are allowed.
   */
  origin?: "service";
}
/** `version` 0: a retry of long ago, whose version is not kept. */
export interface SendReceipt {
  messageId: MessageId;
  seq: number;
  version: number;
  atMs: number;
}
/** Immutable facts of a message, resolved by `reading.findMessage` (rows and tail). */
export interface MessageRef {
  messageId: MessageId;
  seq: number;
  bucket: number;
  senderId: UserId;
  atMs: number;
  contentType: string;
}
export type Role = "owner" | "admin" | "member";
export interface MemberView {
  userId: UserId;
  role: Role;
  joinedAtMs: number;
  groupNickname: string;
  isMuted: boolean;
}
export interface GroupInfo {
  groupId: string;
  name: string;
  avatar: string;
  announcement: string;
  ownerId: UserId;
  memberCount: number;
  maxMembers: number;
  joinVerify: boolean;
  isMuted: boolean;
  allowMemberInvite: boolean;
  allowViewHistory: boolean;
  createdAtMs: number;
  updatedAtMs: number;
  myRole?: Role;
}
export type GroupPatch = Partial<
  Pick<
    GroupInfo,
    "name" | "avatar" | "announcement" | "joinVerify" | "isMuted" | "allowMemberInvite" | "allowViewHistory"
  >
> & {
  /** With `isMuted`: when the silence ends; absent or 0 = when it is lifted. */
  mutedUntilMs?: number;
};

export interface ConversationCommands extends ConversationCallCommands {
  /** Appends a message and tells every member. The same clientMsgId again returns the first receipt. */
  send(input: SendMessage): SendReceipt;
  /** Takes back a message: sender ≤ 2 min, group owner/admin ≤ 24 h. */
  recall(input: { by: UserId; message: MessageRef }): { version: number };
  /** Replaces the content of one's own text message, ≤ 15 min. */
  edit(input: { by: UserId; message: MessageRef; content: unknown }): { version: number };
  /** Read mark, monotone. For groups > 500 only the head is answered; the mark lives with the reader. */
  markRead(input: { userId: UserId; seq: number }): { seq: number; countSeq: number };
  /**
   * Several users' marks at once, coalesced by a gateway; delivered marks only in pairs. Unknown users are ignored.
   * `reads` answers the members' read marks, never above the head, as `markRead` would: the gateway tells `user`.
   */
  markMany(input: { marks: { userId: UserId; readSeq?: number; deliveredSeq?: number }[] }): {
    accepted: number;
    reads: { userId: UserId; seq: number; countSeq: number }[];
  };
  /** USER_TYPING to the others; nothing is journaled. */
  typing(input: { userId: UserId; deviceId?: string }): null;
  /** Makes sure the caller may talk here (creates nothing a first send would not). */
  open(input: { userId: UserId }): { conversationId: ConversationId };

  // pair: friendship
  requestFriend(input: { from: UserId; message: string; source: string }): {
    requestId: string;
    status: "pending" | "accepted";
  };
  handleFriendRequest(input: { by: UserId; requestId: string; accept: boolean }): { status: "accepted" | "rejected" };
  deleteFriend(input: { by: UserId }): null;
  block(input: { by: UserId }): { blockedAtMs: number };
  unblock(input: { by: UserId }): null;

  // group
  createGroup(input: {
    ownerId: UserId;
    name: string;
    avatar: string;
    memberIds: UserId[];
    joinVerify?: boolean;
  }): GroupInfo & { failedIds: UserId[] };
  updateGroup(input: { by: UserId; patch: GroupPatch }): GroupInfo;
  /**
   * At most 200 ids. `successIds` are members now; `pendingIds` were asked for their consent (they join by `join`), or wait
   * for an admin; `failedIds` do not exist, blocked the inviter, or are members already.
   */
  invite(input: { by: UserId; userIds: UserId[] }): {
    successIds: UserId[];
    failedIds: UserId[];
    pendingIds: UserId[];
    memberCount: number;
  };
  join(input: { userId: UserId; message: string }): { needVerify: boolean; requestId?: string };
  handleJoinRequest(input: { by: UserId; requestId: string; accept: boolean }): { status: "accepted" | "rejected" };
  removeMember(input: { by: UserId; userId: UserId }): null;
  exit(input: { userId: UserId }): null;
  transfer(input: { by: UserId; newOwnerId: UserId }): null;
  setRole(input: { by: UserId; userId: UserId; role: "admin" | "member" }): null;
  /** `untilMs` 0 lifts it. */
  muteMember(input: { by: UserId; userId: UserId; untilMs: number }): null;
  setGroupNickname(input: { userId: UserId; nickname: string }): null;
  dissolve(input: { by: UserId }): null;
}

/** What a member may see, at one version, with the records the views may not hold yet (J7). */
export interface Window {
  head: Head;
  /** Messages below are not visible to this member. */
  visibleFromSeq: number;
  /** Current bucket and where it began: older ones are found in the buckets table. */
  bucket: number;
  bucketFirstSeq: number;
  /** Records of this conversation since the mark; overlay them on the rows. */
  tail: readonly ActorRecord[];
  memberCount: number;
  role?: Role;
  /** Messages whose time is over while their tombstones are not made yet (a burn that ran out, for one). */
  vanishedSeqs?: readonly number[];
  /** The viewer's own read mark as the conversation knows it (own sends included). */
  readSeq: number;
  readCountSeq: number;
  /** Pair only: the other side's marks, for message status. */
  other?: { userId: UserId; readSeq: number; deliveredSeq: number };
  fanout: Fanout;
}
/** How versioned events travel: one subject per member, or one per conversation (switched once, never back). */
export type Fanout = "users" | "conversation";

export interface ConversationQueries extends ConversationCallQueries {
  /** Throws group.not_member / session.not_found for those who may not see it. */
  window(input: { userId: UserId }): Window;
  /** For a gateway that begins to listen: who of these is a member now, and from where each may see. */
  attach(input: { userIds: UserId[] }): {
    version: number;
    seq: number;
    fanout: Fanout;
    members: { userId: UserId; visibleFromSeq: number }[];
    tail: readonly ActorRecord[];
  };
  groupInfo(input: { userId: UserId }): GroupInfo;
  members(input: { userId: UserId; offset: number; limit: number }): { total: number; members: MemberView[] };
  joinRequests(input: { userId: UserId; status?: string }): {
    requests: {
      requestId: string;
      userId: UserId;
      message: string;
      status: string;
      createdAtMs: number;
      inviterId?: UserId;
    }[];
  };
  /** Exact in groups ≤ 500; empty in larger ones. The message's sender is no reader of it: tell who it is. */
  readers(input: { userId: UserId; seq: number; senderId?: UserId }): {
    readCount: number;
    unreadCount: number;
    readMembers: { userId: UserId; readAtMs: number }[];
  };
  /** Pair only. */
  relation(input: { userId: UserId }): { isFriend: boolean; blockedByMe: boolean; blockedByOther: boolean };
}

export const Conversation = contract<ConversationCommands, ConversationQueries>("conversation");

/** A versioned event other than a send, as sync and MESSAGE_* frames carry it. */
export type ConversationChange =
  | { type: "edited"; messageId: MessageId; seq: number; content: unknown; atMs: number; by: UserId }
  | { type: "recalled"; messageId: MessageId; seq: number; atMs: number; by: UserId }
  | { type: "expired"; messageId: MessageId; seq: number; atMs: number }
  /** Pair only: the other side's read mark, too. */
  | { type: "read"; userId: UserId; seq: number; atMs: number }
  | { type: "member_joined"; userIds: UserId[]; by: UserId; atMs: number }
  | { type: "member_left"; userIds: UserId[]; by: UserId; reason: "exit" | "removed"; atMs: number }
  | { type: "info_updated"; info: Partial<GroupInfo>; by: UserId; atMs: number }
  | { type: "role_changed"; userId: UserId; role: Role; by: UserId; atMs: number }
  | { type: "member_muted"; userId: UserId; untilMs: number; by: UserId; atMs: number }
  | { type: "nickname_changed"; userId: UserId; nickname: string; atMs: number }
  | { type: "disbanded"; by: UserId; atMs: number }
  | { type: "friendship"; state: "friends" | "strangers"; by: UserId; atMs: number }
  | { type: "fanout_changed"; fanout: Fanout; atMs: number };

/** A stored message as history, sync and NEW_MESSAGE show it (before names are added). */
export interface StoredMessage {
  messageId: MessageId;
  conversationId: ConversationId;
  bucket: number;
  seq: number;
  version: number;
  senderId: UserId;
  senderName: string;
  senderAvatar: string;
  clientMsgId: string;
  contentType: string;
  content: unknown;
  atMs: number;
  status: "normal" | "edited" | "recalled" | "expired";
  editedAtMs?: number;
  replyTo?: MessageId;
  mentions?: string[];
  burnAfterReadMs?: number;
  expireAtMs?: number;
}

/** Looks a send up by its idempotency key: asked only when the day's filter says it may be there (G2). */
export interface SendReader {
  find(
    conversationId: ConversationId,
    day: number,
    senderId: UserId,
    clientMsgId: string,
  ): Promise<{ messageId: MessageId; seq: number; hash: number } | undefined>;
}
