// Rules that the simulation switches off, one at a time: in the runtime, in a port, or in an actor.
import type { RuntimeRules } from "../../actors/runtime/host/rules.ts";

/** The runtime's rules, each replaced by a function that does not keep it. */
const runtimeWeaknesses = {
  /** Outputs of turns that decided nothing leave before the commits that they rest on. */
  no_output_gate: { gateOutput: (output) => output(true) },
  /** A tail counts as complete even when commits are missing. */
  no_prev_check: { checkTail: () => undefined },
  /** A new owner replays none of its inherited commits. */
  no_republish: {
    commitsToReplay: (inherited) => inherited.map((commit) => ({ ...commit, records: [], reappended: [] })),
  },
  /** A snapshot may be in the views before its record is in the log. */
  early_snapshot: { writeSnapshot: (snapshot, { atOnce }) => atOnce(snapshot) },
  /** An outbox entry that comes twice takes effect twice. */
  no_watermark: { isRepeated: () => false },
} as const satisfies Record<string, Partial<RuntimeRules>>;

export type Weakness =
  | keyof typeof runtimeWeaknesses
  | "no_fence"
  | "no_lease"
  | "no_dedupe"
  | "cursor_reused"
  | "no_membership";

export const weaknesses: readonly Weakness[] = [
  "no_fence",
  "no_lease",
  "no_output_gate",
  "no_dedupe",
  "no_prev_check",
  "no_republish",
  "early_snapshot",
  "cursor_reused",
  "no_watermark",
  "no_membership",
];

export function rulesWithout(weakness: Weakness | undefined): Partial<RuntimeRules> {
  return weakness !== undefined && weakness in runtimeWeaknesses
    ? runtimeWeaknesses[weakness as keyof typeof runtimeWeaknesses]
    : {};
}
