import type { Message } from "../../../client/base/wire.ts";

const maxChars = 160;

export function isGone({ status }: Pick<Message, "status">): boolean {
  return status === "recalled" || status === "expired";
}

/** A message as one line of text; empty for what is not text. */
export function lineOf(message: Pick<Message, "content" | "contentType" | "status">): string {
  if (isGone(message)) return "";
  const { content, contentType } = message;
  const text = textIn(content);
  return contentType === "text" || contentType === "assistant" || text !== ""
    ? text.replace(/\s+/g, " ").slice(0, maxChars)
    : "";
}

/** The words of a content, which is a text or has one. */
export function textIn(content: unknown): string {
  if (typeof content === "string") return content;
  const { text } = (content ?? {}) as { text?: unknown };
  return typeof text === "string" ? text : "";
}
