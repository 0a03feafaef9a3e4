// The message that another one answers, as lists and frames show it.
import type { Quote, StoredMessage } from "../../shared/message.ts";
import type { References } from "../model/send-types.ts";
import type { ConversationState } from "../model/state.ts";
import { previewOf } from "./content.ts";

export function quoteOf({ messageId, seq, senderId, senderName, contentType, content, status }: StoredMessage): Quote {
  const quote = { messageId, seq, senderId, senderName, contentType };
  if (status === "recalled" || status === "expired") return { ...quote, content: "", status };
  return { ...quote, content: previewOf(contentType, content) };
}

/**
 * The quote that goes out with the message. One notification is for all members, so there is none where a member may not see
 * the answered message, and none when that message changed after the edge had read it: readers see it as of now.
 */
export function quoteForAll(
  { changed, group }: ConversationState,
  { quote, asOfVersion = 0 }: References,
): Quote | undefined {
  if (!quote || quote.seq < (group?.membersFromSeq ?? 1)) return undefined;
  return (changed.get(quote.seq)?.version ?? 0) > asOfVersion ? undefined : quote;
}
