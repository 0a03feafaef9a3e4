// Which messages may be forwarded, and in which form.
import type { MessageCopy, StoredMessage } from "../../actors/conversation/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";

/** Records of this system about one conversation. */
const unforwardable: ReadonlySet<string> = new Set(["call_record", "system"]);
/** Types that mean something in their own conversation only: elsewhere their text is a text. */
const textual: ReadonlySet<string> = new Set(["announcement", "prompt", "assistant"]);

/**
 * Throws message.recalled, message.not_found when it expired, or message.type_unknown for a message that may not leave its
 * conversation.
 */
export function copyOf(message: StoredMessage): MessageCopy {
  const { contentType, content, senderId, senderName, burnAfterReadMs, bodies } = message;
  throwWhenGone(message);
  if (burnAfterReadMs !== undefined || unforwardable.has(contentType)) throw new DomainError("message.type_unknown");
  const forwardFrom = message.forwardFrom ?? { senderId, senderName };
  if (textual.has(contentType)) return { contentType: "text", content: textOf(content), forwardFrom };
  return { contentType, content, forwardFrom, ...(bodies !== undefined && { bodies }) };
}

export function throwWhenGone({ status }: Pick<StoredMessage, "status">): void {
  if (status === "recalled") throw new DomainError("message.recalled");
  if (status === "expired") throw new DomainError("message.not_found");
}

/** An answer may hold images alone. */
function textOf(content: unknown): string {
  const text = typeof content === "string" ? content : (content as { text?: unknown } | null)?.text;
  if (typeof text !== "string" || text.trim() === "") throw new DomainError("message.type_unknown");
  return text;
}
