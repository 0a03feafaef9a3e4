// Warms Cassandra up. Its JIT compiler works for a minute or two and uses several times the CPU time of the requests, which
// must not be measured, because a real Cassandra runs for weeks.
import { readdirSync, readFileSync } from "node:fs";
import { cpuMicros } from "../measure.ts";
import type { BenchOptions } from "./options.ts";
import { allRoles, patientLease, withRig } from "./rig.ts";

const stepSeconds = 5;
/** Cassandra counts as warm when its compilers use less than this share of its CPU time in one step. */
const warmShare = 0.08;
const loads = [
  { kind: "pairs", pairs: 200, window: 4, seconds: stepSeconds },
  { kind: "pairs", pairs: 200, perSecond: 500, seconds: stepSeconds },
] as const;

export async function warmUpCassandra(options: BenchOptions): Promise<void> {
  const endMs = performance.now() + options.cassandraSeconds * 1_000;
  for (const load of loads) {
    await withRig(options, { replicas: 1, hosts: allRoles(1), env: patientLease, load }, async (rig) => {
      const { pid } = rig.servers.cassandra;
      for (let share = 1; share > warmShare && performance.now() < endMs; ) {
        const before = { all: cpuMicros(pid), compiling: compilingMicros(pid) };
        await rig.load.go();
        share = (compilingMicros(pid) - before.compiling) / Math.max(1, cpuMicros(pid) - before.all);
        process.stderr.write(`Cassandra compiles itself: ${Math.round(share * 100)} % of its time\n`);
      }
    });
  }
}

/** CPU time of the threads C1 CompilerThread and C2 CompilerThread, microseconds. */
function compilingMicros(pid: number): number {
  let micros = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
      if (!/\(C[12] Compiler/.test(stat)) continue;
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      micros += (Number(fields[11]) + Number(fields[12])) * 10_000;
    } catch {
      // the thread has ended
    }
  }
  return micros;
}
