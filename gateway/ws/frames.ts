// Everything a client may say, as a table: name, shape, what it does, what is answered. The reference is made from it.

import { changeFrames } from "./frames/change.ts";
import { controlFrames } from "./frames/control.ts";
import { messageFrames } from "./frames/message.ts";
import type { ClientFrame } from "./socket/client-frame.ts";

export const clientFrames: ReadonlyMap<string, ClientFrame> = new Map(
  [...controlFrames, ...messageFrames, ...changeFrames].map((frame) => [frame.type, frame]),
);
