// A group: members with their roles, mutes and marks, who was invited, who asks to join.

import type { BoundedMap } from "../../shared/bounded-map.ts";
import type { Fanout, Role } from "../../shared/conversation.ts";
import type { UserId } from "../../shared/ids.ts";

export interface GroupState {
  readonly groupId: string;
  name: string;
  avatar: string;
  announcement: string;
  ownerId: UserId;
  maxMembers: number;
  joinVerify: boolean;
  isMuted: boolean;
  /** End of the silence; 0 = until it is lifted. */
  mutedUntilMs: number;
  allowMemberInvite: boolean;
  allowViewHistory: boolean;
  createdAtMs: number;
  updatedAtMs: number;
  isDisbanded: boolean;
  /** After the end: this many members, in order, have had their lists told. */
  endTold: number;
  fanout: Fanout;
  /** When `fanout` became "conversation"; 0 = it was from the start, or is not. */
  switchedAtMs: number;
  /** Members whose lists do not say yet that `fanout` changed. */
  untold: UserId[];
  /** In order of joining. */
  members: Map<UserId, Member>;
  /** The newest of those who left. */
  exMembers: Set<UserId>;
  invitations: Map<UserId, Invitation>;
  requests: Map<string, JoinRequest>;
  receipts: ReceiptState;
}
export interface Member {
  role: Role;
  joinedAtMs: number;
  visibleFromSeq: number;
  mutedUntilMs: number;
  nickname: string;
  readSeq: number;
  /** upTo, atMs, upTo, atMs …: when the mark moved, so that readers and times are exact. */
  advances: number[];
}
export interface Invitation {
  by: UserId;
  isApproved: boolean;
}
export interface JoinRequest {
  userId: UserId;
  message: string;
  inviterId?: UserId;
  status: "pending" | "accepted" | "rejected";
  createdAtMs: number;
}
/** Of more senders those told longest ago are forgotten: they may be told again at once. */
export const maxReceiptTimes = 256;
/** GROUP_MESSAGE_READ goes to a sender once a second at most; what came meanwhile waits. */
export interface ReceiptState {
  toldAtMs: BoundedMap<UserId, number>;
  waiting: Map<UserId, { messageId: string; seq: number; userId: UserId }>;
}

// Constants of folding: a change of any would need a new format.
/** Larger groups keep no marks of their readers. */
export const exactReceiptsMaxMembers = 500;
/** Moves of marks kept per group, shared by its members; of older ones the oldest kept time is answered. */
export const maxAdvances = 20_000;
export const maxExMembers = 1_000;
/** The newest invitations are kept. */
export const maxInvitations = 1_000;
/** More pending ones are refused with common.too_many; handled ones make room. */
export const maxJoinRequests = 1_000;

export function newMember(role: Role, joinedAtMs: number, visibleFromSeq: number): Member {
  return { role, joinedAtMs, visibleFromSeq, mutedUntilMs: 0, nickname: "", readSeq: 0, advances: [] };
}

export function isSilenced(group: GroupState, nowMs: number): boolean {
  return group.isMuted && (group.mutedUntilMs === 0 || group.mutedUntilMs > nowMs);
}
