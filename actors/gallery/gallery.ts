// A list of ids alone: at the limit it is a snapshot of some 400 KB, read once when the conversation's images are asked for.
// A view would answer such a list later than the upload, and a client lists its image right after it.
import { defineActor } from "../runtime/contract.ts";
import { Gallery, maxGalleryImages } from "./contract.ts";

interface GalleryState {
  /** The purpose by file id, the oldest first. */
  images: Map<string, string>;
}
type GalleryEvent = { type: "added"; fileId: string; purpose: string } | { type: "removed"; fileId: string };

export const gallery = defineActor(Gallery, {
  initial: (): GalleryState => ({ images: new Map() }),

  apply({ images }: GalleryState, event: GalleryEvent): void {
    if (event.type === "removed") {
      images.delete(event.fileId);
      return;
    }
    images.set(event.fileId, event.purpose);
    for (const oldest of images.keys()) {
      if (images.size <= maxGalleryImages) break;
      images.delete(oldest);
    }
  },

  commands: {
    add(turn, { fileId, purpose }) {
      if (!turn.state.images.has(fileId)) turn.emit({ type: "added", fileId, purpose });
      return null;
    },
    remove(turn, { fileId }) {
      if (turn.state.images.has(fileId)) turn.emit({ type: "removed", fileId });
      return null;
    },
  },

  queries: {
    page({ state }, { purpose, offset, limit }) {
      const all = [...state.images].filter(([, each]) => purpose === undefined || each === purpose);
      const newestFirst = all.reverse().slice(offset, offset + limit);
      return { fileIds: newestFirst.map(([fileId]) => fileId), total: all.length };
    },
  },

  encode: ({ images }) => ({ images: [...images] }),
  decode: (plain) => ({ images: new Map((plain as { images: [string, string][] }).images) }),
});
