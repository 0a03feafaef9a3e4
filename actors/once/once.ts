import { defineActor } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { answerKeptMs, type Begun, type KeptAnswer, Once } from "./contract.ts";

type OnceState =
  | { kind: "empty" }
  | { kind: "running"; hash: string; requestId: string; boot: string; untilMs: number }
  | { kind: "done"; hash: string; answer: KeptAnswer; untilMs: number }
  | { kind: "part"; text: string; untilMs: number };

type OnceEvent = { type: "became"; state: OnceState };

interface OnceRules {
  /** The host of a request that runs is gone: its answer will never come. */
  isClosed(boot: string): boolean;
  /** ms; no request runs longer. */
  maxRequestMs: number;
}

export function createOnce({ isClosed, maxRequestMs }: OnceRules) {
  return defineActor(Once, {
    initial: (): { current: OnceState } => ({ current: { kind: "empty" } }),

    apply(state, event: OnceEvent): void {
      state.current = event.state;
    },

    commands: {
      begin(turn, { hash, requestId, boot }): Begun {
        const { current } = turn.state;
        const isKept = current.kind !== "empty" && current.untilMs > turn.nowMs;
        if (isKept && (current.kind === "running" || current.kind === "done")) {
          if (current.hash !== hash) throw new DomainError("common.conflict");
          if (current.kind === "done") return { kind: "done", answer: current.answer };
          if (!isClosed(current.boot)) return { kind: "running" };
        }
        const untilMs = turn.nowMs + maxRequestMs;
        turn.emit({ type: "became", state: { kind: "running", hash, requestId, boot, untilMs } });
        return { kind: "run" };
      },

      finish(turn, { requestId, answer }) {
        const { current } = turn.state;
        if (current.kind !== "running" || current.requestId !== requestId) return null;
        const untilMs = turn.nowMs + answerKeptMs;
        turn.emit({ type: "became", state: { kind: "done", hash: current.hash, answer, untilMs } });
        return null;
      },

      forget(turn, { requestId }) {
        const { current } = turn.state;
        const isMine = current.kind === "running" && current.requestId === requestId;
        if (isMine) turn.emit({ type: "became", state: { kind: "empty" } });
        return null;
      },

      putPart(turn, { text }) {
        turn.emit({ type: "became", state: { kind: "part", text, untilMs: turn.nowMs + answerKeptMs } });
        return null;
      },
    },

    queries: {
      part: ({ state: { current } }) => (current.kind === "part" ? { text: current.text } : {}),
    },

    due: ({ current }) => (current.kind === "empty" ? undefined : current.untilMs),

    onDue(turn) {
      const { current } = turn.state;
      if (current.kind === "empty" || current.untilMs > turn.nowMs) return;
      turn.emit({ type: "became", state: { kind: "empty" } });
    },

    encode: ({ current }) => current,
    decode: (plain) => ({ current: plain as OnceState }),
  });
}
