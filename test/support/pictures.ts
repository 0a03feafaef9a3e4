// Pictures for tests, made here: four-coloured ones turned as cameras turn them, and some that are no honest pictures.
import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";

type Paint = "red" | "green" | "blue" | "white";
/** Top left, top right, bottom left, bottom right. */
type Quarters<Colour> = readonly [Colour, Colour, Colour, Colour];

export const uprightQuarters: Quarters<Paint> = ["red", "green", "blue", "white"];
export const orientations = [1, 2, 3, 4, 5, 6, 7, 8] as const;

const values: Readonly<Record<Paint, readonly [number, number, number]>> = {
  red: [255, 0, 0],
  green: [0, 255, 0],
  blue: [0, 0, 255],
  white: [255, 255, 255],
};

/** A quarter of each colour. */
export function fourColours(width = 64, height = 32): Sharp {
  return draw(width, height, (x, y) => uprightQuarters[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)] as Paint);
}

/** A JPEG whose pixels lie as the camera's sensor does, with the EXIF orientation that turns them upright, and with a place. */
export function turnedPhoto(orientation: (typeof orientations)[number], width = 64, height = 32): Promise<Buffer> {
  const [fromRight, fromBottom] = [(x: number) => width - 1 - x, (y: number) => height - 1 - y];
  // By what the standard says of the sides of the upright picture at which the first row and the first column lie.
  const uprightOf = {
    1: (row: number, column: number) => [column, row],
    2: (row: number, column: number) => [fromRight(column), row],
    3: (row: number, column: number) => [fromRight(column), fromBottom(row)],
    4: (row: number, column: number) => [column, fromBottom(row)],
    5: (row: number, column: number) => [row, column],
    6: (row: number, column: number) => [fromRight(row), column],
    7: (row: number, column: number) => [fromRight(row), fromBottom(column)],
    8: (row: number, column: number) => [row, fromBottom(column)],
  }[orientation];
  const [storedWidth, storedHeight] = orientation < 5 ? [width, height] : [height, width];
  const stored = draw(storedWidth, storedHeight, (column, row) => {
    const [x = 0, y = 0] = uprightOf(row, column);
    return uprightQuarters[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)] as Paint;
  });
  return stored
    .withExif({
      IFD0: { Make: "Camera of a test" },
      IFD3: { GPSLatitudeRef: "N", GPSLatitude: "52/1 31/1 0/1" },
    })
    .withMetadata({ orientation })
    .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
    .toBuffer();
}

function draw(width: number, height: number, colourAt: (x: number, y: number) => Paint): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) pixels.set(values[colourAt(x, y)], (y * width + x) * 3);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** The colour in the middle of each quarter, and `other` where it is none of the four. */
export async function quartersOf(bytes: Uint8Array): Promise<Quarters<Paint | "other">> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): Paint | "other" => {
    const start = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * info.channels;
    const near = Object.entries(values).find(([, value]) =>
      value.every((part, index) => Math.abs(part - (data[start + index] ?? 0)) < 40),
    );
    return (near?.[0] ?? "other") as Paint | "other";
  };
  return [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)];
}

/** A PNG of a small file and many pixels, all black. */
export function pixelBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8); // one bit of grey for a pixel
  const rows = Buffer.alloc(height * (Math.ceil(width / 8) + 1));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(rows, { level: 1 })),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The beginning of a picture as phones store it. */
export function heicHeader(): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32BE(24, 0);
  bytes.write("ftypheic", 4, "latin1");
  bytes.write("mif1heic", 16, "latin1");
  return bytes;
}

export async function movingGif(colours: readonly string[]): Promise<Buffer> {
  const frames = await Promise.all(
    colours.map((background) =>
      sharp({ create: { width: 20, height: 10, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: colours.map(() => 100) })
    .toBuffer();
}

function pngChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, "latin1");
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
