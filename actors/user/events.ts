import type { Fanout } from "../shared/conversation.ts";
import type { ConversationId, ConversationType, MessageId, UserId } from "../shared/ids.ts";
import type { QrCode } from "../shared/qr-code.ts";
import type { CallRecord } from "./call-contract.ts";
import type {
  FriendCard,
  InvitationStatus,
  NameField,
  Profile,
  ProfilePatch,
  Role,
  Settings,
  Standing,
  UserItem,
} from "./contract.ts";

/** Events of a user. Every change of an item carries the user version that it makes: 1, 2, 3 … */
export type UserEvent =
  | ProfileEvent
  | CopyEvent
  | EntryEvent
  | FriendEvent
  | UserCallEvent
  | StandingEvent
  | QrCodeEvent
  | NameEvent
  | ContactsEvent
  | { type: "id_issued"; id: string }
  /** The next `count` friends were sent the changed profile. */
  | { type: "friends_updated"; count: number };

export type ProfileEvent =
  | { type: "created"; version: number; profile: Profile; role?: Role }
  | { type: "profile_changed"; version: number; profile: Profile; changed: (keyof ProfilePatch | NameField)[] }
  | { type: "settings_changed"; version: number; settings: Settings; changed: (keyof Settings)[] };

/** A change of a name begins, and ends; the change of the profile is an event of its own. */
export type NameEvent = { type: "name_begun"; claimId: number; key: string } | { type: "name_ended"; claimId: number };

/** New ones are kept; the `contact` actors of the next `count` learned whether they are. */
export type ContactsEvent = { type: "contacts_kept"; hashes: string[] } | { type: "contacts_sent"; count: number };

/** Changes no item, so it makes no version. */
export type StandingEvent = { type: "standing_changed"; standing: Partial<Omit<Standing, "updatedAtMs">> };

/** Changes no item, as the code is no part of the profile that devices keep. */
export type QrCodeEvent = { type: "qr_code_made"; qrCode: QrCode };

/** Copies of what conversations decided. */
export type CopyEvent =
  | {
      type: "conversation_joined";
      version: number;
      conversationId: ConversationId;
      conversationType: ConversationType;
      fanout: Fanout;
      atMs: number;
      by?: UserId;
    }
  | { type: "conversation_left"; version: number; conversationId: ConversationId; reason: LeftReason; atMs: number }
  | { type: "fanout_changed"; version: number; conversationId: ConversationId; fanout: Fanout }
  | { type: "friend_profile_changed"; version: number; userId: UserId; card: FriendCard }
  | { type: "friend_changed"; version: number; userId: UserId; isFriend: boolean; atMs: number }
  | { type: "request_changed"; version: number; request: FriendRequest; atMs: number }
  | {
      type: "invitation_changed";
      version: number;
      conversationId: ConversationId;
      groupName: string;
      by: UserId;
      isPending: boolean;
      atMs: number;
      /** Absent in older events: the conversation stands for it. */
      invitationId?: string;
      /** How it ended; absent in older events: the item goes. */
      status?: Exclude<InvitationStatus, "pending">;
      expiresAtMs?: number;
    }
  | { type: "join_request_changed"; version: number; request: JoinRequest; atMs: number }
  | { type: "block_changed"; version: number; userId: UserId; isBlocked: boolean; atMs: number }
  | {
      type: "mentioned";
      version: number;
      conversationId: ConversationId;
      messageId: MessageId;
      seq: number;
      by: UserId;
      atMs: number;
    };

/** The user's own changes of the lists. */
export type EntryEvent =
  | { type: "pinned"; version: number; conversationId: ConversationId; isPinned: boolean }
  | { type: "muted"; version: number; conversationId: ConversationId; isMuted: boolean }
  | { type: "hidden"; version: number; conversationId: ConversationId; seq: number }
  | { type: "cleared"; version: number; conversationId: ConversationId; seq: number }
  | { type: "messages_deleted"; version: number; conversationId: ConversationId; messages: DeletedMessage[] }
  | { type: "group_remark_set"; version: number; conversationId: ConversationId; remark: string }
  | { type: "read"; version: number; conversationId: ConversationId; seq: number; countSeq: number };

/** How the user keeps their friends. */
export type FriendEvent =
  | { type: "remark_set"; version: number; userId: UserId; remark: string }
  | { type: "starred"; version: number; userId: UserId; isStarred: boolean }
  | { type: "friend_groups_set"; version: number; userId: UserId; groupIds: string[] }
  /** A new group, or a changed one. */
  | { type: "friend_group_set"; version: number; groupId: string; name: string; sort: number }
  | { type: "friend_group_removed"; version: number; groupId: string };

/** Each event carries the call's state after it. */
export type UserCallEvent =
  | { type: "call_begun"; version: number; call: CallRecord }
  | { type: "call_changed"; version: number; call: CallRecord }
  | { type: "call_ended"; version: number; call: CallRecord }
  /** The line was busy: the call is kept as missed, and no item changes. */
  | { type: "call_missed"; call: CallRecord };

type LeftReason = "exit" | "removed" | "disbanded";
type JoinRequest = Extract<UserItem, { type: "join_request" }>;
/** Older events lack the last two. */
type FriendRequest = Omit<Extract<UserItem, { type: "request" }>, "groupId" | "expiresAtMs"> & {
  groupId?: string;
  expiresAtMs?: number;
};
export type DeletedMessage = { messageId: MessageId; seq: number };

/** One function per event type: a missing one does not compile. */
export type ByType<E extends { type: string }, Args extends unknown[], Result> = {
  [T in E["type"]]: (event: Extract<E, { type: T }>, ...args: Args) => Result;
};
