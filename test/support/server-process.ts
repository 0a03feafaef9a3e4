// Runs the real server as a separate process that can be stopped or killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** Kills the server: nothing is flushed, and no socket is closed in order. */
  kill9(): Promise<void>;
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

const readyTimeoutMs = 20_000;

export async function startServer(options: {
  dataDir: string;
  port: number;
  env?: Record<string, string>;
  /** What the server prints, as it comes. */
  printed?: (text: string) => void;
}): Promise<ServerProcess> {
  const { dataDir, port, printed } = options;
  const main = new URL("../../infra/main.ts", import.meta.url).pathname;
  const env = {
    PATH: process.env.PATH ?? "",
    DATA_DIR: dataDir,
    PORT: String(port),
    RATE_LIMITS: "off",
    PASSWORD_HASH_COST: "low",
    LOG_LEVEL: "error",
    ...options.env,
  };
  const args = ["--disable-warning=ExperimentalWarning", main];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", printed ? "pipe" : "ignore", "pipe"] });
  child.stdout?.on("data", (chunk: Buffer) => printed?.(chunk.toString()));
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-8_000);
    printed?.(chunk.toString());
  });
  await untilReady(child, port, () => errors);
  return {
    port,
    pid: child.pid!,
    kill9: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
    stop: async () => {
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      return child.exitCode;
    },
  };
}

async function untilReady(child: ChildProcess, port: number, errors: () => string): Promise<void> {
  const endMs = performance.now() + readyTimeoutMs;
  while (performance.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}: ${errors()}`);
    const isReady = await fetch(`http://127.0.0.1:${port}/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  child.kill("SIGKILL");
  throw new Error(`The server was not ready within ${readyTimeoutMs} ms: ${errors()}`);
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
