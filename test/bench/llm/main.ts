// `npm run bench -- llm [scenario …] [options]`: our CPU time per request to a model, beside a bare proxy's, and per durable reply.
// `--help` prints the options.
import { writeFileSync } from "node:fs";
import { startTemporal } from "../../support/stack.ts";
import { durables, measureDurable } from "./durable.ts";
import { type Figures, printFigures } from "./figures.ts";
import { type LlmOptions, readOptions, usage } from "./options.ts";
import { measurePassThrough, passThroughs } from "./pass-through.ts";
import { startPlace } from "./place.ts";

const args = process.argv.slice(3);
const names = [...Object.keys(passThroughs), ...Object.keys(durables)];
if (args.includes("--help")) {
  console.log(usage(names));
  process.exit(0);
}
const options = read();
const all: Figures[] = [];
const onTemporal = options.scenarios.filter((name) => durables[name]?.onTemporal);
const embedded = options.scenarios.filter((name) => !onTemporal.includes(name));
try {
  if (embedded.length > 0) await measureAll(embedded, {});
  if (onTemporal.length > 0) {
    const temporal = await startTemporal();
    try {
      await measureAll(onTemporal, { TEMPORAL_ADDRESS: temporal.address });
    } finally {
      await temporal.close();
    }
  }
} finally {
  if (all.length > 0) printFigures(all);
  if (options.jsonFile) writeFileSync(options.jsonFile, `${JSON.stringify(all, null, 2)}\n`);
}

/** Each list of scenarios has a server of its own. */
async function measureAll(scenarios: readonly string[], env: Record<string, string>): Promise<void> {
  const place = await startPlace({ env, profiles: options.profiles });
  try {
    for (const name of scenarios) {
      process.stderr.write(`${name} … `);
      const measureOne = Object.hasOwn(durables, name) ? measureDurable : measurePassThrough;
      const figures = await measureOne(name, place, options.rounds);
      all.push(figures);
      process.stderr.write(`${figures.cpuMs.toFixed(3)} ms of CPU time\n`);
    }
  } finally {
    await place.close();
  }
}

function read(): LlmOptions {
  try {
    return readOptions(args, names);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}
