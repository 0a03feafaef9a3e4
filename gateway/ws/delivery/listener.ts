// One socket listening to one conversation: where it is, and what it has confirmed.

import type { Connection } from "../socket/connection.ts";
import type { Entry } from "../wire/ring.ts";
import type { Channel } from "./channel.ts";

/** A frame that was sent to one listener alone, while it caught up; `rounds` counts how often it was sent again. */
export interface LateEntry extends Entry {
  rounds: number;
}

export const unknownSeq = -1;

export class Listener {
  readonly channel: Channel;
  readonly connection: Connection;
  /** Shares the channel's position, and its frames. */
  isLive = false;
  /** The channel's version when a burst made it fall behind: it catches up from the ring, and is live again. */
  parkedAt: number | undefined = undefined;
  /** After a burst its device has so long to confirm it. */
  graceUntilMs = 0;
  /** Something is under way for it (hello, pull): it waits. */
  isBusy = false;
  /** Whether its user is a member is in doubt: it is asked for before it goes on. */
  isDoubted = false;
  /** False while a room has not said yet whether its user is a member. */
  isAdmitted = true;
  /** While not live: the device has, or was sent, everything up to here. */
  position: number;
  /** Earlier messages are not its user's to see; unknown until the conversation said so. */
  visibleFromSeq = unknownSeq;
  /** Went live at this version: what came before was sent to it alone. */
  liveFrom = 0;
  /** Confirmed by the device; unknown until something was sent. */
  ackedSeq = unknownSeq;
  ackedVersion: number;
  /** What the session actor has been told of `ackedVersion`. */
  savedVersion: number;
  /** Messages above `ackedSeq` that this very device sent: nobody confirms his own. */
  ownUnacked = 0;
  /** Entries of this tick that are not for this device. */
  skips: Set<Entry> | undefined = undefined;
  late: LateEntry[] | undefined = undefined;
  /** Pulls that led nowhere, in a row. */
  failures = 0;

  constructor(channel: Channel, connection: Connection, position: number) {
    this.channel = channel;
    this.connection = connection;
    this.position = position;
    this.ackedVersion = position;
    this.savedVersion = position;
  }

  /** The device holds everything up to `version`: nothing of it is to be confirmed. */
  startAt(version: number): void {
    this.position = version;
    this.ackedVersion = version;
    this.savedVersion = version;
  }

  /** What the device holds or was sent. */
  get heldVersion(): number {
    return this.isLive ? this.channel.version : this.position;
  }

  /** Messages sent and not confirmed. */
  get unacked(): number {
    if (this.ackedSeq === unknownSeq) return 0;
    const lastSeq = this.isLive ? this.channel.seq : (this.late?.at(-1)?.seq ?? this.ackedSeq);
    return Math.max(0, lastSeq - this.ackedSeq - this.ownUnacked);
  }

  /** The entry is not for this device, which sent it. To be called before the channel moves to it. */
  skip(entry: Entry): void {
    this.skips ??= new Set();
    this.skips.add(entry);
    if (entry.messageId === undefined) return;
    if (this.unacked > 0) this.ownUnacked += 1;
    else this.#confirm(entry.seq);
    if (this.ackedVersion === entry.version - 1) this.ackedVersion = entry.version;
  }

  /** The device confirms every message up to `seq`, and every event up to `version`. Only ever forward. */
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
