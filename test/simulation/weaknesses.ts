import type { Weakness } from "../../actors/runtime/limits.ts";

/** One rule switched off: in the runtime, in a port, or in an actor. */
export type SimulatedWeakness = Weakness | "no_fence" | "no_lease" | "no_dedupe" | "cursor_reused" | "no_membership";

export const weaknesses: readonly SimulatedWeakness[] = [
  "no_fence",
  "no_lease",
  "no_output_gate",
  "no_dedupe",
  "no_prev_check",
  "no_republish",
  "early_snapshot",
  "cursor_reused",
  "no_watermark",
];

const ofRuntime: readonly string[] = [
  "no_output_gate",
  "no_prev_check",
  "no_republish",
  "early_snapshot",
  "no_watermark",
] satisfies Weakness[];

export function isRuntimeWeakness(weakness: SimulatedWeakness): weakness is Weakness {
  return ofRuntime.includes(weakness);
}
