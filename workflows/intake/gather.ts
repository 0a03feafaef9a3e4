// The parts of an upload become one object, part after part; the bytes are hashed while they pass.
import { File } from "../../actors/file/contract.ts";
import { objectNamesOf, partName } from "../../actors/file/names.ts";
import type { Objects, StoredObject } from "../../actors/file/objects.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";

interface GatherDeps {
  actors: Actors;
  objects: Objects;
}

/** Throws file.digest_differs when the bytes are not those that were announced. */
export async function gather(
  { actors, objects }: GatherDeps,
  fileId: string,
  signal: AbortSignal,
): Promise<StoredObject> {
  const { plan } = await actors.get(File, fileId).plan({});
  const whole = parts(objects, fileId, plan.chunks, signal);
  const facts = { mime: "application/octet-stream", maxBytes: plan.sizeBytes };
  const digest = await objects.put(objectNamesOf(fileId).raw, whole, facts);
  const differs = (plan.sha256 ?? digest.sha256) !== digest.sha256 || (plan.md5 ?? digest.md5) !== digest.md5;
  if (differs || digest.size !== plan.sizeBytes) throw new DomainError("file.digest_differs");
  return digest;
}

async function* parts(
  objects: Objects,
  fileId: string,
  chunks: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < chunks; index += 1) {
    for await (const chunk of (await objects.get(partName(fileId, index))).bytes) {
      // A put that nobody waits for any more leaves nothing.
      signal.throwIfAborted();
      yield chunk;
    }
  }
}
