// Pictures by sharp (libvips). It and file-type are imported when the first picture comes, so that starting stays fast.
import type { Metadata, Sharp, SharpOptions } from "sharp";
import {
  type Images,
  maxImageBytes,
  maxImagePixels,
  maxNormalBytes,
  type NormalImage,
  type Picture,
  thumbPixels,
} from "../../actors/file/images.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { Gate } from "../../actors/shared/gate.ts";
import { readAtMost } from "../system/read-at-most.ts";

/** Pictures in memory at a time, decoded: each may take four bytes for every pixel. The others wait unread. */
const imagesAtOnce = 2;
/** Longer work on one picture is given up: it was made to be slow. */
const imageTimeoutSeconds = 30;
/** High enough that one more writing is not seen. */
const quality = 92;
const thumbQuality = 80;
/** A lighter pixel of a mask without transparency is edited. */
const maskThreshold = 128;

const loaders = ["JpegBuffer", "PngBuffer", "WebpBuffer", "NsgifBuffer"];

type Format = "jpeg" | "png" | "webp" | "gif";
/** By the type that the content has. */
const formats: Readonly<Record<string, Format>> = {
  "image/jpeg": "jpeg",
  "image/png": "png",
  "image/apng": "png",
  "image/webp": "webp",
  "image/gif": "gif",
};

interface Tools {
  open(bytes: Uint8Array, options?: SharpOptions): Sharp;
  typeOf(bytes: Uint8Array): Promise<string | undefined>;
}

export function createImages(): Images {
  const gate = new Gate(imagesAtOnce);

  return {
    normalize: (source) =>
      gate.run(async () => {
        const bytes = await readWhole(source, maxImageBytes);
        return orRefused(normalize(await load(), bytes));
      }),
    prepareForEdit: (image, mask) =>
      gate.run(async () => {
        const tools = await load();
        const whole = await readWhole(image, maxNormalBytes);
        if (!mask) return { image: await orRefused(stillOf(tools, whole)) };
        return orRefused(prepareMasked(tools, whole, await readWhole(mask, maxNormalBytes)));
      }),
  };
}

/** Once in a process: while the formats are switched off and on, no other picture may be read. */
let loading: Promise<Tools> | undefined;

function load(): Promise<Tools> {
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
    typeOf: async (bytes) => (await fileTypeFromBuffer(bytes))?.mime,
  };
}

async function normalize({ open, typeOf }: Tools, bytes: Uint8Array): Promise<NormalImage> {
  const type = await typeOf(bytes);
  const format = formats[type ?? ""];
  if (!format) throw refusedType(type);
  // Without the limit, because a header is read only: the limit's own error does not say what is wrong.
  const metadata = await open(bytes, { limitInputPixels: false }).metadata();
  checkPixels(metadata);
  const isMoving = (metadata.pages ?? 1) > 1;
  const upright = open(bytes, { animated: isMoving }).autoOrient().toColourspace("srgb");
  const { data, info } = await encode(upright, format, metadata).toBuffer({ resolveWithObject: true });
  const first = open(bytes).autoOrient().toColourspace("srgb");
  const thumb = await first
    .resize({ width: thumbPixels, height: thumbPixels, fit: "inside", withoutEnlargement: true })
    .webp({ quality: thumbQuality })
    .toBuffer();
  const height = info.pageHeight ?? info.height;
  return { mime: `image/${format}`, width: info.width, height, bytes: data, thumb };
}

function checkPixels({ width, height, pageHeight, pages = 1 }: Metadata): void {
  if (width * (pageHeight ?? height) * pages <= maxImagePixels) return;
  throw new DomainError("file.too_large", {
    message: "The picture has too many pixels.",
    details: { maxPixels: maxImagePixels },
  });
}

function encode(image: Sharp, format: Format, { chromaSubsampling }: Metadata): Sharp {
  if (format === "jpeg") return image.jpeg({ quality, chromaSubsampling: chromaSubsampling?.slice(0, 5) ?? "4:4:4" });
  if (format === "png") return image.png();
  if (format === "webp") return image.webp({ quality, alphaQuality: 100 });
  return image.gif();
}

/** As it is stored, unless it moves or is a GIF, which upstreams do not take. */
async function stillOf({ open }: Tools, bytes: Uint8Array): Promise<Picture> {
  const { format, pages = 1 } = await open(bytes).metadata();
  if (format !== "gif" && pages === 1) return { mime: `image/${format}`, bytes };
  return { mime: "image/png", bytes: await open(bytes).png().toBuffer() };
}

async function prepareMasked({ open }: Tools, whole: Uint8Array, maskBytes: Uint8Array) {
  const { data, info } = await open(whole).png().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const { hasAlpha } = await open(maskBytes).metadata();
  const sized = () => open(maskBytes).resize({ width, height, fit: "fill", kernel: "nearest" }).toColourspace("srgb");
  let mask = sized();
  if (!hasAlpha) {
    const alpha = await sized().greyscale().threshold(maskThreshold).negate().toColourspace("b-w").png().toBuffer();
    mask = mask.joinChannel(alpha);
  }
  const bytes = await mask.png().toBuffer();
  return { image: { mime: "image/png", bytes: data }, mask: { mime: "image/png", bytes } };
}

function readWhole(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  return readAtMost(source, maxBytes, () => new DomainError("file.too_large", { details: { maxBytes } }));
}

function refusedType(type: string | undefined): DomainError {
  return new DomainError("file.type_refused", { details: { type: type ?? "unknown", taken: Object.keys(formats) } });
}

/** What the library throws of a picture's bytes is the picture's fault. */
async function orRefused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof DomainError) throw thrown;
    throw new DomainError("file.type_refused", { message: "The picture cannot be read.", cause: thrown });
  }
}
