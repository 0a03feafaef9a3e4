// The process `reply:…`: a model answers a message.
//
//   generate ─► over
//      └─ failed ─► finish ─► over
import type { ProcessKind, Step, StepFailure } from "../../actors/process/contract.ts";
import type { ReplyProcessInput } from "../../actors/reply/contract.ts";
import { isForUsers } from "../../actors/shared/errors.ts";

/** A reply that no worker could make ends all the same. */
type UnmadeEnd = { status: "stopped" | "failed"; error?: { code: string; message: string } };

interface ReplyState {
  input: ReplyProcessInput;
  phase: "generate" | "over" | UnmadeEnd;
}

/** Of the last step. */
export type FinishInput = { replyId: string } & UnmadeEnd;

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

function errorOf({ error, message }: StepFailure): { code: string; message: string } {
  if (isForUsers(error)) return { code: error, message };
  return { code: "common.unavailable", message: "The model's answer was interrupted." };
}

function generate(input: ReplyProcessInput): Step {
  return { activity: "generateReply", input, timeoutMs: generateMsMax, maxTries: generateTries, retryMinMs };
}

function finish(input: FinishInput): Step {
  return { activity: "finishReply", input, timeoutMs: finishMsMax, maxTries: finishTries, retryMinMs };
}
