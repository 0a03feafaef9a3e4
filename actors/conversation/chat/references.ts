// Messages that a message names: the one that it answers, and those that it forwards. The edge finds them, as far as the
// sender may read them; the bodies of forwarded messages never come from the client.
import { DomainError } from "../../shared/errors.ts";
import type { SendMessage } from "../model/send-types.ts";
import type { ConversationState } from "../model/state.ts";

/** Throws the refusal of the edge, message.not_found when the sender may not see the answered message, or message.recalled. */
export function checkReferences(
  state: ConversationState,
  { senderId, origin, options, references = {} }: SendMessage,
): void {
  if (references.refusal !== undefined) throw new DomainError(references.refusal);
  if (options?.replyTo === undefined || origin === "service") return;
  const { replySeq } = references;
  const fromSeq = state.group?.members.get(senderId)?.visibleFromSeq ?? 1;
  if (replySeq === undefined || replySeq < fromSeq || replySeq > state.seq) throw new DomainError("message.not_found");
  // The message may have gone after the edge had found it.
  const status = state.changed.get(replySeq)?.status;
  if (status === "recalled") throw new DomainError("message.recalled");
  if (status === "expired") throw new DomainError("message.not_found");
}

/** The content as it is stored, for a content that was checked. */
export function contentToStore({ contentType, content, references = {} }: SendMessage): unknown {
  if (contentType !== "merged_forward") return content;
  const { title = "" } = content as { title?: string };
  return { title, messages: references.forwarded ?? [] };
}
