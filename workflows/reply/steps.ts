// The steps of a reply: one makes it, the other ends a reply that nobody could make. Both may run again after their end.
import type { ChatEnd, ModelDirectory, Models } from "../../actors/llm/contract.ts";
import type { Activities, StepContext } from "../../actors/process/activity.ts";
import { Reply, type ReplyProcessInput, type ReplyView } from "../../actors/reply/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { Timer } from "../../actors/shared/sleep.ts";
import { AnswerListener, endOf } from "./answer-listener.ts";
import type { FinishInput } from "./process.ts";
import { loadPrompt, type PromptDeps } from "./prompt.ts";
import { fittingPrompt, type PromptFitDeps, shorterPrompt } from "./prompt-fit.ts";
import { ReplyWriter } from "./writer.ts";

export interface ReplyStepDeps extends PromptDeps, PromptFitDeps {
  models: Models;
  directory: ModelDirectory;
  stops: StopSignals;
  timer: Timer;
}

/** Calls when a user wants a reply to end: at most once, and possibly never, as the notification bus may lose a message. */
export interface StopSignals {
  listen(replyId: string, onStop: () => void): () => void;
}

/** How often a worker whose model is silent asks whether its reply is still wanted. */
const lookEveryMs = 2_000;
/** Of the ledger's rows. */
const endpoint = "/replies";

export function createReplySteps(deps: ReplyStepDeps): Activities {
  return {
    generateReply: (input: ReplyProcessInput, context) => generateReply(deps, input, context),
    finishReply: (input: FinishInput) => finishReply(deps, input),
  };
}

async function generateReply(deps: ReplyStepDeps, input: ReplyProcessInput, context: StepContext): Promise<null> {
  const { actors, timer } = deps;
  const { replyId } = input;
  const held = await openReply(deps, replyId);
  if (!held) return null;
  const stop = new AbortController();
  const onStop = () => stop.abort(new Error("reply: stopped"));
  const writer = new ReplyWriter({ actors, timer, replyId, onStop }, held);
  const cancelListening = deps.stops.listen(replyId, onStop);
  const cancelLooks = every(timer, lookEveryMs, () => void writer.look());
  try {
    await writer.look(); // a stop that came before this worker listened
    if (!stop.signal.aborted) await answer(deps, input, context, { writer, stop: stop.signal });
    else await actors.get(Reply, replyId).finish({ attempt: writer.attempt, status: "stopped" });
  } catch (error) {
    if (!isOver(error)) throw error;
  } finally {
    cancelListening();
    cancelLooks();
  }
  return null;
}

async function answer(
  deps: ReplyStepDeps,
  input: ReplyProcessInput,
  { key, run, signal }: StepContext,
  { writer, stop }: { writer: ReplyWriter; stop: AbortSignal },
): Promise<void> {
  const { answerer, body } = await loadPrompt(deps, input);
  const { surface, model, provider } = answerer;
  const payer = { userId: input.payerId };
  const targets = await deps.directory.resolve({ payer, surface, model, ...(provider !== undefined && { provider }) });
  const [target] = targets;
  if (!target) throw new DomainError("llm.model_unknown");
  const listener = new AnswerListener(writer);
  const { conversationId } = input;
  const requestId = run === 1 ? key : `${key}/${run}`;
  const request = { payer, surface, endpoint, targets, conversationId, signal: AbortSignal.any([signal, stop]) };
  const asked = { ...body, model: model === "" ? target.model : model };
  asked.messages = await fittingPrompt(deps, asked, target);
  let end = await deps.models.chat({ ...request, requestId, body: asked }, listener);
  if (isTooLong(end)) {
    const messages = shorterPrompt(deps, asked, target);
    if (!messages) throw new DomainError("llm.prompt_too_long");
    end = await deps.models.chat(
      { ...request, requestId: `${requestId}/shorter`, body: { ...asked, messages } },
      listener,
    );
    if (isTooLong(end)) throw new DomainError("llm.prompt_too_long");
  }
  // The step was aborted, and not the reply: another worker makes it, or the process decides.
  if (signal.aborted && !stop.aborted) throw signal.reason;
  await writer.flush();
  if (writer.isOver) return;
  const ended = endOf(end, listener, { isStopped: stop.aborted });
  await deps.actors.get(Reply, input.replyId).finish({ attempt: writer.attempt, ...ended });
}

/** The model refused the prompt for its length: nothing was answered. */
function isTooLong({ status, error, text }: ChatEnd): boolean {
  return status === "failed" && text === "" && /context_length_exceeded/.test(error?.code ?? "");
}

async function finishReply(deps: ReplyStepDeps, { replyId, status, error }: FinishInput): Promise<null> {
  const held = await openReply(deps, replyId);
  if (!held) return null;
  try {
    await deps.actors.get(Reply, replyId).finish({ attempt: held.attempt, status, ...(error && { error }) });
  } catch (cause) {
    if (!isOver(cause)) throw cause;
  }
  return null;
}

/**
 * The attempt and the last number that the reply holds; undefined when it is over. An attempt of a lost worker is kept until
 * there is something better (reply-writer/attempt).
 */
async function openReply(
  { actors }: ReplyStepDeps,
  replyId: string,
): Promise<(Pick<ReplyView, "attempt" | "seq"> & { isOthers: boolean }) | undefined> {
  const reply = actors.get(Reply, replyId);
  try {
    const { status, attempt, seq } = await reply.read({ afterSeq: Number.MAX_SAFE_INTEGER });
    if (status !== "queued" && status !== "running") return undefined;
    if (attempt > 0) return { attempt, seq, isOthers: true };
    return { ...(await reply.begin({})), seq: 0, isOthers: false };
  } catch (error) {
    if (isOver(error)) return undefined;
    throw error;
  }
}

const overErrors: ReadonlySet<string> = new Set(["llm.reply_over", "llm.attempt_over", "llm.reply_not_found"]);

function isOver(error: unknown): boolean {
  return error instanceof DomainError && overErrors.has(error.error);
}

function every(timer: Timer, periodMs: number, task: () => void): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = timer.after(periodMs, () => {
      task();
      next();
    });
  };
  next();
  return () => cancel();
}
