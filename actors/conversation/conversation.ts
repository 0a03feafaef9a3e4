// The single writer of one conversation: a pair, a group, a user's system messages, or a chat with a model. Seq and version are
// dense (G3), one idempotency key makes one message (G2), and every command asks the authorization table with the state of its
// own turn (G11). No command works or writes per member, whatever the group's size, except for users who join.

import { type Behaviour, defineActor } from "../runtime/contract.ts";
import { conversationTypeOf } from "../shared/ids.ts";
import { User } from "../user/contract.ts";
import { apply } from "./apply.ts";
import { createChat, deleteChat, setModelTitle, updateChat } from "./assistant/chat.ts";
import { releaseNext } from "./assistant/files.ts";
import { addAssistant, removeAssistant } from "./assistant/members.ts";
import { regenerate, replyEnded, stopReplies } from "./assistant/replies.ts";
import { recordCall } from "./chat/call-record.ts";
import { emitExpired } from "./chat/expiry.ts";
import { pin } from "./chat/pins.ts";
import { emitReacted, react } from "./chat/reactions.ts";
import { markMany, markRead } from "./chat/read-marks.ts";
import { edit, recall } from "./chat/recall-edit.ts";
import { emitReceipts, receiptsDueMs } from "./chat/receipts.ts";
import { send } from "./chat/send.ts";
import { Conversation, type ConversationCommands, type ConversationQueries } from "./contract.ts";
import { decode, encode } from "./encode.ts";
import { tellFanout } from "./group/admit.ts";
import { answerInvitation, declineInvitation } from "./group/answer-invitation.ts";
import { createGroup } from "./group/create.ts";
import { tellInvitations } from "./group/invitations.ts";
import { handleJoinRequest, invite, join } from "./group/join.ts";
import { dissolve, endsToTell, exit, muteMember, removeMember, setRole, tellEnd, transfer } from "./group/members.ts";
import { ensureGroupQrCode, joinByQrCode, refreshGroupQrCode } from "./group/qr-codes.ts";
import { setGroupNickname, updateGroup } from "./group/settings.ts";
import type { ConversationEvent } from "./model/events.ts";
import type { ConversationPorts } from "./model/ports.ts";
import { allow } from "./model/relation.ts";
import { perUserFanoutMaxMax } from "./model/rules.ts";
import { type ConversationState, type ConversationTurn, initialState } from "./model/state.ts";
import { othersThan } from "./model/targets.ts";
import { notify } from "./notify.ts";
import { block, deleteFriend, handleFriendRequest, requestFriend, unblock } from "./pair/commands.ts";
import { getOther } from "./pair/other.ts";
import { project } from "./project.ts";
import { createQueries, headOf } from "./queries.ts";

export function createConversation(
  ports: ConversationPorts,
): Behaviour<ConversationState, ConversationEvent, ConversationCommands, ConversationQueries> {
  if (ports.rules.perUserFanoutMax > perUserFanoutMaxMax) {
    throw new Error(`perUserFanoutMax is ${ports.rules.perUserFanoutMax}; at most ${perUserFanoutMaxMax} are possible`);
  }
  return defineActor(Conversation, {
    initial: initialState,
    apply,
    commands: {
      send: (turn, input) => send(turn, input, ports),
      recall: (turn, input) => recall(turn, input, ports),
      edit: (turn, input) => edit(turn, input, ports),
      pin: (turn, input) => pin(turn, input, ports),
      react: (turn, input) => react(turn, input, ports),
      markRead: (turn, input) => markRead(turn, input, ports),
      markMany,
      typing: (turn, input) => typing(turn, input, ports),
      open: (turn, input) => open(turn, input, ports),
      recordCall: (turn, input) => recordCall(turn, input, ports),

      requestFriend: (turn, input) => requestFriend(turn, input, ports),
      handleFriendRequest: (turn, input) => handleFriendRequest(turn, input, ports),
      deleteFriend: (turn, input) => deleteFriend(turn, input, ports),
      block: (turn, input) => block(turn, input, ports),
      unblock: (turn, input) => unblock(turn, input, ports),

      createGroup: (turn, input) => createGroup(turn, input, ports),
      updateGroup: (turn, input) => updateGroup(turn, input, ports),
      invite: (turn, input) => invite(turn, input, ports),
      answerInvitation: (turn, input) => answerInvitation(turn, input, ports),
      declineInvitation: (turn, input) => declineInvitation(turn, input, ports),
      join: (turn, input) => join(turn, input, ports),
      handleJoinRequest: (turn, input) => handleJoinRequest(turn, input, ports),
      ensureGroupQrCode: (turn, input) => ensureGroupQrCode(turn, input, ports),
      refreshGroupQrCode: (turn, input) => refreshGroupQrCode(turn, input, ports),
      joinByQrCode: (turn, input) => joinByQrCode(turn, input, ports),
      removeMember: (turn, input) => removeMember(turn, input, ports),
      exit: (turn, input) => exit(turn, input, ports),
      transfer: (turn, input) => transfer(turn, input, ports),
      setRole: (turn, input) => setRole(turn, input, ports),
      muteMember: (turn, input) => muteMember(turn, input, ports),
      setGroupNickname: (turn, input) => setGroupNickname(turn, input, ports),
      dissolve: (turn, input) => dissolve(turn, input, ports),

      createChat: (turn, input) => createChat(turn, input, ports),
      updateChat: (turn, input) => updateChat(turn, input, ports),
      setModelTitle,
      deleteChat: (turn, input) => deleteChat(turn, input, ports),
      regenerate: (turn, input) => regenerate(turn, input, ports),
      stopReplies: (turn, input) => stopReplies(turn, input, ports),
      addAssistant: (turn, input) => addAssistant(turn, input, ports),
      removeAssistant: (turn, input) => removeAssistant(turn, input, ports),
      replyEnded: (turn, input) => replyEnded(turn, input, ports),
    },
    queries: createQueries(ports),
    notify,
    project,
    head: headOf,
    due: dueMsOf,
    onDue(turn) {
      // One kind of due work per turn, because together they do not fit into a record. The rest stays due and comes next.
      if (releaseNext(turn)) return;
      if (emitExpired(turn) || emitReacted(turn) || emitReceipts(turn) || tellEnd(turn) || tellInvitations(turn))
        return;
      tellFanout(turn);
    },
    selfIdempotent: ["send", "markRead", "markMany", "typing", "open", "recordCall"],
    encode,
    decode,
  });
}

function dueMsOf({ expiryDueMs, reactions, group, updatedAtMs, assistant }: ConversationState): number | undefined {
  if (assistant?.isDeleted) return assistant.files.size > 0 ? updatedAtMs : undefined;
  if (group?.isDisbanded) return endsToTell(group) ? updatedAtMs : undefined;
  if (group && group.untoldInvitations.size > 0) return updatedAtMs;
  const never = Number.POSITIVE_INFINITY;
  const dueMs = Math.min(
    expiryDueMs || never,
    reactions?.dueMs || never,
    group ? receiptsDueMs(group) : never,
    group && group.untold.length > 0 ? group.switchedAtMs : never,
  );
  return dueMs === never ? undefined : dueMs;
}

type Input<N extends keyof ConversationCommands> = Parameters<ConversationCommands[N]>[0];

/** Notifies the others at once; nothing is stored. */
function typing(turn: ConversationTurn, { userId, deviceId }: Input<"typing">, { rules }: ConversationPorts): null {
  allow(turn.state, rules, "message.type", userId);
  const data = { userId, sessionId: turn.key, sessionType: conversationTypeOf(turn.key), timestamp: turn.nowMs };
  for (const target of othersThan(turn.state, userId)) {
    turn.notify({
      type: "message.typing",
      target,
      atMs: turn.nowMs,
      fromUserId: userId,
      frame: "USER_TYPING",
      data,
      exceptDeviceId: deviceId,
    });
  }
  return null;
}

/** Checks that the caller may talk here. An empty chat enters the caller's list only. */
function open(
  turn: ConversationTurn,
  { userId }: Input<"open">,
  { rules }: ConversationPorts,
): { conversationId: string } | Promise<{ conversationId: string }> {
  const { state, key } = turn;
  allow(state, rules, "conversation.open", userId);
  if (!state.pair || state.seq > 0) return { conversationId: key };
  const tellJoined = () => {
    turn.tell(User, userId).conversationJoined({
      conversationId: key,
      conversationType: "single",
      fanout: "users",
      atMs: turn.nowMs,
    });
    turn.settle();
    return { conversationId: key };
  };
  return state.pair.isFriend ? tellJoined() : getOther(turn, userId).then(tellJoined);
}
