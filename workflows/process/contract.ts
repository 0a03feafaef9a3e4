// The workflows of processes: one type per kind of process, so that Temporal's pages show the kinds apart.
export interface ProcessWorkflowInput {
  input: unknown;
}

export interface ProcessActivities {
  /** False: a host runs the process, or it is over. */
  beginProcess(input: { key: string }): Promise<{ isYours: boolean }>;
  endProcess(input: { key: string }): Promise<void>;
}

/** A worker that was killed is noticed after this time; its step is then run by another one. */
export const heartbeatTimeoutMs = 8_000;
export const heartbeatEveryMs = 1_000;

/** Time-out of one workflow task: after it another worker repeats the task of a killed one. */
export const workflowTaskTimeoutMs = 5_000;
