// The only reader of the environment and of `.env` files.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { callVariables } from "./server-variables.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The environment over the `.env` file of `folder`, if there is one. An empty value in the file counts as not set: a copy of
 * `.env.example` hides no value that is known from elsewhere.
 */
export function loadEnv(folder = "."): Env {
  const given = Object.entries(readEnvFile(resolve(folder, ".env"))).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(given), ...process.env };
}

/** Addresses of the servers that `npm run stack up` started; empty when the stack is down. */
export function loadStackEnv(folder = "."): Env {
  return readEnvFile(resolve(folder, "data/stack/env"));
}

/** For hosts of a cluster. The stack's addresses are used only when no server is configured. */
export function loadClusterEnv(): Env {
  const own = loadEnv();
  return own.NATS_URL ? own : { ...loadStackEnv(), ...own };
}

/** The stack's addresses that one process with its own storage can use: those of calls. */
export function loadCallEnv(folder = "."): Env {
  return Object.fromEntries(Object.entries(loadStackEnv(folder)).filter(([name]) => name in callVariables));
}

function readEnvFile(path: string): Env {
  return existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
}
