import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { createTempFolder } from "../support/temp-folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const waitMsMax = 60_000;
// The environment as on a user's machine, without the variables that npm sets for its scripts.
const outerEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_") && name !== "NODE_ENV"),
);

const serverScript = `
import { createServer } from "node:http";
const server = createServer().listen(0, () => console.log("port", (server.address() as { port: number }).port));
process.on("SIGTERM", () => { console.log("draining"); process.exit(7); });
`;

/** A checkout that holds only the files that the launcher needs. */
function checkout(options: { script?: string; packages?: "linked" | "none" } = {}): string {
  const folder = realpathSync(createTempFolder("launch"));
  for (const name of ["package.json", "package-lock.json", ".npmrc"]) cpSync(join(root, name), join(folder, name));
  mkdirSync(join(folder, "infra"));
  cpSync(join(root, "infra/launch"), join(folder, "infra/launch"), { recursive: true });
  writeFileSync(join(folder, "infra/main.ts"), options.script ?? "console.log('node', process.version as string)");
  if (options.packages !== "none") symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

interface Running {
  child: ChildProcess;
  output(): string;
  sees(pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}
function start(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(command, args, { cwd, env: { ...outerEnv, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal }));
  return {
    child,
    output: () => output,
    ended,
    async sees(pattern) {
      for (const beganMs = Date.now(); Date.now() - beganMs < waitMsMax; await pause(20)) {
        const match = pattern.exec(output);
        if (match) return match;
      }
      throw new Error(`${pattern} did not appear in:\n${output}`);
    },
  };
}
function launch(cwd: string, args: string[] = ["infra/main.ts"], env: NodeJS.ProcessEnv = {}): Running {
  return start(process.execPath, ["infra/launch/launch.mjs", ...args], cwd, env);
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).then((answer) => {
    socket.destroy();
    return answer as boolean;
  });
}
async function stopsListening(port: number): Promise<boolean> {
  for (const beganMs = Date.now(); Date.now() - beganMs < 5_000; await pause(50)) {
    if (!(await isListening(port))) return true;
  }
  return false;
}

function trackedFiles(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(name, "utf8")]));
}

test("npm start in a fresh clone installs the packages, prints that, and runs on the project's Node", async (t) => {
  const folder = checkout({ packages: "none" });
  const before = trackedFiles(folder);
  // The packages are in npm's cache already, because a slow registry is not part of this test.
  t.timeout(600_000);
  const first = start("npm", ["start"], folder, { CI: "true", npm_config_prefer_offline: "true" });
  t.deepEqual(await first.ended, { code: 0, signal: null }, first.output());
  t.regex(first.output(), /Installing about \d+ packages into node_modules with "npm ci"/);
  t.regex(first.output(), /Installed in \d+ s\.\nnode v24\./);
  t.notRegex(first.output(), /npm (warn|notice)/, "no warning of npm that a new user cannot mend");
  t.deepEqual(trackedFiles(folder), before, "no tracked file is changed");

  const second = start("npm", ["start"], folder);
  t.deepEqual(await second.ended, { code: 0, signal: null }, second.output());
  t.notRegex(second.output(), /Installing/);
});

test("when npm fails the start ends with a sentence, and the next start installs again", async (t) => {
  const folder = checkout({ packages: "none" });
  const npm = join(folder, "npm.js");
  writeFileSync(npm, "console.error('npm error network'); process.exit(3);");
  for (const _ of [1, 2]) {
    const run = launch(folder, undefined, { npm_execpath: npm });
    t.deepEqual(await run.ended, { code: 1, signal: null });
    t.regex(run.output(), /npm error network/);
    t.regex(run.output(), /could not be installed: npm ended with exit code 3\.[\s\S]*Without a network/);
  }
});

test("two first starts at once install the packages once", async (t) => {
  const folder = checkout({ packages: "none" });
  const npm = join(folder, "npm.js");
  writeFileSync(
    npm,
    `const { symlinkSync, appendFileSync } = require("node:fs");
     appendFileSync("calls", process.argv.slice(2, 3) + "\\n");
     setTimeout(() => symlinkSync(${JSON.stringify(join(root, "node_modules"))}, "node_modules"), 400);`,
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "commonjs" }));
  const runs = [1, 2].map(() => launch(folder, undefined, { npm_execpath: npm }));
  for (const run of runs) t.deepEqual(await run.ended, { code: 0, signal: null }, run.output());
  t.is(readFileSync(join(folder, "calls"), "utf8"), "ci\n");
  t.is(runs.filter((run) => run.output().includes("Waiting for it")).length, 1);
});

test("packages that differ from the lock file are installed again", async (t) => {
  const folder = checkout({ packages: "none" });
  mkdirSync(join(folder, "node_modules"));
  const lock = JSON.parse(readFileSync(join(root, "node_modules/.package-lock.json"), "utf8"));
  lock.packages["node_modules/ws"].version = "1.0.0";
  writeFileSync(join(folder, "node_modules/.package-lock.json"), JSON.stringify(lock));
  writeFileSync(join(folder, "npm.js"), "process.exit(3);");
  const run = launch(folder, undefined, { npm_execpath: join(folder, "npm.js") });
  await run.ended;
  t.regex(run.output(), /Installing about/);
});

test("arguments, exit code and signals pass through", async (t) => {
  const folder = checkout({ script: "console.log(process.argv.slice(2).join('|')); process.exit(5);" });
  const run = launch(folder, ["infra/main.ts", "--as", "alice b"]);
  t.deepEqual(await run.ended, { code: 5, signal: null });
  t.is(run.output(), "--as|alice b\n");

  const server = launch(checkout({ script: serverScript }));
  await server.sees(/port/);
  server.child.kill("SIGTERM");
  t.deepEqual(await server.ended, { code: 7, signal: null });
  t.regex(server.output(), /draining/);

  const suicide = launch(checkout({ script: "process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 9_000);" }));
  t.deepEqual(await suicide.ended, { code: null, signal: "SIGKILL" });
});

test("a script with no work left ends by itself", async (t) => {
  t.deepEqual(await launch(checkout()).ended, { code: 0, signal: null });
});

test("kill -9 of the launcher ends the server and frees its port", async (t) => {
  const run = launch(checkout({ script: serverScript }));
  const port = Number((await run.sees(/port (\d+)/))[1]);
  t.true(await isListening(port));
  run.child.kill("SIGKILL");
  t.true(await stopsListening(port));
  t.notRegex(run.output(), /draining/);
});

test("kill -9 of npm ends the server and frees its port", async (t) => {
  const run = start("npm", ["start"], checkout({ script: serverScript }));
  const port = Number((await run.sees(/port (\d+)/))[1]);
  t.true(await isListening(port));
  run.child.kill("SIGKILL");
  t.true(await stopsListening(port));
});

test("SIGTERM to npm lets the server drain", async () => {
  const run = start("npm", ["start"], checkout({ script: serverScript }));
  await run.sees(/port (\d+)/);
  run.child.kill("SIGTERM");
  await run.sees(/draining/);
});

test("--watch starts the script again when a file changes, also after a crash", async (t) => {
  const folder = checkout({ script: `console.log("one"); ${serverScript}` });
  const run = launch(folder, ["--watch", "infra/main.ts"]);
  const port = Number((await run.sees(/one[\s\S]*port (\d+)/))[1]);
  writeFileSync(join(folder, "infra/main.ts"), `console.log("two"); throw new Error("broken");`);
  await run.sees(
    /infra\/main\.ts changed: restarting\.[\s\S]*draining[\s\S]*two[\s\S]*broken[\s\S]*Waiting for a change/,
  );
  t.false(await isListening(port));
  writeFileSync(join(folder, "infra/main.ts"), `console.log("three"); ${serverScript}`);
  const again = Number((await run.sees(/three[\s\S]*port (\d+)/))[1]);
  t.true(await isListening(again));
  run.child.kill("SIGKILL");
  t.true(await stopsListening(again));
});

test("the launcher adds little time to a second start", async (t) => {
  const folder = checkout({ script: "" });
  const timed = async (run: () => Running) => {
    const times: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const beganMs = performance.now();
      await run().ended;
      times.push(performance.now() - beganMs);
    }
    return Math.min(...times);
  };
  const bare = await timed(() =>
    start(process.execPath, ["--disable-warning=ExperimentalWarning", "infra/main.ts"], folder),
  );
  const launched = await timed(() => launch(folder));
  t.log(`bare ${Math.round(bare)} ms, launched ${Math.round(launched)} ms`);
  t.true(launched - bare < 250, `bare ${bare} ms, launched ${launched} ms`);
});
