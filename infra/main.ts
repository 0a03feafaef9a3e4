// The only entry: configuration → node → wait for a signal.
import { loadEnv, readConfig } from "./config.ts";
import { explainStart } from "./explain.ts";
import { exitOnSignals } from "./lifecycle.ts";
import { createLog } from "./log.ts";
import { startNode } from "./node.ts";

try {
  const config = readConfig(loadEnv());
  const log = createLog(config.log);
  const node = await startNode(config, log);
  exitOnSignals(node.lifecycle, log);
  const shownHost = config.host === "0.0.0.0" ? "127.0.0.1" : config.host;
  const url = `http://${shownHost}:${node.port}`;
  console.log(`Parley is ready at ${url}  (data in ${config.dataDir}; ${node.durability})
  routes and frames  ${url}/docs
  health             ${url}/ready
  try it             npm run chat -- --as alice --url ${url}   (and --as bob in another terminal)`);
} catch (error) {
  // What the operator can mend is said in a sentence; anything else is a bug and shows where.
  console.error(explainStart(error) ?? error);
  process.exit(1);
}
