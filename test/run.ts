// `npm test [-- <ava arguments>]`: types, lint, then every test. The last line is `N passed, N failed`, and says the truth:
// a failed check, a crashed test file and a run without a single test each count as a failure. Tests that need a server which
// this machine cannot have are named in the lines before it; with CI=true they have failed.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { givenStackVariable, readGivenStack } from "./support/given-stack.ts";
import { chosenFiles, prepareServers, serversOf, type TestServers } from "./support/test-servers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const preload = new URL("../infra/launch/preload.mjs", import.meta.url).href;
const dim = process.stdout.isTTY ? (text: string) => `\u001b[2m${text}\u001b[22m` : (text: string) => text;

/** Longer than the longest test is silent. A worker that never ends would else hold the result back for ever. */
const silenceMsMax = 480_000;

const startedMs = performance.now();
const args = process.argv.slice(2);
let failed = 0;
const servers = makeServersReady();
failed += await check("Types (tsc)", "node_modules/typescript/bin/tsc", ["-p", "."]);
failed += await check("Types of the admin pages", "node_modules/typescript/bin/tsc", ["-p", "gateway/admin/app"]);
failed += await check("Types of the web chat", "node_modules/typescript/bin/tsc", ["-p", "gateway/web/app"]);
failed += await check("Lint and format (biome)", "node_modules/@biomejs/biome/bin/biome", ["check", "."]);
const ready = await servers;
const tests = await runTests(args, ready);
failed += tests.failed;
const notRun = ready.notRun();
await ready.close();
console.log(`Took ${((performance.now() - startedMs) / 1_000).toFixed(1)} s.`);
for (const line of notRun) console.log(line);
console.log(`${tests.passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

/** While types and lint are checked. */
function makeServersReady(): Promise<TestServers> {
  const names = [...new Set(chosenFiles(args).flatMap(serversOf))];
  if (names.length > 0) console.log(`Servers (${names.join(", ")}) …`);
  return prepareServers(names, readGivenStack(), (line) => console.log(`  ${line}`));
}

/** 1 when it failed. */
async function check(title: string, script: string, args: string[]): Promise<number> {
  console.log(`${title} …`);
  const { exitCode, ms } = await runScript(script, args, (line) => console.log(`  ${line}`));
  console.log(`${title}: ${exitCode === 0 ? "ok" : `FAILED (exit code ${exitCode})`} ${dim(`${ms} ms`)}`);
  return exitCode === 0 ? 0 : 1;
}

/**
 * Counted from the lines that ava prints as tests end: its TAP reporter dies of a test that hangs. A cross also stands
 * before a file that crashed, hung or held no test.
 */
async function runTests(args: string[], { given, notRun }: TestServers): Promise<{ passed: number; failed: number }> {
  console.log("Tests (ava) …");
  let passed = 0;
  let failedTests = 0;
  const onLine = (line: string) => {
    const [, mark] = /^ {2}([✔√✘×]) /.exec(stripVTControlCharacters(line)) ?? [];
    if (mark === "✔" || mark === "√") passed += 1;
    else if (mark !== undefined) failedTests += 1;
    console.log(line);
  };
  const env = { [givenStackVariable]: JSON.stringify(given) };
  const { exitCode } = await runScript("node_modules/ava/entrypoints/cli.mjs", args, onLine, env, silenceMsMax);
  if (exitCode !== 0 && failedTests === 0) {
    console.log(`ava ended with exit code ${exitCode}, yet no test failed: counted as one failure.`);
    failedTests = 1;
  }
  if (exitCode === 0 && passed === 0 && notRun().length === 0) {
    console.log("No test was run: counted as one failure.");
    failedTests = 1;
  }
  return { passed, failed: failedTests };
}

function runScript(
  script: string,
  args: string[],
  onLine: (line: string) => void,
  env: Record<string, string> = {},
  silenceMsMax = Number.POSITIVE_INFINITY,
): Promise<{ exitCode: number; ms: number }> {
  const beganMs = performance.now();
  return new Promise((resolve, reject) => {
    // The channel and the preload end it with us, should we be killed.
    const child = spawn(process.execPath, ["--import", preload, script, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    let heardMs = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - heardMs < silenceMsMax) return;
      console.log(`Nothing was heard of it for ${Math.round(silenceMsMax / 1_000)} s: it is ended.`);
      child.kill("SIGKILL");
    }, 1_000);
    child.once("close", () => clearInterval(watch));
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", (line) => {
        heardMs = performance.now();
        onLine(line);
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ exitCode: code ?? 1, ms: Math.round(performance.now() - beganMs) }));
  });
}
