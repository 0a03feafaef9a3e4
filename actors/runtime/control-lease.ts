// The lease of a host among others (J5), on CONTROL: one message kept per subject, read back by all in one order.
// J5.1: a host holds its lease for `leaseMs` from the *sending* of the last renewal it has seen come back; elapsed time is
//       the larger of monotonic and wall time, so neither a sleeping machine nor a jumping clock stretches it.
// J5.2: a boot whose renewals stopped for 1.25 × leaseMs, while our own lease never lapsed, is closed by compare-and-set on
//       the last renewal seen: either it renews first, or it is closed for ever.
// J5.3: a closed host drops everything and comes back only under a new boot.
// J5.4: a host whose wall clock is over 2 s off CONTROL's takes no shard.
import type { HostLease, Place } from "./lease.ts";
import type { Clock, Control, ControlEntry } from "./ports.ts";

export interface LeaseLimits {
  leaseMs: number;
  renewEveryMs: number;
  maxClockOffsetMs: number;
}
export const defaultLeaseLimits: LeaseLimits = { leaseMs: 700, renewEveryMs: 200, maxClockOffsetMs: 2_000 };

interface Seen {
  host: string;
  isClosed: boolean;
  sequence: number;
  /** Our monotonic time when this entry came in. */
  seenMs: number;
}
interface Sent {
  value: string;
  monotonicMs: number;
  wallMs: number;
}

const closeAfterLeases = 1.25;
const absentAfterLeases = 2;

export interface ControlLease extends HostLease {
  /** Resolves when the lease is held for the first time. */
  start(): Promise<void>;
  /** Closes the own boot, so that others need not wait for it. */
  close(): Promise<void>;
  /** Told once, when somebody closed this boot: everything of it must be dropped (J5.3). */
  onClosed(handler: () => void): void;
  stop(): void;
}

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
  #hosts = new Map<string, Seen>();
  #sent: Sent[] = [];
  #held: Sent | undefined;
  #counter = 0;
  #isClosed = false;
  #isStopped = false;
  #clockOffsetMs = 0;
  #startedMs = 0;
  #lapsedMs = 0;
  #wasHeld = false;
  #stopWatching = () => {};
  #changes: (() => void)[] = [];
  #closures: (() => void)[] = [];
  #starting: (() => void)[] = [];

  constructor(control: Control, clock: Clock, place: Place, limits: LeaseLimits) {
    this.#control = control;
    this.#clock = clock;
    this.place = place;
    this.#limits = limits;
  }

  async start(): Promise<void> {
    this.#startedMs = this.#clock.monotonicMs();
    this.#lapsedMs = this.#startedMs;
    this.#stopWatching = this.#control.watch((entry) => this.#see(entry));
    const started = new Promise<void>((resolve) => this.#starting.push(resolve));
    this.#renew();
    return started;
  }

  isHeld(): boolean {
    const held = this.#held;
    if (!held || this.#isClosed) return false;
    const elapsedMs = Math.max(this.#clock.monotonicMs() - held.monotonicMs, this.#clock.nowMs() - held.wallMs);
    return elapsedMs < this.#limits.leaseMs; // J5.1
  }

  openHosts(): readonly string[] {
    const nowMs = this.#clock.monotonicMs();
    const open: string[] = [];
    for (const [boot, seen] of this.#hosts) {
      if (boot === this.place.boot) continue;
      if (!seen.isClosed && nowMs - seen.seenMs < this.#limits.leaseMs * closeAfterLeases) open.push(seen.host);
    }
    // J5.4: a host with a wrong clock ranks nowhere, so it takes nothing.
    if (this.isHeld() && Math.abs(this.#clockOffsetMs) <= this.#limits.maxClockOffsetMs) open.push(this.place.host);
    return open;
  }

  mayFence(boot: string): boolean {
    const seen = this.#hosts.get(boot);
    if (seen) return seen.isClosed;
    return this.#clock.monotonicMs() - this.#startedMs > this.#limits.leaseMs * absentAfterLeases;
  }

  onChange(handler: () => void): void {
    this.#changes.push(handler);
  }

  onClosed(handler: () => void): void {
    this.#closures.push(handler);
  }

  async close(): Promise<void> {
    const own = this.#hosts.get(this.place.boot);
    if (own && !own.isClosed) {
      await this.#control.put(subjectOf(this.place.boot), encode("closed", this.place.host, 0), own.sequence);
    }
    this.stop();
  }

  stop(): void {
    this.#isStopped = true;
    this.#held = undefined;
    this.#stopWatching();
  }

  #renew(): void {
    if (this.#isStopped || this.#isClosed) return;
    this.#counter += 1;
    const value = encode("open", this.place.host, this.#counter);
    this.#sent.push({ value, monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.nowMs() });
    if (this.#sent.length > 32) this.#sent.shift();
    // An unknown or refused outcome needs no care here: what counts is what comes back through the watch.
    this.#control
      .put(subjectOf(this.place.boot), value, this.#hosts.get(this.place.boot)?.sequence ?? 0)
      .catch(() => {});
    this.#noticeLapse();
    this.#closeSilent();
    this.#clock.after(this.#limits.renewEveryMs, () => this.#renew());
  }

  #see(entry: ControlEntry): void {
    if (this.#isStopped || !entry.subject.startsWith("host.")) return;
    const boot = entry.subject.slice("host.".length);
    const { state, host } = decode(entry.value);
    this.#hosts.set(boot, {
      host,
      isClosed: state === "closed",
      sequence: entry.sequence,
      seenMs: this.#clock.monotonicMs(),
    });
    if (boot === this.place.boot) this.#seeOwn(entry, state);
    for (const handler of this.#changes) handler();
  }

  #seeOwn(entry: ControlEntry, state: string): void {
    if (state === "closed") {
      this.#isClosed = true; // J5.3
      this.#held = undefined;
      for (const handler of this.#closures) handler();
      return;
    }
    const at = this.#sent.findIndex(({ value }) => value === entry.value);
    if (at < 0) return;
    this.#noticeLapse();
    this.#held = this.#sent[at];
    this.#sent.splice(0, at + 1);
    this.#wasHeld = true;
    this.#clockOffsetMs = this.#clock.nowMs() - entry.atMs;
    for (const resolve of this.#starting.splice(0)) resolve();
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
      if (boot === this.place.boot || seen.isClosed || nowMs - seen.seenMs < silenceMs) continue;
      this.#control.put(subjectOf(boot), encode("closed", seen.host, 0), seen.sequence).catch(() => {});
    }
  }
}

function subjectOf(boot: string): string {
  return `host.${boot}`;
}
function encode(state: "open" | "closed", host: string, counter: number): string {
  return JSON.stringify({ state, host, counter });
}
function decode(value: string): { state: "open" | "closed"; host: string } {
  return JSON.parse(value) as { state: "open" | "closed"; host: string };
}
