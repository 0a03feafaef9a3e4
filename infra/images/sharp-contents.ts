// Pictures of the messenger, by sharp, and the types of contents, by file-type.
import type { Sharp } from "sharp";
import { type Contents, type PictureFacts, previewPixels } from "../../actors/file/contents.ts";
import type { PictureWishes } from "../../actors/file/contract.ts";
import { checkPicture, type Format, gate, load, orRefused, readWhole, type Tools } from "./tools.ts";

/** High enough that one more writing is not seen. */
const quality = 90;
const previewQuality = 80;
/** Height of a watermark's letters: a part of the picture's height, within bounds that can be read. */
const markShare = 0.04;
const markPixels = { min: 10, max: 96 };

/** `stripsMetadata`: every picture is written anew, without place and camera. */
export function createContents({ stripsMetadata }: { stripsMetadata: boolean }): Contents {
  return {
    typeOf: async (head) => (await load()).typeOf(head),
    inspectPicture: (source, { maxBytes }, wishes) =>
      gate.run(async () => {
        const bytes = await readWhole(source, maxBytes);
        return orRefused(inspect(await load(), bytes, wishes, stripsMetadata));
      }),
  };
}

async function inspect(tools: Tools, bytes: Uint8Array, wishes: PictureWishes, strips: boolean): Promise<PictureFacts> {
  const { format, metadata } = await checkPicture(tools, bytes);
  const preview = await tools
    .open(bytes)
    .autoOrient()
    .toColourspace("srgb")
    .resize({ width: previewPixels, height: previewPixels, fit: "inside", withoutEnlargement: true })
    .webp({ quality: previewQuality })
    .toBuffer();
  if (strips || Object.keys(wishes).length > 0) {
    const isMoving = (metadata.pages ?? 1) > 1;
    return { ...(await write(tools, bytes, { format: wishes.convert ?? format, isMoving, wishes })), preview };
  }
  const { width, height } = metadata.autoOrient;
  return { mime: `image/${format}`, width, height: metadata.pageHeight ?? height, preview };
}

/** Upright, in sRGB, without metadata. */
async function write(
  tools: Tools,
  bytes: Uint8Array,
  { format, isMoving, wishes }: { format: Format; isMoving: boolean; wishes: PictureWishes },
): Promise<Omit<PictureFacts, "preview">> {
  const staysMoving = isMoving && (format === "gif" || format === "webp");
  let picture = tools.open(bytes, { animated: staysMoving }).autoOrient().toColourspace("srgb");
  const { maxWidth, maxHeight, watermark } = wishes;
  if (maxWidth !== undefined || maxHeight !== undefined) {
    picture = picture.resize({ width: maxWidth, height: maxHeight, fit: "inside", withoutEnlargement: true });
  }
  if (watermark && !staysMoving) picture = await mark(tools, picture, watermark);
  const { data, info } = await encode(picture, format, wishes.quality).toBuffer({ resolveWithObject: true });
  return { mime: `image/${format}`, width: info.width, height: info.pageHeight ?? info.height, bytes: data };
}

/** White letters on a dark ground that lets the picture through, in the lower right corner. */
async function mark({ open, create }: Tools, picture: Sharp, text: string): Promise<Sharp> {
  const { data, info } = await picture.png({ compressionLevel: 1 }).toBuffer({ resolveWithObject: true });
  const lineHeight = Math.min(markPixels.max, Math.max(markPixels.min, Math.round(info.height * markShare)));
  const letters = await create({
    text: {
      text: `<span foreground="white">${escaped(text)}</span>`,
      rgba: true,
      height: lineHeight,
      width: info.width,
    },
  })
    .extend({ top: 4, bottom: 4, left: 6, right: 6, background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .flatten({ background: "#000000" })
    .ensureAlpha(0.6)
    .png()
    .toBuffer({ resolveWithObject: true });
  const fits = letters.info.width <= info.width && letters.info.height <= info.height;
  const input = fits
    ? letters.data
    : await open(letters.data).resize({ width: info.width, height: info.height, fit: "inside" }).png().toBuffer();
  return open(data).composite([{ input, gravity: "southeast" }]);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function encode(picture: Sharp, format: Format, wished = quality): Sharp {
  if (format === "jpeg") return picture.flatten({ background: "#ffffff" }).jpeg({ quality: wished });
  if (format === "png") return picture.png();
  if (format === "webp") return picture.webp({ quality: wished });
  return picture.gif();
}
