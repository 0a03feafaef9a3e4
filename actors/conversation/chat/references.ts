// Messages that a message names: the one that it answers, and those that it forwards. The edge finds them, as far as the
// sender may read them; the bodies of forwarded messages never come from the client.
import { DomainError } from "../../shared/errors.ts";
import type { StoredOptions } from "../../shared/message.ts";
import type { SendMessage } from "../model/send-types.ts";
import type { ConversationState } from "../model/state.ts";
import { checkNotEnded, checkVisible } from "./check-ref.ts";

/** Throws the refusal of the edge, message.not_found when the sender may not see the answered message, or message.recalled. */
export function checkReferences(
  state: ConversationState,
  { senderId, origin, options, references = {} }: SendMessage,
): void {
  if (references.refusal !== undefined) throw new DomainError(references.refusal);
  if (options?.replyTo === undefined || origin === "service") return;
  const { replySeq } = references;
  if (replySeq === undefined) throw new DomainError("message.not_found");
  checkVisible(state, senderId, { seq: replySeq });
  // The message may have gone after the edge had found it.
  checkNotEnded(state.changed.get(replySeq)?.status);
}

/** Previews in the content of a merged_forward; the whole messages lie in the object store. */
const maxPreviews = 4;

/** A copy has the content that the edge has read. */
export function withCopy(input: SendMessage): SendMessage {
  const copy = input.copyOf === undefined ? undefined : input.references?.copy;
  return copy ? { ...input, contentType: copy.contentType, content: copy.content } : input;
}

/** The content as it is stored, for a content that was checked. */
export function contentToStore({ contentType, content, copyOf, references = {} }: SendMessage): unknown {
  if (contentType !== "merged_forward" || copyOf !== undefined) return content;
  const { title = "" } = content as { title?: string };
  const { forwarded = [] } = references;
  const previews = forwarded
    .slice(0, maxPreviews)
    .map(({ senderName, contentType: type, preview }) => ({ senderName, contentType: type, content: preview }));
  return { title, count: forwarded.length, previews };
}

/** What the server adds to the options that the sender gave. */
export function addedBy({ references = {} }: SendMessage): StoredOptions {
  const { replySeq, copy, bodies = copy?.bodies } = references;
  const added: StoredOptions = {};
  if (replySeq !== undefined) added.replySeq = replySeq;
  if (copy) added.forwardFrom = copy.forwardFrom;
  if (bodies !== undefined) added.bodies = bodies;
  return added;
}
