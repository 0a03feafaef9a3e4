// QR codes as pictures. uqr encodes, sharp makes the PNG; both are imported when the first picture is asked for.
import type { QrPictures } from "../../gateway/ports.ts";

/** Readers ask for four light modules around the code. A quarter of the code may be hidden or dirty (Q). */
const encoding = { ecc: "Q", border: 4 } as const;
const pixelsPerModule = 8;

export function createQrPictures(): QrPictures {
  return {
    async draw(content, format) {
      const { encode, renderSVG } = await import("uqr");
      if (format === "svg") return Buffer.from(renderSVG(content, { ...encoding, pixelSize: pixelsPerModule }));
      const { size, data } = encode(content, encoding);
      const modules = Uint8Array.from(data.flat(), (isDark) => (isDark ? 0 : 255));
      const { default: sharp } = await import("sharp");
      const raw = { width: size, height: size, channels: 1 } as const;
      const width = size * pixelsPerModule;
      return sharp(modules, { raw }).resize({ width, kernel: "nearest" }).png().toBuffer();
    },
  };
}
