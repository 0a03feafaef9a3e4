// Temporal, as the runner of a host sees it. Every method ends within its own time-out, and throws when Temporal does not answer.
import type { ProcessFacts, ProcessName } from "./contract.ts";

export interface ProcessEngine {
  /** As of the last request, or of a probe since. */
  isReachable(): boolean;
  /** Starts the workflow whose id is `key`. One that was started before stays as it is. */
  start(process: { key: string; name: ProcessName; input: unknown; facts: ProcessFacts }): Promise<void>;
  cancel(key: string): Promise<void>;
  /** True when the workflow has ended in any way, and when Temporal does not know it. */
  isOver(key: string): Promise<boolean>;
}
