// A program as a child process, with limits on its time and on what it prints.
import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";

export interface Programs {
  ffmpeg: string;
  ffprobe: string;
}
interface RunLimits {
  timeoutMs: number;
  maxPrintedBytes: number;
  signal: AbortSignal;
  printed?(text: string): void;
}

/** What the program printed; undefined when it failed, took too long or printed too much. Rejects when `signal` aborts. */
export async function run(program: string, args: readonly string[], limits: RunLimits): Promise<Buffer | undefined> {
  const { timeoutMs, maxPrintedBytes, signal, printed } = limits;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    signal,
    env: {},
  });
  // The server's own work comes first.
  if (child.pid !== undefined) lowerPriority(child.pid);
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("error", () => resolve(null)).once("close", resolve);
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    printed?.(chunk.toString("utf8"));
    if (size > maxPrintedBytes) child.kill("SIGKILL");
    else chunks.push(chunk);
  });
  const code = await promise;
  signal.throwIfAborted();
  return code === 0 ? Buffer.concat(chunks) : undefined;
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // it has ended already, or this system has no priorities
  }
}
