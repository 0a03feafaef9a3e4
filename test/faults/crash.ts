// `npm run crash -- [--rounds N]`: the nightly run.
import { runCrashes } from "./crash-run.ts";

const at = process.argv.indexOf("--rounds");
const rounds = at >= 0 ? Number(process.argv[at + 1]) : 50;
const summary = await runCrashes({ rounds, random: Math.random, onProgress: (line) => console.log(line) });
console.log(
  `${summary.rounds} kills, ${summary.sent} sent, ${summary.acked} acknowledged, ${summary.violations.length} violations`,
);
for (const violation of summary.violations.slice(0, 50)) console.log(violation);
process.exitCode = summary.violations.length > 0 ? 1 : 0;
