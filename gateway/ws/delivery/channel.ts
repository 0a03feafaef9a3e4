// One conversation on this gateway: who listens, and the frames they share.
// C1: events are delivered strictly by version; each version once; what is missing is pulled before anything later.
// C2: live listeners share one position; what one tick delivers is one buffer for all of them, so that a message costs
//     nothing per member but the write. A burst is no tick's work: each catches up at its socket's pace (pace.ts).
// C3: who listens changes with the event that says so: a member who left gets neither that event nor anything after it.
//     What does not come straight from the bell may be long past: who joined by it is asked for first.
// C4: a version that is told to each in his own words is known to those only whom one of the tellings named.
import type { ConversationId, UserId } from "../../../actors/shared/ids.ts";
import type { Edge } from "../edge.ts";
import type { Connection } from "../socket/connection.ts";
import { goOnWhenDrained, hasRoom } from "../socket/pace.ts";
import { Frame } from "../wire/frame.ts";
import { HeldEvents } from "../wire/held-events.ts";
import { type Entry, indexAbove, Ring } from "../wire/ring.ts";
import type { VersionedFrame } from "../wire/version-frames.ts";
import { isCausedBy, listLeftOut, listUnknown } from "./audience.ts";
import { type LateEntry, Listener, unknownSeq } from "./listener.ts";
import { pullForAll, pullForOne } from "./pull.ts";
import { attach, type RoomState } from "./room.ts";
import { SharedBatch } from "./shared-batch.ts";
import { Slices, sendShared } from "./slices.ts";

/** Clients confirm once a second: a burst must not look like a device that does not. */
const burstGraceMs = 5_000;

export class Channel {
  readonly edge: Edge;
  readonly conversationId: ConversationId;
  readonly listeners = new Map<Connection, Listener>();
  readonly ring: Ring;
  version: number;
  /** The conversation's seq at `version`; unknown until the first event. */
  seq: number;
  lastMessageVersion = 0;
  /** Set when events travel on a subject of the conversation's own. */
  room: RoomState | undefined = undefined;
  isPulling = false;
  /** A pull failed: the sweep repeats it. */
  isBehind = false;
  /** Sent again up to these versions, by round (resend.ts). */
  resentTo: number[] | undefined = undefined;
  #apart = new Set<Listener>();
  #held = new HeldEvents();
  #batch = new SharedBatch();
  #slices = new Slices();
  #isBursting = false;
  /** Who got a version that is told to each in his own words: the last such one. */
  #told: { version: number; users: Set<UserId>; atMs: number } | undefined;

  constructor(edge: Edge, conversationId: ConversationId, version: number, seq: number) {
    this.edge = edge;
    this.conversationId = conversationId;
    this.version = version;
    this.seq = seq;
    this.ring = new Ring(version);
  }

  /** Something is missing, or a pull that would have told so failed. */
  get hasGap(): boolean {
    return this.isBehind || !this.#held.isEmpty;
  }

  /** Listeners that are not live: behind, or waiting. */
  get apart(): ReadonlySet<Listener> {
    return this.#apart;
  }

  /** Who was at `position` listens from there. */
  listen(connection: Connection, position: number, isBusy: boolean): Listener {
    const listener = new Listener(this, connection, position);
    listener.isBusy = isBusy;
    this.listeners.set(connection, listener);
    this.#apart.add(listener);
    connection.listeners ??= [];
    connection.listeners.push(listener);
    return listener;
  }

  drop(listener: Listener): void {
    if (this.listeners.get(listener.connection) !== listener) return; // he left, and maybe came back as another one
    // What was decided while he listened is his.
    if (listener.isLive) this.flushBatch();
    this.listeners.delete(listener.connection);
    this.#apart.delete(listener);
    const others = listener.connection.listeners?.filter((each) => each !== listener);
    listener.connection.listeners = others?.length ? others : undefined;
    if (this.listeners.size === 0) this.edge.channels.forget(this);
  }

  dropUser(userId: UserId): void {
    for (const connection of this.edge.hub.connections(userId)) {
      const listener = this.listeners.get(connection);
      if (listener) this.drop(listener);
    }
  }

  /** An event as the bell brought it: maybe late, twice, or before others. */
  offer(event: VersionedFrame): void {
    if (event.version <= this.version) {
      if (event.version === this.version && event.audience) this.#deliverVariant(event);
      return; // C1: known
    }
    const isNext = event.version === this.version + 1;
    if (isNext && !this.isPulling && this.room?.isAttached !== false) {
      this.deliver(event, true);
      this.drainHeld();
      return;
    }
    this.#held.hold(event);
    if (!isNext) this.heal();
  }

  /** Pulls what is missing below the held events. */
  heal(): void {
    if (this.isPulling || this.room?.isAttached === false || !this.hasGap) return;
    void pullForAll(this);
  }

  /** C1: delivers what is next, and forgets what is known. */
  drainHeld(): void {
    if (this.#held.isEmpty) return;
    for (let next = this.#held.take(this.version + 1); next; next = this.#held.take(this.version + 1))
      this.deliver(next);
    this.#held.forget(this.version);
  }

  deliver(event: VersionedFrame, isFromBell = false): void {
    if (this.#told) this.askUntold(0);
    for (const userId of event.left) this.dropUser(userId); // C3
    for (const userId of event.joined) this.edge.channels.welcome(this, userId, event.version - 1, !isFromBell);
    for (const listener of listUnknown(this, event)) this.doubt(listener);
    if (this.seq === unknownSeq) this.moveTo(0, event.seq - (event.messageId === undefined ? 0 : 1));
    const entry = this.#append(event);
    this.moveTo(entry.version, entry.seq);
    if (entry.messageId !== undefined) this.lastMessageVersion = entry.version;
    if (event.next) this.#deliverVariant(event.next);
    if (this.#apart.size > 0) this.settleAll();
  }

  /** The present version for others than those who got it. */
  #deliverVariant(event: VersionedFrame): void {
    const told = this.#told;
    if (told?.version !== event.version) return;
    if (![...(event.audience ?? [])].some((userId) => told.users.has(userId))) this.#append(event);
  }

  /** C4, once the last such version is `minAgeMs` old: live listeners whom nobody told of it pull it. */
  askUntold(minAgeMs: number): void {
    const told = this.#told;
    if (told === undefined || this.edge.elapsedMs() - told.atMs < minAgeMs) return;
    this.#told = undefined;
    for (const listener of [...this.listeners.values()]) {
      const isUntold = !told.users.has(listener.connection.caller?.userId ?? "") && listener.liveFrom < told.version;
      if (!listener.isLive || !isUntold) continue;
      this.flushBatch();
      this.#setApart(listener, told.version - 1);
      listener.isDoubted = true;
      void pullForOne(listener);
    }
  }

  #append(event: VersionedFrame): Entry {
    const { version, seq, messageId, except, audience } = event;
    const isPartial = audience !== undefined || event.editedSeq !== undefined;
    const sentAtMs = this.edge.elapsedMs();
    const entry: Entry = { version, seq, messageId, frame: new Frame(event.json), sentAtMs, except, isPartial };
    for (const listener of listLeftOut(this, event)) listener.skip(entry);
    if (audience && this.#told?.version !== version) this.#told = { version, users: new Set(), atMs: sentAtMs };
    for (const userId of audience ?? []) this.#told?.users.add(userId);
    this.ring.append(entry);
    if (this.#batch.push(entry)) this.edge.writer.mark(this);
    if (this.#batch.isFull) this.#parkAll();
    const { maxUnacked } = this.edge.deps.limits;
    if (this.ring.entries.length > 4 * maxUnacked) this.ring.trim(0, 2 * maxUnacked);
    return entry;
  }

  /** Everything up to `version` is delivered, or nobody here may see it. */
  moveTo(version: number, seq: number): void {
    if (version > this.version) this.version = version;
    const isFirst = this.seq === unknownSeq;
    if (seq > this.seq) this.seq = seq;
    if (!isFirst) return;
    for (const listener of this.listeners.values()) {
      if (listener.isLive && listener.ackedSeq === unknownSeq) listener.ackedSeq = this.seq;
    }
  }

  /** Whether the listener still belongs here is in doubt: it waits at its position until it was asked for. */
  doubt(listener: Listener): void {
    if (listener.isLive) this.flushBatch();
    if (listener.isLive) this.#setApart(listener, this.version);
    listener.isDoubted = this.room === undefined; // a room admits nobody before it has asked
    if (this.room) attach(this, listener);
    else void pullForOne(listener);
  }

  settleAll(): void {
    for (const listener of [...this.#apart]) this.settle(listener);
  }

  /** Leads a listener that is behind to the channel's position. */
  settle(listener: Listener): void {
    if (listener.isBusy || listener.isLive || !listener.isAdmitted || listener.position > this.version) return;
    if (this.room?.isAttached === false || this.#isBursting || listener.connection.stalled?.has(listener)) return;
    if (listener.isDoubted) {
      this.doubt(listener);
      return;
    }
    if (listener.position < this.version) {
      if (!this.ring.covers(listener.position)) {
        listener.parkedAt = undefined;
        void pullForOne(listener);
        return;
      }
      if (!this.#catchUp(listener)) return;
    }
    // Frames of this tick were sent to it already, or are from before its time.
    this.flushBatch();
    listener.isLive = true;
    if (listener.parkedAt === undefined) listener.liveFrom = this.version;
    else listener.graceUntilMs = this.edge.elapsedMs() + burstGraceMs;
    listener.parkedAt = undefined;
    if (listener.ackedSeq === unknownSeq) listener.ackedSeq = this.seq;
    this.#apart.delete(listener);
  }

  /** From the ring, a slice a tick. False: the rest follows when the socket has taken it. */
  #catchUp(listener: Listener): boolean {
    const { entries } = this.ring;
    const start = indexAbove(entries, listener.position);
    if (start === entries.length) return true;
    if (!hasRoom(listener.connection)) {
      goOnWhenDrained(listener);
      return false;
    }
    const slice = this.#slices.take(entries, start);
    if (listener.parkedAt === undefined) this.sendLate(listener, slice.entries);
    else sendShared(listener, slice, listener.parkedAt);
    if (start + slice.entries.length === entries.length) return true;
    goOnWhenDrained(listener);
    return false;
  }

  /** Delivers more than a socket is given at once: whoever is live falls behind, and catches up. */
  burst(deliver: () => void): void {
    this.flushBatch();
    this.#isBursting = true;
    this.#parkAll();
    try {
      deliver();
    } finally {
      this.#isBursting = false;
    }
  }

  #parkAll(): void {
    this.#batch.flush(this.listeners.values(), this.edge.writer, this.#park, true);
    // Without a batch they are at the present.
    for (const listener of this.listeners.values()) if (listener.isLive) this.#park(listener, this.version);
  }

  #park = (listener: Listener, position: number): void => {
    this.#setApart(listener, position);
    listener.parkedAt = this.version;
    listener.skips = undefined;
    goOnWhenDrained(listener);
  };

  #setApart(listener: Listener, position: number): void {
    listener.position = position;
    listener.isLive = false;
    this.#apart.add(listener);
  }

  /** Frames for one listener alone. */
  sendLate(listener: Listener, entries: readonly Entry[]): void {
    const { connection } = listener;
    const sentAtMs = this.edge.elapsedMs();
    const late: LateEntry[] = [];
    for (const entry of entries) {
      const isOwn = isCausedBy(entry.except, connection);
      if (!isOwn) this.edge.writer.send(connection, entry.frame);
      if (!isOwn) late.push({ ...entry, sentAtMs, rounds: 0 });
      if (listener.ackedSeq === unknownSeq) listener.ackedSeq = entry.seq - (entry.messageId === undefined ? 0 : 1);
      listener.position = entry.version;
    }
    if (late.length > 0) listener.late = [...(listener.late ?? []), ...late];
  }

  /** C2 */
  flushBatch(): void {
    this.#batch.flush(this.listeners.values(), this.edge.writer, this.#park, false);
    if (this.#apart.size === 0) this.#slices.forget();
  }
}
