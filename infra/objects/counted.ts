// Counts and hashes the bytes of an object on their way into a store, and stops them at the limit.
import { createHash } from "node:crypto";
import { maxObjectNameBytes, type PutFacts, type StoredObject } from "../../actors/file/objects.ts";
import { DomainError, invalidField } from "../../actors/shared/errors.ts";

interface CountedBytes {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Of all bytes that were read: ask after the last one. */
  facts(): StoredObject;
}

/** Throws file.too_large in place of the byte that is too many, and file.digest_differs behind the last one. */
export function countBytes(
  source: AsyncIterable<Uint8Array>,
  { maxBytes, sha256: expected }: Pick<PutFacts, "maxBytes" | "sha256">,
): CountedBytes {
  const hashes = { sha256: createHash("sha256"), md5: createHash("md5") };
  let size = 0;
  let sha256 = "";
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > maxBytes) throw new DomainError("file.too_large", { details: { maxBytes } });
      hashes.sha256.update(chunk);
      hashes.md5.update(chunk);
      yield chunk;
    }
    sha256 = hashes.sha256.digest("hex");
    if (expected !== undefined && sha256 !== expected) throw new DomainError("file.digest_differs");
  }
  return { bytes: counted(), facts: () => ({ size, sha256, md5: hashes.md5.digest("hex") }) };
}

export function checkObjectName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > maxObjectNameBytes) throw invalidField("name", `1 to ${maxObjectNameBytes} bytes`);
}
