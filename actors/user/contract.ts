// A user: profile, settings and lists. The lists of friends, groups and conversations are copies, updated by the conversations'
// outboxes; no decision stands on them. Pins, mutes, hidden and cleared entries, deletions and remarks are decided here.

import { contract } from "../runtime/contract.ts";
import type { Fanout } from "../shared/conversation.ts";
import type { ConversationId, ConversationType, MessageId, UserId } from "../shared/ids.ts";
import type { Role } from "../shared/role.ts";
import type { CallRecord, UserCallCommands, UserCallQueries } from "./call-contract.ts";
import type { UserContactCommands } from "./contacts-contract.ts";
import type { UserFriendCommands } from "./friend-contract.ts";
import type { ListEntry } from "./list-entry.ts";
import type { UserNameCommands } from "./name-contract.ts";
import type { UserQrCodeCommands, UserQrCodeQueries } from "./qr-code-contract.ts";

export interface Profile {
  userId: UserId;
  nickname: string;
  avatar: string;
  signature: string;
  /** 0 unknown, 1 male, 2 female. */
  gender: 0 | 1 | 2;
  birthday: string;
  region: string;
  phone: string;
  email: string;
  account: string;
  createdAtMs: number;
}
/** The changed ones of the profile fields that friends see. */
export type FriendCard = Partial<Pick<Profile, "nickname" | "avatar" | "signature" | "gender" | "region">>;
export type ProfilePatch = Partial<
  Pick<Profile, "nickname" | "avatar" | "signature" | "gender" | "birthday" | "region">
>;

/** What the user may do in the system, and when they last came in. No list shows it. */
export interface Standing {
  role: Role;
  accessLevel: number;
  /** 0: never. */
  lastLoginAtMs: number;
  /** Deleted for good: the user cannot log in any more. */
  isDeleted: boolean;
  /** Of the profile. */
  updatedAtMs: number;
}

export interface Settings {
  friendVerifyRequired: boolean;
  notificationEnabled: boolean;
  soundEnabled: boolean;
  vibrationEnabled: boolean;
  messagePreviewEnabled: boolean;
  language: string;
  searchByPhone: boolean;
  searchById: boolean;
  /** Who sees last seen and presence: everybody, friends (default) or nobody. */
  lastSeen: "everybody" | "friends" | "nobody";
  /** True: others invite the user into a group instead of adding the user at once. */
  groupInviteConsent: boolean;
  /** True: hashes of uploaded contacts are kept, and the user is recommended to, and shown, users who consented as well. */
  contactsConsent: boolean;
}

/** "cancelled": the group was dissolved, or admits the user without an answer no more. */
export type InvitationStatus = "pending" | "accepted" | "declined" | "expired" | "cancelled";
type JoinRequestStatus = "pending" | "accepted" | "rejected";

/** "expired": nobody answered within `friendRequestMs`. */
type FriendRequestStatus = "pending" | "accepted" | "rejected" | "expired";

/** Items of a user's lists. Each carries the user version of its last change; a deleted one stays as a tombstone. */
export type UserItem =
  | { type: "profile"; id: "me"; profile: Profile }
  | { type: "settings"; id: "me"; settings: Settings }
  | {
      type: "friend";
      id: UserId;
      remark: string;
      sinceMs: number;
      isStarred: boolean;
      /** The user's own groups of friends that this friend is in. */
      groupIds: string[];
      /** As the friend last sent them; null: the directory's hold, as the friend changed nothing since. */
      nickname: string | null;
      avatar: string | null;
    }
  | {
      type: "request";
      id: string;
      userId: UserId;
      direction: "received" | "sent";
      message: string;
      source: string;
      status: FriendRequestStatus;
      createdAtMs: number;
      /** Where the two met, for the source "group"; else empty. */
      groupId: string;
      /** The first ms at which it is expired. */
      expiresAtMs: number;
    }
  /** A group of friends, which the user alone sees. */
  | { type: "friend_group"; id: string; name: string; sort: number }
  | { type: "block"; id: UserId; blockedAtMs: number }
  /** A group that asks, or asked, for the user's consent. */
  | {
      type: "invitation";
      id: string;
      conversationId: ConversationId;
      groupName: string;
      inviterId: UserId;
      status: InvitationStatus;
      createdAtMs: number;
      /** 0: never. */
      expiresAtMs: number;
    }
  /** The user asked to join a group. */
  | {
      type: "join_request";
      id: string;
      conversationId: ConversationId;
      groupName: string;
      message: string;
      status: JoinRequestStatus;
      createdAtMs: number;
      /** 0: not yet. */
      handledAtMs: number;
    }
  | ListEntry
  /** Messages deleted for me, by conversation. */
  | { type: "deleted"; id: ConversationId; messages: { messageId: MessageId; seq: number }[] }
  /** The current call, also while it rings: a device that comes online rings, too. Null: there is none any more. */
  | { type: "call"; id: "current"; call: CallRecord | null };

export type VersionedItem = UserItem & { version: number; updatedAtMs: number; deleted?: true };

export interface UserCommands
  extends UserCallCommands,
    UserNameCommands,
    UserFriendCommands,
    UserContactCommands,
    UserQrCodeCommands {
  /** From the `handle` actor, once: the user exists from here on. */
  create(input: {
    nickname: string;
    phone: string;
    email: string;
    account: string;
    /** Default: user. */
    role?: Role;
    atMs: number;
  }): null;
  updateProfile(input: { patch: ProfilePatch }): Profile;
  updateSettings(input: { patch: Partial<Settings> }): Settings;
  /** By an administrator, or by this system. */
  changeStanding(input: { role?: Role; accessLevel?: number; isDeleted?: true }): Standing;
  /** Somebody logged in as this user. */
  loggedIn(input: { atMs: number }): null;
  /** A fresh id for a group this user is about to create. */
  newGroupId(input: Record<string, never>): { groupId: string };

  // copies, updated by conversations
  conversationJoined(input: {
    conversationId: ConversationId;
    conversationType: ConversationType;
    fanout: Fanout;
    atMs: number;
    by?: UserId;
  }): null;
  /** The user may not see the conversation any more: the entry becomes a tombstone. Nobody leaves a pair. */
  conversationLeft(input: {
    conversationId: ConversationId;
    reason: "exit" | "removed" | "disbanded";
    atMs: number;
  }): null;
  fanoutChanged(input: { conversationId: ConversationId; fanout: Fanout }): null;
  /** A friend changed profile fields that friends see. Ignored for a user who is no friend. */
  friendProfileChanged(input: { userId: UserId; card: FriendCard }): null;
  friendChanged(input: { userId: UserId; isFriend: boolean; atMs: number }): null;
  requestChanged(input: {
    requestId: string;
    userId: UserId;
    direction: "received" | "sent";
    message: string;
    source: string;
    status: FriendRequestStatus;
    groupId?: string;
    /** Absent in calls of older hosts. */
    expiresAtMs?: number;
    atMs: number;
  }): null;
  /** The user was invited and is asked first, or the invitation is over. */
  invitationChanged(input: {
    conversationId: ConversationId;
    groupName: string;
    by: UserId;
    isPending: boolean;
    atMs: number;
    /** Absent from older groups: the conversation has one invitation, which leaves the list when it is over. */
    invitationId?: string;
    /** How it ended. */
    status?: Exclude<InvitationStatus, "pending">;
    expiresAtMs?: number;
  }): null;
  /** The user's own request to join a group waits, or was answered. */
  joinRequestChanged(input: {
    requestId: string;
    conversationId: ConversationId;
    groupName: string;
    message: string;
    status: JoinRequestStatus;
    atMs: number;
  }): null;
  blockChanged(input: { userId: UserId; isBlocked: boolean; atMs: number }): null;
  mentioned(input: {
    conversationId: ConversationId;
    messageId: MessageId;
    seq: number;
    by: UserId;
    atMs: number;
  }): null;

  // own
  pin(input: { conversationId: ConversationId; isPinned: boolean }): null;
  mute(input: { conversationId: ConversationId; isMuted: boolean }): null;
  /** Deletes the list entry until the next message. */
  hide(input: { conversationId: ConversationId; seq: number }): null;
  /** Clears the history for me. */
  clear(input: { conversationId: ConversationId; seq: number }): null;
  /** At most `maxDeletedPerCall` of one call, `maxDeletedPerConversation` above the cleared seq: else common.too_large. */
  deleteMessages(input: { conversationId: ConversationId; messages: { messageId: MessageId; seq: number }[] }): null;
  /** Of a group in the list. */
  setGroupRemark(input: { conversationId: ConversationId; remark: string }): null;
  /** Own read mark, monotone. Ignored for a conversation that is not in the list. */
  markRead(input: { conversationId: ConversationId; seq: number; countSeq: number }): null;
}

export interface UserQueries extends UserCallQueries, UserQrCodeQueries {
  profile(input: Record<string, never>): Profile;
  settings(input: Record<string, never>): Settings;
  /** Null: the user has chosen none, and the setting is the default. */
  language(input: Record<string, never>): { language: string | null };
  /** Throws user.not_found. */
  standing(input: Record<string, never>): Standing;
  /** The card that others, or `viewerId`, may see. A blocked viewer gets `lastSeen` "nobody". Throws user.not_found. */
  card(input: { viewerId?: UserId }): Pick<
    Profile,
    "userId" | "nickname" | "avatar" | "signature" | "gender" | "region"
  > & {
    friendVerifyRequired: boolean;
    groupInviteConsent: boolean;
    /** The user may be recommended to the viewer. False for a blocked viewer, and for a user who was deleted. */
    contactsConsent: boolean;
    lastSeen: Settings["lastSeen"];
    searchByPhone: boolean;
    searchById: boolean;
    friendCount: number;
    blockCount: number;
  };
  /**
   * Items changed after `sinceVersion`, tombstones included. `full` when tombstones that old are gone (or the version was
   * never reached here): all live items. With `sinceMs` instead of a version: items changed at or after that time.
   */
  items(input: { sinceVersion: number; sinceMs?: number; types?: UserItem["type"][] }): {
    version: number;
    full: boolean;
    items: VersionedItem[];
  };
  entry(input: { conversationId: ConversationId }): {
    entry?: ListEntry & Pick<VersionedItem, "version" | "updatedAtMs">;
    deleted: { messageId: MessageId; seq: number }[];
    /** Of a pair: this user's remark on the other one, "" for none. */
    remark: string;
  };
  /** The friends of this user among these ids. */
  friendsAmong(input: { userIds: UserId[] }): { userIds: UserId[] };
  /** The users among these ids whom this user has blocked. */
  blocks(input: { userIds: UserId[] }): { userIds: UserId[] };
}

export type { Role } from "../shared/role.ts";
export type { BeganCall, BeginCall, CallRecord, CallRole, UpdateCall } from "./call-contract.ts";
export type { ListEntry } from "./list-entry.ts";

export type { NameField } from "./name-contract.ts";

export const User = contract<UserCommands, UserQueries>("user");

/**
 * The subject of `user.visibility_changed` when a user's `lastSeen` changes: every gateway where somebody watches presence
 * listens to it, as watchers need not be friends.
 */
export const visibilitySubject = "visibility";
