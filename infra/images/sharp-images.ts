// Pictures of chats with models, by sharp (libvips).
import type { Metadata, Sharp } from "sharp";
import {
  type Images,
  maxImageBytes,
  maxNormalBytes,
  type NormalImage,
  type Picture,
  thumbPixels,
} from "../../actors/file/images.ts";
import { checkPicture, type Format, gate, load, orRefused, readWhole, type Tools } from "./tools.ts";

/** High enough that one more writing is not seen. */
const quality = 92;
const thumbQuality = 80;
/** A lighter pixel of a mask without transparency is edited. */
const maskThreshold = 128;

export function createImages(): Images {
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

async function normalize(tools: Tools, bytes: Uint8Array): Promise<NormalImage> {
  const { open } = tools;
  const { format, metadata } = await checkPicture(tools, bytes);
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
