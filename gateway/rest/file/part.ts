// One part of an upload. A part that is not as it was announced leaves an earlier one in its place.
import { buffer } from "node:stream/consumers";
import { File } from "../../../actors/file/contract.ts";
import { partName } from "../../../actors/file/names.ts";
import { oneChunk } from "../../../actors/file/objects.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { ownUpload } from "../../files/announced.ts";
import { checkedPart, maxChunkBytes, partBytes } from "../../files/parts.ts";
import { id, invalidField } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { readMultipart } from "../../kit/multipart.ts";
import { limits } from "../../kit/rate-limit.ts";
import { withStore } from "../../kit/with-store.ts";
import { count, flag, object } from "../../wire/shapes/fields.ts";
import { type Request, type Route, route } from "../kit/route.ts";
import { marginBytes, optionalMd5, requireForm } from "./form.ts";
import { unknownMime } from "./upload.ts";

interface PartForm {
  uploadId: string;
  chunkIndex: number;
  md5?: string;
}
const partForm = schema<PartForm>({
  uploadId: id,
  chunkIndex: { type: "number", integer: true, min: 0, max: 1_000_000, convert: true },
  md5: optionalMd5,
});
type PartRequest = Pick<Request<string, "user", unknown, unknown>, "edge" | "caller" | "call" | "http">;

export const partRoutes: Route[] = [
  route({
    ...{ method: "POST", path: "/files/upload/part", auth: "user", reads: "stream", limit: limits.uploadPart },
    form: partForm,
    summary: "One part of an upload, in any order; the same part may come again",
    answers: object({ chunkIndex: count(), uploaded: flag }),
    errors: ["file.upload_unknown", "file.part_invalid", "file.digest_differs", "file.too_large"],
    async handle(request) {
      requireForm(request.http.request, "uploadId, chunkIndex and file");
      return { chunkIndex: await takePart(request), uploaded: true };
    },
  }),
];

async function takePart(request: PartRequest): Promise<number> {
  const bounds = { maxBodyBytes: maxChunkBytes + marginBytes, maxFiles: 1, maxFileBytes: maxChunkBytes };
  let waiting: Buffer | undefined;
  let stored: number | undefined;
  const fields = await readMultipart(
    request.http.request,
    { ...bounds, maxFields: 8, maxFieldBytes: 4_096 },
    async ({ field, bytes }, soFar) => {
      if (field !== "file") throw invalidField(field, "the part is called file");
      if (soFar.has("uploadId") && soFar.has("chunkIndex")) stored = await storePart(request, formOf(soFar), bytes);
      else waiting = await buffer(bytes);
    },
  );
  if (stored !== undefined) return stored;
  if (!waiting) throw invalidField("file", "the bytes of the part");
  return storePart(request, formOf(fields), oneChunk(waiting));
}

function formOf(fields: ReadonlyMap<string, string>): PartForm {
  return partForm.parse(Object.fromEntries(fields));
}

async function storePart(
  { edge, caller: { userId: ownerId }, call }: PartRequest,
  { uploadId, chunkIndex: index, md5 }: PartForm,
  bytes: AsyncIterable<Uint8Array>,
): Promise<number> {
  // The bytes may come for longer than the request's own deadline.
  const asked = { fileId: uploadId, ownerId, call: { traceId: call.traceId } };
  const { plan } = (await ownUpload(edge, asked)).upload;
  const size = partBytes(plan, index);
  const name = partName(uploadId, index);
  const facts = { mime: unknownMime, maxBytes: maxChunkBytes };
  await withStore(edge, (objects) => objects.put(name, checkedPart(bytes, { size, md5 }), facts));
  try {
    await edge.actors.get(File, uploadId).partStored({ ownerId, index }, asked.call);
  } catch (thrown) {
    // The upload has ended meanwhile: nothing else would remove the part.
    if (thrown instanceof DomainError && thrown.error === "file.upload_unknown") {
      await withStore(edge, (objects) => objects.delete(name));
    }
    throw thrown;
  }
  return index;
}
