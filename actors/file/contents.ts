// What uploaded bytes are, by themselves and not by what a client says. Implemented by infra/images and infra/films.
import type { PictureWishes } from "./contract.ts";

/** A picture, as it is shown. */
export interface PictureFacts {
  mime: string;
  /** As seen, after the orientation that its camera noted. */
  width: number;
  height: number;
  /** A WebP of at most `previewPixels` on its longer side. */
  preview: Uint8Array;
  /** Written anew, where that was wished: then `mime` and the sizes are those of these bytes. */
  bytes?: Uint8Array;
}

export interface Contents {
  /** By the first bytes, `sniffBytes` of them or all; undefined: they show no type. */
  typeOf(head: Uint8Array): Promise<string | undefined>;
  /** Throws file.type_refused for what is no picture that is taken, file.too_large for too many pixels. */
  inspectPicture(
    bytes: AsyncIterable<Uint8Array>,
    limits: { maxBytes: number },
    wishes: PictureWishes,
  ): Promise<PictureFacts>;
}

/** A film or a sound, as far as the programs of the host can tell. */
export interface FilmFacts {
  /** As seen. Absent for a sound. */
  width?: number;
  height?: number;
  durationMs?: number;
  /** A picture of it, PNG. */
  cover?: Uint8Array;
  /** Written anew, where browsers do not play it as it came. Read before `use` ends. */
  film?: { mime: string; bytes: AsyncIterable<Uint8Array> };
}

export interface Films {
  /**
   * Undefined where the host has no program for it, and for what the program cannot read: the film is then kept as it came.
   * What is made on the way is removed when `use` has ended.
   */
  inspect<T>(
    bytes: AsyncIterable<Uint8Array>,
    film: {
      mime: string;
      maxBytes: number;
      signal: AbortSignal;
      report(stage: "cover" | "transcoding", percent: number): void;
    },
    use: (facts: FilmFacts | undefined) => Promise<T>,
  ): Promise<T>;
}

export const sniffBytes = 4_100;
/** Of the longer side of a preview. */
export const previewPixels = 640;
