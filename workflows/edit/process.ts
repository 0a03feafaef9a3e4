// The process `edit:…`: a message with images is answered by a picture that a model makes of them.
//
//   edit ─► make (workflows/upload/making.ts) ─► finish ─► over
//     └─ failed, stopped: nothing of the picture stays ─► finish ─► over
import type { ProcessKind, Step, StepFailure, StepOutcome } from "../../actors/process/contract.ts";
import type { ReplyProcessInput } from "../../actors/reply/contract.ts";
import { afterStep, type MadeFile, type Making, refusalOf, stepOf } from "../upload/making.ts";

/** What the step `editImage` answers. `over`: nobody wants the answer any more. */
export type EditOutcome =
  | { kind: "stored"; model?: string; provider?: string }
  | { kind: "stopped" }
  | { kind: "over" }
  | { kind: "failed"; error: { code: string; message: string } };

export interface EditEnd {
  status: "completed" | "stopped" | "failed";
  error?: { code: string; message: string };
  /** Of who made it. */
  facts?: { model?: string; provider?: string };
}
export interface FinishEditInput extends EditEnd {
  replyId: string;
  payerId: string;
  fileId: string;
}

type EditState = { input: ReplyProcessInput } & (
  | { phase: "edit" }
  /** `end`: the reply ends so, whatever becomes of the file. */
  | { phase: "make"; making: Making; end: EditEnd }
  | { phase: "finish"; end: EditEnd }
  | { phase: "over" }
);

/** Large pictures at a slow model. */
const editMsMax = 20 * 60_000;
/** Each begins with another worker, or after the actors or the store were away. The upstream is asked in one of them only. */
const editTries = 5;
const finishMsMax = 15_000;
/** With its pauses this is most of a day. */
const finishTries = 1_000;
const retryMinMs = 200;

export const edit: ProcessKind<ReplyProcessInput, EditState> = {
  name: "edit",
  begin: (input) => ({ input, phase: "edit" }),

  decide(state) {
    const { input } = state;
    switch (state.phase) {
      case "edit":
        return run({ activity: "editImage", input, timeoutMs: editMsMax, maxTries: editTries, retryMinMs });
      case "make": {
        const step = stepOf(resultOf(input), state.making);
        return step ? run(step) : { kind: "end", result: null };
      }
      case "finish":
        return run(finish(input, state.end));
      case "over":
        return { kind: "end", result: null };
    }
  },

  apply(state, outcome) {
    const { input } = state;
    switch (state.phase) {
      case "edit":
        return { input, ...afterEdit(outcome) };
      case "make": {
        const making = afterStep(state.making, outcome);
        if (making.phase !== "over") return { ...state, making };
        const { refusal } = making;
        const isLost = refusal && state.end.status === "completed";
        const error = refusal && { code: refusal.error, message: refusal.message };
        return { input, phase: "finish", end: isLost ? { status: "failed", error } : state.end };
      }
      case "finish":
      case "over":
        return { input, phase: "over" };
    }
  },

  describe: ({ payerId, conversationId, replyId }) => ({ userId: payerId, conversationId, requestId: replyId }),
};

/** The file of the answer. A retry finds it by the reply. */
export function resultIdOf(replyId: string): string {
  return `edit-${replyId}`;
}

export function resultOf({ replyId, conversationId }: ReplyProcessInput): MadeFile {
  return { fileId: resultIdOf(replyId), conversationId, purpose: "generated" };
}

function afterEdit(outcome: StepOutcome): { phase: "make"; making: Making; end: EditEnd } {
  if (outcome.kind === "failed") return dropped(endOfFailure(outcome));
  const edited = outcome.value as EditOutcome;
  switch (edited.kind) {
    case "stored": {
      const { model, provider } = edited;
      const facts = { ...(model !== undefined && { model }), ...(provider !== undefined && { provider }) };
      return { phase: "make", making: { phase: "prepare" }, end: { status: "completed", facts } };
    }
    case "failed":
      return dropped({ status: "failed", error: edited.error });
    case "stopped":
    case "over":
      return dropped({ status: "stopped" });
  }
}

function endOfFailure(failure: StepFailure): EditEnd {
  if (failure.error === "process.cancelled") return { status: "stopped" };
  const { error, message } = refusalOf(failure);
  return { status: "failed", error: { code: error, message } };
}

function dropped(end: EditEnd): { phase: "make"; making: Making; end: EditEnd } {
  const refusal = { error: "file.not_found", message: end.error?.message ?? "The edit was stopped." } as const;
  return { phase: "make", making: { phase: "refuse", refusal }, end };
}

function finish({ replyId, payerId }: ReplyProcessInput, end: EditEnd): Step {
  const input: FinishEditInput = { replyId, payerId, fileId: resultIdOf(replyId), ...end };
  return { activity: "finishEdit", input, timeoutMs: finishMsMax, maxTries: finishTries, retryMinMs };
}

function run(step: Step): { kind: "run"; step: Step } {
  return { kind: "run", step };
}
