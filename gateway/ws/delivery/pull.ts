// Pulls missing versions from the conversation, as the notification bus delivers at most once (G5, G6). A pull for all
// listeners asks as any member sees the conversation; a pull for one asks as its user. A user who may not see the
// conversation any more stops listening: the user's own subject tells the devices.
import type { Reading } from "../../../actors/reading/contract.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { Gate } from "../../../actors/shared/gate.ts";
import type { GatewayMetrics, Log } from "../../ports.ts";
import { Frame } from "../wire/frame.ts";
import type { Entry } from "../wire/ring.ts";
import {
  type ConversationDifference,
  framesOfDifference,
  isPersonal,
  type VersionedFrame,
} from "../wire/version-frames.ts";
import type { Channel } from "./channel.ts";
import type { Listener, Receiver } from "./listener.ts";
import { sliceBytes } from "./pace.ts";
import { requestConversationSync } from "./sync-request.ts";

interface PullDeps {
  readonly reading: Pick<Reading, "difference">;
  /** Pulls under way, of all channels. */
  readonly gate: Gate;
  readonly clock: Pick<Clock, "nowMs">;
  readonly metrics: Pick<GatewayMetrics, "gap">;
  readonly log: Pick<Log, "warn">;
  readonly limits: {
    readonly maxUnacked: number;
    readonly maxPushAtConnect: number;
    readonly maxOutboundBytes: number;
  };
  elapsedMs(): number;
}

/** Consecutive pulls that brought nothing; then the device is asked to sync. */
const maxFailures = 5;

export class Pulls {
  #deps: PullDeps;

  constructor(deps: PullDeps) {
    this.#deps = deps;
  }

  /** Fills the gap below the held events for all live listeners at once. */
  async forAll(channel: Channel): Promise<void> {
    const viewer = channel.listeners[Symbol.iterator]().next().value;
    if (viewer?.connection.caller === undefined) return;
    const { userId } = viewer.connection;
    channel.pull = "running";
    const fromVersion = channel.version;
    try {
      const difference = await this.ask(channel, userId, fromVersion, this.#deps.limits.maxUnacked, true);
      channel.pull = "none";
      if (difference.full || isPersonal(difference)) recheckAll(channel, difference);
      else deliverAll(channel, difference, fromVersion);
      channel.moveTo(difference.version, difference.seq);
      channel.listeners.settleAll();
      channel.drainHeld();
      // A pull that brought nothing is repeated by the sweep, not at once.
      if (difference.version > fromVersion) channel.heal();
    } catch (thrown) {
      channel.pull = "failed";
      if (isGone(thrown)) {
        channel.listeners.dropUser(userId);
        // Also if its socket left meanwhile: else the same listener is asked as again, at once and for ever.
        channel.listeners.drop(viewer);
        channel.heal(); // for the other listeners
      } else this.#warn(channel, thrown);
    }
  }

  /** Leads one listener to the channel's version. */
  async forOne(channel: Channel, listener: Listener): Promise<void> {
    const { connection } = listener;
    if (connection.caller === undefined) return;
    const fromVersion = listener.position;
    listener.transition({ type: "pull_started" }, this.#deps.elapsedMs());
    try {
      const { maxPushAtConnect } = this.#deps.limits;
      const difference = await this.ask(channel, connection.userId, fromVersion, maxPushAtConnect, false);
      listener.transition({ type: "pull_answered" }, this.#deps.elapsedMs());
      if (!channel.listeners.has(listener)) return;
      // A recheck was asked for after the question, so this answer may be too old.
      if (listener.phase.kind === "checking") channel.listeners.recheck(listener);
      else this.#take(channel, listener, difference, fromVersion);
    } catch (thrown) {
      listener.transition({ type: "pull_failed" }, this.#deps.elapsedMs());
      listener.failures += 1;
      if (isGone(thrown)) channel.listeners.drop(listener);
      else this.#warn(channel, thrown);
    }
  }

  #take(channel: Channel, listener: Listener, difference: ConversationDifference, fromVersion: number): void {
    this.give(channel, listener, difference);
    const broughtNothing = difference.version <= fromVersion && listener.position < channel.version;
    listener.failures = broughtNothing ? listener.failures + 1 : 0;
    if (listener.failures > maxFailures) {
      requestConversationSync(listener.connection, this.#deps.clock.nowMs(), channel.conversationId);
      listener.moveTo(channel.version);
    }
    // A pull that brought nothing is repeated by the sweep, not at once.
    if (listener.failures === 0 || listener.position === channel.version) channel.listeners.settle(listener);
  }

  /**
   * Sends a difference to one listener; answers how many frames were sent. Where it does not fit, the device is asked to
   * sync: a device that missed much is no slow reader.
   */
  give(channel: Channel, listener: Listener, difference: ConversationDifference): number {
    const { connection } = listener;
    const { conversationId } = channel;
    const fromVersion = listener.position;
    // The difference begins later than the device ends. A device that held nothing gets the newest; the rest is history.
    if (difference.full && fromVersion > 0)
      requestConversationSync(connection, this.#deps.clock.nowMs(), conversationId);
    const entries = framesOfDifference(difference, fromVersion).map((event) => this.#entryOf(event));
    const isRoom = this.#fits(connection, entries);
    if (isRoom) {
      channel.listeners.sendLate(listener, entries);
      listener.moveTo(Math.max(listener.position, difference.version));
    } else {
      requestConversationSync(connection, this.#deps.clock.nowMs(), conversationId);
      listener.startAt(Math.max(listener.position, difference.version));
    }
    if (listener.position === channel.version) channel.moveTo(channel.version, difference.seq);
    return isRoom ? entries.length : 0;
  }

  ask(
    { conversationId }: Channel,
    userId: string,
    fromVersion: number,
    maxMessages: number,
    asEveryMember: boolean,
  ): Promise<ConversationDifference> {
    this.#deps.metrics.gap("pulled");
    const asked = { userId, conversationId, fromVersion, maxMessages };
    const { gate, reading } = this.#deps;
    return gate.run(() => reading.difference(asEveryMember ? { ...asked, asEveryMember: true } : asked));
  }

  /** Half of the buffer is for live frames. */
  #fits(connection: Receiver, entries: readonly Entry[]): boolean {
    let bytes = connection.outstandingBytes;
    for (const { frame } of entries) bytes += frame.plain.length;
    return bytes <= this.#deps.limits.maxOutboundBytes / 2;
  }

  #entryOf({ version, seq, messageId, json, except }: VersionedFrame): Entry {
    const sentAtMs = this.#deps.elapsedMs();
    return { version, seq, messageId, frame: new Frame(json), sentAtMs, except, isPartial: false };
  }

  #warn({ conversationId, version }: Channel, thrown: unknown): void {
    this.#deps.log.warn("delivery: pull failed", { conversationId, fromVersion: version, cause: String(thrown) });
  }
}

function deliverAll(channel: Channel, difference: ConversationDifference, fromVersion: number): void {
  const events = framesOfDifference(difference, fromVersion);
  const deliver = () => {
    for (const event of events) if (event.version > channel.version) channel.deliver(event);
  };
  const bytes = events.reduce((total, { json }) => total + json.length, 0);
  if (bytes > sliceBytes) channel.listeners.burst(deliver);
  else deliver();
}

/**
 * The difference does not say who left and what each member may see: membership of every live listener is rechecked, and
 * each pulls as its user.
 */
function recheckAll(channel: Channel, { version }: ConversationDifference): void {
  for (const listener of [...channel.listeners]) if (listener.isLive) channel.listeners.recheck(listener);
  channel.ring.restart(Math.max(version, channel.version));
}

/** The conversation does not exist for this user (any more). */
export function isGone(thrown: unknown): boolean {
  if (!(thrown instanceof DomainError)) return false;
  return thrown.kind === "not_found" || thrown.kind === "forbidden" || thrown.kind === "gone";
}
