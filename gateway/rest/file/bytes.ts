// The bytes of a file, for users who may read it: by a token, by an address that is signed, or for everybody (avatars).
import { File, type FileView } from "../../../actors/file/contract.ts";
import { thumbMime } from "../../../actors/file/images.ts";
import { isFileId, objectNamesOf, objectOf } from "../../../actors/file/names.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { isPublic } from "../../../actors/shared/file-type.ts";
import { type ReadableFile, readableFile, withBytes } from "../../files/access.ts";
import { isSignedFor } from "../../files/addresses.ts";
import { serveFile } from "../../files/download.ts";
import { optionalId, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { type RawHttp, written } from "../../kit/raw-http.ts";
import { anything } from "../../wire/shapes/fields.ts";
import { type Edge, type Request, type Route, route } from "../kit/route.ts";

interface BytesQuery {
  exp?: string;
  sig?: string;
  /** A message that holds the file. */
  message?: string;
  /** Any value but an empty one: to be saved, not shown. */
  download?: string;
}
const query = schema<BytesQuery>({
  exp: optionalText(12),
  sig: optionalText(128),
  message: optionalId,
  download: optionalText(8),
});
type Asked = Pick<Request<string, "signed", BytesQuery, undefined>, "edge" | "query" | "caller" | "call"> & {
  params: { id: string };
};

const common = {
  method: "GET",
  auth: "signed",
  limit: limits.download,
  query,
  sendsBytes: true,
  answers: anything,
  errors: ["file.not_found", "file.gone", "file.url_ended", "auth.token_invalid", "auth.token_expired"],
} as const;

export const bytesRoutes: Route[] = [
  route({
    ...common,
    path: "/files/:id/content",
    summary: "The bytes of a file (ranges as in RFC 9110)",
    async handle(request) {
      return sendFile(request, await fileFor(request), { isSaved: Boolean(request.query.download) });
    },
  }),

  route({
    ...common,
    path: "/files/:id/thumbnail",
    summary: "The preview of a picture or a film, a WebP",
    async handle(request) {
      const { fileId, name, type, content } = await fileFor(request);
      if (!content.hasThumb) throw new DomainError("file.not_found");
      const objectName = objectNamesOf(fileId).thumb;
      const shown = { objectName, mime: thumbMime, tag: `${content.sha256}-preview`, fileName: `${name}.webp` };
      await serveFile(request.edge, request.http, { ...shown, isSaved: false, isPublic: isPublic(type) });
      return written;
    },
  }),
];

export async function sendFile(
  { edge, http }: { edge: Edge; http: RawHttp },
  file: ReadableFile,
  { isSaved }: { isSaved: boolean },
): Promise<typeof written> {
  const { mime, sha256 } = file.content;
  const shown = { objectName: objectOf(file), mime, tag: sha256, fileName: file.name };
  await serveFile(edge, http, { ...shown, isSaved, isPublic: isPublic(file.type) });
  return written;
}

async function fileFor({ edge, params: { id }, query, caller, call }: Asked): Promise<ReadableFile> {
  if (query.sig !== undefined) {
    if (!isSignedFor(edge, id, query)) throw new DomainError("file.url_ended");
    return withBytes(await find({ edge, call }, id));
  }
  if (caller) {
    const { message: messageId } = query;
    return readableFile(edge, id, { userId: caller.userId, ...(messageId !== undefined && { messageId }) }, call);
  }
  const file = isFileId(id) ? await find({ edge, call }, id).catch(() => undefined) : undefined;
  if (file?.type === undefined || !isPublic(file.type)) throw new DomainError("auth.token_invalid");
  return withBytes(file);
}

function find({ edge, call }: Pick<Asked, "edge" | "call">, fileId: string): Promise<FileView> {
  if (!isFileId(fileId)) throw new DomainError("file.not_found");
  return edge.actors.get(File, fileId).find({}, call);
}
