import type { FoundMessage, Reading } from "../../../actors/reading/contract.ts";
import { conversationId, optionalId, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import type { Edge } from "../kit/route.ts";

/** The conversation of the message, optional: the message is found without it, too. */
export interface WhereQuery {
  sessionId?: string;
}
export const whereQuery = schema<WhereQuery>({ sessionId: optionalId });

export function locate(edge: Edge, userId: string, text: string, where: WhereQuery): Promise<FoundMessage> {
  return edge.reading.findMessage(askedOf(userId, text, where));
}

/** For a tap on the message, which leaves its content alone. */
export function locatePlace(edge: Edge, userId: string, text: string, where: WhereQuery): ReturnType<Reading["place"]> {
  return edge.reading.place(askedOf(userId, text, where));
}

export function askedOf(userId: string, text: string, { sessionId }: WhereQuery) {
  const messageId = stampId(text, "message.not_found");
  return { userId, messageId, ...(sessionId !== undefined && { conversationId: conversationId(sessionId) }) };
}
