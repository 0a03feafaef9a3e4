// The process `intake:…` of a file of the messenger: makes the file from the bytes that an upload has stored, removes what
// belongs to a file that is gone, or erases an object that no file has any more. Whatever is killed, it ends, and leaves the
// file or nothing of it.
//
//   gather ─► inspect ─► place ─► complete ─► clean ─► over
//      └─────────┴─────────┴─────────┴─► refuse ─► discard ─► over
import type { FileContent, FileRefusal, IntakeInput } from "../../actors/file/contract.ts";
import type { StoredObject } from "../../actors/file/objects.ts";
import type { ProcessKind, Step, StepOutcome } from "../../actors/process/contract.ts";
import { refusalOf } from "../upload/making.ts";

type Make = Extract<IntakeInput, { job: "make" }>;
type Remove = Extract<IntakeInput, { job: "remove" }>;

export type Found = Omit<FileContent, "object"> & { md5: string };

type IntakeState =
  | { job: "make"; file: Make; phase: "gather" }
  | { job: "make"; file: Make; phase: "inspect"; digest: StoredObject }
  | { job: "make"; file: Make; phase: "place"; found: Found; from: "raw" | "made" }
  | { job: "make"; file: Make; phase: "complete"; content: FileContent }
  | { job: "make"; file: Make; phase: "refuse"; refusal: FileRefusal; sha256?: string }
  | { job: "make" | "remove"; file: Pick<Make, "fileId" | "chunks">; phase: "discard"; sha256?: string }
  | { job: "make"; file: Make; phase: "clean" }
  | { job: "erase"; object: string; phase: "erase" }
  | { phase: "over" };

/** Reading, hashing and writing the largest file, from a slow store. */
const gatherMs = 900_000;
/** A picture is made in seconds; a film takes as long as its making may. */
const inspectMs = 1_800_000;
const commandMs = 60_000;
const retryMinMs = 200;
const maxTries = 12;
/** With its pauses this is most of a day: what is not removed by then stays in the store. */
const maxRemovalTries = 1_000;

export const intake: ProcessKind<IntakeInput, IntakeState> = {
  name: "intake",
  begin(input): IntakeState {
    if (input.job === "erase") return { job: "erase", object: input.object, phase: "erase" };
    if (input.job === "remove") return discard(input, input.sha256);
    return input.digest
      ? { job: "make", file: input, phase: "inspect", digest: input.digest }
      : { job: "make", file: input, phase: "gather" };
  },
  decide(state) {
    const step = stepOf(state);
    return step ? { kind: "run", step } : { kind: "end", result: null };
  },
  apply: (state, outcome) => afterStep(state, outcome),
  describe: (input) => (input.job === "erase" ? {} : { userId: input.ownerId, requestId: input.fileId }),
};

function stepOf(state: IntakeState): Step | undefined {
  switch (state.phase) {
    case "gather":
      return work("gatherParts", { fileId: state.file.fileId }, gatherMs);
    case "inspect":
      return work("inspectUpload", { fileId: state.file.fileId, digest: state.digest }, inspectMs);
    case "place":
      return work("placeUpload", placeInput(state), gatherMs);
    case "complete":
      return work("completeUpload", { fileId: state.file.fileId, content: state.content }, commandMs);
    case "refuse":
      return work("refuseUpload", { fileId: state.file.fileId, refusal: state.refusal }, commandMs);
    case "clean":
      return removal("cleanUpload", { fileId: state.file.fileId, chunks: state.file.chunks });
    case "discard": {
      const { fileId, chunks } = state.file;
      return removal("discardUpload", { fileId, chunks, ...(state.sha256 && { sha256: state.sha256 }) });
    }
    case "erase":
      return removal("eraseObject", { object: state.object });
    case "over":
      return undefined;
  }
}

function placeInput({ file, found, from }: Extract<IntakeState, { phase: "place" }>) {
  const isChecked = from === "raw" && file.isReplaceable === true;
  return { fileId: file.fileId, found, from, ...(isChecked && { isChecked }) };
}

function work(activity: string, input: unknown, timeoutMs: number): Step {
  return { activity, input, timeoutMs, maxTries, retryMinMs };
}
function removal(activity: string, input: unknown): Step {
  return { activity, input, timeoutMs: commandMs, maxTries: maxRemovalTries, retryMinMs };
}

function discard(file: Remove | Make, sha256: string | undefined): IntakeState {
  const { job, fileId, chunks } = file;
  return { job, file: { fileId, chunks }, phase: "discard", ...(sha256 && { sha256 }) };
}

function afterStep(state: IntakeState, outcome: StepOutcome): IntakeState {
  // A cancelled removal is removed all the same: cancelling asks for the same end.
  const isCancelled = outcome.kind === "failed" && outcome.error === "process.cancelled";
  switch (state.phase) {
    case "gather":
      if (outcome.kind === "failed") return refuse(state.file, outcome);
      return { job: "make", file: state.file, phase: "inspect", digest: outcome.value as StoredObject };
    case "inspect":
      if (outcome.kind === "failed") return refuse(state.file, outcome);
      return { job: "make", file: state.file, phase: "place", ...(outcome.value as { found: Found; from: "raw" }) };
    case "place":
      if (outcome.kind === "failed") return refuse(state.file, outcome, state.found.sha256);
      return { job: "make", file: state.file, phase: "complete", content: outcome.value as FileContent };
    case "complete":
      if (outcome.kind === "failed") return refuse(state.file, outcome, state.content.sha256);
      return { job: "make", file: state.file, phase: "clean" };
    case "refuse": {
      if (isCancelled) return state;
      // A worker that was lost may have completed the file: then it stands.
      const isStanding = outcome.kind === "done" && !(outcome.value as { isRefused: boolean }).isRefused;
      return isStanding ? { job: "make", file: state.file, phase: "clean" } : discard(state.file, state.sha256);
    }
    case "clean":
    case "discard":
    case "erase":
      return isCancelled ? state : { phase: "over" };
    case "over":
      return state;
  }
}

function refuse(file: Make, failure: { error: string; message: string }, sha256?: string): IntakeState {
  return { job: "make", file, phase: "refuse", refusal: refusalOf(failure), ...(sha256 && { sha256 }) };
}
