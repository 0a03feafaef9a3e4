// From stored bytes to a file: the process that makes it, and its end.
import { Process } from "../process/contract.ts";
import type { Behaviour } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { Storage } from "../storage/contract.ts";
import type { FileCommands, FileFacts, FileQueries, IntakeInput, UploadInput } from "./contract.ts";
import { viewOf } from "./life.ts";
import type { FileRules } from "./rules.ts";
import type { FileActorState, FileEvent, FileRecord } from "./state.ts";
import { after, type FileTurn, presentOf } from "./turn.ts";

type Commands = Behaviour<FileActorState, FileEvent, FileCommands, FileQueries>["commands"];

export function createMaking(rules: FileRules): Pick<Commands, "stored" | "complete" | "refuse"> {
  return {
    stored(turn: FileTurn, { digest, isReplaceable, ...facts }) {
      const known = presentOf(turn.state);
      if (known.life.state !== "uploading") return viewOf(turn.key, known, rules);
      const stored = { ...known.facts, ...facts };
      if (stored.type === undefined) {
        turn.tell(Process, `upload:${turn.key}`).start({ input: inputOf(turn.key, stored, "take") });
      } else {
        const chunks = digest ? 0 : (known.upload?.plan.chunks ?? 0);
        const { ownerId } = stored;
        const input: IntakeInput = { job: "make", fileId: turn.key, ownerId, chunks, ...(digest && { digest }) };
        if (isReplaceable) input.isReplaceable = true;
        turn.tell(Process, `intake:${turn.key}`).start({ input });
      }
      return viewOf(turn.key, after(turn, { type: "stored", facts }), rules);
    },

    complete(turn: FileTurn, content) {
      const known = presentOf(turn.state);
      if (known.life.state === "refused") throw new DomainError("file.not_found");
      if (known.life.state === "available") return viewOf(turn.key, known, rules);
      const { ownerId, type } = known.facts;
      if (type) turn.tell(Storage, ownerId).settle({ fileId: turn.key, bytes: content.size });
      return viewOf(turn.key, after(turn, { type: "completed", content }), rules);
    },

    refuse(turn: FileTurn, refusal) {
      const known = turn.state.file;
      const state = known?.life.state;
      if (known && (state === "uploading" || state === "processing")) {
        turn.emit({ type: "refused", refusal });
        freeRoom(turn, known);
      }
      return { isRefused: state !== "available" };
    },
  };
}

/** Its owner has the room of the file again. */
export function freeRoom(turn: FileTurn, { facts: { ownerId, type } }: FileRecord): void {
  if (type !== undefined) turn.tell(Storage, ownerId).release({ fileId: turn.key });
}

export function inputOf(
  fileId: string,
  { ownerId, conversationId, purpose }: FileFacts,
  job: UploadInput["job"],
): UploadInput {
  const input: UploadInput = { fileId, job, ownerId, purpose };
  return conversationId === undefined ? input : { ...input, conversationId };
}
