// Rules that many bodies and queries share.
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import { isStampId, pairId, parseConversationId } from "../../actors/shared/ids.ts";
import type { RuleObject as Rule } from "./compiler.ts";
import { invalid } from "./validate.ts";

/** An id, a key or a short name on the wire. Actors and views refuse ids that do not exist. */
export const id: Rule = { type: "string", min: 1, max: 64 };
export const optionalId: Rule = { ...id, optional: true };
export function optionalIdsUpTo(max: number): Rule {
  return { type: "array", items: { type: "string", min: 1, max: 64 }, max, optional: true };
}
export const optionalFlag: Rule = { type: "boolean", optional: true };
/** A time in ms since 1970, or any other count. In queries: digits. */
const time: Rule = { type: "number", integer: true, min: 0, max: Number.MAX_SAFE_INTEGER, convert: true };
export const optionalTime: Rule = { ...time, optional: true };
export const optionalSeq: Rule = optionalTime;
export const optionalAction: Rule = { type: "string", enum: ["accept", "reject"], optional: true };
export function text(max: number): Rule {
  return { type: "string", max };
}
/** A name that others see: its spaces are made plain, and it has no hidden characters. */
export function shownText(max: number): Rule {
  return { type: "string", max, shown: true };
}
export function optionalText(max: number): Rule {
  return { type: "string", max, optional: true };
}
export function optionalCount(max: number): Rule {
  return { type: "number", integer: true, min: 1, max, convert: true, optional: true };
}

/** The first spelling of a field that was given. Throws common.invalid when none was given. */
export function need<T>(field: string, ...spellings: (T | undefined)[]): T {
  const given = spellings.find((value) => value !== undefined);
  if (given === undefined) throw invalidField(field, "required");
  return given;
}

/** A request is answered by `{action: "accept" | "reject"}` or by `{accept: boolean}`. */
export function isAccepted(body: { action?: "accept" | "decline" | "reject"; accept?: boolean }): boolean {
  return need("action", body.action === undefined ? undefined : body.action === "accept", body.accept);
}

export function invalidField(field: string, expected: string): DomainError {
  return invalid([{ field, expected }]);
}

/** Ids of users and groups are stamps, so any other text names none. */
export function stampId(text: string, notFound: ErrorName): string {
  if (!isStampId(text)) throw new DomainError(notFound);
  return text;
}

/** The conversation of the caller with the user whose id the client sent. */
export function pairWith(callerId: string, userId: string): string {
  if (callerId === userId) throw new DomainError("friend.self");
  return pairId(callerId, stampId(userId, "user.not_found"));
}

export function conversationId(text: string): string {
  if (!parseConversationId(text)) throw new DomainError("session.not_found");
  return text;
}
