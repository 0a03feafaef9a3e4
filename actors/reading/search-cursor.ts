import { DomainError } from "../shared/errors.ts";
import { type ConversationId, parseConversationId } from "../shared/ids.ts";

/** The place where a search goes on, as text: `startedMs.activityMs.beforeSeq.conversationId`. */
export interface SearchCursor {
  startedMs: number;
  activityMs: number;
  beforeSeq: number;
  conversationId: ConversationId;
}

export function encodeCursor({ startedMs, activityMs, beforeSeq, conversationId }: SearchCursor): string {
  return `${startedMs}.${activityMs}.${beforeSeq}.${conversationId}`;
}

/** Throws common.invalid for a text that no search issued. */
export function parseCursor(text: string): SearchCursor {
  const match = /^([0-9]{1,16})\.([0-9]{1,16})\.([0-9]{1,16})\.([a-z_0-9]{1,40})$/.exec(text);
  const conversationId = match?.[4] ?? "";
  if (!match || !parseConversationId(conversationId)) {
    throw new DomainError("common.invalid", { message: "This is not a search cursor." });
  }
  return {
    startedMs: Number(match[1]),
    activityMs: Number(match[2]),
    beforeSeq: Number(match[3]),
    conversationId,
  };
}
