// The load generator's process: told by its parent which scenario to prepare, then to go.
import { type LoadResult, scenarios } from "./scenarios.ts";

export type ToLoad = { kind: "prepare"; scenario: string; port: number; run: string } | { kind: "go" };
export type FromLoad = { kind: "ready" } | { kind: "done"; result: LoadResult } | { kind: "failed"; message: string };

let go: (() => Promise<LoadResult>) | undefined;

process.on("message", (message: ToLoad) => {
  handle(message).catch((error: unknown) =>
    tell({ kind: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

async function handle(message: ToLoad): Promise<void> {
  if (message.kind === "prepare") {
    go = await scenarios[message.scenario]!.prepare({ port: message.port, run: message.run });
    tell({ kind: "ready" });
  } else if (go) tell({ kind: "done", result: await go() });
}

function tell(message: FromLoad): void {
  process.send?.(message);
}
