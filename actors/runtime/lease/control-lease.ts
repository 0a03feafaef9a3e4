// The lease of a host among others (J5), on CONTROL: one message kept per subject, read back by all in one order.
// J5.1: a host holds its lease for `leaseMs` from the *sending* of the last renewal it has seen come back; elapsed time is
//       the larger of monotonic and wall time, so neither a sleeping machine nor a jumping clock stretches it.
// J5.2: a boot whose renewals stopped for 1.15 × leaseMs, while our own lease never lapsed, is closed by compare-and-set on
//       the last renewal seen: either it renews first, or it is closed for ever. It was sent before we saw it, so its lease
//       is over by then though our clock runs faster than its own by a seventh.
// J5.3: a closed host drops everything and comes back only under a new boot.
// J5.4: a host whose wall clock is over 2 s off CONTROL's takes no shard. Everybody concludes so from the same renewal, so
//       that the next in rank takes its place.
// J5.5: a boot that CONTROL does not know is gone only if it is still unknown `2 × leaseMs` after we first asked, our own
//       lease never lapsed since: whoever owns a shard stood in CONTROL before, and by then we would have read it.

import type { Clock, Control, ControlEntry } from "../ports.ts";
import { isClockWrong } from "./clock-offsets.ts";
import { type ControlLease, defaultLeaseLimits, type LeaseLimits, type Place } from "./lease.ts";
import { bootOfSubject, decodeRenewal, encodeRenewal, renewalSubject } from "./renewal.ts";

interface Seen {
  host: string;
  ownsShards: boolean;
  /** It renewed after we had joined: what CONTROL kept of one that died long ago is not. */
  isLive: boolean;
  /** Also when it has retired since. */
  hasOwned: boolean;
  sequence: number;
  /** Our monotonic time when this entry came in. */
  seenMs: number;
  /** J5.4: its wall clock less CONTROL's, when the entry came in. */
  clockOffsetMs: number;
}
interface Sent {
  value: string;
  monotonicMs: number;
  wallMs: number;
}

const closeAfterLeases = 1.15;
const absentAfterLeases = 2;
const closeTries = 5;
const silenceLookMs = 25;
const retireLookMs = 20;

export function createControlLease(deps: {
  control: Control;
  clock: Clock;
  place: Place;
  limits?: LeaseLimits;
}): ControlLease {
  return new Lease(deps.control, deps.clock, deps.place, deps.limits ?? defaultLeaseLimits);
}

class Lease implements ControlLease {
  readonly place: Place;
  #control: Control;
  #clock: Clock;
  #limits: LeaseLimits;
  /** By boot; those that are not closed. */
  #hosts = new Map<string, Seen>();
  #closedBoots = new Set<string>();
  #sent: Sent[] = [];
  #held: Sent | undefined;
  #counter = 0;
  #ownsShards: boolean;
  #isClosed = false;
  #isStopped = false;
  #isClosing = false;
  #absentSinceMs = new Map<string, number>();
  #lapsedMs = 0;
  #wasHeld = false;
  #hasJoined = false;
  #stopWatching = () => {};
  #changes: (() => void)[] = [];
  #closures: (() => void)[] = [];
  #losses: ((boot: string, host: string) => void)[] = [];
  #starting: (() => void)[] = [];

  constructor(control: Control, clock: Clock, place: Place, limits: LeaseLimits) {
    this.#control = control;
    this.#clock = clock;
    this.place = place;
    this.#ownsShards = place.ownsShards !== false;
    this.#limits = limits;
  }

  async start(): Promise<void> {
    this.#lapsedMs = this.#clock.monotonicMs();
    this.#stopWatching = this.#control.watch((entry) => this.#see(entry));
    const started = new Promise<void>((resolve) => this.#starting.push(resolve));
    this.#renew();
    this.#watchSilence();
    return started;
  }

  isHeld(): boolean {
    const held = this.#held;
    if (!held || this.#isClosed || this.#isClosing) return false;
    const elapsedMs = Math.max(this.#clock.monotonicMs() - held.monotonicMs, this.#clock.nowMs() - held.wallMs);
    return elapsedMs < this.#limits.leaseMs; // J5.1
  }

  openHosts(): readonly string[] {
    const open = [...this.#hosts].filter(([boot]) => boot !== this.place.boot && this.isStaying(boot));
    const names = open.map(([, { host }]) => host);
    return this.isStaying(this.place.boot) ? [...names, this.place.host] : names;
  }

  isStaying(boot: string): boolean {
    if (boot === this.place.boot) return this.#ownsShards && this.isHeld() && !this.hasWrongClock;
    const seen = this.#hosts.get(boot);
    return seen?.ownsShards === true && !this.#isWrong(seen.clockOffsetMs) && this.#isHeard(seen);
  }

  isPresent = (boot: string): boolean => this.#hosts.get(boot)?.isLive === true;

  leavingHosts(): readonly string[] {
    const heard = [...this.#hosts.values()].filter(this.#isHeard);
    return heard.filter(({ ownsShards, hasOwned }) => hasOwned && !ownsShards).map(({ host }) => host);
  }

  isOpen = (name: string): boolean =>
    [...this.#hosts.values()].some((seen) => seen.host === name && this.#isHeard(seen));

  #isHeard = ({ seenMs }: Seen): boolean =>
    this.#clock.monotonicMs() - seenMs < this.#limits.leaseMs * closeAfterLeases;

  get clockOffsetMs(): number {
    return this.#hosts.get(this.place.boot)?.clockOffsetMs ?? 0;
  }

  get hasWrongClock(): boolean {
    return this.#isWrong(this.clockOffsetMs);
  }

  namesakes(): readonly string[] {
    const { host, boot: own } = this.place;
    return [...this.#hosts].flatMap(([boot, seen]) => (seen.host === host && boot !== own ? [boot] : []));
  }

  mayFence(boot: string): boolean {
    if (this.#hosts.has(boot)) return false;
    if (this.#closedBoots.has(boot)) return true;
    this.#noticeLapse(); // J5.5
    const nowMs = this.#clock.monotonicMs();
    const askedMs = this.#absentSinceMs.get(boot) ?? nowMs;
    this.#absentSinceMs.set(boot, askedMs);
    return nowMs - Math.max(askedMs, this.#lapsedMs) > this.#limits.leaseMs * absentAfterLeases;
  }

  ownerBoots(): readonly string[] {
    const boots = [...this.#hosts].filter(([, { hasOwned }]) => hasOwned).map(([boot]) => boot);
    const isMissing = this.place.ownsShards !== false && !boots.includes(this.place.boot);
    return isMissing ? [...boots, this.place.boot] : boots;
  }

  onChange = (handler: () => void): void => void this.#changes.push(handler);
  onClosed = (handler: () => void): void => void this.#closures.push(handler);

  onLost(handler: (boot: string, host: string) => void): void {
    this.#losses.push(handler);
  }

  async retire(): Promise<boolean> {
    this.#ownsShards = false;
    const endMs = this.#clock.monotonicMs() + this.#limits.leaseMs;
    const isKnown = () => this.#hosts.get(this.place.boot)?.ownsShards === false;
    // A renewal that was already on its way makes this one be refused: then it is sent again.
    while (!isKnown() && this.#clock.monotonicMs() < endMs && !this.#isStopped) {
      this.#sendRenewal();
      await new Promise<void>((resolve) => this.#clock.after(retireLookMs, resolve));
    }
    for (const handler of this.#changes) handler();
    return isKnown();
  }

  async close(isClean = true): Promise<void> {
    // The lease ends before anybody can read that it did; a renewal still on its way costs another try.
    this.#isClosing = true;
    this.#noticeLapse();
    let last = this.#hosts.get(this.place.boot)?.sequence ?? 0;
    for (let i = 0; i < closeTries && last > 0 && !this.#isClosed; i += 1) {
      const value = encodeRenewal({ state: "closed", host: this.place.host, counter: 0, byItself: isClean });
      const outcome = await this.#control.put(renewalSubject(this.place.boot), value, last);
      if (outcome.kind === "appended") break;
      last = outcome.lastSequence;
    }
    this.stop();
  }

  stop(): void {
    this.#isStopped = true;
    this.#held = undefined;
    this.#stopWatching();
  }

  #renew(): void {
    if (this.#isStopped || this.#isClosed || this.#isClosing) return;
    this.#sendRenewal();
    this.#noticeLapse();
    this.#clock.after(this.#limits.renewEveryMs, () => this.#renew());
  }

  /** Between renewals, too: how late a silent host is noticed is part of how long its conversations wait. */
  #watchSilence(): void {
    if (this.#isStopped || this.#isClosed || this.#isClosing) return;
    this.#noticeLapse();
    this.#closeSilent();
    this.#clock.after(silenceLookMs, () => this.#watchSilence());
  }

  #sendRenewal(): void {
    this.#counter += 1;
    const wallMs = this.#clock.nowMs();
    const { host } = this.place;
    const ownsShards = this.#ownsShards;
    const isLeaving = !ownsShards && this.place.ownsShards !== false;
    const value = encodeRenewal({ state: "open", host, counter: this.#counter, wallMs, ownsShards, isLeaving });
    this.#sent.push({ value, monotonicMs: this.#clock.monotonicMs(), wallMs });
    if (this.#sent.length > 32) this.#sent.shift();
    // An unknown or refused outcome needs no care here: what counts is what comes back through the watch.
    this.#control
      .put(renewalSubject(this.place.boot), value, this.#hosts.get(this.place.boot)?.sequence ?? 0)
      .catch(() => {});
  }

  #see(entry: ControlEntry): void {
    const boot = bootOfSubject(entry.subject);
    if (this.#isStopped || boot === undefined) return;
    const { state, host, wallMs, ownsShards = true, isLeaving, byItself = false } = decodeRenewal(entry.value);
    const isClosed = state === "closed";
    const known = this.#hosts.get(boot);
    const isLost = isClosed && !byItself && !this.#closedBoots.has(boot);
    this.#absentSinceMs.delete(boot);
    if (isClosed) {
      this.#hosts.delete(boot);
      this.#closedBoots.add(boot);
    } else {
      this.#hosts.set(boot, {
        host,
        ownsShards,
        hasOwned: ownsShards || isLeaving === true,
        isLive: known?.isLive === true || this.#hasJoined,
        sequence: entry.sequence,
        seenMs: this.#clock.monotonicMs(),
        clockOffsetMs: wallMs === undefined ? 0 : wallMs - entry.atMs,
      });
    }
    if (boot === this.place.boot) this.#seeOwn(entry, state);
    else if (isLost) for (const handler of this.#losses) handler(boot, host);
    for (const handler of this.#changes) handler();
  }

  #seeOwn(entry: ControlEntry, state: string): void {
    if (state === "closed") {
      const isNews = !this.#isClosed && !this.#isClosing;
      this.#isClosed = true; // J5.3
      this.#held = undefined;
      if (isNews) for (const handler of this.#closures) handler();
      this.#endStart();
      return;
    }
    const at = this.#sent.findIndex(({ value }) => value === entry.value);
    if (at < 0) return;
    this.#noticeLapse();
    this.#held = this.#sent[at];
    this.#sent.splice(0, at + 1);
    this.#hasJoined = true;
    this.#wasHeld = true;
    this.#endStart();
  }

  /** A boot that was closed while it was still joining holds no lease ever: nobody waits for one. */
  #endStart(): void {
    for (const resolve of this.#starting.splice(0)) resolve();
  }

  #isWrong(offsetMs: number): boolean {
    return isClockWrong(offsetMs, this.#hosts.values(), this.#limits.maxClockOffsetMs);
  }

  /** Remembers when the own lease was last seen lapsed: silence of others during that time proves nothing. */
  #noticeLapse(): void {
    const isHeld = this.isHeld();
    if (!isHeld) this.#lapsedMs = this.#clock.monotonicMs();
    if (isHeld !== this.#wasHeld) for (const handler of this.#changes) handler();
    this.#wasHeld = isHeld;
  }

  /** J5.2 */
  #closeSilent(): void {
    const nowMs = this.#clock.monotonicMs();
    const silenceMs = this.#limits.leaseMs * closeAfterLeases;
    if (nowMs - this.#lapsedMs < silenceMs) return;
    for (const [boot, seen] of this.#hosts) {
      if (boot === this.place.boot || nowMs - seen.seenMs < silenceMs) continue;
      this.#control
        .put(renewalSubject(boot), encodeRenewal({ state: "closed", host: seen.host, counter: 0 }), seen.sequence)
        .catch(() => {});
    }
  }
}
