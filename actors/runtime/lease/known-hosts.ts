// The boots that CONTROL shows, as one host sees them.
import type { ControlEntry } from "../ports.ts";
import type { Renewal } from "./renewal.ts";

interface KnownBoot {
  readonly host: string;
  readonly ownsShards: boolean;
  /** Also when it has retired since. */
  readonly hasOwned: boolean;
  /** It renewed after we had joined. An entry that CONTROL kept may be of a boot that died long ago. */
  readonly isLive: boolean;
  readonly sequence: number;
  /** Our monotonic time when its newest entry came in. */
  readonly seenMs: number;
  /** Its wall clock less CONTROL's when that entry came in (J5.4). */
  readonly clockOffsetMs: number;
}

export class KnownHosts {
  /** Boots that are not closed. */
  readonly open = new Map<string, KnownBoot>();
  #closed = new Set<string>();
  /** By boot that CONTROL does not show: when it was asked for first. */
  #absentSinceMs = new Map<string, number>();
  /** How long a boot counts as open after its last renewal came in. */
  #openMs: number;

  constructor(openMs: number) {
    this.#openMs = openMs;
  }

  isClosed(boot: string): boolean {
    return this.#closed.has(boot);
  }

  renewed(boot: string, renewal: Renewal, entry: ControlEntry, us: { nowMs: number; hasJoined: boolean }): void {
    const { host, wallMs, ownsShards = true, isLeaving } = renewal;
    this.#absentSinceMs.delete(boot);
    this.open.set(boot, {
      ...{ host, ownsShards, sequence: entry.sequence, seenMs: us.nowMs },
      hasOwned: ownsShards || isLeaving === true,
      isLive: this.open.get(boot)?.isLive === true || us.hasJoined,
      clockOffsetMs: wallMs === undefined ? 0 : wallMs - entry.atMs,
    });
  }

  closed(boot: string): void {
    this.open.delete(boot);
    this.#absentSinceMs.delete(boot);
    this.#closed.add(boot);
  }

  /** When a boot that CONTROL does not show was asked for first (J5.5). */
  absentSinceMs(boot: string, nowMs: number): number {
    const sinceMs = this.#absentSinceMs.get(boot) ?? nowMs;
    this.#absentSinceMs.set(boot, sinceMs);
    return sinceMs;
  }

  isHeard({ seenMs }: KnownBoot, nowMs: number): boolean {
    return nowMs - seenMs < this.#openMs;
  }

  /** Is there a host of this name whose renewals come? */
  isOpen(name: string, nowMs: number): boolean {
    return [...this.open.values()].some((known) => known.host === name && this.isHeard(known, nowMs));
  }

  /** Names of hosts that owned shards and do not rank any more. */
  leaving(nowMs: number): string[] {
    return [...this.open.values()]
      .filter((known) => known.hasOwned && !known.ownsShards && this.isHeard(known, nowMs))
      .map(({ host }) => host);
  }

  /** Boots that own shards, or did. */
  owners(): string[] {
    return [...this.open].filter(([, { hasOwned }]) => hasOwned).map(([boot]) => boot);
  }

  bootsOf(name: string): string[] {
    return [...this.open].filter(([, { host }]) => host === name).map(([boot]) => boot);
  }

  /** Open boots of which no renewal came for so long. */
  silent(nowMs: number): [boot: string, known: KnownBoot][] {
    return [...this.open].filter(([, known]) => !this.isHeard(known, nowMs));
  }
}
