// The only reader of the environment and of `.env` files.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { callVariables } from "./server-variables.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The environment, completed by the `.env` file of `folder` if that exists. An empty value in the file counts as not set, so
 * that a copy of `.env.example` hides no value of another source.
 */
export function loadEnv(folder = "."): Env {
  const given = Object.entries(readEnvFile(resolve(folder, ".env"))).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(given), ...process.env };
}

/** The addresses of the servers that `npm run stack up` has started. Empty when the stack was never started. */
export function loadStackEnv(folder = "."): Env {
  return readEnvFile(resolve(folder, "data/stack/env"));
}

/** The environment of a cluster's host. The stack's addresses are used only when NATS_URL is not set. */
export function loadClusterEnv(): Env {
  const own = loadEnv();
  return own.NATS_URL ? own : { ...loadStackEnv(), ...own };
}

/** The addresses of the stack that a process with its own storage can use: those of calls (Temporal, LiveKit). */
export function loadCallEnv(folder = "."): Env {
  return Object.fromEntries(Object.entries(loadStackEnv(folder)).filter(([name]) => name in callVariables));
}

function readEnvFile(path: string): Env {
  return existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
}
