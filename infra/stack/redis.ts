// Redis, or Valkey, which has the same protocol.
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { installPackage } from "./apt.ts";
import type { Program, ServerPlan, Toolbox } from "./server-kind.ts";
import { findProgram, missing } from "./tools.ts";

const names = ["redis-server", "valkey-server"];
const versionMin = "6.2.0";
const startTimeoutMs = 30_000;
const answerTimeoutMs = 3_000;

export async function obtainRedis(tools: Toolbox): Promise<Program> {
  const find = () => findProgram(names, versionMin, tools.env);
  const found = await find();
  if (found) return found;
  const problem = await installPackage("redis-server", tools);
  const installed = problem ? undefined : await find();
  if (installed) return installed;
  throw missing(
    "redis",
    problem ?? `the package's ${names[0]} is older than ${versionMin}`,
    `install Redis or Valkey (Debian, as root: "apt-get install redis-server"; macOS: "brew install redis")`,
  );
}

/** With `keep`, Redis writes its changes to disk each second; without it, the data is in memory only. */
export function planRedis(program: Program, place: { dir: string; port: number; keep: boolean }): ServerPlan {
  mkdirSync(place.dir, { recursive: true });
  const args = ["--port", String(place.port), "--bind", "127.0.0.1", "--dir", place.dir, "--save", ""];
  return {
    name: "redis",
    command: program.command,
    args: [...args, "--appendonly", place.keep ? "yes" : "no", "--maxmemory-policy", "noeviction"],
    dir: place.dir,
    ports: [place.port],
    check: () => checkRedis({ host: "127.0.0.1", port: place.port }),
    startTimeoutMs,
  };
}

/** Throws when the server does not answer PING. A server that asks for a password counts as serving. */
export function checkRedis({ host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: answerTimeoutMs }, () => void socket.write("PING\r\n"));
    socket.once("data", (chunk) => {
      socket.destroy();
      const text = chunk.toString();
      if (text.startsWith("+PONG") || text.startsWith("-NOAUTH")) resolve();
      else reject(new Error(text.trim()));
    });
    socket.once("timeout", () => socket.destroy(new Error(`port ${port} does not answer`)));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`port ${port} closed the connection`)));
  });
}
