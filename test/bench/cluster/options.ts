// The command line of `npm run bench -- cluster`.
import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly scenarios: readonly string[];
  readonly jsonFile?: string;
  /** The measured part of each scenario that has no end of its own. */
  readonly seconds: number;
  /** Load before the measured part, so that the code of hosts and Cassandra is compiled. */
  readonly warmUpSeconds: number;
  /** The longest warm-up of Cassandra before the first scenario; it ends when Cassandra is warm. */
  readonly cassandraSeconds: number;
  readonly kills: number;
  readonly drains: number;
  readonly conversations: number;
  readonly syncAlways: boolean;
  /** A folder: every host writes a CPU profile there when it ends. */
  readonly profiles?: string;
}

export const usage = (names: readonly string[]) => `npm run bench -- cluster [scenario …] [options]

Starts its own NATS, Cassandra, Redis and hosts, sends load from a separate process, and prints the CPU time per unit of work.
Scenarios: ${names.join(", ")}

  --json FILE          also writes the figures to a file
  --seconds 8          measured part of a scenario
  --warm-up 10         seconds of load before it
  --cassandra 180      longest warm-up of Cassandra before the first scenario, in seconds
  --kills 50           cluster-failover
  --drains 20          cluster-drain
  --conversations 10000  cluster-failover
  --sync-always        NATS syncs every write before it acknowledges
  --profiles FOLDER    a CPU profile of every host`;

export function readOptions(args: readonly string[], names: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "string" },
      seconds: { type: "string", default: "8" },
      "warm-up": { type: "string", default: "10" },
      cassandra: { type: "string", default: "180" },
      kills: { type: "string", default: "50" },
      drains: { type: "string", default: "20" },
      conversations: { type: "string", default: "10000" },
      "sync-always": { type: "boolean", default: false },
      profiles: { type: "string" },
    },
  });
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`Unknown: ${unknown.join(", ")}.\n\n${usage(names)}`);
  return {
    scenarios: positionals.length > 0 ? positionals : names,
    jsonFile: values.json,
    seconds: Number(values.seconds),
    warmUpSeconds: Number(values["warm-up"]),
    cassandraSeconds: Number(values.cassandra),
    kills: Number(values.kills),
    drains: Number(values.drains),
    conversations: Number(values.conversations),
    syncAlways: values["sync-always"],
    profiles: values.profiles,
  };
}
