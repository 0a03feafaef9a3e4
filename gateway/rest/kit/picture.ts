/** An answer that is a picture, in place of the envelope. */
export class Picture {
  readonly mediaType: PictureType;
  readonly bytes: Uint8Array;
  constructor(mediaType: PictureType, bytes: Uint8Array) {
    this.mediaType = mediaType;
    this.bytes = bytes;
  }
}
export type PictureType = "image/png" | "image/svg+xml";
