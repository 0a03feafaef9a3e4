// Runs the hosts of one cluster as processes of one machine. A host that ends by itself is started again, after a pause that
// doubles while the host keeps ending. A rolling restart restarts one host at a time, and continues only when that host is
// ready, so that the cluster always has hosts to serve.
//
// supervisor/no-orphan: no host outlives the supervisor. A signal is forwarded to all of them, and kill -9 of the supervisor
//     closes the channel whose end makes each host exit (infra/launch/preload.mjs).
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sleep } from "../../actors/shared/sleep.ts";
import type { Env } from "../config/env.ts";
import { processTimer } from "../system/clock.ts";
import type { ClusterOptions } from "./options.ts";

const restartPauseMs = { first: 500, most: 10_000 };
/** After a host has run for this time, its next restart uses the first pause again. */
const stableMs = 30_000;
const readyTimeoutMs = 60_000;
const readyCheckEveryMs = 100;

interface Member {
  readonly name: string;
  readonly port: number;
  child: ChildProcess | undefined;
  startedMs: number;
  pauseMs: number;
  /** The supervisor ends this host itself, so its exit handler must not start it again. */
  isEnding: boolean;
}

interface Supervisor {
  /** Resolves when every host has ended. */
  stop(signal: NodeJS.Signals): Promise<void>;
  rollingRestart(): Promise<void>;
}

export function superviseHosts(options: ClusterOptions, env: Env, print: (line: string) => void): Supervisor {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const preload = new URL("../launch/preload.mjs", import.meta.url).href;
  const members = Array.from({ length: options.hosts }, (_, i): Member => {
    const name = `${options.name}-${i + 1}`;
    const { first } = restartPauseMs;
    return { name, port: options.port + i, child: undefined, startedMs: 0, pauseMs: first, isEnding: false };
  });
  let isStopping = false;

  const start = (member: Member): void => {
    const own = { HOST_NAME: member.name, PORT: String(member.port), ROLES: options.roles.join() };
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--import", preload, main], {
      env: { ...env, ...own } as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe", "ipc"], // supervisor/no-orphan
    });
    member.child = child;
    member.startedMs = performance.now();
    member.isEnding = false;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => print(`${member.name} │ ${line}`));
    }
    child.once("exit", (code, signal) => {
      member.child = undefined;
      if (member.isEnding || isStopping) return;
      const { first, most } = restartPauseMs;
      if (performance.now() - member.startedMs > stableMs) member.pauseMs = first;
      print(`${member.name} ended (${signal ?? `exit code ${code}`}); it is started again in ${member.pauseMs} ms`);
      setTimeout(() => !isStopping && start(member), member.pauseMs);
      member.pauseMs = Math.min(member.pauseMs * 2, most);
    });
  };
  for (const member of members) start(member);

  return {
    async stop(signal) {
      isStopping = true;
      await Promise.all(members.map((member) => end(member, signal)));
    },
    async rollingRestart() {
      for (const member of members) {
        if (isStopping) return;
        print(`${member.name} is restarted`);
        await end(member, "SIGTERM");
        if (isStopping) return;
        start(member);
        await untilReady(member);
      }
      print("every host was restarted");
    },
  };
}

async function end(member: Member, signal: NodeJS.Signals): Promise<void> {
  const { child } = member;
  if (!child || child.exitCode !== null) return;
  member.isEnding = true;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  await ended;
}

async function untilReady({ name, port }: Member): Promise<void> {
  const endMs = performance.now() + readyTimeoutMs;
  while (performance.now() < endMs) {
    const isReady = await fetch(`http://127.0.0.1:${port}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(processTimer, readyCheckEveryMs);
  }
  throw new Error(`${name} was not ready within ${readyTimeoutMs} ms: the rolling restart ends here`);
}
