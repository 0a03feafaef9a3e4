// The rows of a thread: messages, with days between them. Messages of one sender that follow closely stand as one block.
import type { Message } from "../../../client/base/wire.ts";
import { isSameDay } from "../base/format.ts";
import type { Unsent } from "../base/unsent.ts";
import { isGone } from "../model/preview.ts";

export type Row =
  | { readonly kind: "day"; readonly key: string; readonly atMs: number }
  | { readonly kind: "unread"; readonly key: string }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly message: Message;
      readonly isFirst: boolean;
      readonly isLast: boolean;
    }
  | { readonly kind: "unsent"; readonly key: string; readonly unsent: Unsent; readonly isFirst: boolean };

/** Messages farther apart begin a new block. */
const blockMs = 300_000;

/** `unreadAfter`: messages after this seq were unread when the thread was opened; undefined: none were. */
export function rowsOf(
  messages: readonly Message[],
  unsent: readonly Unsent[],
  unreadAfter: number | undefined,
  own: string,
): Row[] {
  const rows: Row[] = [];
  let before: Message | undefined;
  let isMarked = false;
  messages.forEach((message, index) => {
    const isNewDay = !before || !isSameDay(before.timestamp, message.timestamp);
    if (isNewDay) rows.push({ kind: "day", key: `day ${message.seq}`, atMs: message.timestamp });
    // The mark stands where reading ended, and nowhere when that place is not loaded.
    const isAfter = unreadAfter !== undefined && message.seq > unreadAfter;
    const isThere = before !== undefined || message.seq === (unreadAfter ?? 0) + 1;
    const isUnread = isAfter && isThere && !isMarked && message.senderId !== own;
    if (isAfter && !isThere) isMarked = true;
    if (isUnread) rows.push({ kind: "unread", key: "unread" });
    isMarked ||= isUnread;
    const next = messages[index + 1];
    const isFirst = isNewDay || isUnread || !before || !isOneBlock(before, message);
    const isLast = !next || !isSameDay(message.timestamp, next.timestamp) || !isOneBlock(message, next);
    // The key stays when an unsent message becomes this one.
    rows.push({ kind: "message", key: message.clientMsgId || message.messageId, message, isFirst, isLast });
    before = message;
  });
  const known = new Set(messages.map(({ clientMsgId }) => clientMsgId));
  for (const each of unsent) {
    if (known.has(each.msgId)) continue;
    rows.push({ kind: "unsent", key: each.msgId, unsent: each, isFirst: before?.senderId !== own });
  }
  return rows;
}

function isOneBlock(a: Message, b: Message): boolean {
  const isPlain = a.contentType !== "system" && b.contentType !== "system" && !isGone(a) && !isGone(b);
  return isPlain && a.senderId === b.senderId && b.timestamp - a.timestamp < blockMs;
}
