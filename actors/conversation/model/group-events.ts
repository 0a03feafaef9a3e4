import type { Fanout, GroupPatch, Role } from "../../shared/conversation.ts";
import type { UserId } from "../../shared/ids.ts";
import type { QrCode } from "../../shared/qr-code.ts";
import type { Versioned } from "./versioned.ts";

export interface GroupCreated extends Versioned {
  type: "group_created";
  ownerId: UserId;
  name: string;
  avatar: string;
  joinVerify: boolean;
  maxMembers: number;
  fanout: Fanout;
  /** Without the owner. */
  userIds: UserId[];
}

export interface MembersJoined extends Versioned {
  type: "members_joined";
  userIds: UserId[];
  by: UserId;
  groupName: string;
  visibleFromSeq: number;
  /** The users accepted an invitation: they are not notified of one. */
  isConsented?: true;
}

export interface MemberLeft extends Versioned {
  type: "member_left";
  userId: UserId;
  by: UserId;
  reason: "exit" | "removed";
}

/**
 * Users who are asked for their consent. `isApproved`: they join without a further approval by the group. `later`: those whose
 * lists get the invitation by later turns.
 */
export interface Invited {
  type: "invited";
  userIds: UserId[];
  later?: UserId[];
  by: UserId;
  isApproved: boolean;
  groupName: string;
  /** One per user, in the order of `userIds`. Absent in older events: the conversation's id stands for it. */
  invitationIds?: string[];
  /** Absent in older events: never. */
  expiresAtMs?: number;
}

/** Invitations and join requests have no version, because only the users concerned see them. All members see the rest. */
export type GroupEvent =
  | GroupCreated
  | MembersJoined
  | MemberLeft
  | ({ type: "info_updated"; by: UserId; patch: GroupPatch } & Versioned)
  | ({ type: "role_changed"; userId: UserId; role: Role; by: UserId } & Versioned)
  | ({ type: "member_muted"; userId: UserId; untilMs: number; by: UserId } & Versioned)
  | ({ type: "nickname_changed"; userId: UserId; nickname: string } & Versioned)
  | ({ type: "disbanded"; by: UserId } & Versioned)
  /**
   * The group has more members than per-user subjects allow: it changes once, and never back. `newcomers`: the lists of so
   * many newest members got the new fan-out when they joined.
   */
  | ({ type: "fanout_changed"; fanout: Fanout; newcomers: number } & Versioned)
  /** The lists of all other members have the new fan-out. */
  | { type: "fanout_told" }
  /** The group is dissolved, and the lists of the next `count` members and invited users have nothing of it any more. */
  | { type: "end_told"; count: number }
  | Invited
  /** The lists of the next `count` invited users have the invitation. */
  | { type: "invitations_told"; count: number }
  /** `invitationId` and `by` are absent in older events, and where none waited. */
  | { type: "invitation_declined"; userId: UserId; invitationId?: string; by?: UserId }
  /** Seen by those who ask for it. */
  | { type: "group_qr_code_made"; qrCode: QrCode }
  | { type: "invitation_accepted"; userId: UserId; invitationId: string; by: UserId }
  | {
      type: "join_requested";
      requestId: string;
      userId: UserId;
      message: string;
      inviterId?: UserId;
      /** The user accepted the invitation of `inviterId`. */
      isConsented?: true;
    }
  | { type: "join_request_handled"; requestId: string; userId: UserId; by: UserId; isAccepted: boolean };
