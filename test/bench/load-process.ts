// Runs the load in a separate process, so that its CPU time is not counted as a server's.
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

/** Resolves when the users of the load are registered and connected, and the server is warm. */
export async function startLoad(plan: LoadPlan, ports: readonly number[]): Promise<Load> {
  // Options of a profiler of this process must not apply to the load.
  const env = { ...process.env, NODE_OPTIONS: "" };
  const child = fork(new URL("./load/main.ts", import.meta.url), { serialization: "advanced", env });
  const send = (message: ToLoad) => child.send(message);
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
      send({ kind: "go", order });
      return (await answer("done")).result;
    },
    close: () => void child.kill("SIGKILL"),
  };
  try {
    send({ kind: "prepare", plan, ports, run: `b${process.pid}-${loads}` });
    await answer("ready");
    return load;
  } catch (error) {
    load.close();
    throw error;
  }
}
