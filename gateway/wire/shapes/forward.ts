// Answers about forwarded messages.
import { anything, count, flag, id, list, object, optional, text, time, type ValueOf } from "./fields.ts";
import { name, senderId } from "./message.ts";

const resultShape = object(
  {
    ok: flag,
    sessionId: optional(id),
    messages: optional(list(object({ messageId: id, seq: count(), timestamp: time }))),
    code: optional(count("of the refusal, where `ok` is false")),
    codeStr: optional(text(6)),
    message: optional(text(1_000)),
  },
  "ForwardResult",
);
export type ForwardResult = ValueOf<typeof resultShape>;

/** In the order of the targets. */
export const forwardShape = object({ results: list(resultShape) });

/** `seq` 0: not known of a message that an older release merged. */
const mergedMessage = object(
  {
    messageId: id,
    senderId,
    senderName: name,
    contentType: text(64),
    content: anything,
    timestamp: time,
    seq: count(),
  },
  "MergedMessage",
);
export const mergedShape = object({ title: text(100), messages: list(mergedMessage) });
