// A conversation whose events travel on one subject for all its members (ARCHITECTURE: fan-out).
// M1: frames are held until the subscription is in force and the conversation has said who is a member.
// M2: membership is asked of the conversation, never of a user's copy.
// M3: the window between subscribing and reading is pulled, and pulled again after a second.
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { Channel } from "./channel.ts";
import type { Listener } from "./listener.ts";
import { isGone, pullForAll } from "./pull.ts";

export interface RoomState {
  /** False: events are held (M1). */
  isAttached: boolean;
  /** Who begins to listen, and was not asked for yet. */
  waiting: Listener[];
  isAsking: boolean;
}

const secondPullMs = 1_000;
const retryMs = 500;
/** Asked for in one call: a query's input stays small. */
const maxUsersPerAsk = 500;

/** The listener waits until the conversation knows it; the channel becomes a room with the first. */
export function attach(channel: Channel, listener: Listener): void {
  channel.room ??= { isAttached: false, waiting: [], isAsking: false };
  if (!listener.isLive) listener.isAdmitted = false;
  channel.room.waiting.push(listener);
  if (!channel.room.isAsking) void askWhoIsMember(channel, channel.room);
}

/** Nobody listens any more. */
export function leaveRoom({ edge, conversationId, room }: Channel): void {
  if (room?.isAttached) edge.deps.notifications.removeConversation(conversationId);
}

async function askWhoIsMember(channel: Channel, room: RoomState): Promise<void> {
  const { deps } = channel.edge;
  room.isAsking = true;
  let asked: Listener[] = [];
  try {
    if (!room.isAttached) await deps.notifications.addConversation(channel.conversationId);
    // Everybody who connects in this tick is asked for together.
    await Promise.resolve();
    if (channel.listeners.size === 0) {
      abandon(channel, room);
      return;
    }
    asked = room.waiting.splice(0, maxUsersPerAsk);
    const userIds = [...new Set(asked.map(({ connection }) => connection.caller?.userId ?? ""))];
    const answer = await deps.actors.get(Conversation, channel.conversationId).attach({ userIds });
    const members = new Map(answer.members.map(({ userId, visibleFromSeq }) => [userId, visibleFromSeq]));
    for (const listener of asked) admit(channel, listener, members);
    if (channel.listeners.size === 0) {
      abandon(channel, room);
      return;
    }
    if (!room.isAttached) begin(channel, room, answer);
    channel.settleAll();
    channel.drainHeld();
    channel.heal();
  } catch (thrown) {
    if (isGone(thrown)) for (const listener of asked) channel.drop(listener);
    else {
      deps.log.warn("attach failed", { conversationId: channel.conversationId, cause: String(thrown) });
      room.waiting.push(...asked);
      deps.clock.after(retryMs, () => askAgain(channel, room));
      return;
    }
  }
  askAgain(channel, room);
}

function askAgain(channel: Channel, room: RoomState): void {
  room.isAsking = false;
  if (channel.listeners.size === 0) abandon(channel, room);
  else if (room.waiting.length > 0) void askWhoIsMember(channel, room);
}

/** M3: those who are live go on from where they are; without any, the room begins at what the conversation said. */
function begin(channel: Channel, room: RoomState, answer: { version: number; seq: number }): void {
  room.isAttached = true;
  const hasLive = [...channel.listeners.values()].some(({ isLive }) => isLive);
  if (hasLive) void pullForAll(channel);
  else {
    channel.moveTo(answer.version, answer.seq);
    channel.ring.restart(channel.version);
  }
  channel.edge.deps.clock.after(secondPullMs, () => {
    if (channel.listeners.size > 0 && !channel.isPulling) void pullForAll(channel);
  });
}

function admit(channel: Channel, listener: Listener, members: ReadonlyMap<string, number>): void {
  if (channel.listeners.get(listener.connection) !== listener) return; // it left meanwhile
  const visibleFromSeq = members.get(listener.connection.caller?.userId ?? "");
  if (visibleFromSeq === undefined) {
    channel.drop(listener);
    return;
  }
  listener.visibleFromSeq = visibleFromSeq;
  listener.isAdmitted = true;
}

/** Everybody left before the room was attached: unless somebody came back, the subscription is not needed. */
function abandon(channel: Channel, room: RoomState): void {
  room.isAsking = false;
  if (channel.edge.channels.find(channel.conversationId)?.room !== undefined) return;
  if (!room.isAttached) channel.edge.deps.notifications.removeConversation(channel.conversationId);
}
