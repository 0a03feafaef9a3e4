// `node infra/launch/launch.mjs [--watch] <script.ts> [arguments]`: runs a script on the Node version of this project, on any
// machine with Node 20 or newer. The file is plain JavaScript without packages, because it runs before anything is installed.
// Packages are installed when they are missing or differ from package-lock.json; no tracked file changes. Signals are forwarded
// to the script, and its exit code becomes the launcher's.
//
// launch/no-orphan: no process stays behind and holds the port. The script never outlives the launcher (after kill -9 of the
//     launcher it ends at once), and the launcher never outlives npm.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { fail, findNode, install, isInstalled, root, say } from "./install.mjs";

const watchedRooms = ["actors", "gateway", "workflows", "infra"];
/** Compiled code, without types, by the content of each file: a start takes a third less CPU time. Deleted with the packages. */
const compileCache = join(root, "node_modules/.cache/compile");
const parentCheckEveryMs = 200;
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
    env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache },
    stdio: ["inherit", "inherit", "inherit", "ipc"], // launch/no-orphan: the channel closes when the launcher ends, even by kill -9
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

/** Ends the launcher in the same way as the script: by the same signal, or with the same exit code. */
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
 * launch/no-orphan. npm forwards a signal only to its shell, and kill -9 of npm reaches no other process. In both cases the
 * launcher gets another parent process. It then ends the script as SIGTERM would.
 */
function endWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const first = parents();
  const timer = setInterval(() => {
    if (parents() === first) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.exit(1), drainMsMax); // this closes the channel, so the script ends too
  }, parentCheckEveryMs);
  timer.unref();
}

/** The pid of our parent, and of npm when a shell stands between npm and us. */
function parents() {
  const shell = /^\d+ \((?:sh|dash|ash|busybox)\) \S+ (\d+)/.exec(readStat(process.ppid));
  return shell ? `${process.ppid} ${shell[1]}` : String(process.ppid);
}

function readStat(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return ""; // a system without /proc, or the parent has just ended: then its pid changes
  }
}
