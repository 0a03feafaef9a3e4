// Copies of what conversations decided. A receiver never refuses, and an equal copy makes no event, so a command that arrives
// twice, or again after a failover, changes nothing.
import type { RecordMeta, Turn } from "../runtime/contract.ts";
import type { UserCommands } from "./contract.ts";
import type { ByType, CopyEvent, UserEvent } from "./events.ts";
import { nextExpiryMs } from "./expire-requests.ts";
import { buryItem, emptyEntry, emptyFriend, putItem, type UserState } from "./state.ts";
import { foldNewFriend } from "./update-friends.ts";

type UserTurn = Turn<UserState, UserEvent>;
type Input<N extends keyof UserCommands> = Parameters<UserCommands[N]>[0];

/** Beyond it the oldest handled request is dropped, with a tombstone. */
export const maxRequestsKept = 1_000;
/** Beyond it the oldest invitation is dropped, with a tombstone; the user may still join its group. */
const maxInvitationsKept = 200;
/** The newest mentions of each conversation are kept. */
export const maxMentionsKept = 100;

export const copyCommands = {
  conversationJoined(turn: UserTurn, input: Input<"conversationJoined">): null {
    const { conversationId, fanout, atMs } = input;
    const { conversation, invitation } = turn.state.lists;
    let version = next(turn);
    if (invitation.has(conversationId)) {
      turn.emit({ type: "invitation_changed", version, conversationId, groupName: "", by: "", isPending: false, atMs });
      version += 1;
    }
    const entry = conversation.get(conversationId);
    if (!entry) turn.emit({ type: "conversation_joined", version, ...input });
    else if (entry.fanout !== fanout) turn.emit({ type: "fanout_changed", version, conversationId, fanout });
    return null;
  },

  conversationLeft(turn: UserTurn, input: Input<"conversationLeft">): null {
    if (!turn.state.lists.conversation.has(input.conversationId)) return null;
    turn.emit({ type: "conversation_left", version: next(turn), ...input });
    return null;
  },

  fanoutChanged(turn: UserTurn, input: Input<"fanoutChanged">): null {
    const entry = turn.state.lists.conversation.get(input.conversationId);
    if (!entry || entry.fanout === input.fanout) return null;
    turn.emit({ type: "fanout_changed", version: next(turn), ...input });
    return null;
  },

  friendChanged(turn: UserTurn, input: Input<"friendChanged">): null {
    if (turn.state.lists.friend.has(input.userId) === input.isFriend) return null;
    turn.emit({ type: "friend_changed", version: next(turn), ...input });
    return null;
  },

  friendProfileChanged(turn: UserTurn, input: Input<"friendProfileChanged">): null {
    if (!turn.state.lists.friend.has(input.userId)) return null;
    turn.emit({ type: "friend_profile_changed", version: next(turn), ...input });
    return null;
  },

  requestChanged(turn: UserTurn, { requestId, atMs, ...request }: Input<"requestChanged">): null {
    const known = turn.state.lists.request.get(requestId);
    const isEqual =
      known?.status === request.status && known.message === request.message && known.source === request.source;
    if (isEqual) return null;
    turn.emit({
      type: "request_changed",
      version: next(turn),
      request: { type: "request", id: requestId, ...request, createdAtMs: known?.createdAtMs ?? atMs },
      atMs,
    });
    return null;
  },

  invitationChanged(turn: UserTurn, input: Input<"invitationChanged">): null {
    const known = turn.state.lists.invitation.get(input.conversationId);
    const isEqual = input.isPending ? known?.inviterId === input.by : known === undefined;
    if (!isEqual) turn.emit({ type: "invitation_changed", version: next(turn), ...input });
    return null;
  },

  blockChanged(turn: UserTurn, input: Input<"blockChanged">): null {
    if (turn.state.lists.block.has(input.userId) === input.isBlocked) return null;
    turn.emit({ type: "block_changed", version: next(turn), ...input });
    return null;
  },

  mentioned(turn: UserTurn, input: Input<"mentioned">): null {
    const { conversation, block } = turn.state.lists;
    const entry = conversation.get(input.conversationId);
    if (!entry || input.seq <= entry.readSeq || entry.mentionSeqs.includes(input.seq)) return null;
    // The message arrives like any other of the group; a ping would reach through the block.
    if (block.has(input.by)) return null;
    turn.emit({ type: "mentioned", version: next(turn), ...input });
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
    putItem(state, { ...request, version, updatedAtMs: atMs });
    const requests = state.lists.request;
    if (requests.size > maxRequestsKept) {
      const all = [...requests.values()];
      const oldest = all.find(({ status }) => status !== "pending") ?? all[0];
      if (oldest) buryItem(state, "request", oldest.id, version, atMs);
    }
    state.requestExpiryMs = nextExpiryMs(state);
  },
  invitation_changed({ version, conversationId: id, groupName, by, isPending, atMs: createdAtMs }, state, { atMs }) {
    if (!isPending) {
      buryItem(state, "invitation", id, version, atMs);
      return;
    }
    const own = { id, groupName, inviterId: by, createdAtMs };
    putItem(state, { type: "invitation", ...own, version, updatedAtMs: atMs });
    const { invitation } = state.lists;
    const [oldest] = invitation.keys();
    if (invitation.size > maxInvitationsKept) buryItem(state, "invitation", oldest!, version, atMs);
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

function next(turn: UserTurn): number {
  return turn.state.version + 1;
}
