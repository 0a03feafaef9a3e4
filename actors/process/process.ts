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

interface ProcessDeps {
  kinds: ProcessKinds;
  /** Announces to the runner of this host that the process may have something to do. Called inside turns: never waits. */
  poke(key: string): void;
  /** True for a boot that is known to be gone. */
  isClosed(boot: string): boolean;
}

export function createProcess({ kinds, poke, isClosed }: ProcessDeps) {
  const claim = (turn: ProcessTurn, current: ProcessState, by: { boot: string; canHandOver?: boolean }) =>
    claimFor(turn, kindOf(kinds, turn.key), current, { ...by, isClosed });

  return defineActor(Process, {
    initial: (): Held => ({ current: { status: "none" } }),
    apply(held: Held, event: ProcessEvent): void {
      held.current = fold(held.current, event);
    },

    commands: {
      start(turn, { input }) {
        if (turn.state.current.status !== "none") return null;
        if (!fits(input)) throw new DomainError("common.too_large");
        const kind = kindOf(kinds, turn.key);
        const next = fitting(kind, kind.begin(input));
        if (!next.step) turn.emit({ type: "ended" });
        else turn.emit({ type: "started", input, state: next.state, step: next.step, atMs: turn.nowMs });
        poke(turn.key);
        return null;
      },
      claim: (turn, by) => claim(turn, turn.state.current, by),
      report(turn, { boot, run, outcome }) {
        const { current } = turn.state;
        if (current.status !== "claimed" || current.run !== run) return claim(turn, current, { boot });
        return claim(turn, afterTry(turn, kindOf(kinds, turn.key), current, outcome), { boot });
      },
      release(turn, { run }) {
        const { current } = turn.state;
        if (current.status !== "claimed" || current.run !== run) return null;
        turn.emit({ type: "again", tries: current.tries - 1, readyMs: turn.nowMs });
        poke(turn.key);
        return null;
      },
      cancel(turn) {
        const { current } = turn.state;
        if (current.status === "none" || current.status === "over" || current.cancellation !== "none") return null;
        const asked = emitted(turn, current, { type: "cancelled" });
        if (asked.status === "waiting") decideAfter(turn, kindOf(kinds, turn.key), asked, cancelledFailure);
        poke(turn.key);
        return null;
      },
      begin(turn) {
        const { current } = turn.state;
        if (current.status === "temporal") return { isYours: true };
        const isFree = current.status === "handed_over" || (current.status === "waiting" && isUntouched(current));
        if (isFree) turn.emit({ type: "begun", atMs: turn.nowMs });
        return { isYours: isFree };
      },
      end(turn) {
        if (turn.state.current.status === "temporal") turn.emit({ type: "ended" });
        return null;
      },
      abandon(turn) {
        const { current } = turn.state;
        if (current.status !== "temporal") return null;
        decideAfter(turn, kindOf(kinds, turn.key), current, cancelledFailure);
        poke(turn.key);
        return null;
      },
    },

    queries: {
      state({ state: { current } }): ProcessView {
        if (current.status === "none" || current.status === "over") {
          return { status: current.status, run: 0, tries: 0, isCancelled: false };
        }
        const { run, tries, cancellation } = current;
        const isTemporal = current.status === "temporal" || current.status === "handed_over";
        return { status: isTemporal ? "temporal" : "running", run, tries, isCancelled: cancellation === "asked" };
      },
    },

    due: ({ current }) => dueOf(current),
    onDue: (turn) => poke(turn.key),
    selfIdempotent: ["start", "claim", "report", "release", "cancel", "begin", "end", "abandon"],
    encode: ({ current }) => current,
    decode: (plain) => ({ current: plain as ProcessState }),
  });
}

/** When the runner of the owner is to hear of the process again, also at a new owner. */
function dueOf(current: ProcessState): number | undefined {
  switch (current.status) {
    case "waiting":
    case "claimed":
      return current.readyMs + announceAfterMs;
    case "handed_over":
      return current.handedMs + announceAfterMs;
    case "temporal":
      return current.begunMs + watchEveryMs;
    default:
      return undefined;
  }
}
