// Redis, or Valkey, which has the same protocol.
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import type { Program, ServerPlan, Toolbox } from "./server-kind.ts";
import { findInPath, findProgram, missing, runTool, ToolError } from "./tools.ts";

const names = ["redis-server", "valkey-server"];
const versionMin = "6.2.0";
const installTimeoutMs = 5 * 60_000;
const startTimeoutMs = 30_000;
const answerTimeoutMs = 3_000;

export async function obtainRedis(tools: Toolbox): Promise<Program> {
  const find = () => findProgram(names, versionMin, tools.env);
  const found = await find();
  if (found) return found;
  const problem = await installPackage(tools);
  const installed = problem ? undefined : await find();
  if (installed) return installed;
  throw missing(
    "redis",
    problem ?? `the package's ${names[0]} is older than ${versionMin}`,
    `install Redis or Valkey (Debian, as root: "apt-get install redis-server"; macOS: "brew install redis")`,
  );
}

/** Resolves with the reason when the installation failed. */
async function installPackage(tools: Toolbox): Promise<string | undefined> {
  const apt = findInPath("apt-get", tools.env);
  if (!apt) return `neither ${names.join(" nor ")} is in PATH`;
  if (process.getuid?.() !== 0) return `${names[0]} is not in PATH, and only root can install it`;
  const options = {
    say: tools.say,
    // The installer asks no questions, and starts no system service that would take the port.
    env: { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    timeoutMs: installTimeoutMs,
  };
  // Another installation may hold the package manager's lock.
  const install = ["-o", "DPkg::Lock::Timeout=240", "install", "-y", "--no-install-recommends", "redis-server"];
  try {
    await runTool("Installing redis-server", apt, install, options).catch(async (error: unknown) => {
      if (!(error instanceof ToolError)) throw error;
      // A new machine has empty package lists.
      await runTool("Reading the package lists", apt, ["-o", "DPkg::Lock::Timeout=240", "update"], options);
      await runTool("Installing redis-server", apt, install, options);
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return error.message;
  }
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
