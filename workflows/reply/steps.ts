// The steps of a reply: one makes it, the other ends a reply that nobody could make. Both may run again after their end.
import type { ChatEnd, ModelDirectory, Models } from "../../actors/llm/contract.ts";
import type { Activities, StepContext } from "../../actors/process/activity.ts";
import { Reply, type ReplyProcessInput } from "../../actors/reply/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { Timer } from "../../actors/shared/sleep.ts";
import { AnswerListener, endOf } from "./answer-listener.ts";
import { findTargets, requestIdOf } from "./model-request.ts";
import { isOver, openReply } from "./open-reply.ts";
import { type PictureDeps, withPictures } from "./pictures.ts";
import type { FinishInput } from "./process.ts";
import { loadPrompt, type PromptDeps } from "./prompt.ts";
import { fittingPrompt, type PromptFitDeps, shorterPrompt } from "./prompt-fit.ts";
import { type StopSignals, watchReply } from "./watch-reply.ts";
import type { ReplyWriter } from "./writer.ts";

export interface ReplyStepDeps extends PromptDeps, PromptFitDeps, PictureDeps {
  models: Models;
  directory: ModelDirectory;
  stops: StopSignals;
  timer: Timer;
}

/** Of the ledger's rows. */
const endpoint = "/replies";

export function createReplySteps(deps: ReplyStepDeps): Activities {
  return {
    generateReply: (input: ReplyProcessInput, context) => generateReply(deps, input, context),
    finishReply: (input: FinishInput) => finishReply(deps, input),
  };
}

async function generateReply(deps: ReplyStepDeps, input: ReplyProcessInput, context: StepContext): Promise<null> {
  const { replyId } = input;
  const held = await openReply(deps, replyId);
  if (!held) return null;
  const { writer, stop, end } = watchReply(deps, replyId, held);
  try {
    await writer.look(); // a stop that came before this worker listened
    if (!stop.aborted) await answer(deps, input, context, { writer, stop });
    else await deps.actors.get(Reply, replyId).finish({ attempt: writer.attempt, status: "stopped" });
  } catch (error) {
    if (!isOver(error)) throw error;
  } finally {
    end();
  }
  return null;
}

async function answer(
  deps: ReplyStepDeps,
  input: ReplyProcessInput,
  context: StepContext,
  { writer, stop }: { writer: ReplyWriter; stop: AbortSignal },
): Promise<void> {
  const { answerer, body } = await loadPrompt(deps, input);
  const { signal } = context;
  const payer = { userId: input.payerId };
  const { targets, model } = await findTargets(deps.directory, payer, answerer);
  const [target] = targets;
  if (!target) throw new DomainError("llm.model_unknown");
  const listener = new AnswerListener(writer);
  const { conversationId } = input;
  const requestId = requestIdOf(context);
  const request = {
    payer,
    surface: input.surface ?? answerer.surface,
    endpoint,
    targets,
    conversationId,
    signal: AbortSignal.any([signal, stop]),
  };
  const asked = { ...body, model };
  const fitting = await fittingPrompt(deps, asked, target);
  const { vision: sees } = deps.catalog.find(target).capabilities;
  asked.messages = await withPictures(deps, fitting, { payerId: input.payerId, conversationId, sees });
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
