// A connection that conversations are delivered to, and its place in each of them.
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { Connection } from "../socket/connection.ts";
import { encodeNotification, type GatewayNotificationData, type GatewayNotifications } from "../wire/encode.ts";
import type { Entry } from "../wire/ring.ts";
import type { VersionTable } from "../wire/version-table.ts";
import { type AckTrust, complete } from "./ack-trust.ts";
import { type Phase, type PhaseEvent, positionOf, transition } from "./phase.ts";

export abstract class Receiver extends Connection {
  listeners: Listener[] | undefined = undefined;
  /** What the device held at connect, for conversations without a listener. */
  baseline: VersionTable | undefined = undefined;
  ackTrust: AckTrust = complete;
  /** Paused listeners that wait until the socket has taken what it was sent (pace.ts). */
  stalled: Stalled | undefined = undefined;
  #left: Set<ConversationId> | undefined = undefined;
  /** Notifications that the gateway made for this device alone. */
  #ownNotifications = 0;

  /** The user was said to have left: the conversation is asked before this connection listens again, whatever an event says. */
  noteLeft(conversationId: ConversationId): void {
    this.#left ??= new Set();
    this.#left.add(conversationId);
  }

  /** A NOTIFICATION for this device alone. */
  sendNotification<T extends keyof GatewayNotifications>(type: T, data: GatewayNotificationData<T>): void {
    this.#ownNotifications += 1;
    this.send(encodeNotification(type, `${this.id}.${this.#ownNotifications}`, data.timestamp, data));
  }

  hasLeft(conversationId: ConversationId): boolean {
    return this.#left?.has(conversationId) ?? false;
  }

  /** What the device held at connect. */
  baselineOf(conversationId: ConversationId): number {
    return this.baseline?.find(conversationId) ?? 0;
  }
}

interface Stalled {
  readonly listeners: Set<Listener>;
  readonly sinceMs: number;
}

/** A frame that was sent to one listener alone, while it caught up. */
export interface LateEntry extends Entry {
  /** How often it was sent again. */
  rounds: number;
}

/** What a listener reads of its channel. */
export interface ListenedChannel {
  readonly conversationId: ConversationId;
  readonly version: number;
  readonly seq: number;
}

export const unknownSeq = -1;
/** Position of a listener whose device is not compared with the present yet. */
export const unknownVersion = -1;
/** Clients acknowledge once a second: right after a burst a device that has not done so is no slow one. */
const burstGraceMs = 5_000;

export class Listener {
  readonly channel: ListenedChannel;
  readonly connection: Receiver;
  /** Earlier messages are hidden from its user; unknown until the conversation said so. */
  visibleFromSeq = unknownSeq;
  /** Acknowledged by the device; unknown until something was sent. */
  ackedSeq = unknownSeq;
  ackedVersion: number;
  /** The `ackedVersion` that the session actor knows. */
  savedVersion: number;
  /** Messages above `ackedSeq` that this very device sent: a device does not acknowledge its own. */
  ownUnacked = 0;
  /** Until then the device may have more than `maxUnacked` unacknowledged messages. */
  graceUntilMs = 0;
  /** Entries of this tick that are not for this device. */
  skips: Set<Entry> | undefined = undefined;
  late: LateEntry[] | undefined = undefined;
  /** Consecutive pulls that brought nothing. */
  failures = 0;
  #phase: Phase;

  constructor(channel: ListenedChannel, connection: Receiver, phase: Phase) {
    this.channel = channel;
    this.connection = connection;
    this.#phase = phase;
    this.ackedVersion = this.position;
    this.savedVersion = this.position;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get isLive(): boolean {
    return this.#phase.kind === "live";
  }

  /** The device holds, or was sent, everything up to here. */
  get position(): number {
    return positionOf(this.#phase, this.channel.version);
  }

  transition(event: PhaseEvent, nowMs: number): void {
    const before = this.#phase;
    this.#phase = transition(before, event);
    if (before.kind === "paused" && this.#phase.kind !== "paused") this.graceUntilMs = nowMs + burstGraceMs;
  }

  moveTo(position: number): void {
    this.#phase = transition(this.#phase, { type: "moved", position });
  }

  /** The device holds everything up to `version`, and need not acknowledge it. */
  startAt(version: number): void {
    this.moveTo(version);
    this.ackedVersion = version;
    this.savedVersion = version;
  }

  /** Messages sent and not acknowledged. */
  get unacked(): number {
    if (this.ackedSeq === unknownSeq) return 0;
    const lastSeq = this.isLive ? this.channel.seq : (this.late?.at(-1)?.seq ?? this.ackedSeq);
    return Math.max(0, lastSeq - this.ackedSeq - this.ownUnacked);
  }

  /** The entry is not for this device, which sent it. To be called before the channel moves to the entry. */
  skip(entry: Entry): void {
    this.skips ??= new Set();
    this.skips.add(entry);
    if (entry.messageId === undefined) return;
    if (this.unacked > 0) this.ownUnacked += 1;
    else this.#confirm(entry.seq);
    if (this.ackedVersion === entry.version - 1) this.ackedVersion = entry.version;
  }

  /** The device has every message up to `seq`, and every event up to `version`. Neither ever falls. */
  acknowledge(seq: number, version: number): void {
    if (seq > this.ackedSeq) this.#confirm(seq);
    if (version > this.ackedVersion) this.ackedVersion = version;
    if (this.late === undefined) return;
    this.late = this.late.filter((entry) => entry.version > this.ackedVersion);
    if (this.late.length === 0) this.late = undefined;
  }

  #confirm(seq: number): void {
    this.ackedSeq = seq;
    this.ownUnacked = Math.max(0, Math.min(this.ownUnacked, this.channel.seq - seq));
  }
}
