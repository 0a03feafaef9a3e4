// Measures the views under load: Cassandra's CPU time per message, and the lag of the projector.
import { type Figures, quantile } from "./figures.ts";
import { lagBytes } from "./meter.ts";
import type { BenchOptions } from "./options.ts";
import { allRoles, patientLease, withRig } from "./rig.ts";
import { measure } from "./steady.ts";

const rates = [2_000, 4_000];
const pairs = 200;
/** The pause between two reads of /metrics, because an answer costs a host with many sockets some ms. */
const lookEveryMs = 1_000;

export async function projector(options: BenchOptions): Promise<Figures[]> {
  const all: Figures[] = [];
  const { seconds, warmUpSeconds } = options;
  for (const perSecond of rates) {
    const warmUp = { window: 4, seconds: warmUpSeconds };
    const load = { kind: "pairs", pairs, perSecond, seconds, warmUp } as const;
    const figures = await withRig(
      options,
      { replicas: 1, hosts: allRoles(1), env: patientLease, load },
      async (rig) => {
        const lags: number[] = [];
        let failed: unknown;
        const looking = setInterval(() => {
          lagBytes(rig.hosts).then(
            (lag) => lags.push(lag),
            (error: unknown) => {
              failed = error;
            },
          );
        }, lookEveryMs);
        const wanted = {
          scenario: "cluster-projector",
          title: `views at ${perSecond} msg/s`,
          unit: "message",
          target: "Cassandra ≤ 30 µs",
        } as const;
        try {
          const measured = await measure(rig, wanted);
          if (failed) throw failed;
          const lag = { "lag p50 KiB": inKib(quantile(lags, 0.5)), "lag most KiB": inKib(quantile(lags, 1)) };
          return { ...measured, notes: { ...measured.notes, ...lag } };
        } finally {
          clearInterval(looking);
        }
      },
    );
    all.push(figures);
  }
  return all;
}

function inKib(bytes: number): number {
  return Number((bytes / 1_024).toFixed(1));
}
