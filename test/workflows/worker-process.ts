// A worker in a process of its own, which a test kills. Its actors run in the process that started the worker, and are called by
// messages between the two.

import type { Actors } from "../../actors/runtime/actors.ts";
import type { Contract } from "../../actors/runtime/contract.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { startWorkflows } from "../../infra/temporal/workflows.ts";
import { createQuietLog } from "./call-rig.ts";

export interface ActorRequest {
  id: number;
  kind: string;
  key: string;
  method: string;
  input: unknown;
  options: unknown;
}
export type ActorAnswer = { id: number; result: unknown } | { id: number; failure: string };

const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
let lastId = 0;

process.on("message", (answer: ActorAnswer) => {
  const waiter = waiting.get(answer.id);
  waiting.delete(answer.id);
  if ("result" in answer) waiter?.resolve(answer.result);
  else waiter?.reject(new RuntimeError("unreachable", answer.failure));
});

const actors: Actors = {
  get: ({ kind }: Contract<unknown, unknown>, key: string) =>
    new Proxy(
      {},
      {
        get: (_, method: string) => (input: unknown, options: unknown) => {
          const id = ++lastId;
          process.send?.({ id, kind, key, method, input, options } satisfies ActorRequest);
          return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
        },
      },
    ) as never,
};

const [address = "", taskQueue = ""] = process.argv.slice(2);
const log = createQuietLog();
const workflows = startWorkflows({
  ...{ address, namespace: "default", taskQueue },
  deps: { actors },
  log: { ...log, info: () => process.send?.("ready") },
});
process.on("disconnect", () => {
  void workflows.stop().then(() => process.exit(0));
});
