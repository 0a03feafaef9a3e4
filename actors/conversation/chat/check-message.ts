// Checks of a message that need no look at its sender, and the hash of its payload.

import { canonicalJson } from "../../shared/canonical-json.ts";
import { checkText } from "../../shared/check-text.ts";
import { DomainError, invalidField } from "../../shared/errors.ts";
import { hashText } from "../../shared/hash.ts";
import { maxChars, maxItems } from "../../shared/limits.ts";
import { withOptions } from "../../shared/message.ts";
import { isLongerThan } from "../../shared/names.ts";
import { utf8Length } from "../../shared/utf8.ts";
import { replyKeyPrefix } from "../assistant/replies.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { SendMessage } from "../model/send-types.ts";
import type { ConversationState } from "../model/state.ts";
import { getContentType, limitsOf, searchableText, type TextLimits } from "./content.ts";

/** Keys of messages that services send for a user. Reserved: with such a key a user could keep a call out of the history. */
export const callKeyPrefix = "call:";
const reservedPrefixes = [callKeyPrefix, replyKeyPrefix];

export function checkShape(input: SendMessage): void {
  const { clientMsgId, senderName, senderAvatar } = input;
  const { mentions, replyTo } = input.options ?? {};
  if (typeof clientMsgId !== "string" || clientMsgId === "" || isLongerThan(clientMsgId, maxChars.clientMsgId)) {
    throw invalidField("clientMsgId", `1 to ${maxChars.clientMsgId} characters`);
  }
  // Half of a surrogate pair cannot be stored as it is, so a retry would not find it (G2).
  if (!clientMsgId.isWellFormed()) throw invalidField("clientMsgId", "well-formed Unicode");
  if (input.origin !== "service" && reservedPrefixes.some((prefix) => clientMsgId.startsWith(prefix))) {
    throw invalidField("clientMsgId", `not beginning with ${reservedPrefixes.join(" or ")}`);
  }
  checkText("senderName", senderName, maxChars.senderName);
  checkText("senderAvatar", senderAvatar, maxChars.url);
  if (replyTo !== undefined && isLongerThan(replyTo, maxChars.clientMsgId))
    throw invalidField("replyTo", "a message id");
  if (
    mentions &&
    (mentions.length > maxItems.mentions || mentions.some((id) => isLongerThan(id, maxChars.clientMsgId)))
  ) {
    throw invalidField("mentions", `at most ${maxItems.mentions} user ids`);
  }
}

/** A reserved content type needs a permission of its own. */
export function checkContent(state: ConversationState, input: SendMessage, ports: ConversationPorts): void {
  const type = getContentType(input.contentType);
  if (input.origin !== "service") {
    if (type.reserved === "service") throw new DomainError("message.type_unknown");
    if (type.reserved === "admins") allow(state, ports.rules, "message.announce", input.senderId);
    if (type.reserved === "chats" && !state.assistant) throw new DomainError("message.type_unknown");
  }
  const limits = limitsOf(state.assistant !== undefined);
  checkContentSize(input.content, limits);
  // A merged_forward as it is stored is none that a client may write.
  if (input.copyOf === undefined || input.contentType !== "merged_forward") type.check(input.content, limits);
  if (ports.rules.sensitiveWords.isIn(searchableText(input.contentType, input.content))) {
    throw new DomainError("message.sensitive");
  }
}

export function checkContentSize(content: unknown, { maxContentBytes }: TextLimits): void {
  const text = typeof content === "string" ? content : (JSON.stringify(content) ?? "");
  // A UTF-16 unit takes at most three bytes, so only long contents need to be counted.
  if (text.length * 3 > maxContentBytes && utf8Length(text) > maxContentBytes) {
    throw new DomainError("message.too_long", { details: { maxContentBytes } });
  }
}

/** Tells a retry from another message under the same key (G2): different payloads have different texts to hash. */
export function payloadHash({ contentType, content, options = {}, copyOf }: SendMessage): number {
  // The original may have changed between the send and its retry.
  if (copyOf !== undefined) return hashText(`copy ${copyOf}`);
  // In one order, whatever the order in which the client gave them.
  const added = JSON.stringify(withOptions({}, options));
  const body = typeof content === "string" ? `text ${content}` : `json ${canonicalJson(content)}`;
  return hashText(`${contentType.length} ${contentType} ${added} ${body}`);
}

/**
 * Is this the message with that hash? Also by the form of older releases: their sends are retried after an upgrade, for as long
 * as keys are known. A hash of today's form equals no older one, so two different payloads of today stay different.
 */
export function hasPayload(input: SendMessage, hash: number): boolean {
  return hash === payloadHash(input) || (input.copyOf === undefined && hash === olderPayloadHash(input));
}

function olderPayloadHash({ contentType, content, options = {} }: SendMessage): number {
  const { replyTo, mentions, burnAfterReadMs, expireAtMs } = options;
  let text = `${contentType} ${typeof content === "string" ? content : JSON.stringify(content)}`;
  if (replyTo !== undefined) text += ` reply ${replyTo}`;
  if (mentions?.length) text += ` mentions ${mentions.join(" ")}`;
  if (burnAfterReadMs !== undefined) text += ` burn ${burnAfterReadMs}`;
  if (expireAtMs !== undefined) text += ` until ${expireAtMs}`;
  return hashText(text);
}
