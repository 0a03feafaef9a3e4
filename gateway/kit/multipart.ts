// Reads a multipart/form-data body part by part, as it comes in: no file is held whole in memory.
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import busboy from "busboy";
import { DomainError } from "../../actors/shared/errors.ts";

/** More of anything is refused: common.too_large, and file.too_large for a file. */
export interface MultipartLimits {
  /** Of the whole body, as its header announces it: refused before anything is read. */
  maxBodyBytes: number;
  maxFiles: number;
  maxFileBytes: number;
  maxFields: number;
  maxFieldBytes: number;
}

export interface FilePart {
  /** The name of the form's field. */
  readonly field: string;
  /** As the client gave it, without folders; "" when it gave none. */
  readonly name: string;
  /** What the client says it is. */
  readonly declaredType: string;
  /** To be read once. Throws file.too_large, and gateway.malformed when the body ends early. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export function isMultipart(request: Pick<IncomingMessage, "headers">): boolean {
  return /^multipart\/form-data\s*(;|$)/i.test(request.headers["content-type"] ?? "");
}

/**
 * Calls `take` for one file after another, with the fields that came before the file; bytes that `take` leaves are dropped.
 * Answers the fields that are no files: fields may stand behind the files, so they are complete only then. What `take` throws ends
 * the reading and is thrown.
 */
export async function readMultipart(
  request: IncomingMessage,
  limits: MultipartLimits,
  take: (file: FilePart, fields: ReadonlyMap<string, string>) => Promise<void>,
): Promise<ReadonlyMap<string, string>> {
  try {
    if (Number(request.headers["content-length"] ?? 0) > limits.maxBodyBytes) throw tooLarge(limits.maxBodyBytes);
    return await parse(request, limits, take);
  } catch (thrown) {
    // The rest is read and dropped, because a client that still writes does not read its answer.
    request.resume();
    throw thrown;
  }
}

async function parse(
  request: IncomingMessage,
  limits: MultipartLimits,
  take: (file: FilePart, fields: ReadonlyMap<string, string>) => Promise<void>,
): Promise<ReadonlyMap<string, string>> {
  const parser = open(request, limits);
  const fields = new Map<string, string>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let taken = Promise.resolve();
  parser.on("file", (field, stream, { filename, mimeType }) => {
    // A stream that is destroyed while nobody reads it would throw its error at the process. One that `take` leaves in the
    // middle has an error, too: then what `take` throws says why.
    stream.on("error", (cause) => void taken.then(() => reject(malformed(cause)), reject));
    const bytes = readLimited(stream, limits.maxFileBytes, reject);
    taken = taken.then(async () => {
      await take({ field: field ?? "", name: filename ?? "", declaredType: mimeType, bytes }, fields);
      stream.resume();
    });
    taken.catch(reject);
  });
  parser.on("field", (field, value, { valueTruncated }) => {
    if (valueTruncated) reject(tooLarge(limits.maxFieldBytes));
    else fields.set(field ?? "", value);
  });
  parser.on("filesLimit", () => reject(tooMany("files", limits.maxFiles)));
  parser.on("fieldsLimit", () => reject(tooMany("fields", limits.maxFields)));
  parser.on("error", (cause) => reject(malformed(cause)));
  parser.on("close", () => taken.then(resolve, reject));
  const endEarly = () => request.complete || parser.destroy(new Error("the client left"));
  request.once("error", endEarly).once("close", endEarly);
  request.pipe(parser);
  if (request.destroyed) endEarly();
  try {
    await promise;
    return fields;
  } finally {
    request.unpipe(parser);
    parser.destroy();
  }
}

function open(request: IncomingMessage, { maxFiles, maxFileBytes, maxFields, maxFieldBytes }: MultipartLimits) {
  try {
    return busboy({
      headers: request.headers,
      // Browsers send names of files as plain UTF-8.
      defParamCharset: "utf8",
      // Its limit counts as exceeded when it is reached.
      limits: {
        files: maxFiles,
        fileSize: maxFileBytes + 1,
        fields: maxFields,
        fieldSize: maxFieldBytes + 1,
        parts: maxFiles + maxFields + 1,
      },
    });
  } catch (cause) {
    throw malformed(cause);
  }
}

/** `refuse` learns of the limit before the stream is given up, which would look like a body that ends early. */
async function* readLimited(
  stream: Readable,
  maxBytes: number,
  refuse: (error: DomainError) => void,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) {
        const tooLarge = new DomainError("file.too_large", { details: { maxBytes } });
        refuse(tooLarge);
        throw tooLarge;
      }
      yield chunk;
    }
  } catch (thrown) {
    throw thrown instanceof DomainError ? thrown : malformed(thrown);
  }
}

function tooLarge(maxBytes: number): DomainError {
  return new DomainError("common.too_large", { details: { maxBytes } });
}

function tooMany(what: "files" | "fields", max: number): DomainError {
  return new DomainError("common.too_large", { details: { [what]: max } });
}

function malformed(cause: unknown): DomainError {
  if (cause instanceof DomainError) return cause;
  return new DomainError("gateway.malformed", {
    message: "This is not understood: no valid multipart/form-data.",
    cause,
  });
}
