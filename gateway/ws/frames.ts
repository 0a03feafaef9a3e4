// Every frame that a client may send: name, shape, handler, answer. The reference is made from this table.

import { changeFrames } from "./frames/change.ts";
import type { ClientFrame } from "./frames/client-frame.ts";
import { controlFrames } from "./frames/control.ts";
import { messageFrames } from "./frames/message.ts";
import { replyFrames } from "./frames/reply.ts";

export const clientFrames: ReadonlyMap<string, ClientFrame> = new Map(
  [...controlFrames, ...messageFrames, ...changeFrames, ...replyFrames].map((frame) => [frame.type, frame]),
);
