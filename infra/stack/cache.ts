// The cache of installed servers: `<cache>/parley/<name>-<version>/…`.
// C1: a folder with the final name is whole: it is built beside it and renamed.
// C2: one installer at a time for a name; the others wait for it. The lock of an installer that is gone is cleared away:
//     should two do so at once and both install, the second finds the folder there, and it is whole (C1).
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Env } from "../config/env.ts";
import { isAlive } from "./alive.ts";
import type { Toolbox } from "./server-kind.ts";

const lockLookEveryMs = 250;
const lockSayEveryMs = 5_000;

export function cacheFolder(env: Env): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "parley");
}

/**
 * The installed folder `name` ("nats-2.15.2"); `build` fills a new one when it is not there, and what it throws is thrown
 * on, with nothing left behind.
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
    if (existsSync(folder)) return folder; // C2: another has just built it
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

/** C1. */
function putInPlace(fresh: string, folder: string): void {
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else C2: it was put there meanwhile
  }
}

/** `doing`: what its holder does, for people who wait. Resolves with the function that gives it back. */
export async function takeLock(path: string, doing: string, say: Toolbox["say"]): Promise<() => void> {
  for (let waitedMs = 0; !tryLock(path); waitedMs += lockLookEveryMs) {
    if (waitedMs % lockSayEveryMs === 0) say(`Another process (${readHolder(path) ?? "?"}) ${doing}: waiting for it.`);
    await pause(lockLookEveryMs);
  }
  return () => rmSync(path, { force: true });
}

/** A link to a file that names us: made whole or not at all. */
function tryLock(path: string): boolean {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = readHolder(path);
    if (holder && !isAlive(holder)) rmSync(path, { force: true }); // C2
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function readHolder(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // just given back
    throw error;
  }
}
