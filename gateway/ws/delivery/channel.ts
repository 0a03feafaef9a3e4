// One conversation on this gateway. Its events are delivered strictly by version, each version once; missing ones are
// pulled before anything later.
import type { ConversationId, UserId } from "../../../actors/shared/ids.ts";
import { Frame } from "../wire/frame.ts";
import { type Entry, Ring } from "../wire/ring.ts";
import type { VersionedFrame } from "../wire/version-frames.ts";
import { listLeftOut, listUnknown } from "./audience.ts";
import { HeldEvents } from "./held-events.ts";
import { unknownSeq } from "./listener.ts";
import { type FollowedChannel, Listeners, type ListenersDeps, type Subject } from "./listeners.ts";
import { Variants } from "./variants.ts";

export interface ChannelDeps extends ListenersDeps {
  readonly maxUnacked: number;
  /** Fills the gap below the held events. */
  pullForAll(channel: Channel): void;
  /** A member joined at `version` + 1: the user's connections listen from there. `isPast`: the event did not come live. */
  welcome(channel: Channel, userId: UserId, version: number, isPast: boolean): void;
}

export class Channel implements FollowedChannel {
  readonly conversationId: ConversationId;
  readonly listeners: Listeners;
  readonly ring: Ring;
  version: number;
  /** The conversation's seq at `version`; unknown until the first event. */
  seq: number;
  lastMessageVersion = 0;
  subject: Subject | undefined = undefined;
  /** "failed": the sweep repeats the pull. */
  pull: "none" | "running" | "failed" = "none";
  /** Sent again up to these versions, by round (resend.ts). */
  resentTo: number[] | undefined = undefined;
  #deps: ChannelDeps;
  #held = new HeldEvents();
  #variants = new Variants();

  constructor(deps: ChannelDeps, conversationId: ConversationId, version: number, seq: number) {
    this.#deps = deps;
    this.conversationId = conversationId;
    this.version = version;
    this.seq = seq;
    this.ring = new Ring(version);
    this.listeners = new Listeners(deps, this);
  }

  /** An event from the notification bus: maybe late, twice, or before earlier ones. */
  offer(event: VersionedFrame): void {
    if (event.version <= this.version) {
      if (event.version === this.version && event.audience) this.#deliverVariant(event);
      return;
    }
    const isNext = event.version === this.version + 1;
    if (isNext && this.pull !== "running" && this.subject?.isAttached !== false) {
      this.deliver(event, true);
      this.drainHeld();
      return;
    }
    this.#held.hold(event);
    if (!isNext) this.heal();
  }

  /** Pulls the events below the held ones, and repeats a pull that failed. */
  heal(): void {
    if (this.pull === "running" || this.subject?.isAttached === false) return;
    if (this.pull === "failed" || !this.#held.isEmpty) this.#deps.pullForAll(this);
  }

  /** Delivers the held events that are next, and forgets the known ones. */
  drainHeld(): void {
    if (this.#held.isEmpty) return;
    for (let next = this.#held.take(this.version + 1); next; next = this.#held.take(this.version + 1))
      this.deliver(next);
    this.#held.forget(this.version);
  }

  /**
   * Membership changes with the event that says so: a member who left gets neither that event nor a later one. Only an
   * event straight from the bus admits a member; another one may be long past.
   */
  deliver(event: VersionedFrame, isFromBus = false): void {
    if (!this.#variants.isEmpty) this.pullVariants(0);
    for (const userId of event.left) this.listeners.dropUser(userId);
    for (const userId of event.joined) this.#deps.welcome(this, userId, event.version - 1, !isFromBus);
    for (const listener of listUnknown(this.listeners, event)) this.listeners.recheck(listener);
    if (this.seq === unknownSeq) this.moveTo(0, event.seq - (event.messageId === undefined ? 0 : 1));
    const entry = this.#append(event);
    this.moveTo(entry.version, entry.seq);
    if (entry.messageId !== undefined) this.lastMessageVersion = entry.version;
    if (event.next) this.#deliverVariant(event.next);
    if (this.listeners.hasLagging) this.listeners.settleAll();
  }

  #deliverVariant(event: VersionedFrame): void {
    if (this.#variants.isNewFor(event.version, event.audience ?? [])) this.#append(event);
  }

  /** Once the newest version with variants is `minAgeMs` old, live listeners that got no variant pull it. */
  pullVariants(minAgeMs: number): void {
    const old = this.#variants.takeOld(minAgeMs, this.#deps.elapsedMs());
    if (old === undefined) return;
    for (const listener of [...this.listeners]) {
      const { phase, connection } = listener;
      if (phase.kind !== "live" || phase.liveFrom >= old.version || old.users.has(connection.userId)) continue;
      this.listeners.pullFrom(listener, old.version - 1);
    }
  }

  #append(event: VersionedFrame): Entry {
    const { version, seq, messageId, except, audience } = event;
    const isPartial = audience !== undefined || event.editedSeq !== undefined;
    const sentAtMs = this.#deps.elapsedMs();
    const entry: Entry = { version, seq, messageId, frame: new Frame(event.json), sentAtMs, except, isPartial };
    if (audience) this.#variants.note(version, audience, sentAtMs);
    this.ring.append(entry);
    this.listeners.push(entry, listLeftOut(this.listeners, event, this.#deps.receiversOf));
    const { maxUnacked } = this.#deps;
    if (this.ring.entries.length > 4 * maxUnacked) this.ring.trim(0, 2 * maxUnacked);
    return entry;
  }

  /** Everything up to `version` is delivered, or hidden from every listener. */
  moveTo(version: number, seq: number): void {
    if (version > this.version) this.version = version;
    const isFirst = this.seq === unknownSeq;
    if (seq > this.seq) this.seq = seq;
    if (!isFirst) return;
    for (const listener of this.listeners) {
      if (listener.isLive && listener.ackedSeq === unknownSeq) listener.ackedSeq = this.seq;
    }
  }
}
