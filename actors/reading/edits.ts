// The contents that a message had. Rows hold them beside the message, and the tail what the rows may not hold yet (J7).
import type { Window } from "../conversation/contract.ts";
import type { ConversationEvent } from "../conversation/model/events.ts";
import { DomainError } from "../shared/errors.ts";
import type { Reading } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { findWithView } from "./find-message.ts";
import type { StoredEdit } from "./ports.ts";

export async function readEdits(
  deps: ReadingDeps,
  input: Parameters<Reading["edits"]>[0],
): ReturnType<Reading["edits"]> {
  const { view, message } = await findWithView(deps, input);
  if (message.status === "recalled") throw new DomainError("message.recalled");
  if (message.status === "expired") throw new DomainError("message.not_found");
  const { seq, bucket } = message;
  const byVersion = new Map<number, StoredEdit>();
  // The rows are read after the tail: what leaves the tail meanwhile is in the rows.
  for (const edit of await deps.messages.edits(view.conversationId, bucket, seq)) byVersion.set(edit.version, edit);
  addTail(byVersion, seq, view.window.tail);
  const edits = [...byVersion.values()].sort((a, b) => a.version - b.version);
  // Never edited, or by an older release, which kept no versions.
  if (edits.length === 0) return [{ content: message.content, atMs: message.editedAtMs ?? message.atMs }];
  return edits.map(({ content, atMs }) => ({ content, atMs }));
}

function addTail(byVersion: Map<number, StoredEdit>, seq: number, tail: Window["tail"]): void {
  for (const { events, atMs } of tail) {
    for (const event of events as readonly ConversationEvent[]) {
      if (event.type !== "edited" || event.seq !== seq) continue;
      const { version, content, original, editedAtMs = atMs } = event;
      if (original) byVersion.set(0, { version: 0, ...original });
      byVersion.set(version, { version, content, atMs: editedAtMs });
    }
  }
}
