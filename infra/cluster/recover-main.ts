// `npm run recover -- views|journal [--yes]`: the command line of recover.ts.
import { parseArgs } from "node:util";
import { loadClusterEnv } from "../config/env.ts";
import { readConfig } from "../config/read-config.ts";
import { explainStart } from "../node/explain.ts";
import { createLog } from "../observe/log.ts";
import { type Lost, recover } from "./recover.ts";

const usage = `npm run recover -- views|journal [--yes]

Recovers a cluster whose hosts are all stopped. Uses the servers of NATS_URL and CASSANDRA_HOSTS, or those of "npm run stack up".

  views    For views that are lost or wrong. Empties the views; the hosts then write them again from the journal. Refuses
           when commits were trimmed from the journal: then restore a copy of the keyspace.
  journal  For a journal that is lost with all its replicas. Creates a new journal that continues from the views. Changes
           that had not reached the views are lost; devices fetch everything again.`;

const plans: Record<Lost, string> = {
  views: "This empties every table of the keyspace; the journal stays as it is.",
  journal: "This creates a new journal; records in the views that follow a missing record are dropped.",
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
  console.log(`${plans[lost]} To do this, run: npm run recover -- ${lost} --yes`);
  process.exit(2);
}
try {
  const config = readConfig(loadClusterEnv());
  console.log(await recover(lost, config, createLog(config.log)));
} catch (error) {
  console.error(explainStart(error) ?? error);
  process.exit(1);
}
