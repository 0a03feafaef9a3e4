// What a host knows of itself and of the others (J5). The rules of CONTROL are in control-lease.ts.

export interface Place {
  /** Name by which other hosts reach this one. */
  readonly host: string;
  /** 128 random bits per process: a host that comes back has another boot. */
  readonly boot: string;
  /** Default true. A host without the role `actors` holds a lease for its sockets only. */
  readonly ownsShards?: boolean;
}

export interface HostLease {
  readonly place: Place;
  /** Without the lease no output leaves that rests on memory alone, and no shard is taken. */
  isHeld(): boolean;
  /** Names of the hosts with an open lease that own shards and stay, this one included while it holds its own. */
  openHosts(): readonly string[];
  /** Does a host of this name hold its lease? Also one that is leaving: it may still own shards. */
  isOpen(host: string): boolean;
  /** Names of the hosts that are handing their shards over. */
  leavingHosts(): readonly string[];
  /** Is this boot known to live? It renewed its lease after ours was held. */
  isPresent(boot: string): boolean;
  /** Is this boot known to hold no lease any more? It was closed, or has been unknown for long enough (J5.5). */
  mayFence(boot: string): boolean;
  /** Is this boot open and ranked? It keeps its shards, but for those that it hands over to their first-ranked host. */
  isStaying(boot: string): boolean;
  /** Called when any of the above may have changed. */
  onChange(handler: () => void): void;
  /**
   * Removes this host from the ranking of shards; it keeps the shards that it owns until it releases them. Resolves true once
   * CONTROL shows it; false on time-out: then a release would leave shards without an owner, as the others still rank this host.
   */
  retire?(): Promise<boolean>;
}

/** Why a boot was closed that did not close itself. */
export type ClosedReason =
  /** Other hosts closed it, as its renewals stopped (J5.2). */
  | "closed_by_others"
  /** CONTROL lost what this boot had seen in it (control-history.ts). */
  | "control_went_back";

/** The lease of a host among others. */
export interface ControlLease extends HostLease {
  /** Resolves when the lease is held for the first time, or when this boot was closed before it was. */
  start(): Promise<void>;
  /** Closes this boot, so that others need not wait for its lease to end. `isClean`: it left nothing unwritten behind. */
  close(isClean?: boolean): Promise<void>;
  /** Called once, when this boot was closed without closing itself: everything of it must be dropped (J5.3). */
  onClosed(handler: (reason: ClosedReason) => void): void;
  /** Called when the boot of another host ended without closing itself (J5.2), also for boots that ended before our time. */
  onLost(handler: (boot: string, host: string) => void): void;
  /** Our wall clock less CONTROL's at the last renewal, ms. Over `maxClockOffsetMs` this host takes no shard (J5.4). */
  readonly clockOffsetMs: number;
  readonly hasWrongClock: boolean;
  /** Boots of other processes under this host's name that are not closed. */
  namesakes(): readonly string[];
  /** Boots that own shards, or did, and are not closed; this one is among them if it does. */
  ownerBoots(): readonly string[];
  stop(): void;
}

export interface LeaseLimits {
  leaseMs: number;
  renewEveryMs: number;
  maxClockOffsetMs: number;
}
export const defaultLeaseLimits: LeaseLimits = { leaseMs: 700, renewEveryMs: 200, maxClockOffsetMs: 2_000 };

/** The lease of a host that is alone: the lock on its data keeps others out, so it never lapses, and every other boot is gone. */
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
