// The only entry: configuration → node → wait for a signal.
import type { ClosedReason } from "../actors/runtime/lease/lease.ts";
import { type Env, loadCallEnv, loadEnv } from "./config/env.ts";
import { readConfig } from "./config/read-config.ts";
import { warningsOf } from "./config/warnings.ts";
import { explainStart } from "./node/explain.ts";
import { exitOnSignals } from "./node/lifecycle.ts";
import { type Node, startNode } from "./node/node.ts";
import { createLog } from "./observe/log.ts";
import { systemRandom } from "./system/random.ts";

/** One process of its own uses the call servers of `npm run stack up`, if there are any. */
function envOfStart(): Env {
  const own = loadEnv();
  return own.NATS_URL ? own : { ...loadCallEnv(), ...own };
}

const closedReasons: Record<ClosedReason, string> = {
  closed_by_others: "its renewals stopped for too long",
  control_went_back: "the stream CONTROL went back to an older state, as after a restore from a backup",
};

let node: Node | undefined;
try {
  const config = readConfig(envOfStart());
  const log = createLog(config.log);
  const { admin } = config.surfaces;
  if (!config.production && admin.password === undefined) {
    config.surfaces.admin = { ...admin, password: systemRandom.hex(64), isGenerated: true };
  }
  for (const warning of warningsOf(config)) log.warn(warning);
  let isEnding = false;
  let starting: Promise<Node> | undefined;
  // A start under way ends before it is undone: cut off in the middle, others would wait for its lease.
  const shutdown = async (reason: string) => {
    isEnding = true;
    const latest = (await starting?.catch(() => undefined)) ?? node;
    return latest?.lifecycle.shutdown(reason) ?? { clean: true };
  };
  node = await startNode(config, log);
  exitOnSignals({ shutdown }, log);
  greet(node);
  for (;;) {
    const reason = await node.closed;
    log.warn("lease: this boot was closed, rejoining with a new boot id", { reason, why: closedReasons[reason] });
    await node.lifecycle.shutdown("its boot was closed", { drains: false });
    if (isEnding) break;
    starting = startNode({ ...config, port: node.port }, log);
    node = await starting;
  }

  function greet({ port, durability }: Node): void {
    const shownHost = config.host === "0.0.0.0" ? "127.0.0.1" : config.host;
    const url = `http://${shownHost}:${port}`;
    const where = config.cluster ? `host ${config.hostName} of a cluster` : `data in ${config.dataDir}`;
    console.log(`Parley is ready at ${url}  (${where}; ${durability})
  routes and frames  ${url}/docs
  health             ${url}/ready
  try it             open ${url} in two browsers, or: npm run chat -- --as alice --url ${url}`);
  }
} catch (error) {
  // What the operator can mend is said in a sentence; anything else is a bug and shows where.
  console.error(explainStart(error) ?? error);
  process.exit(1);
}
