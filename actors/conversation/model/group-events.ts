import type { Fanout, GroupPatch, Role } from "../../shared/conversation.ts";
import type { UserId } from "../../shared/ids.ts";
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
}

export interface MemberLeft extends Versioned {
  type: "member_left";
  userId: UserId;
  by: UserId;
  reason: "exit" | "removed";
}

/** Asked for their consent; `isApproved`: joining needs no more consent of the group. */
export interface Invited {
  type: "invited";
  userIds: UserId[];
  by: UserId;
  isApproved: boolean;
  groupName: string;
}

/** Invitations and join requests concern few: no version. Everything else is seen by all members. */
export type GroupEvent =
  | GroupCreated
  | MembersJoined
  | MemberLeft
  | ({ type: "info_updated"; by: UserId; patch: GroupPatch } & Versioned)
  | ({ type: "role_changed"; userId: UserId; role: Role; by: UserId } & Versioned)
  | ({ type: "member_muted"; userId: UserId; untilMs: number; by: UserId } & Versioned)
  | ({ type: "nickname_changed"; userId: UserId; nickname: string } & Versioned)
  | ({ type: "disbanded"; by: UserId } & Versioned)
  /** The group outgrew per-user subjects: once, never back. */
  /** `newcomers`: so many of the newest members were told with their joining. */
  | ({ type: "fanout_changed"; fanout: Fanout; newcomers: number } & Versioned)
  /** The others' lists were told, too. */
  | { type: "fanout_told" }
  /** After the end: the lists of the next `count` members were told. */
  | { type: "end_told"; count: number }
  | Invited
  | { type: "invitation_declined"; userId: UserId }
  | { type: "join_requested"; requestId: string; userId: UserId; message: string; inviterId?: UserId }
  | { type: "join_request_handled"; requestId: string; userId: UserId; by: UserId; isAccepted: boolean };
