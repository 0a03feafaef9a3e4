// A worker of meals in a process of its own, which a test kills. Actors and kitchen are those of the test, and are called by
// messages.
import { readFileSync } from "node:fs";
import type { Actors } from "../../actors/runtime/actors.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import { startWorker } from "../../workflows/worker.ts";
import { createMealActivities, type Order } from "../support/process/kitchen.ts";
import { createQuietLog } from "./call-rig.ts";

export interface WorkerRequest {
  id: number;
  /** `kitchen`: a course is ordered. */
  kind: string;
  key: string;
  method: string;
  input: unknown;
}
export type WorkerAnswer = { id: number; result: unknown } | { id: number; failure: string };

const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
let lastId = 0;

function ask(request: Omit<WorkerRequest, "id">): Promise<unknown> {
  const id = ++lastId;
  process.send?.({ id, ...request } satisfies WorkerRequest);
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

process.on("message", (answer: WorkerAnswer) => {
  const waiter = waiting.get(answer.id);
  waiting.delete(answer.id);
  if ("result" in answer) waiter?.resolve(answer.result);
  else waiter?.reject(errorOf(answer.failure));
});

function errorOf(failure: string): Error {
  const { domainError, message } = JSON.parse(failure) as { domainError?: ErrorName; message: string };
  return domainError ? new DomainError(domainError) : new RuntimeError("unreachable", message);
}

const actors: Actors = {
  get: ({ kind }: { kind: string }, key: string) =>
    new Proxy({}, { get: (_, method: string) => (input: unknown) => ask({ kind, key, method, input }) }) as never,
};
const kitchen = { cook: (order: Order) => ask({ kind: "kitchen", key: order.key, method: "cook", input: order }) };

const [address = "", taskQueue = "", bundlePath = ""] = process.argv.slice(2);
const worker = await startWorker({
  ...{ address, namespace: "default", taskQueue },
  deps: { actors, steps: createMealActivities(kitchen) },
  workflowBundle: { code: readFileSync(bundlePath, "utf8") },
  log: createQuietLog(),
});
process.send?.("ready");
process.on("disconnect", () => {
  void worker.shutdown().then(() => process.exit(0));
});
