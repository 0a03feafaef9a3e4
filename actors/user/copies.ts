// Copies of what conversations decided. A receiver never refuses, and an equal copy makes no event, so a command that arrives
// twice, or again after a failover, changes nothing.
import type { RecordMeta } from "../runtime/contract.ts";
import { requestExpiresMs } from "../shared/friend-request.ts";
import type { ByType, CopyEvent } from "./events.ts";
import { endOf, nextInvitationExpiryMs } from "./expire-invitations.ts";
import { nextExpiryMs } from "./expire-requests.ts";
import { buryItem, emptyEntry, emptyFriend, putItem, type UserState } from "./state.ts";
import { type Input, nextVersion, type UserTurn } from "./turn.ts";
import { foldNewFriend } from "./update-friends.ts";

/** Beyond it the oldest handled request is dropped, with a tombstone. */
export const maxRequestsKept = 1_000;
/** As for requests. The user of a dropped invitation may still join its group. */
const maxInvitationsKept = 200;
/** The user's own requests to join groups: as for requests of friendship. */
const maxJoinRequestsKept = 200;
/** The newest mentions of each conversation are kept. */
export const maxMentionsKept = 100;

export const copyCommands = {
  conversationJoined(turn: UserTurn, input: Input<"conversationJoined">): null {
    const { conversationId, fanout } = input;
    const version = nextVersion(turn) + acceptedByJoining(turn, input);
    const entry = turn.state.lists.conversation.get(conversationId);
    if (!entry) turn.emit({ type: "conversation_joined", version, ...input });
    else if (entry.fanout !== fanout) turn.emit({ type: "fanout_changed", version, conversationId, fanout });
    return null;
  },

  conversationLeft(turn: UserTurn, input: Input<"conversationLeft">): null {
    if (!turn.state.lists.conversation.has(input.conversationId)) return null;
    turn.emit({ type: "conversation_left", version: nextVersion(turn), ...input });
    return null;
  },

  fanoutChanged(turn: UserTurn, input: Input<"fanoutChanged">): null {
    const entry = turn.state.lists.conversation.get(input.conversationId);
    if (!entry || entry.fanout === input.fanout) return null;
    turn.emit({ type: "fanout_changed", version: nextVersion(turn), ...input });
    return null;
  },

  friendChanged(turn: UserTurn, input: Input<"friendChanged">): null {
    if (turn.state.lists.friend.has(input.userId) === input.isFriend) return null;
    turn.emit({ type: "friend_changed", version: nextVersion(turn), ...input });
    return null;
  },

  friendProfileChanged(turn: UserTurn, input: Input<"friendProfileChanged">): null {
    if (!turn.state.lists.friend.has(input.userId)) return null;
    turn.emit({ type: "friend_profile_changed", version: nextVersion(turn), ...input });
    return null;
  },

  requestChanged(turn: UserTurn, { requestId, atMs, ...request }: Input<"requestChanged">): null {
    const known = turn.state.lists.request.get(requestId);
    const isEqual =
      known?.status === request.status && known.message === request.message && known.source === request.source;
    if (isEqual) return null;
    turn.emit({
      type: "request_changed",
      version: nextVersion(turn),
      request: { type: "request", id: requestId, ...request, createdAtMs: known?.createdAtMs ?? atMs },
      atMs,
    });
    return null;
  },

  invitationChanged(turn: UserTurn, input: Input<"invitationChanged">): null {
    const { conversationId, invitationId = conversationId, isPending, by, expiresAtMs = 0 } = input;
    const known = turn.state.lists.invitation.get(invitationId);
    const isSame =
      known && (known.status !== "pending" || (known.inviterId === by && known.expiresAtMs === expiresAtMs));
    const isNews = isPending ? !isSame : known?.status === "pending";
    if (isNews) turn.emit({ type: "invitation_changed", version: nextVersion(turn), ...input });
    return null;
  },

  joinRequestChanged(turn: UserTurn, { requestId, atMs, ...request }: Input<"joinRequestChanged">): null {
    const known = turn.state.lists.join_request.get(requestId);
    if (known && (known.status === request.status || known.status !== "pending")) return null;
    const times = {
      createdAtMs: known?.createdAtMs ?? atMs,
      handledAtMs: request.status === "pending" ? 0 : atMs,
    };
    turn.emit({
      type: "join_request_changed",
      version: nextVersion(turn),
      request: { type: "join_request", id: requestId, ...request, ...times },
      atMs,
    });
    return null;
  },

  blockChanged(turn: UserTurn, input: Input<"blockChanged">): null {
    if (turn.state.lists.block.has(input.userId) === input.isBlocked) return null;
    turn.emit({ type: "block_changed", version: nextVersion(turn), ...input });
    return null;
  },

  mentioned(turn: UserTurn, input: Input<"mentioned">): null {
    const { conversation, block } = turn.state.lists;
    const entry = conversation.get(input.conversationId);
    if (!entry || input.seq <= entry.readSeq || entry.mentionSeqs.includes(input.seq)) return null;
    // The message arrives like any other of the group; a ping would reach through the block.
    if (block.has(input.by)) return null;
    turn.emit({ type: "mentioned", version: nextVersion(turn), ...input });
    return null;
  },
};

export const copyAppliers: ByType<CopyEvent, [UserState, RecordMeta], void> = {
  conversation_joined({ version, conversationId, conversationType, fanout, atMs }, state, meta) {
    const own = { id: conversationId, conversationType, fanout, joinedAtMs: atMs };
    putItem(state, { ...emptyEntry, ...own, version, updatedAtMs: meta.atMs });
  },
  conversation_left({ version, conversationId }, state, { atMs }) {
    buryItem(state, "conversation", conversationId, version, atMs);
    buryItem(state, "deleted", conversationId, version, atMs);
  },
  fanout_changed({ version, conversationId, fanout }, state, { atMs }) {
    const entry = state.lists.conversation.get(conversationId);
    if (entry) putItem(state, { ...entry, fanout, version, updatedAtMs: atMs });
  },
  friend_changed({ version, userId, isFriend, atMs: sinceMs }, state, { atMs }) {
    if (!isFriend) buryItem(state, "friend", userId, version, atMs);
    else putItem(state, { ...emptyFriend, id: userId, sinceMs, version, updatedAtMs: atMs });
    if (isFriend) foldNewFriend(state, userId);
  },
  friend_profile_changed({ version, userId, card }, state, { atMs }) {
    const friend = state.lists.friend.get(userId);
    if (!friend) return;
    // The name is kept, as the directory's row may be written after a device has read this version.
    const { nickname = friend.nickname, avatar = friend.avatar } = card;
    putItem(state, { ...friend, nickname, avatar, version, updatedAtMs: atMs });
  },
  request_changed({ version, request }, state, { atMs }) {
    const { groupId = "" } = request;
    putItem(state, { ...request, groupId, expiresAtMs: requestExpiresMs(request), version, updatedAtMs: atMs });
    dropOldest(state, "request", maxRequestsKept, version, atMs);
    state.requestExpiryMs = nextExpiryMs(state);
  },
  invitation_changed(event, state, { atMs }) {
    const { version, conversationId, invitationId: id = conversationId, groupName, by, isPending, status } = event;
    const { invitation } = state.lists;
    const known = invitation.get(id);
    if (isPending) {
      const { expiresAtMs = 0, atMs: createdAtMs } = event;
      const own = {
        id,
        conversationId,
        groupName,
        inviterId: by,
        status: "pending",
        createdAtMs,
        expiresAtMs,
      } as const;
      putItem(state, { type: "invitation", ...own, version, updatedAtMs: atMs });
    } else if (status === undefined) buryItem(state, "invitation", id, version, atMs);
    else if (known) putItem(state, { ...known, status, version, updatedAtMs: atMs });
    dropOldest(state, "invitation", maxInvitationsKept, version, atMs);
    state.invitationExpiryMs = nextInvitationExpiryMs(state);
  },
  join_request_changed({ version, request }, state, { atMs }) {
    putItem(state, { ...request, version, updatedAtMs: atMs });
    dropOldest(state, "join_request", maxJoinRequestsKept, version, atMs);
  },
  block_changed({ version, userId, isBlocked, atMs: blockedAtMs }, state, { atMs }) {
    if (!isBlocked) buryItem(state, "block", userId, version, atMs);
    else putItem(state, { type: "block", id: userId, blockedAtMs, version, updatedAtMs: atMs });
  },
  mentioned({ version, conversationId, seq }, state, { atMs }) {
    const entry = state.lists.conversation.get(conversationId);
    if (!entry) return;
    const mentionSeqs = [...entry.mentionSeqs, seq].sort((a, b) => a - b).slice(-maxMentionsKept);
    putItem(state, { ...entry, mentionSeqs, version, updatedAtMs: atMs });
  },
};

/** Beyond `maxKept` the oldest item that waits for nobody goes, with a tombstone; when all wait, the oldest. */
function dropOldest(
  state: UserState,
  type: "request" | "invitation" | "join_request",
  maxKept: number,
  version: number,
  atMs: number,
): void {
  if (state.lists[type].size <= maxKept) return;
  const all = [...state.lists[type].values()];
  const oldest = all.find(({ status }) => status !== "pending") ?? all[0];
  if (oldest) buryItem(state, type, oldest.id, version, atMs);
}

/** A user who joined has accepted the invitations, and the user's requests were accepted. Returns how many versions that makes. */
function acceptedByJoining(turn: UserTurn, { conversationId, atMs }: Input<"conversationJoined">): number {
  const { state } = turn;
  let { version } = state;
  for (const item of state.lists.invitation.values()) {
    if (item.conversationId !== conversationId || item.status !== "pending") continue;
    version += 1;
    turn.emit({ version, ...endOf(item, "accepted", atMs) });
  }
  for (const item of state.lists.join_request.values()) {
    if (item.conversationId !== conversationId || item.status !== "pending") continue;
    version += 1;
    const { version: _, updatedAtMs: __, ...request } = item;
    turn.emit({
      type: "join_request_changed",
      version,
      request: { ...request, status: "accepted", handledAtMs: atMs },
      atMs,
    });
  }
  return version - state.version;
}
