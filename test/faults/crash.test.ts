import test from "ava";
import { runCrashes } from "./crash-run.ts";

test("nothing acknowledged is lost, nothing comes twice, and every device converges over five kills", async (t) => {
  t.timeout(180_000);
  const summary = await runCrashes({ rounds: 5, random: Math.random, onProgress: (line) => t.log(line) });
  t.deepEqual(summary.violations, []);
  t.true(summary.acked > 100, `${summary.acked} messages were acknowledged`);
});
