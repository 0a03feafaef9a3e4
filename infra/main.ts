// The only entry: configuration → node → wait for a signal.
import { ConfigError, loadEnv, readConfig } from "./config.ts";
import { exitOnSignals } from "./lifecycle.ts";
import { createLog } from "./log.ts";
import { startNode } from "./node.ts";
import { StorageError } from "./sqlite/errors.ts";

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
  const isPlain = error instanceof ConfigError || error instanceof StorageError || isAddressInUse(error);
  console.error(isPlain ? explain(error as Error) : error);
  process.exit(1);
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function explain(error: Error): string {
  if (isAddressInUse(error)) return `${error.message}\nAnother program listens there. Set PORT to a free one.`;
  return error.message;
}
