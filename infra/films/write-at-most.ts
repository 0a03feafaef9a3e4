import { open } from "node:fs/promises";
import { DomainError } from "../../actors/shared/errors.ts";

/** Throws file.too_large for more bytes. */
export async function writeAtMost(path: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > maxBytes) throw new DomainError("file.too_large", { details: { maxBytes } });
    await file.writeFile(chunk);
  }
}
