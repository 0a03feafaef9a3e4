// Queries of a group.
import type { Operation } from "../../shared/authorization.ts";
import { DomainError } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import { type GroupState, keepsReaders, waitingInvitation } from "../model/group-state.ts";
import { allow } from "../model/relation.ts";
import type { ConversationRules } from "../model/rules.ts";
import type { ConversationState, QueriesOf } from "../model/state.ts";
import { notInGroup } from "./admit.ts";
import type { GroupQueries } from "./contract.ts";
import {
  groupInfo as infoOf,
  lastMemberChange,
  listAssistants,
  listMemberChanges,
  listMembers,
  listMembersAfter,
  viewMembers,
} from "./info.ts";
import { findReadAtMs } from "./marks.ts";
import { scanGroup } from "./qr-codes.ts";

/** Members of one page at most; a larger limit is cut to it. */
const maxMembersPerPage = 1_000;

export function createGroupQueries(rules: ConversationRules): QueriesOf<GroupQueries> {
  const groupFor = (state: ConversationState, userId: UserId, operation: Operation): GroupState => {
    allow(state, rules, operation, userId);
    if (!state.group) throw new DomainError("group.not_found");
    return state.group;
  };
  const groupForMembers = (state: ConversationState, userId: UserId): GroupState => {
    const group = groupFor(state, userId, "group.view_members");
    if (!group.allowViewMembers) groupFor(state, userId, "group.view_members_reserved");
    return group;
  };
  return {
    groupInfo({ state, nowMs }, { userId }) {
      return infoOf(groupFor(state, userId, "conversation.view"), userId, nowMs);
    },

    members({ state, nowMs }, { userId, from, limit, role }) {
      const group = groupForMembers(state, userId);
      const size = { limit: Math.min(limit, maxMembersPerPage), nowMs, role };
      const page = "offset" in from ? listMembers(group, from.offset, size) : listMembersAfter(group, from.after, size);
      const isFirst = "offset" in from ? from.offset === 0 : from.after === undefined;
      const assistants = isFirst && listAssistants(group);
      const changedAtMs = lastMemberChange(group);
      return { ...page, ...(assistants && { assistants }), changedAtMs };
    },

    memberViews({ state, nowMs }, { userId, userIds }) {
      return { members: viewMembers(groupForMembers(state, userId), userIds, nowMs) };
    },

    memberChanges({ state, nowMs }, { userId, sinceMs }) {
      return listMemberChanges(groupForMembers(state, userId), sinceMs, nowMs);
    },

    mayBefriend({ state }, { userId, otherId }) {
      const group = groupFor(state, userId, "group.befriend");
      if (!group.members.has(otherId)) throw notInGroup();
      if (!group.allowAddFriend) groupFor(state, userId, "group.befriend_reserved");
      return null;
    },

    scanGroup: (query, input) => scanGroup(query, input, { rules }),

    invitationCard({ state, nowMs }, { userId }) {
      const group = groupFor(state, userId, "group.answer_invitation");
      const isKnown = group.members.has(userId) || waitingInvitation(group, userId, nowMs) !== undefined;
      if (!isKnown) throw new DomainError("group.invitation_over");
      return { name: group.name, avatar: group.avatar, memberCount: group.members.size };
    },

    joinRequests({ state }, { userId, status }) {
      const group = groupFor(state, userId, "group.view_requests");
      const requests = [...group.requests].map(([requestId, request]) => ({ requestId, ...request }));
      const { name: groupName } = group;
      return {
        groupName,
        requests: requests.filter((request) => status === undefined || request.status === status).reverse(),
      };
    },

    readers({ state }, { userId, seq, senderId }) {
      const group = groupFor(state, userId, "conversation.view");
      const own = group.members.get(userId);
      if (seq > state.seq || (own && seq < own.visibleFromSeq)) throw new DomainError("message.not_found");
      return readersOf(group, seq, senderId);
    },
  };
}

function readersOf(group: GroupState, seq: number, senderId: UserId | undefined): ReturnType<GroupQueries["readers"]> {
  const readMembers: { userId: UserId; readAtMs: number }[] = [];
  let unreadCount = 0;
  if (!keepsReaders(group)) return { readCount: 0, unreadCount, readMembers };
  for (const [userId, member] of group.members) {
    if (userId === senderId || member.visibleFromSeq > seq) continue;
    const readAtMs = findReadAtMs(member, seq);
    if (readAtMs === undefined) unreadCount += 1;
    else readMembers.push({ userId, readAtMs });
  }
  return { readCount: readMembers.length, unreadCount, readMembers };
}
