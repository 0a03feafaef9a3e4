// Uploads in parts, which a client resumes after any interruption, and uploads without bytes, by a proof of having them.
import { File, type UploadPlan } from "../../../actors/file/contract.ts";
import { finishUpload, ownUpload } from "../../files/announced.ts";
import { fileNameOf } from "../../files/file-name.ts";
import { chunkBytesFor } from "../../files/parts.ts";
import { proveBytes } from "../../files/prove.ts";
import { checkSize, takeRoom } from "../../files/room.ts";
import { id, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { fileOnWire } from "../../wire/file.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { begunUploadShape, fileShape, uploadShape } from "../../wire/shapes/file.ts";
import { type Route, route } from "../kit/route.ts";
import { fileSize, optionalMd5, optionalSha256, secondFileType, typeOf } from "./form.ts";
import { fileIdFor } from "./upload.ts";

interface InitBody {
  fileName: string;
  fileSize: number;
  mimeType?: string;
  type?: string;
  fileType?: string;
  md5?: string;
  sha256?: string;
}
interface UploadBody {
  uploadId: string;
}
/** Of the digest of a nonce: 128 bits that nobody guesses. */
const nonceBits = 256;

export const partsRoutes: Route[] = [
  route({
    ...{ method: "POST", path: "/files/upload/init", auth: "user", limit: limits.upload },
    summary: "Begins an upload in parts; with sha256 it may be ended by a proof instead of the bytes",
    body: schema<InitBody>(
      {
        fileName: text(4_096),
        fileSize,
        mimeType: { ...text(100), optional: true },
        type: secondFileType,
        fileType: secondFileType,
        md5: optionalMd5,
        sha256: optionalSha256,
      },
      { example: { fileName: "talk.mp4", fileSize: 52_428_800, mimeType: "video/mp4", type: "chat_video" } },
    ),
    answers: begunUploadShape,
    errors: ["file.too_large", "file.storage_full"],
    async handle({ caller: { userId: ownerId }, body, edge, call, client }) {
      const { fileSize: sizeBytes, mimeType, sha256, md5 } = body;
      const type = typeOf(body);
      const name = fileNameOf(body.fileName, "fileName");
      checkSize(edge, type, sizeBytes);
      const chunkBytes = chunkBytesFor(sizeBytes);
      const nonce = sha256 === undefined ? undefined : edge.random.hex(nonceBits);
      const plan: UploadPlan = {
        ...{ sizeBytes, chunkBytes, chunks: Math.ceil(sizeBytes / chunkBytes) },
        ...(sha256 !== undefined && { sha256: sha256.toLowerCase() }),
        ...(md5 !== undefined && { md5: md5.toLowerCase() }),
        ...(nonce !== undefined && { nonce }),
      };
      const fileId = fileIdFor(edge, ownerId, client.idempotencyKey);
      const facts = { ownerId, purpose: type, type, name, ...(mimeType !== undefined && { declaredMime: mimeType }) };
      const file = edge.actors.get(File, fileId);
      const begun = await file.begin({ ...facts, plan }, { traceId: call.traceId });
      const known = begun.upload?.plan ?? plan;
      try {
        await takeRoom(edge, ownerId, { fileId, type, bytes: known.sizeBytes }, { traceId: call.traceId });
      } catch (thrown) {
        await file.remove({ userId: ownerId }).catch(() => undefined);
        throw thrown;
      }
      return {
        ...{ uploadId: fileId, chunkSize: known.chunkBytes, totalChunks: known.chunks },
        ...(known.nonce !== undefined && { proof: { nonce: known.nonce } }),
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
