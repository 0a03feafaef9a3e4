// `node infra/launch/launch.mjs [--watch] <script.ts> [arguments]`: runs a script on the Node of this project, whatever Node the
// machine has (20 or newer). Plain JavaScript without a package: it runs before anything is installed.
// L1: packages are installed when they are missing or differ from package-lock.json, and no tracked file changes.
// L2: signals reach the script, and its exit code becomes ours.
// L3: the script never outlives us (kill -9: it ends at once), nor do we outlive npm: no orphan holds the port.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { fail, findNode, install, isInstalled, root, say } from "./install.mjs";

const watchedRooms = ["actors", "gateway", "workflows", "infra"];
const parentLookEveryMs = 200;
const drainMsMax = 30_000;
const restartAfterChangeMs = 150; // an editor writes several files at once

const [first, ...others] = process.argv.slice(2);
const isWatching = first === "--watch";
const [script, ...scriptArguments] = isWatching ? others : [first, ...others];
if (!script) fail("Usage: node infra/launch/launch.mjs [--watch] <script.ts> [arguments]");

if (!isInstalled()) await install();
const node = findNode();
endWithNpm();
if (isWatching) runAndWatch();
else run().once("exit", endLike);

function run() {
  const preload = new URL("./preload.mjs", import.meta.url).href;
  const flags = ["--disable-warning=ExperimentalWarning", "--import", preload];
  const child = spawn(node, [...flags, script, ...scriptArguments], {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit", "ipc"], // L3: the channel closes when we are gone, however we went
  });
  child.once("error", (error) => fail(`${node} could not be started: ${error.message}.`));
  const forward = (signal) => child.kill(signal);
  process.on("SIGTERM", forward);
  process.on("SIGINT", forward);
  child.once("exit", () => {
    process.off("SIGTERM", forward);
    process.off("SIGINT", forward);
  });
  return child;
}

/** L2. */
function endLike(code, signal) {
  if (signal) process.kill(process.pid, signal);
  else process.exit(code ?? 1);
}

function runAndWatch() {
  let child = run();
  let isRestarting = false;
  let timer;
  let isRunning = true;
  let isEnding = false;
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => {
      isEnding = true;
      if (!isRunning) process.exit(0);
    });
  }
  const onExit = (code, signal) => {
    isRunning = false;
    if (isEnding) endLike(code, signal);
    else if (isRestarting) start();
    else say(`${script} ended (${signal ?? code}). Waiting for a change.`);
  };
  const start = () => {
    isRestarting = false;
    isRunning = true;
    child = run();
    child.once("exit", onExit);
  };
  child.once("exit", onExit);
  for (const room of watchedRooms.filter((name) => existsSync(join(root, name)))) {
    watch(join(root, room), { recursive: true }, (_, file) => {
      if (!file || !/\.(ts|mjs)$/.test(file)) return;
      clearTimeout(timer);
      timer = setTimeout(() => restart(`${room}/${file}`), restartAfterChangeMs);
    });
  }
  function restart(changed) {
    say(`${changed} changed: restarting.`);
    if (!isRunning) return start();
    isRestarting = true;
    child.kill("SIGTERM");
  }
}

/**
 * L3. npm passes a signal on to its shell, which ends without telling us, and a kill -9 to nobody: both show as another
 * parent. Either way the script drains, as after SIGTERM.
 */
function endWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const line = parents();
  const looking = setInterval(() => {
    if (parents() === line) return;
    clearInterval(looking);
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.exit(1), drainMsMax); // the script follows, as its channel closes
  }, parentLookEveryMs);
  looking.unref();
}

/** Our parent; and npm behind it, where a shell that npm started stands between. */
function parents() {
  const shell = /^\d+ \((?:sh|dash|ash|busybox)\) \S+ (\d+)/.exec(readStat(process.ppid));
  return shell ? `${process.ppid} ${shell[1]}` : String(process.ppid);
}

function readStat(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return ""; // a system without /proc, or the parent ended just now: then its number changes
  }
}
