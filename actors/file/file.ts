// The life of one file. Every end of it, a refusal excepted, starts a process that removes the file's objects: after a refusal
// the upload process does that itself.
import { Gallery } from "../gallery/contract.ts";
import { Process } from "../process/contract.ts";
import { defineActor } from "../runtime/contract.ts";
import { cutText } from "../shared/cut-text.ts";
import { DomainError } from "../shared/errors.ts";
import { announced } from "./announced.ts";
import { File, type IntakeInput } from "./contract.ts";
import { expiresAtMs, noticeAtMs, viewOf } from "./life.ts";
import { maxFileNameChars } from "./limits.ts";
import { createMaking, freeRoom, inputOf } from "./making.ts";
import { notifyFile } from "./notify.ts";
import { createQueries } from "./queries.ts";
import { defaultFileRules, type FileRules } from "./rules.ts";
import { apply, decode, encode, type FileActorState, type FileEvent, type FileRecord } from "./state.ts";
import { after, type FileTurn, isGone, presentOf } from "./turn.ts";

export function createFile(rules: FileRules) {
  const show = (turn: FileTurn, known: FileRecord) => viewOf(turn.key, known, rules);
  const emit = (turn: FileTurn, event: FileEvent) => show(turn, after(turn, event));
  return defineActor(File, {
    initial: (): FileActorState => ({}),
    apply,
    notify: notifyFile(rules),

    commands: {
      begin(turn: FileTurn, { name, plan, ...facts }) {
        const known = turn.state.file;
        if (known) {
          if (known.facts.ownerId !== facts.ownerId) throw new DomainError("file.not_found");
          return show(turn, presentOf(turn.state));
        }
        const named = { ...facts, name: cutText(name, maxFileNameChars) };
        return emit(turn, { type: "begun", facts: named, ...(plan && { plan }) });
      },

      ...announced,

      ...createMaking(rules),

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
        if (known.life.state === "deleted") return show(turn, known);
        return viewOf(turn.key, end(turn, "deleted"), rules);
      },
    },

    queries: createQueries(rules),

    due: ({ file: known }) => known && earliest(noticeAtMs(known, rules), expiresAtMs(known, rules)),
    onDue(turn: FileTurn) {
      const known = presentOf(turn.state);
      if ((expiresAtMs(known, rules) ?? Number.POSITIVE_INFINITY) <= turn.nowMs) end(turn, "expired");
      else if ((noticeAtMs(known, rules) ?? Number.POSITIVE_INFINITY) <= turn.nowMs) turn.emit({ type: "noticed" });
    },

    encode,
    decode,
  });
}

export const file = createFile(defaultFileRules);

function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function end(turn: FileTurn, state: "expired" | "deleted"): FileRecord {
  const known = presentOf(turn.state);
  const { conversationId, ownerId, type } = known.facts;
  if (conversationId !== undefined) turn.tell(Gallery, conversationId).remove({ fileId: turn.key });
  if (type === undefined) {
    turn.tell(Process, `upload:${turn.key}-removal`).start({ input: inputOf(turn.key, known.facts, "remove") });
  } else {
    freeRoom(turn, known);
    const sha256 = known.life.state === "available" ? known.life.content.sha256 : undefined;
    const chunks = known.upload?.plan.chunks ?? 0;
    const input: IntakeInput = { job: "remove", fileId: turn.key, ownerId, chunks, ...(sha256 && { sha256 }) };
    turn.tell(Process, `intake:${turn.key}-removal`).start({ input });
  }
  return after(turn, { type: "gone", state, ...(known.life.state === "available" && { wasAvailable: true }) });
}

function isHeldBy({ references }: FileRecord, message: { conversationId: string; messageId: string }): boolean {
  return references.get(message.conversationId)?.has(message.messageId) === true;
}
