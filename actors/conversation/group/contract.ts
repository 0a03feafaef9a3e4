// A group: its members, roles and mutes, and how users come in.
import type { GroupInfo, GroupPatch, Role } from "../../shared/conversation.ts";
import type { UserId } from "../../shared/ids.ts";
import type { QrCode } from "../../shared/qr-code.ts";

/** Where a member stands in the order of joining. */
export interface MemberPlace {
  joinedAtMs: number;
  userId: UserId;
}
export interface MemberView {
  userId: UserId;
  role: Role;
  joinedAtMs: number;
  groupNickname: string;
  isMuted: boolean;
  /** 0: not muted. */
  mutedUntilMs: number;
}

export interface AssistantMember {
  assistantId: string;
  ownerId: UserId;
  name: string;
  avatar: string;
  joinedAtMs: number;
}

export interface GroupCommands {
  createGroup(input: {
    ownerId: UserId;
    name: string;
    avatar: string;
    memberIds: UserId[];
    /** Default true: requests to join, and members' invitations, wait for an admin. */
    joinVerify?: boolean;
  }): GroupInfo & { failedIds: UserId[]; pendingIds: UserId[] };
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
  /** Refused as over: an invitation that was answered, expired or replaced. An accepted one may wait for an admin. */
  answerInvitation(input: { userId: UserId; invitationId: string; accept: boolean }): {
    status: "accepted" | "declined";
    needVerify: boolean;
    requestId?: string;
  };
  /** Refuses an invitation; where none waits, nothing changes. */
  declineInvitation(input: { userId: UserId }): null;
  join(input: { userId: UserId; message: string }): { needVerify: boolean; requestId?: string };
  handleJoinRequest(input: { by: UserId; requestId: string; accept: boolean }): { status: "accepted" | "rejected" };
  /** The code that is good now; one is made where there is none. */
  ensureGroupQrCode(input: { userId: UserId }): QrCode;
  refreshGroupQrCode(input: { by: UserId }): QrCode;
  /** As `join`, by a code that is good. */
  joinByQrCode(input: { userId: UserId; code: string; message: string }): { needVerify: boolean; requestId?: string };
  removeMember(input: { by: UserId; userId: UserId }): null;
  exit(input: { userId: UserId }): null;
  transfer(input: { by: UserId; newOwnerId: UserId }): null;
  setRole(input: { by: UserId; userId: UserId; role: "admin" | "member" }): null;
  /** `untilMs` 0 lifts it. */
  muteMember(input: { by: UserId; userId: UserId; untilMs: number }): null;
  setGroupNickname(input: { userId: UserId; nickname: string }): null;
  dissolve(input: { by: UserId }): null;
}

export interface GroupQueries {
  groupInfo(input: { userId: UserId }): GroupInfo;
  /**
   * A page of the members in order of joining. Pages by `offset` lose somebody when an earlier member leaves between them;
   * pages `after` a place (undefined: the first page) do not. At most `maxMembersPerPage`. `total`: all of that role.
   */
  members(input: {
    userId: UserId;
    from: { offset: number } | { after: MemberPlace | undefined };
    limit: number;
    /** Members with this role alone. */
    role?: Role;
  }): {
    total: number;
    members: MemberView[];
    /** Models that are members: all of them, with the first page. They are not counted. */
    assistants?: AssistantMember[];
    hasMore: boolean;
    /** Of the newest change of a member: what changes after it is asked for by `memberChanges`. */
    changedAtMs: number;
  };
  /** Those of these users who are members, in their order. */
  memberViews(input: { userId: UserId; userIds: UserId[] }): { members: MemberView[] };
  /** Members who joined or changed at or after `sinceMs`, and users who left since. `full`: not all that long ago are known. */
  memberChanges(input: { userId: UserId; sinceMs: number }): {
    full: boolean;
    members: MemberView[];
    goneIds: UserId[];
    changedAtMs: number;
  };
  /** Refused where members may not ask each other to be friends; owner and admins always may. Both are members. */
  mayBefriend(input: { userId: UserId; otherId: UserId }): null;
  /** What a user who has the group's QR code sees of the group. */
  scanGroup(input: {
    userId: UserId;
    code: string;
  }): Pick<GroupInfo, "groupId" | "name" | "avatar" | "memberCount" | "joinVerify"> & { isMember: boolean };
  /** What a member, or a user with an invitation that waits, sees of the group. */
  invitationCard(input: { userId: UserId }): Pick<GroupInfo, "name" | "avatar" | "memberCount">;
  joinRequests(input: { userId: UserId; status?: string }): {
    groupName: string;
    requests: {
      requestId: string;
      userId: UserId;
      message: string;
      status: "pending" | "accepted" | "rejected";
      createdAtMs: number;
      inviterId?: UserId;
      isConsented?: true;
      handledAtMs?: number;
    }[];
  };
  /** Exact in groups ≤ 500; empty in larger ones. `senderId` is left out: the sender is no reader of the own message. */
  readers(input: { userId: UserId; seq: number; senderId?: UserId }): {
    readCount: number;
    unreadCount: number;
    readMembers: { userId: UserId; readAtMs: number }[];
  };
}
