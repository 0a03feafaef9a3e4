// `npm run start:cluster`: runs hosts of one cluster on this machine, against real servers.
import { availableParallelism } from "node:os";
import { type Env, loadClusterEnv } from "../config/env.ts";
import { explainStart } from "../node/explain.ts";
import { readOptions, usage } from "./options.ts";
import { superviseHosts } from "./supervisor.ts";

/** Hosts that share a core wait for each other, so the production lease would expire while a host only waits for the CPU. */
const sharedCores = { LEASE_MS: "2000" };

const args = process.argv.slice(2);
if (args.includes("--help")) {
  console.log(usage);
  process.exit(0);
}
try {
  const options = readOptions(args);
  const env: Env = { ...(options.hosts > availableParallelism() ? sharedCores : {}), ...loadClusterEnv() };
  if (!env.NATS_URL) {
    console.error(
      'No servers are configured. Start them with "npm run stack up", or set NATS_URL, CASSANDRA_HOSTS and REDIS_URL.',
    );
    process.exit(1);
  }
  const supervisor = superviseHosts(options, env, (line) => console.log(line));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => void supervisor.stop("SIGTERM").then(() => process.exit(0)));
  }
  process.on("SIGHUP", () => {
    supervisor.rollingRestart().catch((error: Error) => console.error(error.message));
  });
} catch (error) {
  console.error(explainStart(error) ?? error);
  process.exit(1);
}
