// A helper of the benchmark in a process of its own, so that its CPU time counts for nobody else.
import { fork } from "node:child_process";
import { once } from "node:events";

export interface Helper {
  readonly port: number;
  readonly pid: number;
  close(): void;
}

export async function startHelper(script: string, ...args: string[]): Promise<Helper> {
  const child = fork(new URL(script, import.meta.url), args, { env: { ...process.env, NODE_OPTIONS: "" } });
  const [message] = (await once(child, "message")) as [{ port: number }];
  if (child.pid === undefined) throw new Error(`${script} did not start`);
  return { port: message.port, pid: child.pid, close: () => void child.kill("SIGKILL") };
}
