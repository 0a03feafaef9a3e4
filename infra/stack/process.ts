// Starts and ends server processes. Nothing in this file keeps the calling process alive.
//
// server-process/guard: a server that belongs to this process never outlives it, not even after kill -9. A guard (a shell)
//     reads from a pipe whose other end only this process holds. At the end of the file the guard kills the server, and removes
//     the server's folder when that folder was made for this run.
// server-process/started: a start succeeds only after the plan's check has passed. A server whose check does not pass is
//     killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Gate } from "../../actors/shared/gate.ts";
import { withTimeout } from "../../actors/shared/with-timeout.ts";
import { processTimer } from "../system/clock.ts";
import { findHolder, isListening } from "./ports.ts";
import { PortTakenError, type ServerPlan, ServerStartError } from "./server-kind.ts";
import { lastLines } from "./tools.ts";

export interface OwnServer {
  readonly port: number;
  readonly pid: number;
  /** Ends the server without a shutdown. */
  kill9(): Promise<void>;
  /** The server stops running and keeps its sockets open, like a host that hangs. */
  pause(): void;
  resume(): void;
  /** Starts the server again with the same ports and data; a running server is ended first. */
  restart(): Promise<void>;
  /** Sends SIGTERM, then SIGKILL after `drainMsMax`. Removes the folder when it was made for this run. */
  close(): Promise<void>;
}

const checkEveryMs = 50;
const checkTimeoutMs = 5_000;
const drainMsMax = 5_000;
const logLinesShown = 12;

/** Starts a server that ends with this process (server-process/guard). `dirIsOurs`: its folder is removed when it ends. */
export async function startOwn(plan: ServerPlan, options: { dirIsOurs: boolean }): Promise<OwnServer> {
  const own = ownProcess(plan, options.dirIsOurs ? plan.dir : "");
  // One after the other: of two restarts at one time the second would take the port of the first, and forget its process.
  const inTurn = new Gate(1);
  const removeFolder = () => options.dirIsOurs && rmSync(plan.dir, { recursive: true, force: true });
  try {
    await own.start();
  } catch (error) {
    removeFolder(); // the error already quotes the log
    throw error;
  }
  return {
    port: plan.ports[0] ?? 0,
    get pid() {
      return own.pid();
    },
    kill9: () => inTurn.run(() => own.end("SIGKILL")),
    pause: () => own.signal("SIGSTOP"),
    resume: () => own.signal("SIGCONT"),
    restart: () =>
      inTurn.run(async () => {
        await own.end("SIGTERM");
        await own.start();
      }),
    close: () =>
      inTurn.run(async () => {
        await own.end("SIGTERM");
        removeFolder();
      }),
  };
}

function ownProcess(plan: ServerPlan, folderToRemove: string) {
  let child: ChildProcess | undefined;
  let guard: ChildProcess | undefined;
  const isRunning = () => child?.exitCode === null && child.signalCode === null;

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!child || !isRunning()) return;
    const ended = once(child, "exit");
    child.ref();
    child.kill("SIGCONT"); // a stopped process does not handle SIGTERM
    child.kill(signal);
    const timer = setTimeout(() => child?.kill("SIGKILL"), drainMsMax);
    await ended;
    clearTimeout(timer);
  }

  return {
    end,
    pid: () => child?.pid ?? 0,
    signal: (signal: NodeJS.Signals) => void child?.kill(signal),
    async start() {
      child = spawnServer(plan, { isDetached: false });
      child.unref();
      guard = spawnGuard(child.pid ?? 0, folderToRemove);
      const guardOfThis = guard;
      child.once("exit", () => guardOfThis.kill("SIGKILL"));
      try {
        await untilServing(plan, () => !isRunning());
      } catch (error) {
        await end("SIGKILL"); // server-process/started
        throw error;
      }
    },
  };
}

/** See server-process/guard. */
function spawnGuard(pid: number, folderToRemove: string): ChildProcess {
  const script = 'read -r line; kill -9 "$0" 2>/dev/null; if [ -n "$1" ]; then sleep 0.2; rm -rf "$1"; fi';
  // The guard has its own process group, because Ctrl-C in a terminal must not end the guard before the server.
  const guard = spawn("/bin/sh", ["-c", script, String(pid), folderToRemove], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void } | null)?.unref();
  guard.stdin?.on("error", () => {}); // the guard ends when its server has ended
  return guard;
}

/** Starts a server that keeps running when this process ends. `onPid` is called before the server serves. */
export async function startKept(plan: ServerPlan, onPid: (pid: number) => void): Promise<void> {
  const child = spawnServer(plan, { isDetached: true });
  child.unref();
  if (child.pid) onPid(child.pid);
  try {
    await untilServing(plan, () => child.exitCode !== null || child.signalCode !== null);
  } catch (error) {
    child.kill("SIGKILL"); // server-process/started
    throw error;
  }
}

export function logPath(plan: Pick<ServerPlan, "dir" | "name">): string {
  return join(plan.dir, `${plan.name}.log`);
}

function spawnServer(plan: ServerPlan, { isDetached }: { isDetached: boolean }): ChildProcess {
  mkdirSync(plan.dir, { recursive: true });
  const log = openSync(logPath(plan), "a");
  try {
    const added = Object.entries(plan.env ?? {}).map(([name, value]) => `${name}=${value}`);
    // env(1) executes the server in its own process, so the pid is the server's.
    const [command, args] =
      added.length > 0 ? ["env", [...added, plan.command, ...plan.args]] : [plan.command, plan.args];
    const child = spawn(command, args, { cwd: plan.dir, stdio: ["ignore", log, log], detached: isDetached });
    child.once("error", () => {}); // untilServing reports a program that could not be started
    return child;
  } finally {
    closeSync(log);
  }
}

export async function untilServing(plan: ServerPlan, hasEnded: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + plan.startTimeoutMs;
  let last: unknown;
  while (performance.now() < deadlineMs) {
    if (hasEnded()) throw await explainEnd(plan);
    try {
      await withTimeout(processTimer, checkTimeoutMs, plan.check(), createCheckError);
      if (!hasEnded()) return; // else another process has answered on this port
    } catch (error) {
      last = error;
    }
    await pause(checkEveryMs);
  }
  throw new ServerStartError(
    `${plan.name} did not serve within ${plan.startTimeoutMs / 1_000} s (${(last as Error | undefined)?.message ?? "no answer"}).${logEnd(plan)}`,
  );
}

async function explainEnd(plan: ServerPlan): Promise<ServerStartError> {
  for (const port of plan.ports) {
    if (await isListening(port)) return new PortTakenError(plan.name, port, findHolder(port));
  }
  return new ServerStartError(`${plan.name} (${plan.command}) ended at once.${logEnd(plan)}`);
}

function logEnd(plan: ServerPlan): string {
  return ` Its log, ${logPath(plan)}, ends:\n${lastLines(readFileSync(logPath(plan), "utf8"), logLinesShown)}`;
}

function createCheckError(): Error {
  return new Error(`no answer within ${checkTimeoutMs} ms`);
}
