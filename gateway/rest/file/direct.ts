// Uploads of the second spelling: announced, then put whole at a signed address without a token, then completed.
import { File } from "../../../actors/file/contract.ts";
import { isFileId, objectNamesOf } from "../../../actors/file/names.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { isSignedFor, putSubject } from "../../files/addresses.ts";
import { finishUpload } from "../../files/announced.ts";
import { within } from "../../files/room.ts";
import { optionalCount, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { withStore } from "../../kit/with-store.ts";
import { fileOnWire } from "../../wire/file.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { fileShape, tokenShape } from "../../wire/shapes/file.ts";
import { type Route, route } from "../kit/route.ts";
import { type Announcement, announce, announcementRules } from "./announce.ts";
import { linkTo } from "./link.ts";
import { unknownMime } from "./upload.ts";

interface TokenBody extends Announcement {
  expiresHours?: number;
}
const secondsPerHour = 3_600;
const maxHours = 168;

export const directRoutes: Route[] = [
  route({
    ...{ method: "POST", path: "/files/upload-token", auth: "user", limit: limits.upload },
    summary: "Announces a file: its bytes are PUT to upload_url without a token, then it is completed",
    body: schema<TokenBody>(
      { ...announcementRules, expiresHours: optionalCount(maxHours) },
      { example: { fileName: "plan.pdf", fileSize: 204_800, mimeType: "application/pdf", fileType: "file" } },
    ),
    answers: tokenShape,
    errors: ["file.too_large", "file.storage_full"],
    async handle(request) {
      const { fileSize: sizeBytes, expiresHours = 1 } = request.body;
      const { fileId } = await announce(request, { sizeBytes, chunkBytes: sizeBytes, chunks: 0 });
      const { url: uploadUrl, expiresIn } = linkTo(request, fileId, expiresHours * secondsPerHour, putSubject(fileId));
      return { file_id: fileId, upload_url: uploadUrl, expires_in: expiresIn, fileId, uploadUrl, expiresIn };
    },
  }),

  route({
    ...{ method: "PUT", path: "/files/:id/content", auth: "signed", reads: "stream", limit: limits.download },
    summary: "Takes the bytes of an announced file, at its signed address alone",
    query: schema<{ exp?: string; sig?: string }>({ exp: optionalText(12), sig: optionalText(128) }),
    answers: nothing,
    errors: ["file.upload_unknown", "file.url_ended", "file.not_uploaded", "file.too_large", "auth.token_invalid"],
    async handle({ params: { id }, query, edge, call, http: { request } }) {
      try {
        if (query.sig === undefined) throw new DomainError("auth.token_invalid");
        if (!isSignedFor(edge, putSubject(id), query)) throw new DomainError("file.url_ended");
        if (!isFileId(id)) throw new DomainError("file.upload_unknown");
        const own = { traceId: call.traceId };
        const file = edge.actors.get(File, id);
        const { upload } = await file.find({}, own);
        if (!upload) throw new DomainError("file.upload_unknown");
        const { sizeBytes } = upload.plan;
        const bounds = { maxBytes: sizeBytes, room: sizeBytes };
        if (Number(request.headers["content-length"] ?? 0) > sizeBytes) {
          throw new DomainError("file.too_large", { details: { maxBytes: sizeBytes } });
        }
        const { raw } = objectNamesOf(id);
        const bytes = whole(within(request, bounds), sizeBytes);
        const digest = await withStore(edge, (objects) => objects.put(raw, bytes, { mime: unknownMime, ...bounds }));
        await file.received({ digest }, own);
        return null;
      } catch (thrown) {
        // The rest is read and dropped, because a client that still writes does not read its answer.
        request.resume();
        throw thrown;
      }
    },
  }),

  route({
    ...{ method: "POST", path: "/files/:id/complete", auth: "user" },
    summary: "Makes the file of the bytes that were put",
    answers: fileShape,
    errors: ["file.not_uploaded", "file.upload_unknown", "file.type_refused", "file.too_large"],
    handle: async ({ caller, params, edge, call }) =>
      fileOnWire(await finishUpload(edge, { fileId: params.id, ownerId: caller.userId, call })),
  }),
];

/** Throws file.not_uploaded for fewer bytes than were announced: nothing is stored of them. */
async function* whole(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let came = 0;
  for await (const chunk of bytes) {
    came += chunk.length;
    yield chunk;
  }
  if (came !== size) throw new DomainError("file.not_uploaded", { details: { size, came } });
}
