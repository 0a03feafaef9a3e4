// Reads an upload: the files into the store, the fields, and whether the sender is in the conversation that it is for.
import type { FileView } from "../../../actors/file/contract.ts";
import { maxImageBytes } from "../../../actors/file/images.ts";
import { requireMember } from "../../files/access.ts";
import { Uploads } from "../../files/uploads.ts";
import { invalidField } from "../../input/rules.ts";
import { isMultipart, type MultipartLimits, readMultipart } from "../../kit/multipart.ts";
import type { Edge } from "../../rest/kit/route.ts";
import type { SurfaceRequest } from "../kit/route.ts";
import { conversationOfSession } from "./session-id.ts";

/** Of one batch. */
export const maxBatchImages = 20;
/** Boundaries, part headers and fields of an upload. */
const marginBytes = 64 * 1_024;
const typePattern = /^[a-z][a-z0-9_-]{0,31}$/;

type Upload = Pick<SurfaceRequest<string, "user", unknown, unknown>, "principal" | "client" | "requestId" | "http"> & {
  edge: Edge;
};

/** `fields`: the names under which the form may carry files; the first one is documented. */
export async function takeUpload(
  { edge, principal: { userId }, client, requestId: traceId, http }: Upload,
  fields: readonly string[],
  maxFiles: number,
): Promise<FileView[]> {
  const expected = `multipart/form-data with ${fields[0]}`;
  if (!isMultipart(http.request)) throw invalidField("Content-Type", expected);
  const uploads = new Uploads(edge, userId, { key: client.idempotencyKey, traceId });
  try {
    const form = await readMultipart(http.request, limitsOf(maxFiles), async (file) => {
      if (!fields.includes(file.field)) throw invalidField(file.field, `a file is called ${fields[0]}`);
      await uploads.store(file);
    });
    if (uploads.count === 0) throw invalidField(fields[0] ?? "", "a file");
    const purpose = form.get("type") || "uploaded";
    if (!typePattern.test(purpose)) throw invalidField("type", "uploaded, generated or mask");
    const sessionId = form.get("sessionId");
    if (!sessionId) throw invalidField("sessionId", "required");
    const conversationId = conversationOfSession(sessionId);
    await requireMember(edge, conversationId, userId, { traceId });
    return await uploads.make({ conversationId, purpose });
  } catch (thrown) {
    await uploads.drop();
    throw thrown;
  }
}

function limitsOf(maxFiles: number): MultipartLimits {
  const maxBodyBytes = maxFiles * maxImageBytes + marginBytes;
  return { maxBodyBytes, maxFiles, maxFileBytes: maxImageBytes, maxFields: 16, maxFieldBytes: 4_096 };
}
