// `npm run bench -- cluster [scenario …] [options]`: measures the CPU time of hosts and servers per unit of work. It starts its
// own servers and runs one scenario after the other. `--help` prints the options.
import { mkdirSync, writeFileSync } from "node:fs";
import { drain, failover } from "./departures.ts";
import { type Figures, printFigures } from "./figures.ts";
import { type BenchOptions, readOptions, usage } from "./options.ts";
import { projector } from "./projector.ts";
import { closeCassandra } from "./servers.ts";
import { fanoutToThousand, pairsOnOneHost, pairsOnThreeHosts } from "./steady.ts";
import { fanoutThreshold } from "./threshold.ts";
import { warmUpCassandra } from "./warm-up.ts";

const scenarios: Readonly<Record<string, (options: BenchOptions) => Promise<Figures[]>>> = {
  "cluster-1to1": pairsOnOneHost,
  "cluster-1to1-3": pairsOnThreeHosts,
  "cluster-fanout-1000": fanoutToThousand,
  "cluster-fanout-threshold": fanoutThreshold,
  "cluster-failover": failover,
  "cluster-drain": drain,
  "cluster-projector": projector,
};

const args = process.argv.slice(3);
const names = Object.keys(scenarios);
if (args.includes("--help")) {
  console.log(usage(names));
  process.exit(0);
}
const options = read();
if (options.profiles) mkdirSync(options.profiles, { recursive: true });
const all: Figures[] = [];
try {
  await warmUpCassandra(options);
  for (const name of options.scenarios) {
    process.stderr.write(`${name} …\n`);
    try {
      all.push(...((await scenarios[name]?.(options)) ?? []));
    } catch (error) {
      console.error(error); // the other scenarios are still measured
      process.exitCode = 1;
    }
  }
} finally {
  printFigures(all);
  if (options.jsonFile) writeFileSync(options.jsonFile, `${JSON.stringify(all, null, 2)}\n`);
  await closeCassandra();
}

function read(): BenchOptions {
  try {
    return readOptions(args, names);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}
