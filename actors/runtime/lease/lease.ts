// What a host knows of itself and the others (J5). The rules of CONTROL are in control-lease.ts.

export interface Place {
  /** Name by which other hosts reach this one. */
  readonly host: string;
  /** 128 random bits per process: a host that comes back is another one. */
  readonly boot: string;
  /** Default true. A host without the role `actors` holds a lease for its sockets only. */
  readonly ownsShards?: boolean;
}

export interface HostLease {
  readonly place: Place;
  /** Without it no output leaves that rests on memory alone, and no shard is taken. */
  isHeld(): boolean;
  /** Names of the hosts with an open lease that own shards, this one included while it holds its own. */
  openHosts(): readonly string[];
  /** True while a host of this name holds its lease, also one that is leaving: it may own shards yet. */
  isOpen(host: string): boolean;
  /** Names of the hosts that give up what they own yet. */
  leavingHosts(): readonly string[];
  /** True while `boot` is known to live: it renewed its lease after ours was held. */
  isPresent(boot: string): boolean;
  /** True when `boot` is known to hold nothing any more: closed, or absent for long enough. */
  mayFence(boot: string): boolean;
  /** True while `boot` is open and ranked: it gives up nothing but what it hands over. */
  isStaying(boot: string): boolean;
  onChange(handler: () => void): void;
  /**
   * From now on nobody ranks this host for any shard; what it holds is its own until it gives it up. True when the others
   * can know; false: they could not be told in time, and would wait for what is given up now.
   */
  retire?(): Promise<boolean>;
}

/** The lease of a host among others. */
export interface ControlLease extends HostLease {
  /** Resolves when the lease is held for the first time, or when others closed this boot before it was. */
  start(): Promise<void>;
  /** Closes the own boot, so that others need not wait for it. `isClean`: it left nothing unwritten behind. */
  close(isClean?: boolean): Promise<void>;
  /** Told once, when somebody closed this boot: everything of it must be dropped (J5.3). */
  onClosed(handler: () => void): void;
  /** Told when the boot of another host ended without closing itself (J5.2), also of those that did before our time. */
  onLost(handler: (boot: string, host: string) => void): void;
  /** Our wall clock less CONTROL's at the last renewal, ms. Over `maxClockOffsetMs` this host takes no shard (J5.4). */
  readonly clockOffsetMs: number;
  readonly hasWrongClock: boolean;
  /** Boots of other processes under this host's name that are not closed. */
  namesakes(): readonly string[];
  /** Boots that own shards or did, and are not closed; this one is among them if it does. */
  ownerBoots(): readonly string[];
  stop(): void;
}

export interface LeaseLimits {
  leaseMs: number;
  renewEveryMs: number;
  maxClockOffsetMs: number;
}
export const defaultLeaseLimits: LeaseLimits = { leaseMs: 700, renewEveryMs: 200, maxClockOffsetMs: 2_000 };

/** One host alone, kept alone by the lock on its data: its lease never lapses, every other boot is gone. */
export function soleLease(place: Place): HostLease {
  return {
    place,
    isHeld: () => true,
    openHosts: () => [place.host],
    mayFence: (boot) => boot !== place.boot,
    leavingHosts: () => [],
    isOpen: (host) => host === place.host,
    isPresent: (boot) => boot === place.boot,
    isStaying: (boot) => boot === place.boot,
    onChange: () => {},
  };
}
