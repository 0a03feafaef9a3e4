// Uploads in parts, which a client resumes after any interruption, and uploads without bytes, by a proof of having them.
import { File, type UploadPlan } from "../../../actors/file/contract.ts";
import { finishUpload, ownUpload } from "../../files/announced.ts";
import { chunkBytesFor } from "../../files/parts.ts";
import { proveBytes } from "../../files/prove.ts";
import { id, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { fileOnWire } from "../../wire/file.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { begunUploadShape, fileShape, uploadShape } from "../../wire/shapes/file.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { type Announcement, announce, announcementRules } from "./announce.ts";
import { optionalMd5, optionalSha256 } from "./form.ts";

interface InitBody extends Announcement {
  md5?: string;
  sha256?: string;
}
interface UploadBody {
  uploadId: string;
}
/** As many as the digest of a proof has: nobody guesses a nonce. */
const nonceBits = 256;

export const partsRoutes: Route[] = [
  route({
    ...{ method: "POST", path: "/files/upload/init", auth: "user", limit: limits.upload },
    summary: "Begins an upload in parts; with sha256 it may be ended by a proof instead of the bytes",
    body: schema<InitBody>(
      { ...announcementRules, md5: optionalMd5, sha256: optionalSha256 },
      { example: { fileName: "talk.mp4", fileSize: 52_428_800, mimeType: "video/mp4", type: "chat_video" } },
    ),
    answers: begunUploadShape,
    errors: ["file.too_large", "file.storage_full"],
    async handle(request) {
      const { fileId, plan } = await announce(request, planOf(request));
      return {
        ...{ uploadId: fileId, chunkSize: plan.chunkBytes, totalChunks: plan.chunks },
        ...(plan.nonce !== undefined && { proof: { nonce: plan.nonce } }),
      };
    },
  }),

  route({
    ...{ method: "POST", path: "/files/upload/complete", auth: "user" },
    summary: "Ends an upload in parts: the file. Parts that are missing stand in data.missing",
    body: schema<UploadBody>({ uploadId: id }),
    answers: fileShape,
    errors: ["file.upload_unknown", "file.part_invalid", "file.digest_differs", "file.type_refused", "file.too_large"],
    handle: async ({ caller, body, edge, call }) =>
      fileOnWire(await finishUpload(edge, { fileId: body.uploadId, ownerId: caller.userId, call })),
  }),

  route({
    ...{ method: "POST", path: "/files/upload/prove", auth: "user", limit: limits.proveFile },
    summary: "Ends an upload without its bytes: proof is the SHA-256 (hex) of the nonce's bytes and the file's",
    body: schema<UploadBody & { proof: string }>({ uploadId: id, proof: text(64) }),
    answers: fileShape,
    errors: ["file.upload_unknown", "file.digest_differs"],
    async handle({ caller, body: { uploadId, proof }, edge, call }) {
      const asked = { fileId: uploadId, ownerId: caller.userId, call: { traceId: call.traceId } };
      await proveBytes(edge, asked, proof.toLowerCase());
      return fileOnWire(await finishUpload(edge, asked));
    },
  }),

  route({
    ...{ method: "GET", path: "/files/uploads/:uploadId", auth: "user" },
    summary: "An upload of the caller: the parts that are there",
    answers: uploadShape,
    errors: ["file.upload_unknown"],
    async handle({ caller, params: { uploadId }, edge, call }) {
      const { name, upload } = await ownUpload(edge, { fileId: uploadId, ownerId: caller.userId, call });
      const { plan, parts, expiresAtMs } = upload;
      return {
        ...{ uploadId, fileName: name, fileSize: plan.sizeBytes, chunkSize: plan.chunkBytes },
        ...{ totalChunks: plan.chunks, uploadedChunks: [...parts], expiresAt: expiresAtMs },
      };
    },
  }),

  route({
    ...{ method: "DELETE", path: "/files/uploads/:uploadId", auth: "user" },
    summary: "Gives an upload up: what came of it is removed",
    answers: nothing,
    errors: ["file.upload_unknown"],
    async handle({ caller: { userId }, params: { uploadId }, edge, call }) {
      await ownUpload(edge, { fileId: uploadId, ownerId: userId, call });
      await edge.actors.get(File, uploadId).remove({ userId }, call);
      return null;
    },
  }),
];

function planOf({ body, edge }: { body: InitBody; edge: Edge }): UploadPlan {
  const { fileSize: sizeBytes, sha256, md5 } = body;
  const chunkBytes = chunkBytesFor(sizeBytes);
  return {
    ...{ sizeBytes, chunkBytes, chunks: Math.ceil(sizeBytes / chunkBytes) },
    ...(sha256 !== undefined && { sha256: sha256.toLowerCase(), nonce: edge.random.hex(nonceBits) }),
    ...(md5 !== undefined && { md5: md5.toLowerCase() }),
  };
}
