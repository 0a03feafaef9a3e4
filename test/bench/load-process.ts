// The load, in a process of its own: its CPU time is never taken for a server's.
import { fork } from "node:child_process";
import type { FromLoad, ToLoad } from "./load/main.ts";
import type { Order } from "./load/orders.ts";
import type { LoadPlan } from "./load/plans.ts";
import type { LoadResult } from "./load/scenarios.ts";

export interface Load {
  go(order?: Order): Promise<LoadResult>;
  close(): void;
}

const answerTimeoutMs = 15 * 60_000;
let loads = 0;

/** Resolves when its people are there, connected, and the server is warm. */
export async function startLoad(plan: LoadPlan, ports: readonly number[]): Promise<Load> {
  // Without what a profiler asked of this process.
  const env = { ...process.env, NODE_OPTIONS: "" };
  const child = fork(new URL("./load/main.ts", import.meta.url), { serialization: "advanced", env });
  const tell = (message: ToLoad) => child.send(message);
  const answer = <K extends "ready" | "done">(kind: K) =>
    new Promise<Extract<FromLoad, { kind: K }>>((resolve, reject) => {
      const timer = setTimeout(() => end(new Error("the load generator did not answer")), answerTimeoutMs);
      const onExit = (code: number | null, signal: string | null) =>
        end(new Error(`the load generator ended: ${signal ?? `exit code ${code}`}`));
      const end = (error: Error) => {
        stopWaiting();
        reject(error);
      };
      const onMessage = (message: FromLoad) => {
        stopWaiting();
        if (message.kind === kind) resolve(message as Extract<FromLoad, { kind: K }>);
        else reject(new Error(message.kind === "failed" ? message.message : `unexpected ${message.kind}`));
      };
      const stopWaiting = () => {
        clearTimeout(timer);
        child.off("message", onMessage).off("exit", onExit);
      };
      child.once("message", onMessage).once("exit", onExit);
    });
  loads += 1;
  const load: Load = {
    async go(order) {
      tell({ kind: "go", order });
      return (await answer("done")).result;
    },
    close: () => void child.kill("SIGKILL"),
  };
  try {
    tell({ kind: "prepare", plan, ports, run: `b${process.pid}-${loads}` });
    await answer("ready");
    return load;
  } catch (error) {
    load.close();
    throw error;
  }
}
