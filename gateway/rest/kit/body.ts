import type { IncomingMessage } from "node:http";
import { DomainError } from "../../../actors/shared/errors.ts";

/** The whole body, or common.too_large as soon as it is known to be larger: by its header, else while it streams. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () => new DomainError("common.too_large", { details: { maxBytes } });
  // The rest is read and dropped, because a client that still writes does not read its answer.
  if (isTooLarge(request, maxBytes)) {
    request.resume();
    throw tooLarge();
  }
  // The client left while the request was admitted: no event comes any more.
  if (request.destroyed) throw new DomainError("gateway.malformed");
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  request.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      chunks.length = 0;
      reject(tooLarge());
    } else chunks.push(chunk);
  });
  request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
  request.on("error", (cause) => reject(new DomainError("gateway.malformed", { cause })));
  return promise;
}

/** By its header: a chunked body shows its size only while it streams. */
export function isTooLarge({ headers }: IncomingMessage, maxBytes: number): boolean {
  return Number(headers["content-length"] ?? 0) > maxBytes;
}

/** By its header; a chunked body is as long as the client wants. */
export function hasSmallBody({ headers }: IncomingMessage, maxBytes: number): boolean {
  return Number(headers["content-length"]) <= maxBytes;
}
