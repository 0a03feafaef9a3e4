// An image as clients of the image editor see it.
import type { FileView } from "../../../actors/file/contract.ts";
import type { FileAddresses } from "../../files/addresses.ts";
import { count, object, text, type ValueOf } from "../../wire/shapes/fields.ts";
import { sessionIdOf } from "../conversations/chats.ts";
import { isoTime } from "../identity/account.ts";
import { isoShape } from "../kit/shapes.ts";

export const imageShape = object(
  {
    id: text(64),
    sessionId: text(64),
    userId: text(64),
    type: text(32, "uploaded, generated or mask; or what the client called it"),
    path: text(2_048, "address of the picture, signed for a day or more"),
    thumbPath: text(2_048, "the same of its preview, a WebP of at most 320 pixels on a side"),
    mime: text(100),
    width: count(),
    height: count(),
    size: count("bytes"),
    refCount: count("messages that hold it"),
    createdAt: isoShape,
    updatedAt: isoShape,
  },
  "Image",
);

/** Of an available file. */
export function imageOnWire(file: FileView, addresses: FileAddresses): ValueOf<typeof imageShape> {
  const { fileId, content } = file;
  return {
    id: fileId,
    sessionId: sessionIdOf(file.conversationId ?? ""),
    userId: file.ownerId,
    type: file.purpose,
    path: addresses.whole(fileId),
    thumbPath: addresses.thumb(fileId),
    mime: content?.mime ?? "",
    width: content?.width ?? 0,
    height: content?.height ?? 0,
    size: content?.size ?? 0,
    refCount: file.refCount,
    createdAt: isoTime(file.createdAtMs),
    updatedAt: isoTime(file.updatedAtMs),
  };
}
