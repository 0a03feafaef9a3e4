// The bytes behind the addresses of files. A signed address lets in everybody who has it; else the login says who asks.
import { thumbMime } from "../../../actors/file/images.ts";
import { objectNamesOf, objectOf } from "../../../actors/file/names.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { availableFile, type ReadableFile, readableFile } from "../../files/access.ts";
import { isSignedFor } from "../../files/addresses.ts";
import { serveFile } from "../../files/download.ts";
import { optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { isHeldSoon } from "../../kit/held-lease.ts";
import { written } from "../../kit/raw-http.ts";
import { anything } from "../../wire/shapes/fields.ts";
import { type SurfaceRequest, type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { image } from "../kit/surface.ts";

interface AddressQuery {
  exp?: string;
  sig?: string;
  /** Any value but an empty one: to be saved, not shown. */
  download?: string;
}
const query = schema<AddressQuery>({ exp: optionalText(12), sig: optionalText(128), download: optionalText(8) });
type Asked = Pick<SurfaceRequest<string, "none", AddressQuery, unknown>, "edge" | "query" | "client" | "call"> & {
  params: { id: string };
};

const common = {
  surface: image,
  method: "GET",
  auth: "none",
  query,
  answers: anything,
  errors: ["file.not_found", "auth.token_invalid", "auth.token_expired"],
} as const;

export const fileRoutes: SurfaceRoute[] = [
  surfaceRoute({
    ...common,
    path: "/files/:id",
    summary: "The bytes of a file, for its owner, the members of conversations that hold it, and by a signed address",
    async handle(request) {
      const file = await fileFor(request);
      const { content, name } = file;
      const { edge, http } = request;
      const { mime, sha256 } = content;
      const isSaved = Boolean(request.query.download);
      await serveFile(edge, http, {
        objectName: objectOf(file),
        mime,
        tag: sha256,
        fileName: nameFor(name, mime),
        isSaved,
      });
      return written;
    },
  }),

  surfaceRoute({
    ...common,
    path: "/files/:id/thumb",
    summary: "The preview of a picture, a WebP",
    async handle(request) {
      const { fileId, content, name } = await fileFor(request);
      if (!content.hasThumb) throw new DomainError("file.not_found");
      const fileName = nameFor(name, thumbMime);
      const tag = `${content.sha256}-thumb`;
      const objectName = objectNamesOf(fileId).thumb;
      await serveFile(request.edge, request.http, { objectName, mime: thumbMime, tag, fileName, isSaved: false });
      return written;
    },
  }),
];

async function fileFor({ edge, query, params, client, call }: Asked): Promise<ReadableFile> {
  if (isSignedFor(edge, params.id, query)) return availableFile(edge, params.id, call);
  return readableFile(edge, params.id, { userId: await readerOf({ edge, client }) }, call);
}

async function readerOf({ edge, client }: Pick<Asked, "edge" | "client">): Promise<string> {
  if (client.bearer === undefined) throw new DomainError("auth.token_invalid");
  // Without the host's lease a revocation might not have been read yet (J5).
  if (!(await isHeldSoon(edge))) throw new DomainError("common.unavailable");
  return (await edge.authenticator.verify(client.bearer)).userId;
}

const endings: Readonly<Record<string, string>> = {
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/webp": ".webp",
  "image/gif": ".gif",
};

/** The owner's name with the ending of what the file is: a system opens a file by its ending. */
function nameFor(name: string, mime: string): string {
  const ending = endings[mime];
  if (ending === undefined) return name;
  const stem = name.replace(/\.[A-Za-z0-9]{1,5}$/, "");
  return `${stem || "picture"}${ending}`;
}
