// The fields of a message that is sent, for POST /messages and SEND_MESSAGE.
import type { ErrorName } from "../../actors/shared/errors.ts";

import { maxItems } from "../../actors/shared/limits.ts";
import type { SendOptions } from "../../actors/shared/message.ts";
import { id, optionalId, optionalIdsUpTo, optionalTime } from "./rules.ts";
import { type Target, targetShape } from "./target.ts";
import { msOfWireTime } from "./times.ts";
import type { Shape } from "./validate.ts";

/** Optional fields of a message as clients name them. */
type OptionsBody = Omit<SendOptions, "expireAtMs"> & { expireAt?: number };

export interface MessageBody extends Target, OptionsBody {
  contentType: string;
  content: unknown;
}

const optionsShape: Shape<OptionsBody> = {
  replyTo: optionalId,
  mentions: optionalIdsUpTo(maxItems.mentions),
  burnAfterReadMs: optionalTime,
  expireAt: optionalTime,
};

export const messageShape = { ...targetShape, contentType: id, content: "any", ...optionsShape } as const;

/** The fields of a message that is edited. `mentions` are checked, and change nothing: an edit notifies nobody. */
export interface EditBody {
  content: unknown;
  mentions?: string[];
}
export const editShape = { content: "any", mentions: optionalIdsUpTo(maxItems.mentions) } as const;

/** For the reference. */
export const messageExample: MessageBody = { receiverId: "247239848101600", contentType: "text", content: "Hello" };

/** What the check of a message may refuse besides rights: its content, and the messages that it refers to. */
const contentErrors = [
  "common.invalid",
  "message.sensitive",
  "message.empty",
  "message.too_long",
  "message.not_found",
  "message.recalled",
] as const satisfies ErrorName[];
export const sendErrors = [
  ...contentErrors,
  "message.url_invalid",
  "message.type_unknown",
  "file.not_found",
  "file.gone",
  "file.type_refused",
  "llm.rate_limited",
  "user.not_found",
  "friend.self",
  "common.conflict",
] as const satisfies ErrorName[];
export const editErrors = [
  ...contentErrors,
  "message.recall_too_late",
  "message.not_yours",
] as const satisfies ErrorName[];

const { expireAt: _, ...sameOnWire } = optionsShape;
const sameNames = Object.keys(sameOnWire) as (keyof OptionsBody)[];

/** The options that were given. */
export function sendOptionsOf(body: OptionsBody): SendOptions {
  const given: Record<string, unknown> = {};
  for (const name of sameNames) if (body[name] !== undefined) given[name] = body[name];
  if (body.expireAt !== undefined) given.expireAtMs = msOfWireTime(body.expireAt);
  return given;
}
