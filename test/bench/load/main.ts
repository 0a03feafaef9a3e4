// The process of the load generator. Its parent sends a plan to prepare, and then orders to run.
import type { Order } from "./orders.ts";
import { type LoadPlan, scenarioOf } from "./plans.ts";
import type { LoadResult } from "./scenarios.ts";

export type ToLoad =
  | { kind: "prepare"; plan: LoadPlan; ports: readonly number[]; run: string }
  | { kind: "go"; order?: Order };
export type FromLoad = { kind: "ready" } | { kind: "done"; result: LoadResult } | { kind: "failed"; message: string };

let go: ((order?: Order) => Promise<LoadResult>) | undefined;

process.on("message", (message: ToLoad) => {
  handle(message).catch((error: unknown) =>
    tell({ kind: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on("disconnect", () => process.exit());
// The launcher's preload unreferences the channel. The channel is referenced again, because sometimes the process waits
// for orders only.
process.channel?.ref();

async function handle(message: ToLoad): Promise<void> {
  if (message.kind === "prepare") {
    const { plan, ports, run } = message;
    go = await scenarioOf(plan).prepare({ ports, run });
    tell({ kind: "ready" });
  } else if (go) tell({ kind: "done", result: await go(message.order) });
}

function tell(message: FromLoad): void {
  process.send?.(message);
}
