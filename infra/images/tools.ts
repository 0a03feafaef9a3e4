// sharp (libvips) and file-type, imported when the first picture comes, so that starting stays fast, and the checks that every
// picture passes.
import type { Metadata, Sharp, SharpOptions } from "sharp";
import { maxImagePixels } from "../../actors/file/images.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { Gate } from "../../actors/shared/gate.ts";
import { readAtMost } from "../system/read-at-most.ts";

/** Pictures in memory at a time, decoded: each may take four bytes for every pixel. The others wait unread. */
const imagesAtOnce = 2;
export const gate = new Gate(imagesAtOnce);

/** Longer work on one picture is given up: it was made to be slow. */
const imageTimeoutSeconds = 30;

const loaders = ["JpegBuffer", "PngBuffer", "WebpBuffer", "NsgifBuffer"];

export type Format = "jpeg" | "png" | "webp" | "gif";
/** By the type that the content has. */
const formats: Readonly<Record<string, Format>> = {
  "image/jpeg": "jpeg",
  "image/png": "png",
  "image/apng": "png",
  "image/webp": "webp",
  "image/gif": "gif",
};

export interface Tools {
  open(bytes: Uint8Array, options?: SharpOptions): Sharp;
  create(options: SharpOptions): Sharp;
  typeOf(bytes: Uint8Array): Promise<string | undefined>;
}

/** Once in a process: while the formats are switched off and on, no other picture may be read. */
let loading: Promise<Tools> | undefined;

export function load(): Promise<Tools> {
  loading ??= loadTools();
  return loading;
}

async function loadTools(): Promise<Tools> {
  const [{ default: sharp }, { fileTypeFromBuffer }] = await Promise.all([import("sharp"), import("file-type")]);
  // The library reads more formats than are taken, some by parsers that have had holes: those are switched off.
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: loaders.map((name) => `VipsForeignLoad${name}`) });
  sharp.cache(false);
  sharp.concurrency(1);
  return {
    open: (bytes, options) =>
      sharp(bytes, { failOn: "error", limitInputPixels: maxImagePixels, ...options }).timeout({
        seconds: imageTimeoutSeconds,
      }),
    create: (options) => sharp(options).timeout({ seconds: imageTimeoutSeconds }),
    typeOf: async (bytes) => (await fileTypeFromBuffer(bytes))?.mime,
  };
}

/** Throws file.type_refused, or file.too_large for too many pixels; reads no more than the header. */
export async function checkPicture(
  { open, typeOf }: Tools,
  bytes: Uint8Array,
): Promise<{ format: Format; metadata: Metadata }> {
  const type = await typeOf(bytes);
  const format = formats[type ?? ""];
  if (!format) {
    const taken = Object.keys(formats);
    throw new DomainError("file.type_refused", { details: { type: type ?? "unknown", taken } });
  }
  // Without the limit, because a header is read only: the limit's own error does not say what is wrong.
  const metadata = await open(bytes, { limitInputPixels: false }).metadata();
  checkPixels(metadata);
  return { format, metadata };
}

function checkPixels({ width, height, pageHeight, pages = 1 }: Metadata): void {
  if (width * (pageHeight ?? height) * pages <= maxImagePixels) return;
  throw new DomainError("file.too_large", {
    message: "The picture has too many pixels.",
    details: { maxPixels: maxImagePixels },
  });
}

export function readWhole(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  return readAtMost(source, maxBytes, () => new DomainError("file.too_large", { details: { maxBytes } }));
}

/** What the library throws of a picture's bytes is the picture's fault. */
export async function orRefused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof DomainError) throw thrown;
    throw new DomainError("file.type_refused", { message: "The picture cannot be read.", cause: thrown });
  }
}
