// The process `reply:…`: a model answers a message.
//
//   generate ─► over
//      └─ failed ─► finish ─► over
import type { ProcessKind, Step, StepFailure } from "../../actors/process/contract.ts";
import type { ReplyProcessInput } from "../../actors/reply/contract.ts";
import { type ErrorName, errors } from "../../actors/shared/errors.ts";

interface ReplyState {
  input: ReplyProcessInput;
  phase: "generate" | "over" | { status: "stopped" | "failed"; error?: { code: string; message: string } };
}

/** Of the last step: the reply ends although nobody could make it. */
export interface FinishInput {
  replyId: string;
  status: "stopped" | "failed";
  error?: { code: string; message: string };
}

/** The longest answer of a model that thinks for long. */
const generateMsMax = 30 * 60_000;
/** Each begins with another worker, or after the actors were away. Upstreams are tried again within one. */
const generateTries = 3;
const finishMsMax = 15_000;
/** With its pauses this is most of a day. */
const finishTries = 1_000;
const retryMinMs = 200;

export const reply: ProcessKind<ReplyProcessInput, ReplyState> = {
  name: "reply",
  begin: (input) => ({ input, phase: "generate" }),
  decide({ input, phase }) {
    if (phase === "over") return { kind: "end", result: null };
    return { kind: "run", step: phase === "generate" ? generate(input) : finish({ replyId: input.replyId, ...phase }) };
  },
  apply({ input, phase }, outcome) {
    if (phase !== "generate" || outcome.kind === "done") return { input, phase: "over" };
    if (outcome.error === "process.cancelled") return { input, phase: { status: "stopped" } };
    return { input, phase: { status: "failed", error: errorOf(outcome) } };
  },
  describe: ({ payerId, conversationId, replyId }) => ({ userId: payerId, conversationId, requestId: replyId }),
};

/** Errors of the table are for users; of everything else they learn only that it happened. */
function errorOf({ error, message }: StepFailure): { code: string; message: string } {
  const row = Object.hasOwn(errors, error) ? errors[error as ErrorName] : undefined;
  if (row && row.kind !== "internal") return { code: error, message };
  return { code: "common.unavailable", message: "The model's answer was interrupted." };
}

function generate(input: ReplyProcessInput): Step {
  return { activity: "generateReply", input, timeoutMs: generateMsMax, maxTries: generateTries, retryMinMs };
}

function finish(input: FinishInput): Step {
  return { activity: "finishReply", input, timeoutMs: finishMsMax, maxTries: finishTries, retryMinMs };
}
