// The lease of a host among others, on CONTROL: one message kept per subject, read back by all hosts in one order.
// The rules are J5.1 to J5.5 in GUARANTEES.md. J5.2 holds for clocks that run at different speeds: a renewal was sent before
// we saw it, so its lease is over when we close its boot, even if our clock runs faster than that host's by a seventh.
import { sleep } from "../../shared/sleep.ts";
import type { Clock, Control, ControlEntry } from "../ports.ts";
import { isClockWrong } from "./clock-offsets.ts";
import { ControlHistory } from "./control-history.ts";
import { KnownHosts } from "./known-hosts.ts";
import { type ClosedReason, type ControlLease, defaultLeaseLimits, type LeaseLimits, type Place } from "./lease.ts";
import { bootOfSubject, decodeRenewal, encodeRenewal, type Renewal, renewalSubject } from "./renewal.ts";
import { type SentRenewal, SentRenewals } from "./sent-renewals.ts";

const closeAfterLeases = 1.15;
const absentAfterLeases = 2;
const closeTries = 5;
/** Silence is looked for between renewals, too: how soon a silent host is closed is part of the time of a failover (G9). */
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
  #hosts: KnownHosts;
  #history = new ControlHistory();
  #sent = new SentRenewals();
  /** The last renewal that came back. */
  #held: SentRenewal | undefined;
  #counter = 0;
  #ownsShards: boolean;
  /** closing: `close` was called. closed: others closed this boot, or CONTROL went back. stopped: for ever. */
  #phase: "open" | "closing" | "closed" | "stopped" = "open";
  /** When our own lease was last seen lapsed: the silence of others until then proves nothing. */
  #lapsedMs = 0;
  #wasHeld = false;
  #hasJoined = false;
  #stopWatching = () => {};
  #changes: (() => void)[] = [];
  #closures: ((reason: ClosedReason) => void)[] = [];
  #losses: ((boot: string, host: string) => void)[] = [];
  #starting: (() => void)[] = [];

  constructor(control: Control, clock: Clock, place: Place, limits: LeaseLimits) {
    this.#control = control;
    this.#clock = clock;
    this.place = place;
    this.#ownsShards = place.ownsShards !== false;
    this.#limits = limits;
    this.#hosts = new KnownHosts(limits.leaseMs * closeAfterLeases);
  }

  async start(): Promise<void> {
    this.#lapsedMs = this.#clock.monotonicMs();
    this.#stopWatching = this.#control.watch((entry) => this.#see(entry));
    const started = new Promise<void>((resolve) => this.#starting.push(resolve));
    this.#renew();
    this.#watchSilence();
    return started;
  }

  /** J5.1 */
  isHeld(): boolean {
    const held = this.#held;
    if (!held || this.#phase !== "open") return false;
    const elapsedMs = Math.max(this.#clock.monotonicMs() - held.monotonicMs, this.#clock.nowMs() - held.wallMs);
    return elapsedMs < this.#limits.leaseMs;
  }

  openHosts(): readonly string[] {
    const { boot: own, host } = this.place;
    const others = [...this.#hosts.open].filter(([boot]) => boot !== own && this.isStaying(boot));
    const names = others.map(([, known]) => known.host);
    return this.isStaying(own) ? [...names, host] : names;
  }

  isStaying(boot: string): boolean {
    if (boot === this.place.boot) return this.#ownsShards && this.isHeld() && !this.hasWrongClock;
    const known = this.#hosts.open.get(boot);
    if (!known?.ownsShards || this.#isWrong(known.clockOffsetMs)) return false;
    return this.#hosts.isHeard(known, this.#clock.monotonicMs());
  }

  isPresent(boot: string): boolean {
    return this.#hosts.open.get(boot)?.isLive === true;
  }

  leavingHosts(): readonly string[] {
    return this.#hosts.leaving(this.#clock.monotonicMs());
  }

  isOpen(name: string): boolean {
    return this.#hosts.isOpen(name, this.#clock.monotonicMs());
  }

  get clockOffsetMs(): number {
    return this.#hosts.open.get(this.place.boot)?.clockOffsetMs ?? 0;
  }

  get hasWrongClock(): boolean {
    return this.#isWrong(this.clockOffsetMs);
  }

  namesakes(): readonly string[] {
    return this.#hosts.bootsOf(this.place.host).filter((boot) => boot !== this.place.boot);
  }

  mayFence(boot: string): boolean {
    if (this.#hosts.open.has(boot)) return false;
    if (this.#hosts.isClosed(boot)) return true;
    this.#noticeLapse(); // J5.5: our own lease must not have lapsed since
    const nowMs = this.#clock.monotonicMs();
    return (
      nowMs - Math.max(this.#hosts.absentSinceMs(boot, nowMs), this.#lapsedMs) >
      this.#limits.leaseMs * absentAfterLeases
    );
  }

  ownerBoots(): readonly string[] {
    const boots = this.#hosts.owners();
    const isMissing = this.place.ownsShards !== false && !boots.includes(this.place.boot);
    return isMissing ? [...boots, this.place.boot] : boots;
  }

  onChange(handler: () => void): void {
    this.#changes.push(handler);
  }

  onClosed(handler: (reason: ClosedReason) => void): void {
    this.#closures.push(handler);
  }

  onLost(handler: (boot: string, host: string) => void): void {
    this.#losses.push(handler);
  }

  async retire(): Promise<boolean> {
    this.#ownsShards = false;
    const endMs = this.#clock.monotonicMs() + this.#limits.leaseMs;
    const isKnown = () => this.#hosts.open.get(this.place.boot)?.ownsShards === false;
    // A renewal that was on its way already makes CONTROL refuse this one: then it is sent again.
    while (!isKnown() && this.#clock.monotonicMs() < endMs && this.#phase !== "stopped") {
      this.#sendRenewal();
      await sleep(this.#clock, retireLookMs);
    }
    this.#tellChange();
    return isKnown();
  }

  async close(isClean = true): Promise<void> {
    // The lease ends before another host can read that it did; a renewal that is on its way costs one more try.
    if (this.#phase === "open") this.#phase = "closing";
    this.#noticeLapse();
    let last = this.#hosts.open.get(this.place.boot)?.sequence ?? 0;
    for (let i = 0; i < closeTries && last > 0 && this.#phase === "closing"; i += 1) {
      const value = encodeRenewal({ state: "closed", host: this.place.host, counter: 0, byItself: isClean });
      const outcome = await this.#control.put(renewalSubject(this.place.boot), value, last);
      if (outcome.kind === "appended") break;
      last = outcome.lastSequence;
    }
    this.stop();
  }

  stop(): void {
    this.#phase = "stopped";
    this.#held = undefined;
    this.#stopWatching();
  }

  #renew(): void {
    if (this.#phase !== "open") return;
    this.#sendRenewal();
    this.#noticeLapse();
    this.#clock.after(this.#limits.renewEveryMs, () => this.#renew());
  }

  #watchSilence(): void {
    if (this.#phase !== "open") return;
    this.#noticeLapse();
    this.#closeSilent();
    this.#clock.after(silenceLookMs, () => this.#watchSilence());
  }

  #sendRenewal(): void {
    this.#counter += 1;
    const { host, boot } = this.place;
    const wallMs = this.#clock.nowMs();
    const ownsShards = this.#ownsShards;
    const isLeaving = !ownsShards && this.place.ownsShards !== false;
    const value = encodeRenewal({ state: "open", host, counter: this.#counter, wallMs, ownsShards, isLeaving });
    this.#sent.add({ value, monotonicMs: this.#clock.monotonicMs(), wallMs });
    const expected = this.#hosts.open.get(boot)?.sequence ?? 0;
    const { lastSeen } = this.#history;
    // An unknown or refused outcome needs no repeat: only what comes back through the watch counts.
    this.#control.put(renewalSubject(boot), value, expected).then(
      (outcome) => {
        const nowMs = this.#clock.monotonicMs();
        this.#history.note(outcome, { expected, lastSeen }, nowMs);
        if (this.#history.wentBack(nowMs, this.#limits.leaseMs)) this.#end("control_went_back");
      },
      () => {},
    );
  }

  #see(entry: ControlEntry): void {
    this.#history.see(entry.sequence);
    const boot = bootOfSubject(entry.subject);
    if (this.#phase === "stopped" || boot === undefined) return;
    const renewal = decodeRenewal(entry.value);
    if (renewal.state === "closed") this.#seeClosed(boot, renewal);
    else if (this.#hosts.isClosed(boot)) this.#closeBoot(boot, renewal.host, entry.sequence);
    else {
      const us = { nowMs: this.#clock.monotonicMs(), hasJoined: this.#hasJoined };
      this.#hosts.renewed(boot, renewal, entry, us);
      if (boot === this.place.boot) this.#seeOwn(entry.value);
    }
    this.#tellChange();
  }

  #seeClosed(boot: string, { host, byItself = false }: Renewal): void {
    const isLost = !byItself && !this.#hosts.isClosed(boot);
    this.#hosts.closed(boot);
    if (boot === this.place.boot) this.#end("closed_by_others");
    else if (isLost) for (const handler of this.#losses) handler(boot, host);
  }

  /** A renewal of ours came back. */
  #seeOwn(value: string): void {
    const renewal = this.#sent.take(value);
    if (!renewal) return;
    this.#noticeLapse();
    this.#held = renewal;
    this.#history.clear();
    this.#hasJoined = true;
    this.#wasHeld = true;
    this.#endStart();
  }

  /** J5.3 */
  #end(reason: ClosedReason): void {
    const wasOpen = this.#phase === "open";
    if (this.#phase !== "stopped") this.#phase = "closed";
    this.#held = undefined;
    if (wasOpen) for (const handler of this.#closures) handler(reason);
    this.#endStart();
  }

  /** Also for a boot that was closed before it held the lease: it never will. */
  #endStart(): void {
    for (const resolve of this.#starting.splice(0)) resolve();
  }

  #isWrong(offsetMs: number): boolean {
    return isClockWrong(offsetMs, this.#hosts.open.values(), this.#limits.maxClockOffsetMs);
  }

  #noticeLapse(): void {
    const isHeld = this.isHeld();
    if (!isHeld) this.#lapsedMs = this.#clock.monotonicMs();
    const isNews = isHeld !== this.#wasHeld;
    this.#wasHeld = isHeld;
    if (isNews) this.#tellChange();
  }

  #tellChange(): void {
    for (const handler of this.#changes) handler();
  }

  /** J5.2 */
  #closeSilent(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lapsedMs < this.#limits.leaseMs * closeAfterLeases) return;
    for (const [boot, { host, sequence }] of this.#hosts.silent(nowMs)) {
      if (boot !== this.place.boot) this.#closeBoot(boot, host, sequence);
    }
  }

  /**
   * Closes another boot, if `sequence` is its last entry still. Also a boot that is closed already and shown as open: CONTROL
   * lost the closing, and the boot may believe that it holds its lease.
   */
  #closeBoot(boot: string, host: string, sequence: number): void {
    const value = encodeRenewal({ state: "closed", host, counter: 0 });
    this.#control.put(renewalSubject(boot), value, sequence).catch(() => {});
  }
}
