// A reply while it is written. Attempts are fenced by their number, the end is decided once, and the conversation learns the end
// by the outbox of the record that decides it, so a reply that ended is stored whatever dies.
import { defineActor, type Turn } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { utf8Length } from "../shared/utf8.ts";
import { type EndedReply, Reply, type ReplyEnd, type ReplyFacts, ReplyOwner, type ReplyView } from "./contract.ts";
import { maxExtraBytes, maxReplyBytes, maxSilenceMs, resumeMs, stopGraceMs } from "./limits.ts";
import { notifyReply } from "./notify.ts";
import { applyReply, initialReply, type ReplyEvent, type ReplyState, statusOf, stopAskedAtMs } from "./state.ts";

type ReplyTurn = Turn<ReplyState, ReplyEvent>;

export const reply = defineActor(Reply, {
  initial: initialReply,
  apply: applyReply,

  commands: {
    create(turn, { isWaiting, ...facts }) {
      if (!turn.state.facts) turn.emit({ type: "created", facts, ...(isWaiting && { isWaiting }) });
      return null;
    },

    start(turn) {
      const { facts, phase } = turn.state;
      if (facts && phase.kind === "queued" && phase.startedAtMs === 0) turn.emit({ type: "started" });
      return null;
    },

    begin(turn) {
      const { attempt, deltas } = openReply(turn);
      turn.emit({ type: "begun", attempt: attempt + 1, isReset: deltas.length > 0 });
      return { attempt: attempt + 1 };
    },

    append,

    finish(turn, { attempt, status, error, extra }) {
      const { state } = turn;
      if (state.phase.kind === "over") return { status: state.phase.status };
      openReply(turn);
      checkAttempt(state, attempt);
      if (extra && utf8Length(JSON.stringify(extra)) > maxExtraBytes) {
        throw new DomainError("common.too_large", { details: { maxExtraBytes } });
      }
      end(turn, { status, ...(error && { error }), ...(extra && { extra }) }, state.deltas);
      return { status };
    },

    stop(turn, { userId }) {
      const { state } = turn;
      if (!state.facts) throw new DomainError("llm.reply_not_found");
      if (state.phase.kind === "queued") {
        end(turn, { status: "stopped" }, []);
        return { status: "stopped" as const };
      }
      if (state.phase.kind === "running" && stopAskedAtMs(state) === 0) turn.emit({ type: "stop_asked", by: userId });
      return { status: statusOf(state) };
    },

    discard(turn) {
      const { facts, phase } = turn.state;
      if (facts && phase.kind !== "over") turn.emit({ type: "ended", status: "stopped", isDiscarded: true });
      return null;
    },

    stored(turn, { messageId }) {
      const { phase } = turn.state;
      if (phase.kind === "over" && !phase.isSettled) {
        turn.emit(messageId === undefined ? { type: "stored" } : { type: "stored", messageId });
      }
      return null;
    },
  },

  queries: {
    read({ state, key }, { afterSeq, attempt }) {
      if (!state.facts) throw new DomainError("llm.reply_not_found");
      return viewOf(state, key, state.facts, attempt === undefined || attempt === state.attempt ? afterSeq : 0);
    },
  },

  notify: notifyReply,
  due: dueMsOf,

  onDue(turn) {
    const { phase, deltas } = turn.state;
    if (phase.kind === "over") turn.emit({ type: "forgotten" });
    else if (stopAskedAtMs(turn.state) > 0) end(turn, { status: "stopped" }, deltas);
    else end(turn, { status: "failed", error: lost }, deltas);
  },

  selfIdempotent: ["create", "start", "stop", "discard", "stored", "finish"],
  encode: (state) => state,
  decode: (plain) => ({ ...initialReply(), ...(plain as ReplyState) }),
});

const lost = { code: "common.unavailable", message: "The model's answer was interrupted." };
const tooLong = { code: "message.too_long", message: `The answer is longer than ${maxReplyBytes} bytes.` };

function append(
  turn: ReplyTurn,
  { attempt, firstSeq, deltas: given }: { attempt: number; firstSeq?: number; deltas: string[] },
): { seq: number; isStopped: boolean } {
  const { state } = turn;
  const { deltas, bytes } = openReply(turn);
  checkAttempt(state, attempt);
  const isStopped = stopAskedAtMs(state) > 0;
  const known = firstSeq === undefined ? 0 : Math.max(0, deltas.length + 1 - firstSeq);
  const kept: string[] = [];
  let keptBytes = 0;
  let isTooLong = false;
  for (const delta of given.slice(known)) {
    const size = bytesOf(delta);
    isTooLong = bytes + keptBytes + size > maxReplyBytes;
    if (isTooLong) break;
    kept.push(delta);
    keptBytes += size;
  }
  if (kept.length > 0) {
    turn.emit({ type: "appended", attempt, firstSeq: deltas.length + 1, deltas: kept, bytes: keptBytes });
  }
  if (isTooLong) end(turn, { status: "failed", error: tooLong }, [...deltas, ...kept]);
  return { seq: deltas.length + kept.length, isStopped: isStopped || isTooLong };
}

/** As JSON, without the quotes around it. */
function bytesOf(delta: string): number {
  return utf8Length(JSON.stringify(delta)) - 2;
}

function end(turn: ReplyTurn, { extra, ...ended }: Omit<ReplyEnd, "attempt">, deltas: readonly string[]): void {
  turn.emit({ type: "ended", ...ended });
  const { facts } = turn.state;
  if (!facts) return;
  const report: EndedReply = { replyId: turn.key, ...ended, text: deltas.join(""), ...(extra && { extra }) };
  turn.tell(ReplyOwner, facts.conversationId).replyEnded(report);
}

/** Throws llm.reply_not_found, llm.reply_over. */
function openReply({ state }: ReplyTurn): ReplyState {
  if (!state.facts) throw new DomainError("llm.reply_not_found");
  if (state.phase.kind === "over") throw new DomainError("llm.reply_over");
  return state;
}

function checkAttempt(state: ReplyState, attempt: number): void {
  if (attempt !== state.attempt) throw new DomainError("llm.attempt_over");
}

function dueMsOf({ phase }: ReplyState): number | undefined {
  if (phase.kind === "queued") return phase.startedAtMs > 0 ? phase.startedAtMs + maxSilenceMs : undefined;
  if (phase.kind === "over") return phase.isSettled && !phase.isForgotten ? phase.atMs + resumeMs : undefined;
  const { signAtMs, stopAskedAtMs: askedAtMs } = phase;
  return askedAtMs > 0 ? askedAtMs + stopGraceMs : signAtMs + maxSilenceMs;
}

function viewOf(state: ReplyState, replyId: string, facts: ReplyFacts, afterSeq: number): ReplyView {
  const { attempt, deltas, phase } = state;
  const seq = deltas.length;
  const from = Math.max(0, Math.min(afterSeq, seq));
  const view: ReplyView = {
    ...facts,
    ...{ replyId, status: statusOf(state), attempt, seq },
    ...{ deltas: deltas.slice(from), firstSeq: from + 1, isForgotten: phase.kind === "over" && phase.isForgotten },
  };
  if (phase.kind !== "over") return view;
  return {
    ...view,
    ...(phase.error && { error: phase.error }),
    ...(phase.messageId !== undefined && { messageId: phase.messageId }),
  };
}
