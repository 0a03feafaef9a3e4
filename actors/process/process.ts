// The actor of a process: starts it once, gives its steps to one runner at a time, and keeps what follows from their outcomes.
//
// process/one-runner: a claim excludes all others until its host is gone or its time is over. A report of an older claim has no
//     effect. Temporal is asked only for a process that no runner has claimed, and its workflow asks here (`begin`) before it
//     does anything: a process that Temporal did not begin in time is run by this system, and the workflow then ends.
import { defineActor } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { Process, type ProcessKinds, type ProcessView } from "./contract.ts";
import {
  afterTry,
  claimFor,
  decideAfter,
  emitted,
  fitting,
  type Held,
  isUntouched,
  type ProcessTurn,
} from "./decide.ts";
import { kindOf } from "./kind-of.ts";
import { announceAfterMs, watchEveryMs } from "./limits.ts";
import { cancelledFailure, fits } from "./outcomes.ts";
import { fold, type ProcessEvent, type ProcessState } from "./state.ts";

export interface ProcessDeps {
  kinds: ProcessKinds;
  /** Announces to the runner of this host that the process may have something to do. Called inside turns: never waits. */
  poke(key: string): void;
  /** True for a boot that is known to be gone. */
  isClosed(boot: string): boolean;
}

export function createProcess({ kinds, poke, isClosed }: ProcessDeps) {
  const claim = (turn: ProcessTurn, process: ProcessState, by: { boot: string; canHandOver?: boolean }) =>
    claimFor(turn, kindOf(kinds, turn.key), process, { ...by, isClosed });

  return defineActor(Process, {
    initial: (): Held => ({ process: { status: "none" } }),
    apply(held: Held, event: ProcessEvent): void {
      held.process = fold(held.process, event);
    },

    commands: {
      start(turn, { input }) {
        if (turn.state.process.status !== "none") return null;
        if (!fits(input)) throw new DomainError("common.too_large");
        const kind = kindOf(kinds, turn.key);
        const next = fitting(kind, { state: kind.begin(input), isCancelled: false });
        if (!next.step) turn.emit({ type: "ended" });
        else turn.emit({ type: "started", input, state: next.state, step: next.step, atMs: turn.nowMs });
        poke(turn.key);
        return null;
      },
      claim: (turn, by) => claim(turn, turn.state.process, by),
      report(turn, { boot, run, outcome }) {
        const { process } = turn.state;
        if (process.status !== "claimed" || process.run !== run) return claim(turn, process, { boot });
        return claim(turn, afterTry(turn, kindOf(kinds, turn.key), process, outcome), { boot });
      },
      release(turn, { run }) {
        const { process } = turn.state;
        if (process.status !== "claimed" || process.run !== run) return null;
        turn.emit({ type: "again", tries: process.tries - 1, readyMs: turn.nowMs });
        poke(turn.key);
        return null;
      },
      cancel(turn) {
        const { process } = turn.state;
        if (process.status === "none" || process.status === "over" || process.cancellation !== "none") return null;
        const asked = emitted(turn, process, { type: "cancelled" });
        if (asked.status === "waiting") decideAfter(turn, kindOf(kinds, turn.key), asked, cancelledFailure);
        poke(turn.key);
        return null;
      },
      begin(turn) {
        const { process } = turn.state;
        if (process.status === "temporal") return { isYours: true };
        const isFree = process.status === "handed_over" || (process.status === "waiting" && isUntouched(process));
        if (isFree) turn.emit({ type: "begun", atMs: turn.nowMs });
        return { isYours: isFree };
      },
      end(turn) {
        if (turn.state.process.status === "temporal") turn.emit({ type: "ended" });
        return null;
      },
      abandon(turn) {
        const { process } = turn.state;
        if (process.status !== "temporal") return null;
        decideAfter(turn, kindOf(kinds, turn.key), process, cancelledFailure);
        poke(turn.key);
        return null;
      },
    },

    queries: {
      state({ state: { process } }): ProcessView {
        if (process.status === "none" || process.status === "over") {
          return { status: process.status, run: 0, tries: 0, isCancelled: false };
        }
        const { run, tries, cancellation } = process;
        const isTemporal = process.status === "temporal" || process.status === "handed_over";
        return { status: isTemporal ? "temporal" : "running", run, tries, isCancelled: cancellation === "asked" };
      },
    },

    due: ({ process }) => dueOf(process),
    onDue: (turn) => poke(turn.key),
    selfIdempotent: ["start", "claim", "report", "release", "cancel", "begin", "end", "abandon"],
    encode: ({ process }) => process,
    decode: (plain) => ({ process: plain as ProcessState }),
  });
}

/** When the runner of the owner is to hear of the process again, also at a new owner. */
function dueOf(process: ProcessState): number | undefined {
  switch (process.status) {
    case "waiting":
    case "claimed":
      return process.readyMs + announceAfterMs;
    case "handed_over":
      return process.handedMs + announceAfterMs;
    case "temporal":
      return process.begunMs + watchEveryMs;
    default:
      return undefined;
  }
}
