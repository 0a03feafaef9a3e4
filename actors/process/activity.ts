// What runs a step: a function by name. It may run more than once for one step, at the same time even, when its host was cut off.
export interface StepContext {
  /** Of the process. */
  key: string;
  /** 1 for the first try of the step. */
  tries: number;
  /** Rises with every try, also with those that do not count. */
  run: number;
  /** Aborted when the step's time is over, the process was cancelled or the host goes down. The activity then ends soon. */
  signal: AbortSignal;
}

// biome-ignore lint/suspicious/noExplicitAny: the input is what the kind's decision made for this activity
export type Activity = (input: any, context: StepContext) => Promise<unknown>;
export type Activities = Readonly<Record<string, Activity>>;
