// Brings a device to the present: at connect, after the bell may have been missed, and every two minutes.
// N1: what a device holds is compared with the heads; only what differs is pulled.
// N2: at connect at most `maxPushAtConnect` messages are pushed; the rest is left to the client's SYNC.
// N3: a hole is never passed over in silence: its conversation is named in a sync.request, and acks stop counting.
// N4: a list is the user's copy: whoever listens to a group by it alone is asked for, as he may have been removed.
import type { Vector } from "../../../actors/session/contract.ts";
import { type ConversationId, isGroupId, type UserId } from "../../../actors/shared/ids.ts";
import { unknownVersion } from "../delivery/channels.ts";
import type { Listener } from "../delivery/listener.ts";
import { ask, give, isGone, pullForAll } from "../delivery/pull.ts";
import type { Edge } from "../edge.ts";
import type { Connection } from "../socket/connection.ts";
import { persist } from "../socket/persist.ts";
import { encodeNotification } from "../wire/encode.ts";
import { versionTable } from "../wire/version-table.ts";
import { storeVector } from "./progress.ts";
import { requestSync } from "./sync-request.ts";

/** After CONNECT_ACK. `vector` is what the device holds. */
export async function catchUp(
  connection: Connection,
  { isNewDevice, vector }: { isNewDevice: boolean; vector: Vector },
): Promise<void> {
  const { caller, edge, wishes } = connection;
  if (caller === undefined) return;
  const present = await patiently(connection, () => edge.deps.reading.present({ userId: caller.userId }));
  if (isClosing(connection)) return; // nobody would drop what it listened to
  const startsHere = isNewDevice || wishes.pullsItself;
  connection.baseline = versionTable(startsHere ? present.vector.conversations : vector.conversations);
  connection.keepsProgress = !wishes.pullsItself;
  connection.lists.startAt(present.vector.userVersion);
  for (const conversationId of present.rooms) edge.channels.join(connection, conversationId);
  if (!startsHere) await pushMissed(connection, vector, present.vector);
  else if (isNewDevice && !wishes.pullsItself) storeStart(connection, present.vector);
  open(connection);
}

/** The comparison of all open sockets of a user: now and then, and after the bell may have been missed. */
export async function compare(edge: Edge, userId: UserId): Promise<void> {
  const { vector, rooms } = await edge.deps.reading.present({ userId });
  for (const connection of [...edge.hub.connections(userId)]) {
    if (connection.state === "open") compareOne(connection, vector, rooms);
  }
}

function compareOne(connection: Connection, { conversations, userVersion }: Vector, rooms: readonly ConversationId[]) {
  const { channels } = connection.edge;
  for (const [conversationId, version] of Object.entries(conversations)) {
    const known = channels.find(conversationId)?.listeners.get(connection);
    const held = known ? known.heldVersion : (connection.baseline?.find(conversationId) ?? 0);
    if (held >= version) continue;
    if (!known) channels.ensure(connection, conversationId, version);
    else if (known.isLive && !known.channel.isPulling) void pullForAll(known.channel);
  }
  for (const conversationId of rooms) channels.join(connection, conversationId);
  // What it listens to and is not in its list: it may have been removed, and no bell said so.
  for (const listener of [...(connection.listeners ?? [])]) {
    const { channel, isBusy, isAdmitted } = listener;
    if (!(channel.conversationId in conversations) && !isBusy && isAdmitted) channel.doubt(listener);
  }
  connection.lists.exists(userVersion);
}

function userIdOf({ caller }: Connection): UserId {
  return caller?.userId ?? "";
}

/** The socket is served already: it is not closed because an actor's host restarts. */
function patiently<T>(connection: Connection, call: () => Promise<T>): Promise<T> {
  const { deps } = connection.edge;
  const untilMs = deps.clock.nowMs() + deps.limits.sendDeadlineMs;
  return persist(connection.edge, { untilMs, isWanted: () => !isClosing(connection) }, call);
}

function isClosing({ state }: Connection): boolean {
  return state === "closing";
}

/** N1, N2 */
async function pushMissed(connection: Connection, held: Vector, present: Vector): Promise<void> {
  const { channels, deps } = connection.edge;
  if (held.userVersion < present.userVersion) requestSync(connection, undefined, present.userVersion);
  for (const conversationId of Object.keys(held.conversations)) {
    if (!(conversationId in present.conversations)) tellLeft(connection, conversationId);
  }
  let budget = deps.limits.maxPushAtConnect;
  for (const [conversationId, version] of Object.entries(present.conversations)) {
    const heldVersion = held.conversations[conversationId] ?? 0;
    if (heldVersion >= version || isClosing(connection)) continue;
    const listener = channels.ensure(connection, conversationId, version);
    listener.startAt(heldVersion);
    if (budget > 0) budget -= await push(connection, listener, budget);
    else {
      requestSync(connection, conversationId); // N3
      listener.startAt(version);
      listener.isDoubted = isGroupId(conversationId); // N4
    }
  }
}

async function push(connection: Connection, listener: Listener, budget: number): Promise<number> {
  const { channel } = listener;
  try {
    const difference = await patiently(connection, () =>
      ask(channel, userIdOf(connection), listener.position, budget, false),
    );
    if (channel.listeners.get(connection) !== listener) return 0;
    if (listener.isDoubted) return 0; // it was answered before the doubt came up: `open` asks again
    return give(listener, difference);
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown;
    channel.drop(listener);
    return 0;
  }
}

/** Everything that waited goes on. */
function open(connection: Connection): void {
  if (connection.state !== "syncing") return;
  connection.state = "open";
  for (const listener of [...(connection.listeners ?? [])]) {
    listener.isBusy = false;
    if (listener.position === unknownVersion) {
      listener.startAt(connection.baseline?.find(listener.channel.conversationId) ?? 0);
    }
    listener.channel.settle(listener);
  }
  const { held } = connection;
  connection.held = undefined;
  for (const frame of held ?? []) connection.edge.writer.send(connection, frame);
}

/** A new device starts at the present, next time as well. */
function storeStart(connection: Connection, present: Vector): void {
  if (Object.keys(present.conversations).length === 0 && present.userVersion === 0) return;
  storeVector(connection, present).catch((thrown: unknown) => {
    const { log } = connection.edge.deps;
    log.warn("the start of a new device was not stored", { userId: connection.caller?.userId, cause: String(thrown) });
  });
}

function tellLeft(connection: Connection, conversationId: ConversationId): void {
  connection.noteLeft(conversationId);
  const timestamp = connection.edge.deps.clock.nowMs();
  connection.send(encodeNotification("conversation_left", { sessionId: conversationId, timestamp }));
}
