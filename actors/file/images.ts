// What becomes of a picture before anybody sees it. The type is the content's, whatever the name says. Taken are JPEG, PNG, WebP
// and GIF; the same type is stored, written anew: upright (the EXIF orientation is applied), in sRGB, without any metadata, so
// that no place and no camera is passed on. Moving GIF and WebP keep their frames, a moving PNG its first one; previews and
// edits use the first.

export interface Images {
  /**
   * Throws file.type_refused for what is no picture that is taken, and file.too_large for more than `maxImagePixels`, which
   * the header alone decides.
   */
  normalize(bytes: AsyncIterable<Uint8Array>): Promise<NormalImage>;
  /**
   * Both of a normalized image, as an upstream takes them: a moving image becomes its first frame. With a mask both are PNG of
   * the image's size. The mask's transparent parts are edited; of a mask without transparency the light ones.
   */
  prepareForEdit(image: AsyncIterable<Uint8Array>, mask?: AsyncIterable<Uint8Array>): Promise<PreparedEdit>;
}

export interface Picture {
  mime: string;
  bytes: Uint8Array;
}
export interface NormalImage extends Picture {
  width: number;
  height: number;
  /** A WebP of at most `thumbPixels` on its longer side. */
  thumb: Uint8Array;
}
interface PreparedEdit {
  image: Picture;
  mask?: Picture;
}

export const thumbMime = "image/webp";
/** Of the longer side. */
export const thumbPixels = 320;
/** Width times height, of all frames together. A camera's 48 megapixels fit. */
export const maxImagePixels = 64_000_000;
/** Of an upload. */
export const maxImageBytes = 20 * 1_024 * 1_024;
/** Of a normalized image, which may be larger than the upload: written anew, a tightly packed one grows. */
export const maxNormalBytes = 3 * maxImageBytes;
