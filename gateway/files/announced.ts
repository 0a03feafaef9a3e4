// Uploads that were announced before their bytes came: in parts, or whole at a signed address.
import { File, type FileView } from "../../actors/file/contract.ts";
import { isFileId } from "../../actors/file/names.ts";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { UserId } from "../../actors/shared/ids.ts";
import type { GatewayDeps } from "../ports.ts";
import { waitUntilMade } from "./made.ts";

type Edge = Pick<GatewayDeps, "actors" | "clock">;
export interface AskedUpload {
  fileId: string;
  ownerId: UserId;
  call: CallOptions;
}

/** An upload that still takes bytes. Throws file.upload_unknown. */
export async function ownUpload(edge: Edge, asked: AskedUpload) {
  const view = await ownFile(edge, asked);
  if (view.state !== "uploading" || !view.upload) throw new DomainError("file.upload_unknown");
  return { ...view, upload: view.upload };
}

/**
 * Makes the file from the bytes that came; a repeat answers the same file. Throws file.upload_unknown, file.part_invalid with the
 * indexes of the missing parts, file.not_uploaded, and the error that the file was refused with.
 */
export async function finishUpload(edge: Edge, asked: AskedUpload): Promise<FileView> {
  const { fileId, call } = asked;
  const view = await ownFile(edge, asked);
  // The file is made for longer than the request's own deadline.
  const own = { traceId: call.traceId };
  if (view.state === "uploading") {
    if (!view.upload) throw new DomainError("file.upload_unknown");
    const { plan, parts, digest } = view.upload;
    if (!digest) checkParts(plan.chunks, parts);
    await edge.actors.get(File, fileId).stored(digest ? { digest, isReplaceable: true } : {}, own);
  } else if (view.state === "expired" || view.state === "deleted") throw new DomainError("file.upload_unknown");
  return waitUntilMade(edge, fileId, own);
}

function checkParts(chunks: number, parts: readonly number[]): void {
  if (chunks === 0) throw new DomainError("file.not_uploaded");
  if (parts.length === chunks) return;
  const there = new Set(parts);
  const missing = Array.from({ length: chunks }, (_, index) => index).filter((index) => !there.has(index));
  throw new DomainError("file.part_invalid", { details: { missing } });
}

async function ownFile({ actors }: Edge, { fileId, ownerId, call }: AskedUpload): Promise<FileView> {
  if (!isFileId(fileId)) throw new DomainError("file.upload_unknown");
  const view = await actors
    .get(File, fileId)
    .find({}, call)
    .catch((thrown: unknown) => {
      if (thrown instanceof DomainError && thrown.error === "file.not_found") return undefined;
      throw thrown;
    });
  if (view?.ownerId !== ownerId || view.type === undefined) throw new DomainError("file.upload_unknown");
  return view;
}
