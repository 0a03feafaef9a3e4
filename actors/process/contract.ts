// A process outlives its host: a reply, a title, an upload, an image edit. It is a pure decision over its state and of
// activities that may run more than once. This actor starts it once (actors tell `start` by their outbox) and holds its state
// where no Temporal runs it; with Temporal, the workflow of the same id holds it. Key: `kind:id`, as Temporal shows it.
import { contract } from "../runtime/contract.ts";

export type ProcessName = "reply" | "title" | "upload" | "edit";

/** A step: an activity by name, with its limits. Larger things than `maxStepBytes` travel by reference. */
export interface Step {
  activity: string;
  input: unknown;
  timeoutMs: number;
  /** Tries, with pauses from `retryMinMs`, doubled each time. */
  maxTries: number;
  retryMinMs: number;
}

export type StepOutcome = { kind: "done"; value: unknown } | { kind: "failed"; error: string; message: string };

export type Decision<Result = unknown> = { kind: "run"; step: Step } | { kind: "end"; result: Result };

/** What a process does next follows from its state alone, on both drivers. */
export interface ProcessKind<Input, State> {
  readonly name: ProcessName;
  begin(input: Input): State;
  decide(state: State): Decision;
  /** The state after a step. Pure. */
  apply(state: State, outcome: StepOutcome): State;
  /** For finding it: who, where, under which request. */
  describe(input: Input): { userId?: string; conversationId?: string; requestId?: string };
}

interface ProcessCommands {
  start(input: { input: unknown }): null;
  /** The next step, under a number that makes an older worker's report void. Undefined: it is over, or Temporal runs it. */
  claim(input: { boot: string }): { run: number; step: Step } | undefined;
  report(input: { run: number; outcome: StepOutcome }): { isOver: boolean };
  /** Temporal has taken it over, or has ended it. */
  handedOver(input: Record<string, never>): null;
  ended(input: Record<string, never>): null;
}
interface ProcessQueries {
  state(input: Record<string, never>): { status: "none" | "running" | "temporal" | "over"; tries: number };
}
export const Process = contract<ProcessCommands, ProcessQueries>("process");
