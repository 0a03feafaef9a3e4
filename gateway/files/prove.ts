// A client that has the bytes of a file which is stored already needs not send them: it proves that it has them. The digest
// alone would be no proof, because everybody who learns a digest would get the file.
import { createHash, timingSafeEqual } from "node:crypto";
import { Blob } from "../../actors/blob/contract.ts";
import { File } from "../../actors/file/contract.ts";
import { objectNamesOf } from "../../actors/file/names.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { withStore } from "../kit/with-store.ts";
import type { GatewayDeps } from "../ports.ts";
import { type AskedUpload, ownUpload } from "./announced.ts";

type Edge = Pick<GatewayDeps, "actors" | "clock" | "objects" | "log">;

/** Throws file.digest_differs for a wrong proof, a second one, and bytes that are not known; parts may come all the same. */
export async function proveBytes(edge: Edge, asked: AskedUpload, proof: string): Promise<void> {
  const { fileId, ownerId, call } = asked;
  const { plan } = (await ownUpload(edge, asked)).upload;
  const file = edge.actors.get(File, fileId);
  const { nonce } = await file.takeNonce({ ownerId }, call);
  const known = plan.sha256 === undefined ? undefined : await edge.actors.get(Blob, plan.sha256).find({}, call);
  if (nonce === undefined || !known || plan.sha256 === undefined) throw new DomainError("file.digest_differs");
  await withStore(edge, async (objects) => {
    const hashes = { proof: createHash("sha256").update(Buffer.from(nonce, "hex")), md5: createHash("md5") };
    const { size, bytes } = await objects.get(known.object);
    if (size !== plan.sizeBytes) throw new DomainError("file.digest_differs");
    for await (const chunk of bytes) {
      hashes.proof.update(chunk);
      hashes.md5.update(chunk);
    }
    const md5 = hashes.md5.digest("hex");
    const isProven = isSame(hashes.proof.digest("hex"), proof) && (plan.md5 ?? md5) === md5;
    if (!isProven) throw new DomainError("file.digest_differs");
    await objects.copy(known.object, objectNamesOf(fileId).raw);
    await file.received({ digest: { size, sha256: plan.sha256!, md5 } }, call);
  });
}

function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
