// The list of servers that `npm run stack up` has started, kept in `data/stack/state.json` so that later commands find them.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, readStartTime } from "./alive.ts";
import type { ServerName } from "./server-kind.ts";

export interface KeptServer {
  name: ServerName;
  pid: number;
  /** Start time of the process: a later process with the same pid has another one. */
  startTime: string;
  ports: number[];
  version: string;
  dir: string;
}

interface StackState {
  servers: KeptServer[];
}

export function readState(folder: string): StackState {
  try {
    return JSON.parse(readFileSync(statePath(folder), "utf8")) as StackState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { servers: [] };
    throw new Error(`${statePath(folder)} cannot be read: end the servers by hand and remove it.`, { cause: error });
  }
}

/** Atomic: a reader sees the old file or the new one. */
export function writeState(folder: string, state: StackState): void {
  mkdirSync(folder, { recursive: true });
  const fresh = `${statePath(folder)}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(state, undefined, 2)}\n`);
  renameSync(fresh, statePath(folder));
}

export function addToState(folder: string, server: Omit<KeptServer, "startTime">): void {
  const startTime = readStartTime(server.pid) ?? "";
  const others = readState(folder).servers.filter((each) => each.dir !== server.dir);
  writeState(folder, { servers: [...others, { ...server, startTime }] });
}

export function removeFromState(folder: string, dirs: readonly string[]): void {
  writeState(folder, { servers: readState(folder).servers.filter((each) => !dirs.includes(each.dir)) });
}

/** True while the recorded process runs. A later process with the same pid does not count. */
export function isSameProcess({ pid, startTime }: Pick<KeptServer, "pid" | "startTime">): boolean {
  return isAlive(pid) && readStartTime(pid) === startTime;
}

function statePath(folder: string): string {
  return join(folder, "state.json");
}
