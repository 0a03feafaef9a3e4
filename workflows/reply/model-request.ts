// Where the model of an answer is asked, and under which request.
import type { ModelDirectory, Payer, UpstreamTarget } from "../../actors/llm/contract.ts";
import type { StepContext } from "../../actors/process/activity.ts";
import type { Answerer } from "./answerer.ts";

/** `model`: as it is asked for; where the answerer names none, that of the first target, or "" without a target. */
export async function findTargets(
  directory: ModelDirectory,
  payer: Payer,
  { surface, model, provider }: Pick<Answerer, "surface" | "model" | "provider">,
): Promise<{ targets: readonly UpstreamTarget[]; model: string }> {
  const targets = await directory.resolve({ payer, surface, model, ...(provider !== undefined && { provider }) });
  return { targets, model: model === "" ? (targets[0]?.model ?? "") : model };
}

/** Every run of a step has its own request in the ledger. */
export function requestIdOf({ key, run }: Pick<StepContext, "key" | "run">): string {
  return run === 1 ? key : `${key}/${run}`;
}
