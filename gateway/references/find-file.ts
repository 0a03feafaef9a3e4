// The file that a message is to hold, found before it is sent: the sender reads it, and it is of the message's kind.
import { fileIdIn } from "../../actors/conversation/chat/content-files.ts";
import type { References } from "../../actors/conversation/contract.ts";
import { thumbnailPath } from "../../actors/file/paths.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { FileType } from "../../actors/shared/file-type.ts";
import type { UserId } from "../../actors/shared/ids.ts";
import { type FileEdge, type ReadableFile, readableFile } from "../files/access.ts";

const typesOf: Readonly<Record<string, readonly FileType[]>> = {
  image: ["chat_image"],
  video: ["chat_video"],
  voice: ["chat_voice"],
  file: ["chat_file", "temp"],
};
type Naming = { contentType: string; content: unknown };

export function namesFile({ contentType, content }: Naming): boolean {
  return fileIdIn(contentType, content) !== undefined;
}

/** Throws file.not_found, file.gone, and file.type_refused for a file of another kind than the message. */
export async function findFile(edge: FileEdge, userId: UserId, { contentType, content }: Naming): Promise<References> {
  const fileId = fileIdIn(contentType, content);
  if (fileId === undefined) return {};
  const file = await readableFile(edge, fileId, { userId }, {});
  if (file.type === undefined || !typesOf[contentType]?.includes(file.type)) {
    throw new DomainError("file.type_refused", { details: { type: file.type, contentType } });
  }
  return { file: { fileId, facts: factsOf(contentType, file) } };
}

/** The fields of each kind have names of their own. */
function factsOf(contentType: string, file: ReadableFile): Record<string, unknown> {
  const { fileId, name: fileName, content } = file;
  const { mime: mimeType, size, width, height, durationMs, hasThumb } = content;
  return {
    ...{ fileName, mimeType },
    ...(contentType === "file" ? { fileSize: size } : { size }),
    ...(width !== undefined && { width, height }),
    ...(durationMs !== undefined && { duration: Math.round(durationMs / 1_000) }),
    thumbnail: hasThumb ? thumbnailPath(fileId) : "",
  };
}
