// Measures how long processes waited for the CPU. A host that gets no CPU for the time of its lease loses the lease through no
// fault of the cluster. Linux reports the time in which a thread was ready and did not run (ns, second field of schedstat).
import { readdirSync, readFileSync } from "node:fs";

const lookEveryMs = 200;
const keptMs = 120_000;
const windowMs = 1_200;

interface Look {
  readonly atMs: number;
  /** By process, the waiting time of its worst thread since the sample before. */
  readonly waitedMs: ReadonlyMap<string, number>;
}

export class Starvation {
  #pids: () => ReadonlyMap<string, number>;
  #looks: Look[] = [];
  /** By thread, its total waiting time. */
  #totals = new Map<string, number>();
  #timer: NodeJS.Timeout;

  /** `pids` is called for every sample, because processes start and end. */
  constructor(pids: () => ReadonlyMap<string, number>) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /** The longest time that a process waited for the CPU within `windowMs`, since `sinceMs`. */
  worst(sinceMs: number): { name: string; waitedMs: number } {
    const looks = this.#looks.filter(({ atMs }) => atMs >= sinceMs);
    let worst = { name: "nobody", waitedMs: 0 };
    for (const { atMs } of looks) {
      const sums = new Map<string, number>();
      for (const each of looks) {
        if (each.atMs < atMs || each.atMs > atMs + windowMs) continue;
        for (const [name, waitedMs] of each.waitedMs) sums.set(name, (sums.get(name) ?? 0) + waitedMs);
      }
      for (const [name, waitedMs] of sums) if (waitedMs > worst.waitedMs) worst = { name, waitedMs };
    }
    return worst;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const atMs = performance.now();
    const waitedMs = new Map<string, number>();
    for (const [name, pid] of this.#pids()) {
      for (const [thread, total] of threadsOf(pid)) {
        const waited = (total - (this.#totals.get(thread) ?? total)) / 1e6;
        this.#totals.set(thread, total);
        waitedMs.set(name, Math.max(waited, waitedMs.get(name) ?? 0));
      }
    }
    this.#looks.push({ atMs, waitedMs });
    while ((this.#looks[0]?.atMs ?? atMs) < atMs - keptMs) this.#looks.shift();
  }
}

function threadsOf(pid: number): [thread: string, waitedNs: number][] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => {
      const [, waitedNs] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
      return [`${pid}/${thread}`, Number(waitedNs)];
    });
  } catch {
    return []; // the process has ended, or the system has no schedstat: then no closed socket is excused
  }
}
