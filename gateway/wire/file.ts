// A file of the messenger as clients see it, and the paths of its bytes.
import type { FileView } from "../../actors/file/contract.ts";
import { contentPath, thumbnailPath } from "../../actors/file/paths.ts";
import type { FileType } from "../../actors/shared/file-type.ts";
import type { WireFile } from "./shapes/file.ts";

const kinds = {
  avatar: "avatar",
  group_avatar: "avatar",
  chat_image: "image",
  chat_video: "video",
  chat_voice: "audio",
  chat_file: "file",
  temp: "file",
} as const satisfies Record<FileType, FileKind>;

export type FileKind = WireFile["file_type"];
/** Of the second spelling: the types of the first one are spelled as they are. An upload of a kind has its first type. */
export const typesByKind: Readonly<Record<FileKind, readonly FileType[]>> = {
  avatar: ["avatar", "group_avatar"],
  image: ["chat_image"],
  video: ["chat_video"],
  audio: ["chat_voice"],
  file: ["chat_file", "temp"],
};

/** A refused file is an error, and not shown. */
export function fileOnWire(view: FileView): WireFile {
  const { fileId, name, type = "chat_file", content, upload, state, createdAtMs } = view;
  const size = content?.size ?? upload?.plan.sizeBytes ?? 0;
  return {
    fileId,
    fileName: name,
    type,
    url: contentPath(fileId),
    thumbnail: content?.hasThumb ? thumbnailPath(fileId) : "",
    size,
    mimeType: content?.mime ?? view.declaredMime ?? "",
    sha256: content?.sha256 ?? "",
    md5: content?.md5 ?? "",
    ...(content?.width !== undefined && { width: content.width, height: content.height ?? 0 }),
    ...(content?.durationMs !== undefined && { duration: Math.round(content.durationMs / 1_000) }),
    status: state === "refused" ? "deleted" : state,
    createdAt: createdAtMs,
    file_id: fileId,
    file_name: name,
    file_type: kinds[type],
    file_size: size,
  };
}
