import { flag, id, idOrEmpty, list, object, text } from "./fields.ts";
import { address, assistantId, name } from "./message.ts";

export const assistantShape = object(
  { assistantId, ownerId: idOrEmpty, name, model: text(200), avatar: address, capabilities: list(text(32)) },
  "Assistant",
);
export const assistantListShape = object({ assistants: list(assistantShape) });

/** The answer to a stop: whether there was something to end. */
export const stoppedShape = object({ replyId: id, isStopped: flag });
/** The answer to a request for another version of an answer. */
export const regeneratedShape = object({ replyId: id, sessionId: id });
