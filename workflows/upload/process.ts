// The process `upload:…` of a file: makes the file from the bytes that an upload has stored, or removes the objects of a file
// that is gone. Whatever is killed, it ends, and leaves the file's objects or none.
import type { UploadInput } from "../../actors/file/contract.ts";
import type { ProcessKind } from "../../actors/process/contract.ts";
import { afterStep, type MadeFile, type Making, stepOf } from "./making.ts";

interface UploadState {
  file: MadeFile;
  making: Making;
}

export const upload: ProcessKind<UploadInput, UploadState> = {
  name: "upload",
  begin: ({ fileId, job, conversationId, purpose }) => ({
    file: { fileId, purpose, ...(conversationId !== undefined && { conversationId }) },
    making: { phase: job === "take" ? "prepare" : "discard" },
  }),
  decide({ file, making }) {
    const step = stepOf(file, making);
    return step ? { kind: "run", step } : { kind: "end", result: making };
  },
  apply: ({ file, making }, outcome) => ({ file, making: afterStep(making, outcome) }),
  describe: ({ ownerId, conversationId, fileId }) => ({ userId: ownerId, conversationId, requestId: fileId }),
};
