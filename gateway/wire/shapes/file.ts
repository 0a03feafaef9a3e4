import { fileTypes } from "../../../actors/shared/file-type.ts";
import { choice, count, id, list, object, optional, seconds, text, time, type ValueOf } from "./fields.ts";

const fileType = choice(...fileTypes);
const fileKind = choice("image", "video", "audio", "file", "avatar");
const digest = (chars: number) => text(chars, "lower-case hex; empty until the bytes are known");
const address = text(2_048, "a path of this server; opened with a token, that of an avatar without one");

export const fileShape = object(
  {
    fileId: id,
    fileName: text(255),
    type: fileType,
    url: address,
    thumbnail: text(2_048, "of a picture or a film: a WebP of at most 640 pixels on a side; else empty"),
    size: count("bytes"),
    mimeType: text(100),
    sha256: digest(64),
    md5: digest(32),
    width: optional(count("as seen")),
    height: optional(count("as seen")),
    duration: optional(count("seconds")),
    status: choice("uploading", "processing", "available", "expired", "deleted"),
    createdAt: time,
    file_id: id,
    file_name: text(255),
    file_type: fileKind,
    file_size: count("bytes"),
  },
  "File",
);
export type WireFile = ValueOf<typeof fileShape>;
export const filesShape = object({ files: list(fileShape), total: count() });

export const usageShape = object({
  usedBytes: count(),
  quotaBytes: count(),
  fileCount: count(),
  buckets: list(
    object({ bucket: choice("avatars", "group_avatars", "chat", "temporary"), usedBytes: count(), fileCount: count() }),
  ),
});

export const begunUploadShape = object({
  uploadId: id,
  chunkSize: count("bytes of every part but the last"),
  totalChunks: count(),
  proof: optional(object({ nonce: text(128, "hex") })),
});
export const uploadShape = object({
  uploadId: id,
  fileName: text(255),
  fileSize: count("bytes"),
  chunkSize: count("bytes"),
  totalChunks: count(),
  uploadedChunks: list(count("index")),
  expiresAt: time,
});
export const tokenShape = object({
  file_id: id,
  upload_url: text(2_048),
  expires_in: seconds,
  fileId: id,
  uploadUrl: text(2_048),
  expiresIn: seconds,
});
export const linkShape = object({ url: text(2_048), expiresIn: seconds, expiresAt: time });
export const downloadShape = object({
  download_url: text(2_048),
  expires_in: seconds,
  downloadUrl: text(2_048),
  expiresIn: seconds,
});
