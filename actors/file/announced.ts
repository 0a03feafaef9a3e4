// Commands of an upload that was announced before its bytes came, and of a file while it is made.

import type { Behaviour } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { FileCommands, FileQueries } from "./contract.ts";
import { processing } from "./notify.ts";
import type { FileActorState, FileEvent } from "./state.ts";
import type { FileTurn } from "./turn.ts";

type Commands = Behaviour<FileActorState, FileEvent, FileCommands, FileQueries>["commands"];

export const announced: Pick<Commands, "partStored" | "received" | "takeNonce" | "progress"> = {
  partStored(turn: FileTurn, { ownerId, index }) {
    const { plan } = uploadOf(turn.state, ownerId);
    if (!(index >= 0 && index < plan.chunks)) throw new DomainError("file.part_invalid");
    // Also for a part that came again: it keeps the upload for as long as a new one.
    turn.emit({ type: "part_stored", index });
    return null;
  },

  received(turn: FileTurn, { digest }) {
    uploadOf(turn.state);
    turn.emit({ type: "received", digest });
    return null;
  },

  takeNonce(turn: FileTurn, { ownerId }) {
    const { nonce } = uploadOf(turn.state, ownerId).plan;
    if (nonce === undefined) return {};
    turn.emit({ type: "nonce_taken" });
    return { nonce };
  },

  progress(turn: FileTurn, made) {
    const known = turn.state.file;
    if (known?.life.state === "processing") turn.notify(processing(known, turn.key, made, turn.nowMs));
    return null;
  },
};

/** Throws file.upload_unknown for an upload that is over, and for somebody else's. */
function uploadOf({ file: known }: FileActorState, ownerId = known?.facts.ownerId) {
  if (known?.life.state !== "uploading" || known.facts.ownerId !== ownerId || !known.upload) {
    throw new DomainError("file.upload_unknown");
  }
  return known.upload;
}
