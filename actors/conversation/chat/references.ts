// Messages that a message names: the one it answers, and those it forwards. The edge finds them, as the sender may read them;
// bodies of forwarded messages never come from the client.
import { DomainError } from "../../shared/errors.ts";
import type { SendMessage } from "../model/send-types.ts";
import type { ConversationState } from "../model/state.ts";

/** Throws what the edge found, and message.not_found for a message that the sender may not see any more. */
export function checkReferences(
  state: ConversationState,
  { senderId, origin, options, references = {} }: SendMessage,
): void {
  if (references.refusal !== undefined) throw new DomainError(references.refusal);
  if (options?.replyTo === undefined || origin === "service") return;
  const { replySeq } = references;
  const fromSeq = state.group?.members.get(senderId)?.visibleFromSeq ?? 1;
  if (replySeq === undefined || replySeq < fromSeq || replySeq > state.seq) throw new DomainError("message.not_found");
}

/** The content as it is stored, made of a content that was checked. */
export function contentToStore({ contentType, content, references = {} }: SendMessage): unknown {
  if (contentType !== "merged_forward") return content;
  const { title = "" } = content as { title?: string };
  return { title, messages: references.forwarded ?? [] };
}
