// npm run simulate -- --seeds N --from S [--weakness NAME]   or   --seed X --trace
import { parseArgs } from "node:util";
import { runSeed } from "./run-seed.ts";
import { type Weakness, weaknesses } from "./weaknesses.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    weakness: { type: "string" },
  },
});
const weakness = weaknesses.find((name) => name === values.weakness);
if (values.weakness !== undefined && weakness === undefined) {
  throw new Error(`--weakness is one of ${weaknesses.join(", ")}`);
}
const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
process.exitCode = (await simulate(first, count, weakness)) ? 0 : 1;

async function simulate(from: number, seeds: number, weakness: Weakness | undefined): Promise<boolean> {
  const print = values.trace ? (line: string) => console.log(line) : undefined;
  const startedMs = performance.now();
  let acked = 0;
  let virtualMs = 0;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const verdict = await runSeed(seed, { weakness, print });
    acked += verdict.acked;
    virtualMs += verdict.virtualMs;
    if (verdict.violations.length > 0) {
      const flags = weakness ? ` --weakness ${weakness}` : "";
      console.log(`Seed ${seed} fails:\n  ${verdict.violations.join("\n  ")}`);
      console.log(`Replay it: npm run simulate -- --seed ${seed}${flags} --trace`);
      return false;
    }
    if ((seed - from + 1) % 100 === 0) console.log(`${seed - from + 1} of ${seeds} seeds hold`);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(
    `${seeds} seeds hold: ${acked} acked messages in ${Math.round(virtualMs / 1_000)} virtual seconds, ` +
      `${seconds.toFixed(1)} s, ${(seeds / seconds).toFixed(1)} seeds/s`,
  );
  return true;
}
