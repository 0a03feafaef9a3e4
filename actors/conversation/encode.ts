// The state as plain JSON and back, except the exact keys of recent sends. Members are stored as runs of ids with equal joining;
// roles, nicknames, mutes and marks, which few members have, are stored beside the runs.

import { BoundedMap } from "../shared/bounded-map.ts";
import type { Role } from "./contract.ts";
import type { AssistantChat, GroupAssistant } from "./model/assistant-state.ts";
import { BloomFilter } from "./model/bloom.ts";
import { type Dedupe, emptyDedupe } from "./model/dedupe.ts";
import { type GroupState, type Invitation, type Member, maxReceiptTimes, newMember } from "./model/group-state.ts";
import type { PairState } from "./model/pair-state.ts";
import {
  type ConversationState,
  type HeldReactions,
  initialState,
  maxRecent,
  type PinnedMessage,
  type ReactionState,
} from "./model/state.ts";

interface Plain
  extends Omit<
    ConversationState,
    | "id"
    | "group"
    | "assistant"
    | "replies"
    | "superseded"
    | "dedupe"
    | "changed"
    | "pending"
    | "recent"
    | "pins"
    | "reactions"
  > {
  group?: PlainGroup;
  assistant?: PlainChat;
  /** Absent where there is none, as in most conversations. */
  replies?: ConversationState["replies"];
  superseded?: ConversationState["superseded"];
  dedupe: PlainDedupe;
  recent: ConversationState["recent"];
  changed: [number, ConversationState["changed"] extends Map<number, infer C> ? C : never][];
  pending: [number, ConversationState["pending"] extends Map<number, infer P> ? P : never][];
  /** Absent where there are none. */
  pins?: [number, PinnedMessage][];
  reactions?: Omit<ReactionState, "held"> & { held: [number, HeldReactions][] };
}
/**
 * The exact keys are left out: a snapshot reaches the views with the rows of all its sends or after them, so an activated
 * conversation finds these rows by the filter. With the keys the snapshot of a busy pair was ten times as large.
 */
interface PlainDedupe {
  days: [day: number, blocks: ReturnType<BloomFilter["encode"]>][];
}
interface PlainChat extends Omit<AssistantChat, "files"> {
  files: [messageId: string, fileIds: readonly string[]][];
}
interface PlainGroup
  extends Omit<
    GroupState,
    | "members"
    | "memberChanges"
    | "exMembers"
    | "invitations"
    | "untoldInvitations"
    | "requests"
    | "receipts"
    | "assistants"
  > {
  /** Members in order of joining, in runs of equal time and equal first visible seq. */
  runs: [joinedAtMs: number, visibleFromSeq: number, userIds: string][];
  roles: [userId: string, role: Role][];
  nicknames: [userId: string, nickname: string][];
  mutes: [userId: string, untilMs: number][];
  marks: [userId: string, readSeq: number, ...advances: number[]][];
  exMembers: string[];
  /** Absent in older snapshots. */
  memberChanges?: [userId: string, atMs: number, isGone?: 1][];
  /** `id` and `expiresAtMs` are absent in older snapshots. */
  invitations: [string, Pick<Invitation, "by" | "isApproved"> & Partial<Invitation>][];
  /** Absent in older snapshots. */
  untoldInvitations?: string[];
  requests: [string, GroupState["requests"] extends Map<string, infer R> ? R : never][];
  toldAtMs: [string, number][];
  waiting: [string, GroupState["receipts"]["waiting"] extends Map<string, infer W> ? W : never][];
  /** Absent where no model ever was a member. */
  assistants?: [assistantId: string, member: GroupAssistant][];
}

export function encode(state: ConversationState): Plain {
  const { id: _, group, assistant, replies, superseded, dedupe, changed, pending, recent, ...more } = state;
  const { pins, reactions, ...rest } = more;
  return {
    ...rest,
    assistant: assistant && { ...assistant, files: [...assistant.files] },
    ...(replies.length > 0 && { replies }),
    ...(superseded.length > 0 && { superseded }),
    group: group && encodeGroup(group),
    dedupe: { days: dedupe.days.map(({ day, filter }) => [day, filter.encode()]) },
    recent: recent.filter((message) => message !== undefined),
    changed: [...changed],
    pending: [...pending],
    ...(pins && { pins: [...pins] }),
    ...(reactions && { reactions: { ...reactions, held: [...reactions.held] } }),
  };
}

export function decode(plain: unknown, key: string): ConversationState {
  const { group, dedupe, assistant, changed, pending, recent, pins, reactions, ...rest } = plain as Plain;
  const initial = initialState(key);
  const state: ConversationState = {
    ...initial,
    ...rest,
    assistant: assistant && { ...assistant, files: new Map(assistant.files) },
    pair: rest.pair && decodePair(rest.pair),
    group: group && decodeGroup(group, key, rest.updatedAtMs),
    dedupe: decodeDedupe(dedupe),
    changed: new Map(changed),
    pending: new Map(pending),
    ...(pins && { pins: new Map(pins) }),
    ...(reactions && { reactions: { ...reactions, held: new Map(reactions.held) } }),
  };
  for (const message of recent) state.recent[message.seq % maxRecent] = message;
  return state;
}

/** An absent request is null in JSON. */
function decodePair(pair: PairState): PairState {
  const [a, b] = pair.requests;
  return { ...pair, requests: [a ?? undefined, b ?? undefined] };
}

function decodeDedupe({ days }: PlainDedupe): Dedupe {
  return { ...emptyDedupe(), days: days.map(([day, blocks]) => ({ day, filter: BloomFilter.decode(blocks) })) };
}

function encodeGroup(group: GroupState): PlainGroup {
  const { members, memberChanges, exMembers, invitations, untoldInvitations, requests, receipts, assistants, ...rest } =
    group;
  const plain: PlainGroup = {
    ...rest,
    ...(assistants && { assistants: [...assistants] }),
    runs: [],
    roles: [],
    nicknames: [],
    mutes: [],
    marks: [],
    exMembers: [...exMembers],
    memberChanges: [...memberChanges].map(([userId, { atMs, isGone }]) =>
      isGone ? [userId, atMs, 1] : [userId, atMs],
    ),
    invitations: [...invitations],
    untoldInvitations: [...untoldInvitations],
    requests: [...requests],
    toldAtMs: [...receipts.toldAtMs],
    waiting: [...receipts.waiting],
  };
  let run: { joinedAtMs: number; visibleFromSeq: number; userIds: string[] } | undefined;
  const close = () => run && plain.runs.push([run.joinedAtMs, run.visibleFromSeq, run.userIds.join(" ")]);
  for (const [userId, member] of members) {
    const { joinedAtMs, visibleFromSeq } = member;
    if (run?.joinedAtMs !== joinedAtMs || run.visibleFromSeq !== visibleFromSeq) {
      close();
      run = { joinedAtMs, visibleFromSeq, userIds: [] };
    }
    run.userIds.push(userId);
    encodeOwn(plain, userId, member);
  }
  close();
  return plain;
}

function encodeOwn(plain: PlainGroup, userId: string, member: Member): void {
  const { role, nickname, mutedUntilMs, readSeq, advances } = member;
  if (role !== "member") plain.roles.push([userId, role]);
  if (nickname !== "") plain.nicknames.push([userId, nickname]);
  if (mutedUntilMs !== 0) plain.mutes.push([userId, mutedUntilMs]);
  if (readSeq !== 0 || advances.length > 0) plain.marks.push([userId, readSeq, ...advances]);
}

function decodeGroup(plain: PlainGroup, key: string, atMs: number): GroupState {
  const { runs, roles, nicknames, mutes, marks, exMembers, memberChanges = [], assistants, ...others } = plain;
  const { invitations, untoldInvitations, requests, toldAtMs, waiting, ...rest } = others;
  const members = new Map<string, Member>();
  for (const [joinedAtMs, visibleFromSeq, userIds] of runs) {
    for (const userId of userIds.split(" ")) members.set(userId, newMember("member", joinedAtMs, visibleFromSeq));
  }
  const set = (userId: string, own: Partial<Member>) => Object.assign(members.get(userId)!, own);
  for (const [userId, role] of roles) set(userId, { role });
  for (const [userId, nickname] of nicknames) set(userId, { nickname });
  for (const [userId, mutedUntilMs] of mutes) set(userId, { mutedUntilMs });
  for (const [userId, readSeq, ...advances] of marks) set(userId, { readSeq, advances });
  return {
    ...rest,
    ...(assistants && { assistants: new Map(assistants) }),
    // Absent in older snapshots.
    endTold: rest.endTold ?? 0,
    allowAddFriend: rest.allowAddFriend ?? true,
    allowViewMembers: rest.allowViewMembers ?? true,
    showMemberNickname: rest.showMemberNickname ?? true,
    mentionsAll: rest.mentionsAll ?? [],
    membersFromSeq: rest.membersFromSeq ?? runs.reduce((max, [, visibleFromSeq]) => Math.max(max, visibleFromSeq), 1),
    members,
    exMembers: new Set(exMembers),
    // A snapshot without them knows of no change up to its own time.
    memberChangesFromMs: rest.memberChangesFromMs ?? atMs + 1,
    memberChanges: new Map(
      memberChanges.map(([userId, at, isGone]) => [userId, isGone ? { atMs: at, isGone: true } : { atMs: at }]),
    ),
    invitations: new Map(invitations.map(([userId, known]) => [userId, { id: key, expiresAtMs: 0, ...known }])),
    untoldInvitations: new Set(untoldInvitations),
    requests: new Map(requests),
    receipts: { toldAtMs: new BoundedMap(maxReceiptTimes, toldAtMs), waiting: new Map(waiting) },
  };
}
