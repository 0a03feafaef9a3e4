// What every actor and the edge know of a conversation: its group, its roles, and how its versioned events travel.
import type { MessageId, UserId } from "./ids.ts";

/** One subject per member, or one per conversation (switched once, never back). */
export type Fanout = "users" | "conversation";

export type Role = "owner" | "admin" | "member";

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
  /** When the group's mute ends; 0 = when it is lifted, or there is none. */
  mutedUntilMs: number;
  allowMemberInvite: boolean;
  /** New members see what was written before they joined. */
  allowViewHistory: boolean;
  /** Members may ask each other to be friends. */
  allowAddFriend: boolean;
  /** Members may list the members. */
  allowViewMembers: boolean;
  /** Clients show names in the group beside or in place of the users' own names. */
  showMemberNickname: boolean;
  createdAtMs: number;
  updatedAtMs: number;
  myRole?: Role;
}
export type GroupPatch = Partial<
  Pick<
    GroupInfo,
    | "name"
    | "avatar"
    | "announcement"
    | "joinVerify"
    | "isMuted"
    | "allowMemberInvite"
    | "allowViewHistory"
    | "allowAddFriend"
    | "allowViewMembers"
    | "showMemberNickname"
  >
> & {
  /** With `isMuted`: when the group's mute ends; absent or 0 = when it is lifted. */
  mutedUntilMs?: number;
};

/** A versioned event other than a send, as rows, sync and frames carry it. */
export type ConversationChange =
  /** `content` is absent for users who may not see the message. */
  | {
      type: "edited";
      messageId: MessageId;
      seq: number;
      contentType?: string;
      content?: unknown;
      atMs: number;
      by: UserId;
    }
  | { type: "recalled"; messageId: MessageId; seq: number; atMs: number; by: UserId }
  | { type: "expired"; messageId: MessageId; seq: number; atMs: number }
  /** Pair only: the read mark of either side. `messageIds`: the newest of the other side's messages that became read. */
  | { type: "read"; userId: UserId; seq: number; messageIds?: MessageId[]; atMs: number }
  | { type: "member_joined"; userIds: UserId[]; by: UserId; atMs: number }
  | { type: "member_left"; userIds: UserId[]; by: UserId; reason: "exit" | "removed"; atMs: number }
  | { type: "info_updated"; info: Partial<GroupInfo>; by: UserId; atMs: number }
  | { type: "role_changed"; userId: UserId; role: Role; by: UserId; atMs: number }
  | { type: "member_muted"; userId: UserId; untilMs: number; by: UserId; atMs: number }
  | { type: "nickname_changed"; userId: UserId; nickname: string; atMs: number }
  | { type: "disbanded"; by: UserId; atMs: number }
  | { type: "friendship"; state: "friends" | "strangers"; by: UserId; atMs: number }
  | { type: "fanout_changed"; fanout: Fanout; atMs: number }
  /** A chat with a model: its title and assistant, from its creation on. */
  | { type: "chat_updated"; title: string; assistantId: string; by: UserId; atMs: number }
  | { type: "chat_deleted"; by: UserId; atMs: number }
  | { type: "pinned"; messageId: MessageId; seq: number; on: boolean; by: UserId; atMs: number }
  /** All reactions to a message, after the taps of up to a second. `userIds`: the first ones. */
  | {
      type: "reacted";
      messageId: MessageId;
      seq: number;
      reactions: readonly { emoji: string; count: number; userIds: readonly UserId[] }[];
      atMs: number;
    }
  /** A newer version of an answer is shown in its place. */
  | { type: "superseded"; messageId: MessageId; seq: number; newMessageId: MessageId; atMs: number }
  /** A group: a model that is a member, or is one no more. */
  | {
      type: "assistant_added";
      assistantId: string;
      name: string;
      avatar: string;
      by: UserId;
      atMs: number;
    }
  | { type: "assistant_removed"; assistantId: string; by: UserId; atMs: number };

export interface VersionedChange {
  version: number;
  change: ConversationChange;
}
