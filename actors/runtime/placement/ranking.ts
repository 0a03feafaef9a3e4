import type { HostLease } from "../lease/lease.ts";
import { rankHosts } from "../sharding.ts";

/** Among the candidates, the shards of which this host is the first-ranked open one. Computed anew when other hosts are open. */
export class Ranking {
  #candidates: readonly number[];
  #lease: Pick<HostLease, "openHosts" | "place">;
  #openNames = "";
  #ours: ReadonlySet<number> = new Set();

  constructor(candidates: readonly number[], lease: Pick<HostLease, "openHosts" | "place">) {
    this.#candidates = candidates;
    this.#lease = lease;
  }

  get ours(): ReadonlySet<number> {
    const open = this.#lease.openHosts();
    const names = open.join();
    if (this.#openNames !== names) {
      const { host } = this.#lease.place;
      this.#openNames = names;
      this.#ours = new Set(this.#candidates.filter((index) => rankHosts(index, open)[0] === host));
    }
    return this.#ours;
  }
}
