// The cache of installed servers: `<cache>/parley/<name>-<version>/…`.
//
// cache/complete: a folder with the final name is complete, because it is built under another name and then renamed.
// cache/lock: one process installs a name at a time, and the others wait for it. A lock whose process has ended is removed.
//     When two processes remove it at the same moment, both install; the second one then finds a complete folder and uses it.
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Env } from "../config/env.ts";
import { isAlive } from "./alive.ts";
import type { Toolbox } from "./server-kind.ts";

const lockCheckEveryMs = 250;
const lockReportEveryMs = 5_000;

export function cacheFolder(env: Env): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "parley");
}

/**
 * Returns the installed folder `name` ("nats-2.15.2"). When the folder is missing, `build` fills a new one. An error of `build`
 * is passed on, and its folder is removed.
 */
export async function installOnce(
  name: string,
  tools: Toolbox,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const cache = cacheFolder(tools.env);
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const release = await takeLock(join(cache, `${name}.lock`), `installs ${name}`, tools.say);
  const fresh = join(cache, `.${name}.${process.pid}`);
  try {
    if (existsSync(folder)) return folder; // installed by the process that held the lock
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh);
    await build(fresh);
    putInPlace(fresh, folder);
    return folder;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    release();
  }
}

/** See cache/complete. */
function putInPlace(fresh: string, folder: string): void {
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else another process installed it at the same time (cache/lock)
  }
}

/** `doing` says in the waiting message what the holder of the lock does. Resolves with the function that releases the lock. */
export async function takeLock(path: string, doing: string, say: Toolbox["say"]): Promise<() => void> {
  for (let waitedMs = 0; !tryLock(path); waitedMs += lockCheckEveryMs) {
    if (waitedMs % lockReportEveryMs === 0) {
      say(`Another process (${readHolder(path) ?? "unknown pid"}) ${doing}: waiting for it.`);
    }
    await pause(lockCheckEveryMs);
  }
  return () => rmSync(path, { force: true });
}

/** The lock is a hard link to a file that holds our pid: linking is atomic, so no process reads a half-written lock. */
function tryLock(path: string): boolean {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = readHolder(path);
    if (holder && !isAlive(holder)) rmSync(path, { force: true });
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function readHolder(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // the lock was released just now
    throw error;
  }
}
