// `stack down`, `stack status` and `stack logs`: commands about the servers that the state file lists.
import { closeSync, fstatSync, openSync, readSync, watchFile } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { LocalOptions, LocalServer } from "./local-stack.ts";
import { logPath } from "./process.ts";
import type { Toolbox } from "./server-kind.ts";
import { isSameProcess, type KeptServer, readState, removeFromState } from "./state.ts";
import { lastLines } from "./tools.ts";

// Cassandra needs the longest: it writes its memtables to disk.
const drainMsMax = 30_000;
const checkEveryMs = 50;
const logTailBytes = 64 * 1_024;

/** Ends each server with SIGTERM, then SIGKILL. A pid that now belongs to another process is left alone. */
export async function down(servers: readonly LocalServer[], folder: string, say: Toolbox["say"]): Promise<void> {
  const kept = chosen(servers, folder);
  if (kept.length === 0) say("No server of this stack is running.");
  await Promise.all(
    kept.map(async (server) => {
      say(`${label(server)}: ${await end(server)}.`);
      removeFromState(folder, [server.dir]);
    }),
  );
}

async function end(server: KeptServer): Promise<string> {
  if (!isSameProcess(server)) return "had ended already";
  process.kill(server.pid, "SIGTERM");
  for (let waitedMs = 0; waitedMs < drainMsMax; waitedMs += checkEveryMs) {
    await pause(checkEveryMs);
    if (!isSameProcess(server)) return "ended";
  }
  process.kill(server.pid, "SIGKILL");
  return `did not end within ${drainMsMax / 1_000} s and was killed`;
}

interface Status {
  name: string;
  isServing: boolean;
  text: string;
}

export async function status(
  servers: readonly LocalServer[],
  options: Omit<LocalOptions, "natsServers">,
  tools: Toolbox,
): Promise<Status[]> {
  const kept = readState(options.folder).servers;
  const asked = servers.map(async (server): Promise<Status[]> => {
    const address = tools.env[server.addressVariable]?.trim();
    if (address) {
      const problem = await problemOf(server.checkGiven(address, tools.env));
      return [{ name: server.name, isServing: !problem, text: problem ?? `serves at ${address} (given)` }];
    }
    const own = kept.filter(({ name }) => name === server.name);
    if (own.length === 0) return [{ name: server.name, isServing: false, text: "is down" }];
    // Only the plan's check is used, so the program may stay empty.
    const program = { command: "", version: "", from: "" };
    const plans = server.plan(program, { ...options, natsServers: own.length === 3 ? 3 : 1 });
    return Promise.all(
      own.map(async (each) => {
        const check =
          plans.find(({ dir }) => dir === each.dir)?.check ?? (() => Promise.reject(new Error("is unknown")));
        const problem = isSameProcess(each) ? await problemOf(check()) : `ended by itself: ${logPath(each)}`;
        return {
          name: label(each),
          isServing: !problem,
          text: problem ?? `serves (${each.version}, process ${each.pid}, ports ${each.ports.join(" ")})`,
        };
      }),
    );
  });
  return (await Promise.all(asked)).flat();
}

function problemOf(check: Promise<void>): Promise<string | undefined> {
  return check.then(
    () => undefined,
    (error: Error) => `does not serve: ${error.message}`,
  );
}

/** Prints the last lines of each log. With `follow`, new lines are printed as they are written. */
export function logs(
  servers: readonly LocalServer[],
  folder: string,
  options: { lines: number; follow: boolean; print(line: string): void },
): void {
  for (const server of chosen(servers, folder)) {
    const path = logPath(server);
    const { text, size } = readFrom(path);
    for (const line of lastLines(text, options.lines).split("\n")) options.print(`${label(server)} | ${line}`);
    if (options.follow) followLog(path, size, (line) => options.print(`${label(server)} | ${line}`));
  }
}

function followLog(path: string, fromByte: number, print: (line: string) => void): void {
  let at = fromByte;
  let rest = "";
  watchFile(path, { interval: 300 }, () => {
    const { text, size } = readFrom(path, at);
    at = size;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) print(line);
  });
}

function readFrom(path: string, fromByte?: number): { text: string; size: number } {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const start = fromByte ?? Math.max(0, size - logTailBytes);
    const bytes = Buffer.alloc(Math.max(0, size - start));
    readSync(file, bytes, 0, bytes.length, start);
    return { text: bytes.toString(), size };
  } finally {
    closeSync(file);
  }
}

function chosen(servers: readonly LocalServer[], folder: string): KeptServer[] {
  return readState(folder).servers.filter(({ name }) => servers.some((server) => server.name === name));
}

function label({ name, ports }: KeptServer): string {
  return name === "nats" ? `${name}:${ports[0]}` : name;
}
