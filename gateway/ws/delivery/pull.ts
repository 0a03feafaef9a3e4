// When versions are missing: the bell rang at most once, the conversation knows (G5, G6).
// P1: a shared pull is as every member sees it; each listener alone is asked for as himself.
// P2: who may not see the conversation any more stops listening; he is told by his own subject.
// P3: what cannot be told as a difference is left to the client: sync.request, and its acks say nothing of progress.
// P4: so is what the outbound buffer has no room for: a device that missed much is no slow reader.
import { DomainError } from "../../../actors/shared/errors.ts";
import type { Connection } from "../socket/connection.ts";
import { sliceBytes } from "../socket/pace.ts";
import { requestSync } from "../user/sync-request.ts";
import { Frame } from "../wire/frame.ts";
import type { Entry } from "../wire/ring.ts";
import {
  type ConversationDifference,
  framesOfDifference,
  isPersonal,
  type VersionedFrame,
} from "../wire/version-frames.ts";
import type { Channel } from "./channel.ts";
import type { Listener } from "./listener.ts";

/** Pulls in a row that brought nothing, until the listener is told to sync. */
const maxFailures = 5;

/** Fills the gap below the held events for all live listeners at once. */
export async function pullForAll(channel: Channel): Promise<void> {
  const asking = channel.listeners.values().next().value;
  const viewer = asking?.connection.caller;
  if (asking === undefined || viewer === undefined) return;
  channel.isPulling = true;
  channel.isBehind = false;
  const fromVersion = channel.version;
  try {
    const difference = await ask(channel, viewer.userId, fromVersion, channel.edge.deps.limits.maxUnacked, true);
    channel.isPulling = false;
    if (difference.full || isPersonal(difference)) doubtAll(channel, difference);
    else deliverAll(channel, difference, fromVersion);
    channel.moveTo(difference.version, difference.seq);
    channel.settleAll();
    channel.drainHeld();
    // A pull that leads no further is repeated by the sweep, not at once.
    if (difference.version > fromVersion) channel.heal();
  } catch (thrown) {
    channel.isPulling = false;
    if (isGone(thrown)) {
      channel.dropUser(viewer.userId); // P2
      // Also if its socket left meanwhile: else the same one is asked for again, at once and for ever.
      channel.drop(asking);
      channel.isBehind = true; // the others were not answered
      channel.heal();
    } else {
      channel.isBehind = true;
      warn(channel, thrown);
    }
  }
}

/** Leads one listener to the channel's version. */
export async function pullForOne(listener: Listener): Promise<void> {
  const { channel, connection } = listener;
  const viewer = connection.caller;
  if (viewer === undefined) return;
  listener.isBusy = true;
  const fromVersion = listener.position;
  // A doubt that comes up meanwhile is another one.
  const { isDoubted } = listener;
  listener.isDoubted = false;
  try {
    const { maxPushAtConnect } = channel.edge.deps.limits;
    const difference = await ask(channel, viewer.userId, fromVersion, maxPushAtConnect, false);
    listener.isBusy = false;
    if (channel.listeners.get(connection) !== listener) return;
    if (listener.isDoubted) {
      channel.doubt(listener); // it was answered before the doubt came up
      return;
    }
    give(listener, difference);
    const ledNowhere = difference.version <= fromVersion && listener.position < channel.version;
    listener.failures = ledNowhere ? listener.failures + 1 : 0;
    if (listener.failures > maxFailures) {
      requestSync(connection, channel.conversationId);
      listener.position = channel.version;
    }
    // One that leads no further is repeated by the sweep, not at once.
    if (listener.failures === 0 || listener.position === channel.version) channel.settle(listener);
  } catch (thrown) {
    listener.isBusy = false;
    listener.isDoubted ||= isDoubted; // nobody has answered
    listener.failures += 1;
    if (isGone(thrown))
      channel.drop(listener); // P2
    else warn(channel, thrown);
  }
}

/** Sends what was pulled to one listener. */
export function give(listener: Listener, difference: ConversationDifference): number {
  const { channel, connection } = listener;
  const fromVersion = listener.position;
  // P3. Who held nothing of it gets the newest; the rest is history.
  if (difference.full && fromVersion > 0) requestSync(connection, channel.conversationId);
  const entries = framesOfDifference(difference, fromVersion).map((event) => entryOf(channel, event));
  const hasRoom = fits(connection, entries);
  if (hasRoom) {
    channel.sendLate(listener, entries);
    listener.position = Math.max(listener.position, difference.version);
  } else {
    requestSync(connection, channel.conversationId); // P4
    listener.startAt(Math.max(listener.position, difference.version));
  }
  if (listener.position === channel.version) channel.moveTo(channel.version, difference.seq);
  return hasRoom ? entries.length : 0;
}

/** P4. The other half of the buffer is for what happens meanwhile. */
function fits({ edge, socket, pendingBytes }: Connection, entries: readonly Entry[]): boolean {
  let bytes = socket.writableLength + pendingBytes;
  for (const { frame } of entries) bytes += frame.plain.length;
  return bytes <= edge.deps.limits.maxOutboundBytes / 2;
}

export async function ask(
  channel: Channel,
  userId: string,
  fromVersion: number,
  maxMessages: number,
  isForAll: boolean,
): Promise<ConversationDifference> {
  const { deps } = channel.edge;
  deps.metrics.gap("pulled");
  const { conversationId } = channel;
  const asked = { userId, conversationId, fromVersion, maxMessages };
  return channel.edge.pulls.run(() => deps.reading.difference(isForAll ? { ...asked, asEveryMember: true } : asked));
}

function entryOf(channel: Channel, { version, seq, messageId, json, except }: VersionedFrame): Entry {
  return {
    version,
    seq,
    messageId,
    frame: new Frame(json),
    sentAtMs: channel.edge.elapsedMs(),
    except,
    isPartial: false,
  };
}

function deliverAll(channel: Channel, difference: ConversationDifference, fromVersion: number): void {
  const events = framesOfDifference(difference, fromVersion);
  const deliver = () => {
    for (const event of events) if (event.version > channel.version) channel.deliver(event);
  };
  const bytes = events.reduce((total, { json }) => total + json.length, 0);
  if (bytes > sliceBytes) channel.burst(deliver);
  else deliver();
}

/** Who left meanwhile, or may see what, cannot be told from it: everybody is asked for, and pulls as himself. */
function doubtAll(channel: Channel, { version }: ConversationDifference): void {
  for (const listener of [...channel.listeners.values()]) if (listener.isLive) channel.doubt(listener);
  channel.ring.restart(Math.max(version, channel.version));
}

export function isGone(thrown: unknown): boolean {
  if (!(thrown instanceof DomainError)) return false;
  return thrown.kind === "not_found" || thrown.kind === "forbidden" || thrown.kind === "gone";
}

function warn(channel: Channel, thrown: unknown): void {
  channel.edge.deps.log.warn("pull failed", {
    conversationId: channel.conversationId,
    fromVersion: channel.version,
    cause: String(thrown),
  });
}
