// `npm run bench -- llm [scenario …] [options]`: our CPU time per request to a model, beside a bare proxy's. `--help` prints the
// options.
import { writeFileSync } from "node:fs";
import { type Figures, printFigures } from "./figures.ts";
import { type LlmOptions, readOptions, usage } from "./options.ts";
import { measurePassThrough, passThroughs } from "./pass-through.ts";
import { startPlace } from "./place.ts";

const args = process.argv.slice(3);
const names = Object.keys(passThroughs);
if (args.includes("--help")) {
  console.log(usage(names));
  process.exit(0);
}
const options = read();
const all: Figures[] = [];
const place = await startPlace(options);
try {
  for (const name of options.scenarios) {
    process.stderr.write(`${name} … `);
    const figures = await measurePassThrough(name, place, options.rounds);
    all.push(figures);
    process.stderr.write(`${figures.cpuMs.toFixed(3)} ms per request\n`);
  }
} finally {
  if (all.length > 0) printFigures(all);
  if (options.jsonFile) writeFileSync(options.jsonFile, `${JSON.stringify(all, null, 2)}\n`);
  await place.close();
}

function read(): LlmOptions {
  try {
    return readOptions(args, names);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}
