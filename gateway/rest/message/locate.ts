import type { FoundMessage } from "../../../actors/reading/contract.ts";
import { conversationId, optionalId, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import type { Edge } from "../kit/route.ts";

/** The conversation of the message, optional: the message is found without it, too. */
export interface WhereQuery {
  sessionId?: string;
}
export const whereQuery = schema<WhereQuery>({ sessionId: optionalId });

export function locate(edge: Edge, userId: string, text: string, { sessionId }: WhereQuery): Promise<FoundMessage> {
  const messageId = stampId(text, "message.not_found");
  const asked = { userId, messageId };
  return edge.reading.findMessage(
    sessionId === undefined ? asked : { ...asked, conversationId: conversationId(sessionId) },
  );
}
