// Limits of processes, each with what happens when it is reached.
import type { ProcessName } from "./contract.ts";

/** Of the JSON of a step's input, of its result, and of a process's input. A larger one fails as `process.too_large`. */
export const maxStepBytes = 32 * 1024;

/** The longest pause between two tries of a step. */
export const maxRetryPauseMs = 60_000;

/** A claim ends so long after the time limit of its step: then another run may begin, even if the host of the first one lives. */
export const claimMarginMs = 10_000;

/** A workflow that did not begin so long after its process was handed over finds the process run by this system. */
export const handOverMs = 10_000;

/** So long after it became ready, a process that no runner has finished is announced to the runner of its owner again. */
export const announceAfterMs = 1_000;

/** How often a runner looks at a process that another host, or Temporal, works on. */
export const lookEveryMs = 2_000;
export const watchEveryMs = 60_000;

/** Steps that one host runs at once, by kind; more wait for a free place. */
export const maxAtOnce: Readonly<Record<ProcessName, number>> = {
  reply: 500,
  title: 50,
  upload: 32,
  edit: 32,
  intake: 32,
};

/** Processes that one runner knows of; more are announced again a minute later. */
export const maxKnown = 20_000;
