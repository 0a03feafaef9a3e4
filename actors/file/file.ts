// The life of one file. Every end of it, a refusal excepted, starts a process that removes the file's objects: after a refusal
// the upload process does that itself.
import { Gallery } from "../gallery/contract.ts";
import { Process } from "../process/contract.ts";
import { defineActor, type Turn } from "../runtime/contract.ts";
import { cutText } from "../shared/cut-text.ts";
import { DomainError } from "../shared/errors.ts";
import { File, type FileFacts, type UploadInput } from "./contract.ts";
import { maxFileNameChars } from "./limits.ts";
import { notifyFile } from "./notify.ts";
import {
  apply,
  decode,
  encode,
  expiresAtMs,
  type FileActorState,
  type FileEvent,
  type FileRecord,
  viewOf,
} from "./state.ts";

type FileTurn = Turn<FileActorState, FileEvent>;

export const file = defineActor(File, {
  initial: (): FileActorState => ({}),
  apply,
  notify: notifyFile,

  commands: {
    begin(turn: FileTurn, { name, ...facts }) {
      const known = turn.state.file;
      if (known) {
        if (known.facts.ownerId !== facts.ownerId) throw new DomainError("file.not_found");
        return viewOf(turn.key, presentOf(turn.state));
      }
      return emit(turn, { type: "begun", facts: { ...facts, name: cutText(name, maxFileNameChars) } });
    },

    stored(turn: FileTurn, facts) {
      const known = presentOf(turn.state);
      if (known.life.state !== "uploading") return viewOf(turn.key, known);
      const input = inputOf(turn.key, { ...known.facts, ...facts }, "take");
      turn.tell(Process, `upload:${turn.key}`).start({ input });
      return emit(turn, { type: "stored", facts });
    },

    complete(turn: FileTurn, content) {
      const known = presentOf(turn.state);
      if (known.life.state === "refused") throw new DomainError("file.not_found");
      if (known.life.state === "available") return viewOf(turn.key, known);
      return emit(turn, { type: "completed", content });
    },

    refuse(turn: FileTurn, refusal) {
      const state = turn.state.file?.life.state;
      if (state === "uploading" || state === "processing") turn.emit({ type: "refused", refusal });
      return { isRefused: state !== "available" };
    },

    refer(turn: FileTurn, reference) {
      const known = turn.state.file;
      if (!known || isGone(known) || isHeldBy(known, reference)) return null;
      turn.emit({ type: "referred", ...reference });
      return null;
    },

    release(turn: FileTurn, reference) {
      const known = turn.state.file;
      if (known && isHeldBy(known, reference)) turn.emit({ type: "released", ...reference });
      return null;
    },

    remove(turn: FileTurn, { userId }) {
      const known = turn.state.file;
      if (known?.facts.ownerId !== userId || known.life.state === "expired") throw new DomainError("file.not_found");
      if (known.life.state === "deleted") return viewOf(turn.key, known);
      return end(turn, "deleted");
    },
  },

  queries: {
    view: ({ key, state }) => viewOf(key, presentOf(state)),
    readers({ state }) {
      const { facts, references } = presentOf(state);
      return { ownerId: facts.ownerId, conversationIds: [...references.keys()] };
    },
  },

  due: ({ file: known }) => known && expiresAtMs(known),
  onDue(turn: FileTurn) {
    if ((expiresAtMs(presentOf(turn.state)) ?? Number.POSITIVE_INFINITY) <= turn.nowMs) end(turn, "expired");
  },

  encode,
  decode,
});

function end(turn: FileTurn, state: "expired" | "deleted") {
  const known = presentOf(turn.state);
  const { conversationId } = known.facts;
  if (conversationId !== undefined) turn.tell(Gallery, conversationId).remove({ fileId: turn.key });
  turn.tell(Process, `upload:${turn.key}-removal`).start({ input: inputOf(turn.key, known.facts, "remove") });
  return emit(turn, { type: "gone", state, ...(known.life.state === "available" && { wasAvailable: true }) });
}

function inputOf(
  fileId: string,
  { ownerId, conversationId, purpose }: FileFacts,
  job: UploadInput["job"],
): UploadInput {
  const input: UploadInput = { fileId, job, ownerId, purpose };
  return conversationId === undefined ? input : { ...input, conversationId };
}

/** The file as it will be: the state itself changes when the turn ends. */
function emit(turn: FileTurn, event: FileEvent) {
  turn.emit(event);
  const after = structuredClone(turn.state);
  apply(after, event, { key: turn.key, n: 0, stamp: 0, atMs: turn.nowMs });
  return viewOf(turn.key, after.file!);
}

function presentOf({ file: known }: FileActorState): FileRecord {
  if (!known || isGone(known)) throw new DomainError("file.not_found");
  return known;
}

function isGone({ life: { state } }: FileRecord): boolean {
  return state === "expired" || state === "deleted";
}

function isHeldBy({ references }: FileRecord, message: { conversationId: string; messageId: string }): boolean {
  return references.get(message.conversationId)?.has(message.messageId) === true;
}
