// What the commands of a file share.
import type { Turn } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { apply, type FileActorState, type FileEvent, type FileRecord } from "./state.ts";

export type FileTurn = Turn<FileActorState, FileEvent>;

/** The file as it will be: the state itself changes when the turn ends. */
export function after(turn: FileTurn, event: FileEvent): FileRecord {
  turn.emit(event);
  const next = structuredClone(turn.state);
  apply(next, event, { key: turn.key, n: 0, stamp: 0, atMs: turn.nowMs });
  return next.file!;
}

export function presentOf({ file: known }: FileActorState): FileRecord {
  if (!known || isGone(known)) throw new DomainError("file.not_found");
  return known;
}

export function isGone({ life: { state } }: FileRecord): boolean {
  return state === "expired" || state === "deleted";
}
