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
  /** True when `boot` is known to hold nothing any more: closed, or absent for long enough. */
  mayFence(boot: string): boolean;
  onChange(handler: () => void): void;
  /** From now on nobody ranks this host for any shard; what it holds is its own until it gives it up. */
  retire?(): void;
}

/** One host alone, kept alone by the lock on its data: its lease never lapses, every other boot is gone. */
export function soleLease(place: Place): HostLease {
  return {
    place,
    isHeld: () => true,
    openHosts: () => [place.host],
    mayFence: (boot) => boot !== place.boot,
    onChange: () => {},
  };
}
