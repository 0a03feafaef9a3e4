// The steps of an image edit: one asks the model and stores its picture, the other ends the reply. Between them the picture
// becomes a file, by the steps of an upload.
//
// edit/once: a mark in the store is written before the upstream is asked. A worker that finds the mark, and no picture, does
//     not ask again: the picture may have been made and paid for.
import { File } from "../../actors/file/contract.ts";
import { maxImageBytes } from "../../actors/file/images.ts";
import { objectNamesOf } from "../../actors/file/names.ts";
import { oneChunk } from "../../actors/file/objects.ts";
import type { ModelDirectory } from "../../actors/llm/contract.ts";
import type { ImageEditEnd, ImageEdits } from "../../actors/llm/image-edits.ts";
import type { Activities, StepContext } from "../../actors/process/activity.ts";
import { Reply, type ReplyProcessInput } from "../../actors/reply/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { Timer } from "../../actors/shared/sleep.ts";
import { findAnswerer } from "../reply/answerer.ts";
import { findTargets } from "../reply/model-request.ts";
import { isOver, openReply } from "../reply/open-reply.ts";
import { type StopSignals, watchReply } from "../reply/watch-reply.ts";
import { type EditOutcome, type FinishEditInput, resultOf } from "./process.ts";
import { loadQuestion, type QuestionDeps } from "./question.ts";

export interface EditStepDeps extends QuestionDeps {
  imageEdits: ImageEdits;
  directory: ModelDirectory;
  stops: StopSignals;
  timer: Timer;
}

const unknownOutcome = {
  code: "llm.upstream_failed",
  message: "The edit was interrupted, and the picture may have been made. It is not made again by itself.",
};

export function createEditSteps(deps: EditStepDeps): Activities {
  return {
    editImage: (input: ReplyProcessInput, context) => editImage(deps, input, context),
    finishEdit: (input: FinishEditInput) => finishEdit(deps, input),
  };
}

async function editImage(deps: EditStepDeps, input: ReplyProcessInput, context: StepContext): Promise<EditOutcome> {
  const { actors, objects } = deps;
  const { replyId, payerId, conversationId } = input;
  const held = await openReply(deps, replyId);
  if (!held) return { kind: "over" };
  const { fileId, purpose } = resultOf(input);
  const begun = await actors.get(File, fileId).begin({ ownerId: payerId, conversationId, purpose, name: "edit.png" });
  const names = objectNamesOf(fileId);
  if (begun.state !== "uploading" || (await objects.stat(names.raw))) return { kind: "stored" };
  if (await objects.stat(names.mark)) return { kind: "failed", error: unknownOutcome };
  const watch = watchReply(deps, replyId, held);
  try {
    await watch.writer.look(); // a stop that came before this worker listened
    if (watch.stop.aborted) return { kind: "stopped" };
    const end = await ask(deps, input, { context, stop: watch.stop, mark: names.mark });
    // The step was aborted, and not the reply: the process decides.
    if (end.kind === "stopped" && !watch.stop.aborted) throw context.signal.reason;
    if (end.kind !== "made") return end;
    const { bytes, model, provider } = end;
    await objects.put(names.raw, oneChunk(bytes), { mime: "application/octet-stream", maxBytes: maxImageBytes });
    return { kind: "stored", model, provider };
  } finally {
    watch.end();
  }
}

async function ask(
  deps: EditStepDeps,
  input: ReplyProcessInput,
  { context, stop, mark }: { context: StepContext; stop: AbortSignal; mark: string },
): Promise<ImageEditEnd> {
  const { actors, objects, directory, imageEdits } = deps;
  const [answerer, { model: asked, ...question }] = await Promise.all([
    findAnswerer(actors, input),
    loadQuestion(deps, input),
  ]);
  const payer = { userId: input.payerId };
  const surface = answerer.surface === "chat" ? "chat" : "image";
  const wanted = asked ?? answerer.model;
  const { targets, model } = await findTargets(directory, payer, { ...answerer, surface, model: wanted });
  await objects.put(mark, oneChunk(new Uint8Array()), { mime: "application/octet-stream", maxBytes: 0 });
  const signal = AbortSignal.any([context.signal, stop]);
  const { conversationId } = input;
  const request = {
    ...question,
    requestId: context.key,
    payer,
    surface: input.surface ?? surface,
    model,
    targets,
    conversationId,
    signal,
  } as const;
  return imageEdits.edit(request).catch(async (error) => {
    if (error instanceof DomainError) await objects.delete(mark); // no upstream was asked
    throw error;
  });
}

/** A reply that was discarded meanwhile takes no picture: then nobody will ever see it. */
async function finishEdit({ actors }: EditStepDeps, input: FinishEditInput): Promise<null> {
  const { replyId, payerId, fileId, status, error, facts } = input;
  const held = await openReply({ actors }, replyId);
  const reply = actors.get(Reply, replyId);
  if (!held) {
    const isTaken = await reply.read({ afterSeq: Number.MAX_SAFE_INTEGER }).then(
      (view) => view.status === "completed",
      () => false,
    );
    if (status === "completed" && !isTaken) await removeFile(actors, fileId, payerId);
    return null;
  }
  const { attempt } = held;
  try {
    // What failed is said as a text, for clients that show nothing else.
    if (status === "failed" && error) await reply.append({ attempt, firstSeq: 1, deltas: [error.message] });
    const extra = status === "completed" ? { extra: { imageIds: [fileId], ...facts } } : {};
    await reply.finish({ attempt, status, ...(error && { error }), ...extra });
  } catch (cause) {
    if (!isOver(cause)) throw cause;
    if (status === "completed") await removeFile(actors, fileId, payerId);
  }
  return null;
}

async function removeFile(actors: EditStepDeps["actors"], fileId: string, userId: string): Promise<void> {
  await actors
    .get(File, fileId)
    .remove({ userId })
    .catch((error) => {
      if (!(error instanceof DomainError)) throw error;
    });
}
