// The figures of one process under one load: the lowest CPU time of several runs, with the times of that run.
import type { LoadPlan } from "../load/plans.ts";
import type { LoadResult } from "../load/scenarios.ts";
import { startLoad } from "../load-process.ts";
import { cpuMicros } from "../measure.ts";

export interface Measured {
  cpuMs: number;
  result: LoadResult;
}

export async function measure(
  plan: LoadPlan,
  { port, pid }: { port: number; pid: number },
  rounds: number,
): Promise<Measured> {
  const load = await startLoad(plan, [port]);
  try {
    let best: Measured | undefined;
    for (let n = 0; n < rounds; n += 1) {
      const before = cpuMicros(pid);
      const result = await load.go();
      const cpuMs = (cpuMicros(pid) - before) / 1_000 / result.units;
      if (!best || cpuMs < best.cpuMs) best = { cpuMs, result };
    }
    if (!best) throw new Error("nothing was measured");
    return best;
  } finally {
    load.close();
  }
}
