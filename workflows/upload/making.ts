// How a file is made from the bytes that lie in the store: the steps that an upload and an image edit share.
//
//   prepare ─► complete ─► clean ─► over
//      └──────────┴─► refuse ─► discard ─► over
import type { FileContent, FileRefusal } from "../../actors/file/contract.ts";
import type { Step, StepOutcome } from "../../actors/process/contract.ts";
import { errors, isForUsers } from "../../actors/shared/errors.ts";

export interface MadeFile {
  fileId: string;
  conversationId?: string;
  purpose: string;
}

export type Making =
  | { phase: "prepare" }
  | { phase: "complete"; content: FileContent }
  /** The bytes as they came are not needed any more. */
  | { phase: "clean" }
  | { phase: "refuse"; refusal: FileRefusal }
  /** Nothing of the file may stay. */
  | { phase: "discard"; refusal?: FileRefusal }
  | { phase: "over"; refusal?: FileRefusal };

/** Decoding and writing a large picture, and a slow store. */
const prepareMs = 120_000;
const commandMs = 15_000;
const retryMinMs = 200;
/** With its pauses this is some minutes: an upload whose store stays away that long is refused. */
const maxTries = 12;
/** With its pauses this is most of a day: what is not removed by then stays in the store. */
const maxRemovalTries = 1_000;

/** Undefined when it is over. */
export function stepOf(file: MadeFile, making: Making): Step | undefined {
  const { fileId } = file;
  switch (making.phase) {
    case "prepare":
      return { activity: "prepareFile", input: { fileId }, timeoutMs: prepareMs, maxTries, retryMinMs };
    case "complete": {
      const input = { ...file, content: making.content };
      return { activity: "completeFile", input, timeoutMs: commandMs, maxTries, retryMinMs };
    }
    case "clean":
      return removal("cleanFile", { fileId });
    case "refuse":
      return { ...removal("refuseFile", { fileId, refusal: making.refusal }), maxTries };
    case "discard":
      return removal("discardFile", file);
    case "over":
      return undefined;
  }
}

function removal(activity: string, input: unknown): Step {
  return { activity, input, timeoutMs: commandMs, maxTries: maxRemovalTries, retryMinMs };
}

export function afterStep(making: Making, outcome: StepOutcome): Making {
  // A cancelled removal is removed all the same: cancelling asks for the same end.
  const isCancelled = outcome.kind === "failed" && outcome.error === "process.cancelled";
  switch (making.phase) {
    case "prepare":
      if (outcome.kind === "failed") return { phase: "refuse", refusal: refusalOf(outcome) };
      return { phase: "complete", content: outcome.value as FileContent };
    case "complete":
      return outcome.kind === "failed" ? { phase: "refuse", refusal: refusalOf(outcome) } : { phase: "clean" };
    case "refuse": {
      if (isCancelled) return making;
      // A worker that was lost may have completed the file: then it stands.
      const isStanding = outcome.kind === "done" && !(outcome.value as { isRefused: boolean }).isRefused;
      return isStanding ? { phase: "clean" } : { phase: "discard", refusal: making.refusal };
    }
    case "clean":
      return isCancelled ? making : { phase: "over" };
    case "discard":
      return isCancelled ? making : { phase: "over", refusal: making.refusal };
    case "over":
      return making;
  }
}

export function refusalOf({ error, message }: { error: string; message: string }): FileRefusal {
  if (isForUsers(error)) return { error, message };
  return { error: "common.unavailable", message: errors["common.unavailable"].message };
}
