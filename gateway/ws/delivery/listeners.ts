// The listeners of one conversation. Live ones share the channel's position: the events of one tick are one buffer for all
// of them, so that a message costs nothing per member but the write. Lagging ones are led to that position, each by the
// way that its phase asks for.
import type { UserId } from "../../../actors/shared/ids.ts";
import type { Writer } from "../socket/writer.ts";
import { type Entry, indexAbove, type Ring } from "../wire/ring.ts";
import { isCausedBy } from "./audience.ts";
import {
  type LateEntry,
  type ListenedChannel,
  Listener,
  type Receiver,
  unknownSeq,
  unknownVersion,
} from "./listener.ts";
import { awaitRoom, isStalled } from "./pace.ts";
import type { Phase } from "./phase.ts";
import { SharedBatch } from "./shared-batch.ts";
import { Slices, sendShared } from "./slices.ts";

export interface ListenersDeps {
  readonly writer: Writer;
  elapsedMs(): number;
  receiversOf(userId: UserId): readonly Receiver[];
  /** Leads one listener to the channel's version. */
  pullForOne(listener: Listener): void;
  /** Asks the conversation whether the listener's user is a member (subject.ts). */
  askMembership(listener: Listener): void;
  /** Settles the listener that this one's connection has now. */
  settle(listener: Listener): void;
  /** The last listener is gone. */
  forget(channel: ListenedChannel): void;
}

/** What the listeners follow. */
export interface FollowedChannel extends ListenedChannel {
  readonly ring: Ring;
  readonly subject: Subject | undefined;
}

/** Set when events travel on a subject of the conversation's own (subject.ts). */
export interface Subject {
  /** False: the subscription is not in force yet, and events are held. */
  isAttached: boolean;
  /** The conversation has not said yet whether the listener's user is a member. */
  isAsking(listener: Listener): boolean;
}

export class Listeners implements Iterable<Listener> {
  #deps: ListenersDeps;
  #channel: FollowedChannel;
  #byConnection = new Map<Receiver, Listener>();
  /** Listeners that are not live. */
  #lagging = new Set<Listener>();
  #batch = new SharedBatch();
  #slices = new Slices();
  #isBursting = false;

  constructor(deps: ListenersDeps, channel: FollowedChannel) {
    this.#deps = deps;
    this.#channel = channel;
  }

  get size(): number {
    return this.#byConnection.size;
  }

  get hasLagging(): boolean {
    return this.#lagging.size > 0;
  }

  get(connection: Receiver): Listener | undefined {
    return this.#byConnection.get(connection);
  }

  /** False for a listener that was dropped; its connection may listen again as another one. */
  has(listener: Listener): boolean {
    return this.#byConnection.get(listener.connection) === listener;
  }

  [Symbol.iterator](): MapIterator<Listener> {
    return this.#byConnection.values();
  }

  /** `position`: what the device holds; unknown during the handshake. `mustRecheck`: membership is confirmed first. */
  add(connection: Receiver, position: number, mustRecheck: boolean): Listener {
    const isSyncing = connection.state.kind === "syncing";
    const phase: Phase = isSyncing
      ? { kind: "syncing", position, recheck: mustRecheck }
      : { kind: mustRecheck ? "checking" : "behind", position };
    const listener = new Listener(this.#channel, connection, phase);
    this.#byConnection.set(connection, listener);
    this.#lagging.add(listener);
    connection.listeners ??= [];
    connection.listeners.push(listener);
    return listener;
  }

  drop(listener: Listener): void {
    if (!this.has(listener)) return;
    // Events up to now are for this listener.
    if (listener.isLive) this.flushBatch();
    this.#byConnection.delete(listener.connection);
    this.#lagging.delete(listener);
    const others = listener.connection.listeners?.filter((each) => each !== listener);
    listener.connection.listeners = others?.length ? others : undefined;
    if (this.#byConnection.size === 0) this.#deps.forget(this.#channel);
  }

  dropUser(userId: UserId): void {
    for (const connection of this.#deps.receiversOf(userId)) {
      const listener = this.#byConnection.get(connection);
      if (listener) this.drop(listener);
    }
  }

  /** An entry for every live listener but those of `leftOut`. */
  push(entry: Entry, leftOut: readonly Listener[]): void {
    for (const listener of leftOut) listener.skip(entry);
    if (this.#batch.push(entry)) this.#deps.writer.mark(this);
    if (this.#batch.isFull) this.#pauseAll();
  }

  flushBatch(): void {
    this.#batch.flush(this, this.#deps.writer, this.#pause, false);
    if (this.#lagging.size === 0) this.#slices.forget();
  }

  /** Membership must be confirmed: the listener gets nothing until then. */
  recheck(listener: Listener): void {
    const { kind } = listener.phase;
    // A pull or the handshake is under way; its answer may be too old, so the check follows.
    const isBusy = kind === "syncing" || kind === "pulling";
    const { subject, version } = this.#channel;
    this.#fallBehind(listener, { type: subject && !isBusy ? "asked" : "recheck", position: version });
    if (isBusy) return;
    if (subject) this.#deps.askMembership(listener);
    else this.#deps.pullForOne(listener);
  }

  /** A live listener lacks the events above `position`: it pulls them. */
  pullFrom(listener: Listener, position: number): void {
    this.#fallBehind(listener, { type: "recheck", position });
    this.#deps.pullForOne(listener);
  }

  /** The handshake is done: the listener goes on from what its device held. */
  synced(listener: Listener): void {
    listener.transition({ type: "synced" }, this.#deps.elapsedMs());
    if (listener.position === unknownVersion) {
      listener.startAt(listener.connection.baselineOf(this.#channel.conversationId));
    }
    this.settle(listener);
  }

  settleAll(): void {
    for (const listener of [...this.#lagging]) this.settle(listener);
  }

  /** Leads a lagging listener to the channel's position. */
  settle(listener: Listener): void {
    if (!this.has(listener) || this.#mustWait(listener)) return;
    const { phase } = listener;
    const { version, ring } = this.#channel;
    switch (phase.kind) {
      case "live":
      case "syncing":
      case "pulling":
        return;
      case "checking":
        this.recheck(listener);
        return;
      case "behind":
      case "paused":
        if (phase.position === version) this.#goLive(listener);
        else if (!ring.covers(phase.position)) this.#deps.pullForOne(listener);
        else if (this.#catchUp(listener)) this.#goLive(listener);
    }
  }

  #mustWait(listener: Listener): boolean {
    const { version, subject } = this.#channel;
    if (listener.position > version || this.#isBursting) return true;
    if (subject && (!subject.isAttached || subject.isAsking(listener))) return true;
    return isStalled(listener);
  }

  #goLive(listener: Listener): void {
    // The frames of this tick were sent to the listener already, or are from before its time.
    this.flushBatch();
    listener.transition({ type: "caught_up", version: this.#channel.version }, this.#deps.elapsedMs());
    if (listener.ackedSeq === unknownSeq) listener.ackedSeq = this.#channel.seq;
    this.#lagging.delete(listener);
  }

  /** From the ring, a slice a tick. False: the rest follows when the socket has taken the slice. */
  #catchUp(listener: Listener): boolean {
    const { entries } = this.#channel.ring;
    const start = indexAbove(entries, listener.position);
    if (start === entries.length) return true;
    if (listener.connection.hasRoom) {
      const slice = this.#slices.take(entries, start);
      if (listener.phase.kind !== "paused") this.sendLate(listener, slice.entries);
      else sendShared(listener, slice, listener.phase.pausedAt, this.#deps.writer);
      if (start + slice.entries.length === entries.length) return true;
    }
    awaitRoom(listener, this.#deps.elapsedMs(), this.#deps.settle);
    return false;
  }

  /** Sends entries to one listener alone. */
  sendLate(listener: Listener, entries: readonly Entry[]): void {
    const { connection } = listener;
    const sentAtMs = this.#deps.elapsedMs();
    const late: LateEntry[] = [];
    for (const entry of entries) {
      const isOwn = isCausedBy(entry.except, connection);
      if (!isOwn) this.#deps.writer.send(connection, entry.frame);
      if (!isOwn) late.push({ ...entry, sentAtMs, rounds: 0 });
      if (listener.ackedSeq === unknownSeq) listener.ackedSeq = entry.seq - (entry.messageId === undefined ? 0 : 1);
      listener.moveTo(entry.version);
    }
    if (late.length > 0) listener.late = [...(listener.late ?? []), ...late];
  }

  /** `deliver` delivers more than a socket gets at once: live listeners are paused, and catch up. */
  burst(deliver: () => void): void {
    this.flushBatch();
    this.#isBursting = true;
    this.#pauseAll();
    try {
      deliver();
    } finally {
      this.#isBursting = false;
    }
  }

  #pauseAll(): void {
    this.#batch.flush(this, this.#deps.writer, this.#pause, true);
    // Without a batch the live ones are at the present.
    for (const listener of this) if (listener.isLive) this.#pause(listener, this.#channel.version);
  }

  #pause = (listener: Listener, position: number): void => {
    const nowMs = this.#deps.elapsedMs();
    listener.transition({ type: "paused", position, pausedAt: this.#channel.version }, nowMs);
    this.#lagging.add(listener);
    listener.skips = undefined;
    awaitRoom(listener, nowMs, this.#deps.settle);
  };

  #fallBehind(listener: Listener, event: { type: "asked" | "recheck"; position: number }): void {
    if (listener.isLive) this.flushBatch();
    listener.transition(event, this.#deps.elapsedMs());
    this.#lagging.add(listener);
  }
}
