// `npm run recover -- views|journal [--yes]`
import { parseArgs } from "node:util";
import { loadClusterEnv } from "../config/env.ts";
import { readConfig } from "../config/read-config.ts";
import { explainStart } from "../node/explain.ts";
import { createLog } from "../observe/log.ts";
import { type Lost, recover } from "./recover.ts";

const usage = `npm run recover -- views|journal [--yes]

Of a cluster whose hosts are all stopped, on the servers of NATS_URL and CASSANDRA_HOSTS, or those of "npm run stack up".

  views    The views are lost, or wrong: empties them. The hosts write them anew from the journal; where it was trimmed
           nothing is touched, and a copy of the keyspace has to be restored instead.
  journal  The journal is lost with all its replicas: begins a new one that goes on from what the views hold. What had
           not reached them is gone; devices get everything anew.`;

const plans: Record<Lost, string> = {
  views: "This empties every table of the keyspace; the journal stays as it is.",
  journal: "This begins a new journal; records in the views that stand behind a missing one are dropped.",
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { yes: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});
const [lost] = positionals;
if (values.help || positionals.length !== 1 || (lost !== "views" && lost !== "journal")) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
if (!values.yes) {
  console.log(`${plans[lost]} Do it with: npm run recover -- ${lost} --yes`);
  process.exit(2);
}
try {
  const config = readConfig(loadClusterEnv());
  console.log(await recover(lost, config, createLog(config.log)));
} catch (error) {
  console.error(explainStart(error) ?? error);
  process.exit(1);
}
