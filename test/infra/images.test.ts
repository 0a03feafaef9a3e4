import test, { type ExecutionContext } from "ava";
import sharp from "sharp";
import { maxImagePixels, thumbPixels } from "../../actors/file/images.ts";
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import { createImages } from "../../infra/images/sharp-images.ts";
import {
  fourColours,
  heicHeader,
  movingGif,
  orientations,
  pixelBomb,
  quartersOf,
  turnedPhoto,
  uprightQuarters,
} from "../support/pictures.ts";

const images = createImages();
const normalize = (bytes: Uint8Array) => images.normalize(once(bytes));

test("a photo stands upright, whichever way the camera was held, and tells no place", async (t) => {
  for (const orientation of orientations) {
    const photo = await turnedPhoto(orientation);
    const before = await sharp(photo).metadata();
    t.is(before.orientation, orientation);
    t.truthy(before.exif);
    const image = await normalize(photo);
    t.deepEqual([image.mime, image.width, image.height], ["image/jpeg", 64, 32], `orientation ${orientation}`);
    t.deepEqual(await quartersOf(image.bytes), uprightQuarters, `orientation ${orientation}`);
    t.deepEqual(await quartersOf(image.thumb), uprightQuarters, `preview of orientation ${orientation}`);
    for (const bytes of [image.bytes, image.thumb]) {
      const { exif, xmp, iptc, orientation: turned } = await sharp(bytes).metadata();
      t.deepEqual([exif, xmp, iptc, turned], [undefined, undefined, undefined, undefined]);
      t.is(Buffer.from(bytes).indexOf("Camera of a test"), -1);
    }
  }
});

test("what stands behind or beside the picture in its file is not passed on", async (t) => {
  const secret = "52.5200,13.4050";
  const jpeg = Buffer.concat([await turnedPhoto(1), Buffer.from(secret)]);
  const png = await fourColours()
    .withExif({ IFD0: { Copyright: secret } })
    .png()
    .toBuffer();
  const webp = await fourColours()
    .withExif({ IFD0: { Copyright: secret } })
    .webp()
    .toBuffer();
  for (const bytes of [jpeg, png, webp]) {
    t.not(bytes.indexOf(secret), -1);
    t.is(Buffer.from((await normalize(bytes)).bytes).indexOf(secret), -1);
  }
});

test("the type is the content's, and each type that is taken stays", async (t) => {
  for (const type of ["jpeg", "png", "webp", "gif"] as const) {
    const image = await normalize(await fourColours().toFormat(type).toBuffer());
    t.is(image.mime, `image/${type}`);
    t.deepEqual([image.width, image.height], [64, 32]);
    t.is((await sharp(image.bytes).metadata()).format, type);
    t.is((await sharp(image.thumb).metadata()).format, "webp");
    t.deepEqual(await quartersOf(image.bytes), uprightQuarters);
  }
});

test("a picture in the colours of a printer is shown in those of a screen", async (t) => {
  const cmyk = await fourColours().toColourspace("cmyk").jpeg().toBuffer();
  t.is((await sharp(cmyk).metadata()).space, "cmyk");
  const image = await normalize(cmyk);
  const { space, channels, hasProfile } = await sharp(image.bytes).metadata();
  t.deepEqual({ space, channels, hasProfile }, { space: "srgb", channels: 3, hasProfile: false });
});

test("transparency stays", async (t) => {
  const clear = {
    create: { width: 8, height: 8, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } },
  } as const;
  for (const type of ["png", "webp"] as const) {
    const image = await normalize(await sharp(clear).toFormat(type).toBuffer());
    const { data } = await sharp(image.bytes).raw().toBuffer({ resolveWithObject: true });
    t.true(Math.abs((data[3] ?? 0) - 128) < 3, `${type}: ${data[3]}`);
  }
});

test("a moving GIF keeps its frames, and its preview is the first", async (t) => {
  const image = await normalize(await movingGif(["#ff0000", "#00ff00", "#0000ff"]));
  t.deepEqual([image.mime, image.width, image.height], ["image/gif", 20, 10]);
  const { pages, delay } = await sharp(image.bytes).metadata();
  t.deepEqual([pages, delay], [3, [100, 100, 100]]);
  t.deepEqual(await quartersOf(image.thumb), ["red", "red", "red", "red"]);
});

test("a preview is small, keeps the proportions, and is never larger than its picture", async (t) => {
  const wide = await normalize(await fourColours(1_000, 500).png().toBuffer());
  const { width, height } = await sharp(wide.thumb).metadata();
  t.deepEqual([width, height], [thumbPixels, thumbPixels / 2]);
  const small = await sharp((await normalize(await fourColours(10, 6).png().toBuffer())).thumb).metadata();
  t.deepEqual([small.width, small.height], [10, 6]);
});

test("a small file of too many pixels is refused by its header", async (t) => {
  const bomb = pixelBomb(20_000, 20_000);
  t.true(bomb.length < 1_024 * 1_024, "it would pass the limit of bytes");
  await refused(t, normalize(bomb), "file.too_large");
  await refused(t, normalize(pixelBomb(maxImagePixels, 2)), "file.too_large");
  const frames = Array.from({ length: 40 }, (_, n) => (n % 2 ? "#000" : "#fff"));
  t.is((await normalize(await movingGif(frames))).mime, "image/gif");
});

test("what is no picture, or none that is taken, is refused, whatever its beginning promises", async (t) => {
  const png = await fourColours(200, 200).png().toBuffer();
  const jpeg = await turnedPhoto(1, 400, 400);
  const cases: Record<string, Uint8Array> = {
    nothing: Buffer.alloc(0),
    text: Buffer.from("hello"),
    html: Buffer.from("<!doctype html><script>alert(1)</script>"),
    svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    heic: heicHeader(),
    tiff: await fourColours().tiff().toBuffer(),
    avif: await fourColours().avif().toBuffer(),
    pdf: Buffer.from("%PDF-1.7\n1 0 obj"),
    "half a png": png.subarray(0, png.length / 2),
    "half a jpeg": jpeg.subarray(0, jpeg.length / 2),
    "a png's first bytes": png.subarray(0, 20),
    "a broken png": Buffer.concat([png.subarray(0, 60), Buffer.alloc(100), png.subarray(160)]),
    "a gif of zeros": Buffer.concat([Buffer.from("GIF89a"), Buffer.alloc(50)]),
  };
  for (const [name, bytes] of Object.entries(cases)) await refused(t, normalize(bytes), "file.type_refused", name);
});

test("a source that breaks off is the source's error, and the next picture has its turn", async (t) => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("x");
    throw new Error("the store is away");
  }
  await Promise.all(
    Array.from({ length: 4 }, () => t.throwsAsync(images.normalize(broken()), { message: "the store is away" })),
  );
  t.is((await normalize(await fourColours().png().toBuffer())).mime, "image/png");
});

test("for an edit, a picture goes as it is stored, and a moving one as its first frame", async (t) => {
  const photo = await normalize(await turnedPhoto(6));
  const { image, mask } = await images.prepareForEdit(once(photo.bytes));
  t.is(image.mime, "image/jpeg");
  t.true(Buffer.from(image.bytes).equals(photo.bytes));
  t.is(mask, undefined);
  const moving = await images.prepareForEdit(once(await movingGif(["#ff0000", "#00ff00"])));
  t.is(moving.image.mime, "image/png");
  t.deepEqual(await quartersOf(moving.image.bytes), ["red", "red", "red", "red"]);
});

test("a mask over one quarter of the upright picture covers that quarter, whichever way the camera was held", async (t) => {
  for (const orientation of orientations) {
    const photo = await normalize(await turnedPhoto(orientation));
    // Drawn on a preview of half the size: its top right quarter is cut out.
    const drawn = await sharp({ create: { width: 32, height: 16, channels: 4, background: "#000f" } })
      .composite([{ input: await block(16, 8, "#ffff"), left: 16, top: 0, blend: "dest-out" }])
      .png()
      .toBuffer();
    const { image, mask } = await images.prepareForEdit(once(photo.bytes), once(drawn));
    t.deepEqual([image.mime, mask?.mime], ["image/png", "image/png"]);
    t.deepEqual(await clearQuarters(mask!.bytes), [false, true, false, false], `orientation ${orientation}`);
    const [size, maskSize] = [await sharp(image.bytes).metadata(), await sharp(mask!.bytes).metadata()];
    t.deepEqual([maskSize.width, maskSize.height], [size.width, size.height]);
    t.is((await quartersOf(image.bytes))[1], "green", "the quarter under the hole");
  }
});

test("of a mask without transparency the light parts are edited", async (t) => {
  const photo = await normalize(await turnedPhoto(1));
  const drawn = await sharp({ create: { width: 64, height: 32, channels: 3, background: "#000" } })
    .composite([{ input: await block(32, 16, "#fff"), left: 0, top: 16 }])
    .jpeg()
    .toBuffer();
  const { mask } = await images.prepareForEdit(once(photo.bytes), once(drawn));
  t.deepEqual(await clearQuarters(mask!.bytes), [false, false, true, false]);
});

function block(width: number, height: number, background: string): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 4, background } })
    .png()
    .toBuffer();
}

/** Which quarters of a mask are transparent in their middle. */
async function clearQuarters(bytes: Uint8Array): Promise<boolean[]> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return [
    [0.25, 0.25],
    [0.75, 0.25],
    [0.25, 0.75],
    [0.75, 0.75],
  ].map(([x = 0, y = 0]) => {
    const pixel = Math.floor(y * info.height) * info.width + Math.floor(x * info.width);
    return info.channels === 4 && (data[pixel * 4 + 3] ?? 255) < 10;
  });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function refused(t: ExecutionContext, act: Promise<unknown>, error: ErrorName, why = ""): Promise<void> {
  const thrown = await t.throwsAsync(act, undefined, why);
  t.true(thrown instanceof DomainError, `${why}: ${thrown?.stack}`);
  t.is((thrown as DomainError).error, error, why);
}
