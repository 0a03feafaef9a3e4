// Queries of a conversation. Only members get an answer.

import type { Head } from "../runtime/head.ts";
import { DomainError } from "../shared/errors.ts";
import type { UserId } from "../shared/ids.ts";
import { headOfChat } from "./assistant/apply.ts";
import { createAssistantQueries } from "./assistant/queries.ts";
import { mentionsAllFor } from "./chat/mentions.ts";
import { placeOf } from "./chat/placed.ts";
import { listWaiting } from "./chat/reactions.ts";
import { readSeqOf } from "./chat/read-marks.ts";
import type { ConversationQueries, Summary, Window } from "./contract.ts";
import { createGroupQueries } from "./group/queries.ts";
import { countAt, uncountedAbove } from "./model/counts.ts";
import { otherSide, sideOf } from "./model/pair-state.ts";
import type { ConversationPorts } from "./model/ports.ts";
import { allow } from "./model/relation.ts";
import type { ConversationQuery, ConversationState, QueriesOf } from "./model/state.ts";

type Queries = QueriesOf<ConversationQueries>;

export function createQueries({ rules }: ConversationPorts): Queries {
  return {
    window(query, { userId }) {
      allow(query.state, rules, "conversation.view", userId);
      return windowOf(query, userId);
    },

    place({ state, nowMs }, { userId, messageId }) {
      allow(state, rules, "conversation.view", userId);
      const place = placeOf(state, messageId, nowMs);
      return place && place.seq >= (visibleFrom(state, userId) ?? 1) ? place : null;
    },

    summary(query, { userId }) {
      allow(query.state, rules, "conversation.view", userId);
      return summaryOf(query, userId);
    },

    attach(query, { userIds }) {
      const { state } = query;
      const members: { userId: UserId; visibleFromSeq: number }[] = [];
      for (const userId of userIds) {
        const visibleFromSeq = state.group?.isDisbanded ? undefined : visibleFrom(state, userId);
        if (visibleFromSeq !== undefined) members.push({ userId, visibleFromSeq });
      }
      return {
        version: state.version,
        seq: state.seq,
        fanout: state.group?.fanout ?? "users",
        members,
        tail: query.tail(),
      };
    },

    ...createGroupQueries(rules),
    ...createAssistantQueries(rules),

    mayCall({ state }, { callerId, calleeId }) {
      allow(state, rules, "call.invite", callerId);
      // Caller and callee are the two sides of this pair.
      if (callerId === calleeId || !state.pair?.users.includes(calleeId)) throw new DomainError("session.not_found");
      return null;
    },

    relation({ state }, { userId }) {
      allow(state, rules, "friend.view", userId);
      const { pair } = state;
      const side = pair && sideOf(pair, userId);
      if (!pair || side === undefined) throw new DomainError("session.not_found");
      return {
        isFriend: pair.isFriend,
        blockedByMe: pair.blockedAtMs[side] > 0,
        blockedByOther: pair.blockedAtMs[otherSide(side)] > 0,
      };
    },
  };
}

export function headOf(state: ConversationState): Head | undefined {
  const { version, seq, countSeq, updatedAtMs, pair, assistant } = state;
  const head: Head = { version, seq, countSeq, updatedAtMs, last: lastOf(state) };
  if (pair) {
    const [a, b] = pair.marks;
    // Counted again, because a message above a mark may have been recalled since the mark moved.
    head.readCount = { [pair.users[0]]: countAt(state, a.readSeq), [pair.users[1]]: countAt(state, b.readSeq) };
  }
  if (assistant) {
    head.readCount = { [assistant.ownerId]: countAt(state, assistant.readSeq) };
    head.chat = headOfChat(assistant);
  }
  return head;
}

function lastOf({ last, pending }: ConversationState): Head["last"] {
  const dueMs = last && pending.get(last.seq)?.dueMs;
  return last && dueMs ? { ...last, expireAtMs: dueMs } : last;
}

function summaryOf({ state, nowMs }: ConversationQuery, userId: UserId): Summary {
  const { group } = state;
  const visibleFromSeq = visibleFrom(state, userId) ?? 1;
  const readSeq = readSeqOf(state, userId) ?? 0;
  const summary: Summary = {
    head: headOf(state)!,
    visibleFromSeq,
    readSeq,
    uncountedSeqs: uncountedAbove(state, Math.max(readSeq, visibleFromSeq - 1), nowMs),
  };
  const member = group?.members.get(userId);
  if (group && member) summary.group = { name: group.name, avatar: group.avatar, role: member.role };
  if (group?.mentionsAll.length) summary.mentionAllSeqs = mentionsAllFor(group, userId, readSeq);
  return summary;
}

function windowOf(query: ConversationQuery, userId: UserId): Window {
  const { state, nowMs } = query;
  const { group, pair } = state;
  const window: Window = {
    ...summaryOf(query, userId),
    bucket: state.bucket,
    bucketFirstSeq: state.bucketFirstSeq,
    bucketFromMs: state.bucketFromMs,
    tail: query.tail(),
    memberCount: group?.members.size ?? (pair ? 2 : 1),
    membersFromSeq: group?.membersFromSeq ?? 1,
    fanout: group?.fanout ?? "users",
  };
  if (state.pins) window.pins = [...state.pins].map(([seq, { by, atMs }]) => ({ seq, by, atMs }));
  const waiting = listWaiting(state);
  if (waiting.length > 0) window.reactions = waiting;
  if (state.superseded.length > 0) window.supersededSeqs = state.superseded;
  const vanishedSeqs: number[] = [];
  for (const [seq, { dueMs }] of state.pending) if (dueMs > 0 && dueMs <= nowMs) vanishedSeqs.push(seq);
  if (vanishedSeqs.length > 0) window.vanishedSeqs = vanishedSeqs;
  const side = pair && sideOf(pair, userId);
  if (pair && side !== undefined) {
    const other = otherSide(side);
    const { readSeq: otherReadSeq, deliveredSeq } = pair.marks[other];
    window.other = { userId: pair.users[other], readSeq: otherReadSeq, deliveredSeq };
  }
  return window;
}

function visibleFrom({ pair, group, system, assistant }: ConversationState, userId: UserId): number | undefined {
  if (assistant) return assistant.ownerId === userId && !assistant.isDeleted ? 1 : undefined;
  if (group) return group.members.get(userId)?.visibleFromSeq;
  if (system) return system.userId === userId ? 1 : undefined;
  return pair && sideOf(pair, userId) !== undefined ? 1 : undefined;
}
