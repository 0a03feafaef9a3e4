// What a send must be before anybody asks who sent it.

import { canonicalJson } from "../../shared/canonical-json.ts";
import { DomainError } from "../../shared/errors.ts";
import { hashText } from "../../shared/hash.ts";
import { isLongerThan } from "../../shared/names.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import { hasSensitiveWord } from "../model/rules.ts";
import type { SendMessage } from "../model/send-types.ts";
import type { ConversationState } from "../model/state.ts";
import { getContentType, maxContentBytes, searchableText } from "./content.ts";

const maxClientMsgIdChars = 64;
/** Each may cost an outbox entry, and a turn's record has 64 KiB with the content's 48. */
export const maxMentions = 50;
/** Keys of messages that services send for a user: were they free to take, he could keep a call out of his history. */
export const callKeyPrefix = "call:";
const maxNameChars = 200;
const maxAvatarChars = 2_048;

export function checkShape(input: SendMessage): void {
  const { clientMsgId, senderName, senderAvatar } = input;
  const { mentions, replyTo } = input.options ?? {};
  if (typeof clientMsgId !== "string" || clientMsgId.length < 1 || isLongerThan(clientMsgId, maxClientMsgIdChars)) {
    throw invalid("clientMsgId", `1 to ${maxClientMsgIdChars} characters`);
  }
  // Half of a surrogate pair cannot be stored as it is, so a retry would not find it (G2).
  if (!clientMsgId.isWellFormed()) throw invalid("clientMsgId", "well-formed Unicode");
  if (clientMsgId.startsWith(callKeyPrefix) && input.origin !== "service") {
    throw invalid("clientMsgId", `not beginning with ${callKeyPrefix}`);
  }
  if (isLongerThan(senderName, maxNameChars)) throw invalid("senderName", `at most ${maxNameChars} characters`);
  if (isLongerThan(senderAvatar, maxAvatarChars)) throw invalid("senderAvatar", `at most ${maxAvatarChars} characters`);
  if (replyTo !== undefined && isLongerThan(replyTo, maxClientMsgIdChars)) throw invalid("replyTo", "a message id");
  if (mentions && (mentions.length > maxMentions || mentions.some((id) => isLongerThan(id, maxClientMsgIdChars)))) {
    throw invalid("mentions", `at most ${maxMentions} user ids`);
  }
}

/** Reserved types ask the table once more. */
export function checkContent(state: ConversationState, input: SendMessage, ports: ConversationPorts): void {
  const type = getContentType(input.contentType);
  if (input.origin !== "service") {
    if (type.reserved === "service") throw new DomainError("message.type_unknown");
    if (type.reserved === "admins") allow(state, ports.rules, "message.announce", input.senderId);
  }
  checkContentSize(input.content);
  type.check(input.content);
  if (hasSensitiveWord(ports.rules, searchableText(input.contentType, input.content))) {
    throw new DomainError("message.sensitive");
  }
}

export function checkContentSize(content: unknown): void {
  const text = typeof content === "string" ? content : (JSON.stringify(content) ?? "");
  // A character takes at most three bytes: only long contents are counted.
  if (text.length * 3 > maxContentBytes && new TextEncoder().encode(text).length > maxContentBytes) {
    throw new DomainError("message.too_long", { details: { maxContentBytes } });
  }
}

/** Tells a retry from another message under the same key (G2): different payloads have different texts to hash. */
export function payloadHash({ contentType, content, options = {} }: SendMessage): number {
  const isPlainText = typeof content === "string" && Object.keys(options).length === 0;
  return hashText(
    isPlainText ? JSON.stringify([contentType, content, {}]) : canonicalJson([contentType, content, options]),
  );
}

function invalid(field: string, expected: string): DomainError {
  return new DomainError("common.invalid", { details: [{ field, expected }] });
}
