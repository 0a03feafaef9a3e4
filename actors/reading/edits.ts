// The contents that a message had. Rows hold them beside the message, and the tail what the rows may not hold yet (J7).
import { Conversation, type Window } from "../conversation/contract.ts";
import type { ConversationEvent } from "../conversation/model/events.ts";
import { DomainError } from "../shared/errors.ts";
import type { Reading } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { findMessage } from "./find-message.ts";
import type { StoredEdit } from "./ports.ts";

export async function readEdits(
  deps: ReadingDeps,
  input: Parameters<Reading["edits"]>[0],
): ReturnType<Reading["edits"]> {
  const { conversationId, message } = await findMessage(deps, input);
  const { seq, bucket } = message;
  // The tail first: what leaves it meanwhile is in the rows.
  const { tail } = await deps.actors.get(Conversation, conversationId).window({ userId: input.userId });
  const byVersion = new Map<number, StoredEdit>();
  for (const edit of await deps.messages.edits(conversationId, bucket, seq)) byVersion.set(edit.version, edit);
  const isGone = addTail(byVersion, seq, tail) || message.status === "recalled";
  if (isGone) throw new DomainError("message.recalled");
  if (message.status === "expired") throw new DomainError("message.not_found");
  const edits = [...byVersion.values()].sort((a, b) => a.version - b.version);
  // Never edited, or by an older release, which kept no versions.
  if (edits.length === 0) return [{ content: message.content, atMs: message.editedAtMs ?? message.atMs }];
  return edits.map(({ content, atMs }) => ({ content, atMs }));
}

/** True when the tail recalls the message. */
function addTail(byVersion: Map<number, StoredEdit>, seq: number, tail: Window["tail"]): boolean {
  for (const { events, atMs } of tail) {
    for (const event of events as readonly ConversationEvent[]) {
      if (event.type === "recalled" && event.seq === seq) return true;
      if (event.type !== "edited" || event.seq !== seq) continue;
      const { version, content, original, editedAtMs = atMs } = event;
      if (original) byVersion.set(0, { version: 0, ...original });
      byVersion.set(version, { version, content, atMs: editedAtMs });
    }
  }
  return false;
}
