// Ids and pages as the one-to-one chat has them.
import type { ConversationId } from "../../../actors/shared/ids.ts";
import { invalidField } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { conversationOfChat } from "../conversations/chats.ts";

export interface PageQuery {
  limit?: number;
  offset?: number;
}
const number = { type: "number", integer: true, convert: true, optional: true } as const;

export function pageQuery(maxLimit: number) {
  return schema<PageQuery>({
    limit: { ...number, min: 1, max: maxLimit },
    offset: { ...number, min: 0, max: 1_000_000_000 },
  });
}

/** Throws common.invalid for what is no integer, session.not_found for an id that no conversation can have. */
export function conversationIn(text: string): ConversationId {
  if (!/^[0-9]{1,20}$/.test(text)) throw invalidField("id", "an integer");
  return conversationOfChat(text);
}
