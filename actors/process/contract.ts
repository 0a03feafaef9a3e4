// A process outlives its host: a reply, a title, an upload, an image edit. It is a pure decision over its state and activities
// that may run more than once. This actor starts it once (actors send `start` by their outbox) and decides who runs it: a
// runner of this system, or the Temporal workflow of the same id. Key: `kind:id`, as Temporal shows it.
import { contract } from "../runtime/contract.ts";

export type ProcessName = "reply" | "title" | "upload" | "edit" | "intake";

/** A step: an activity by name, with its limits. `input` is `maxStepBytes` at most: larger things travel by reference. */
export interface Step {
  activity: string;
  input: unknown;
  /** Of one try. */
  timeoutMs: number;
  /** A try whose worker was lost counts, too. */
  maxTries: number;
  /** The pause before the second try, doubled for each one after it, up to `maxRetryPauseMs`. */
  retryMinMs: number;
}

export type StepOutcome = { kind: "done"; value: unknown } | StepFailure;
/** `isFinal`: another try would fail, too. */
export type StepFailure = { kind: "failed"; error: string; message: string; isFinal?: true };

export type Decision<Result = unknown> = { kind: "run"; step: Step } | { kind: "end"; result: Result };

/** For finding a process: whose it is, where, under which request. */
export interface ProcessFacts {
  userId?: string;
  conversationId?: string;
  requestId?: string;
}

/** What a process does next follows from its state alone, on both drivers. Every method is pure. */
export interface ProcessKind<Input, State> {
  readonly name: ProcessName;
  begin(input: Input): State;
  decide(state: State): Decision;
  /** The state after a step: after its success, or after its last try failed. */
  apply(state: State, outcome: StepOutcome): State;
  describe(input: Input): ProcessFacts;
}
/** A kind of any input, as the drivers hold it. */
// biome-ignore lint/suspicious/noExplicitAny: the drivers are generic over all kinds
export type AnyProcessKind = ProcessKind<any, any>;
export type ProcessKinds = Readonly<Partial<Record<ProcessName, AnyProcessKind>>>;

/** What the runner of a host is to do for a process. */
export type Claim =
  /** To run this step and report its outcome under this number; a report with an older number has no effect. */
  | { kind: "run"; run: number; tries: number; step: Step }
  /** To ask again then: a pause between two tries, or a living host works on it. */
  | { kind: "wait"; untilMs: number }
  /** To start the workflow, as often as necessary; and to ask again at `untilMs`. */
  | { kind: "hand_over"; input: unknown; untilMs: number }
  /** Temporal runs it: to pass a cancellation on, and to see whether the workflow still runs. */
  | { kind: "watch"; isCancelled: boolean }
  | { kind: "over" };

interface ProcessCommands {
  /** Once per key. */
  start(input: { input: unknown }): null;
  /** `boot`: of the host that will work. `canHandOver`: Temporal answers there. */
  claim(input: { boot: string; canHandOver?: boolean }): Claim;
  /** The end of a try; answers the next claim of the same host. A report of an older run has no effect. */
  report(input: { boot: string; run: number; outcome: StepOutcome }): Claim;
  /** The host goes down: another one may run the step at once, and the try does not count. */
  release(input: { run: number }): null;
  /** The running step is aborted, and the process decides over its failure `process.cancelled`. Idempotent. */
  cancel(input: Record<string, never>): null;
  /** By the workflow, before its first step. Not its own: this system runs the process already, or it is over. */
  begin(input: Record<string, never>): { isYours: boolean };
  /** By the workflow, at its end. */
  end(input: Record<string, never>): null;
  /** The workflow ended without `end`: this system does what a cancelled process has to do. */
  abandon(input: Record<string, never>): null;
}
export interface ProcessView {
  status: "none" | "running" | "temporal" | "over";
  /** Number of the last claim; 0: none. */
  run: number;
  /** Tries of the present step. */
  tries: number;
  isCancelled: boolean;
}
interface ProcessQueries {
  state(input: Record<string, never>): ProcessView;
}
export const Process = contract<ProcessCommands, ProcessQueries>("process");
