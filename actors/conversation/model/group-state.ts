// The state of a group: members with their roles, mutes and read marks, invitations, requests to join.

import type { BoundedMap } from "../../shared/bounded-map.ts";
import type { Fanout, Role } from "../../shared/conversation.ts";
import type { UserId } from "../../shared/ids.ts";
import type { QrCode } from "../../shared/qr-code.ts";
import type { GroupAssistant } from "./assistant-state.ts";

export interface GroupState {
  readonly groupId: string;
  name: string;
  avatar: string;
  announcement: string;
  ownerId: UserId;
  maxMembers: number;
  joinVerify: boolean;
  isMuted: boolean;
  /** When the group's mute ends; 0 = when it is lifted. */
  mutedUntilMs: number;
  allowMemberInvite: boolean;
  allowViewHistory: boolean;
  allowAddFriend: boolean;
  allowViewMembers: boolean;
  showMemberNickname: boolean;
  createdAtMs: number;
  updatedAtMs: number;
  isDisbanded: boolean;
  /** Of a dissolved group: the lists of so many members and invited users, in order, have nothing of it any more. */
  endTold: number;
  fanout: Fanout;
  /** When `fanout` changed to "conversation"; 0 = it never changed. */
  switchedAtMs: number;
  /** Members whose lists do not say yet that `fanout` changed. */
  untold: UserId[];
  /** In order of joining. */
  members: Map<UserId, Member>;
  /** Every member may see the messages from here on. It never falls, though members leave. */
  membersFromSeq: number;
  /** The newest changes of members, one per user, oldest first: what GET …/members?lastUpdateTime is answered from. */
  memberChanges: Map<UserId, MemberChange>;
  /** Changes of members before are not all known; 0: all are. */
  memberChangesFromMs: number;
  /** Users who left, the newest `maxExMembers`. */
  exMembers: Set<UserId>;
  /** The newest messages that mention everybody, oldest first: unread ones count as mentions, and no member's list is written. */
  mentionsAll: readonly MentionAll[];
  invitations: Map<UserId, Invitation>;
  /** Invited users whose lists do not have the invitation yet. */
  untoldInvitations: Set<UserId>;
  requests: Map<string, JoinRequest>;
  receipts: ReceiptState;
  /** The newest code; absent before the first. */
  qrCode?: QrCode;
  /** Models that are members, by assistant id; they are not counted among the members. Undefined: there never was one. */
  assistants?: Map<string, GroupAssistant>;
}
export interface MemberChange {
  atMs: number;
  isGone?: true;
}
interface MentionAll {
  readonly seq: number;
  readonly senderId: UserId;
}
export interface Member {
  role: Role;
  joinedAtMs: number;
  visibleFromSeq: number;
  mutedUntilMs: number;
  nickname: string;
  readSeq: number;
  /** Each move of the read mark as two numbers, the new seq and the time: readers and their times are made of it. */
  advances: number[];
}
export interface Invitation {
  id: string;
  by: UserId;
  isApproved: boolean;
  /** 0: never. */
  expiresAtMs: number;
}
export interface JoinRequest {
  userId: UserId;
  message: string;
  inviterId?: UserId;
  /** The user accepted the member's invitation: the request is the user's own, and their list has it. */
  isConsented?: true;
  status: "pending" | "accepted" | "rejected";
  createdAtMs: number;
  /** Absent: not yet, or before this was kept. */
  handledAtMs?: number;
}
/** Senders whose last receipt is remembered. Beyond it the oldest is dropped, and its next receipt does not wait. */
export const maxReceiptTimes = 256;
/** A sender gets GROUP_MESSAGE_READ once a second at most: the latest receipt of that second waits. */
interface ReceiptState {
  toldAtMs: BoundedMap<UserId, number>;
  waiting: Map<UserId, { messageId: string; seq: number; userId: UserId }>;
}

// Constants of folding: to change one needs a new snapshot format.
/** Beyond it the oldest message that mentions everybody does not count as a mention any more. */
export const maxMentionsAll = 100;
/** Larger groups keep no marks of their readers. */
export const exactReceiptsMaxMembers = 500;
/** Moves of read marks kept per group, shared by its members. For an older move the oldest kept time is answered. */
export const maxAdvances = 20_000;
/** Beyond it the oldest change is dropped: a client that asks for older changes reads all members anew. */
export const maxMemberChanges = 500;
export const maxExMembers = 1_000;
/** Beyond it the oldest invitation is dropped: that user has to ask to join. */
export const maxInvitations = 1_000;
/** One more pending request is refused with common.too_many; handled requests are dropped first. */
export const maxJoinRequests = 1_000;

export function newMember(role: Role, joinedAtMs: number, visibleFromSeq: number): Member {
  return { role, joinedAtMs, visibleFromSeq, mutedUntilMs: 0, nickname: "", readSeq: 0, advances: [] };
}

/** Whether the whole group is muted. */
export function isGroupMuted(group: GroupState, nowMs: number): boolean {
  return group.isMuted && (group.mutedUntilMs === 0 || group.mutedUntilMs > nowMs);
}

/** Whether the user asked, or accepted an invitation: nobody has to ask for their consent. */
export function isOwnRequest({ inviterId, isConsented }: Pick<JoinRequest, "inviterId" | "isConsented">): boolean {
  return inviterId === undefined || isConsented === true;
}

/** The invitation of this user, unless it is over. */
export function waitingInvitation({ invitations }: GroupState, userId: UserId, nowMs: number): Invitation | undefined {
  const invitation = invitations.get(userId);
  const hasExpired = invitation && invitation.expiresAtMs > 0 && invitation.expiresAtMs <= nowMs;
  return hasExpired ? undefined : invitation;
}

/** Whether the group keeps who has read which message. */
export function keepsReaders({ members }: GroupState): boolean {
  return members.size <= exactReceiptsMaxMembers;
}
