// Whether the machine itself kept a process from running: a host that gets no CPU for as long as its lease lasts was not
// failed by the cluster. Linux tells how long each thread was ready to run and did not (ns, second field of schedstat).
import { readdirSync, readFileSync } from "node:fs";

const lookEveryMs = 200;
const keptMs = 120_000;
const windowMs = 1_200;

interface Look {
  readonly atMs: number;
  /** By process: of its worst thread, since the last look. */
  readonly waitedMs: ReadonlyMap<string, number>;
}

export class Starvation {
  #pids: () => ReadonlyMap<string, number>;
  #looks: Look[] = [];
  /** Of each thread, in all. */
  #totals = new Map<string, number>();
  #timer: NodeJS.Timeout;

  /** `pids` is asked at every look: processes come and go. */
  constructor(pids: () => ReadonlyMap<string, number>) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /** The longest that any process waited for the CPU within a little more than a second, since then. */
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
    return []; // it has ended, or this system does not tell: then nothing is excused
  }
}
