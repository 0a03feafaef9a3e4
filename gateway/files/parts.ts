// The parts of an upload: how long each is, and one of them on its way into the store.
import { createHash } from "node:crypto";
import type { UploadPlan } from "../../actors/file/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";

const mib = 1_024 * 1_024;
const minChunkBytes = 8 * mib;
/** A part whose upload and index come after its bytes is held in memory. */
export const maxChunkBytes = 40 * mib;
/** An upload that would have more parts than this has longer ones. */
const wantedChunks = 1_000;

export function chunkBytesFor(sizeBytes: number): number {
  const even = Math.ceil(sizeBytes / wantedChunks / mib) * mib;
  return Math.min(maxChunkBytes, Math.max(minChunkBytes, even));
}

/** Throws file.part_invalid for an index outside the plan. */
export function partBytes({ sizeBytes, chunkBytes, chunks }: UploadPlan, index: number): number {
  if (!(index >= 0 && index < chunks)) throw new DomainError("file.part_invalid", { details: { index, chunks } });
  return index === chunks - 1 ? sizeBytes - chunkBytes * index : chunkBytes;
}

/**
 * The bytes of a part. Throws file.part_invalid for more or fewer bytes than `size`, and file.digest_differs for other bytes: then
 * a store that reads them keeps nothing.
 */
export async function* checkedPart(
  bytes: AsyncIterable<Uint8Array>,
  { size, md5 }: { size: number; md5: string | undefined },
): AsyncGenerator<Uint8Array> {
  const hash = md5 === undefined ? undefined : createHash("md5");
  let came = 0;
  for await (const chunk of bytes) {
    came += chunk.length;
    if (came > size) throw new DomainError("file.part_invalid", { details: { size } });
    hash?.update(chunk);
    yield chunk;
  }
  if (came !== size) throw new DomainError("file.part_invalid", { details: { size, came } });
  if (hash && hash.digest("hex") !== md5?.toLowerCase()) throw new DomainError("file.digest_differs");
}
