// Announcing an upload, which both ways to upload later begin with.
import { File, type UploadPlan } from "../../../actors/file/contract.ts";
import { fileNameOf } from "../../files/file-name.ts";
import { checkSize, takeRoom } from "../../files/room.ts";
import type { RuleObject as Rule } from "../../input/compiler.ts";
import { text } from "../../input/rules.ts";
import type { Request } from "../kit/route.ts";
import { secondFileType, typeOf } from "./form.ts";
import { fileIdFor } from "./upload.ts";

export interface Announcement {
  fileName: string;
  fileSize: number;
  mimeType?: string;
  type?: string;
  fileType?: string;
}
const fileSize: Rule = { type: "number", integer: true, min: 1, max: Number.MAX_SAFE_INTEGER, convert: true };
export const announcementRules = {
  fileName: text(4_096),
  fileSize,
  mimeType: { ...text(100), optional: true },
  type: secondFileType,
  fileType: secondFileType,
} as const;

type Announcing = Pick<Request<string, "user", unknown, Announcement>, "caller" | "body" | "edge" | "call" | "client">;

/**
 * Begins an upload, and counts the file in its owner's storage. A repeat under the same key answers the upload that was begun, and
 * its plan. Throws common.invalid, file.too_large, file.storage_full.
 */
export async function announce(
  { caller: { userId: ownerId }, body, edge, call, client }: Announcing,
  planned: UploadPlan,
): Promise<{ fileId: string; plan: UploadPlan }> {
  const { mimeType } = body;
  const type = typeOf(body);
  const name = fileNameOf(body.fileName, "fileName");
  checkSize(edge, type, planned.sizeBytes);
  const fileId = fileIdFor(edge, ownerId, client.idempotencyKey);
  const facts = { ownerId, purpose: type, type, name, ...(mimeType !== undefined && { declaredMime: mimeType }) };
  const file = edge.actors.get(File, fileId);
  const begun = await file.begin({ ...facts, plan: planned }, { traceId: call.traceId });
  const plan = begun.upload?.plan ?? planned;
  try {
    await takeRoom(edge, ownerId, { fileId, type, bytes: plan.sizeBytes }, { traceId: call.traceId });
  } catch (thrown) {
    await file.remove({ userId: ownerId }).catch(() => undefined);
    throw thrown;
  }
  return { fileId, plan };
}
