// The images of one conversation, in the order in which they came: what was uploaded for it, and what was made in it. Access is
// checked by the caller, with the conversation. Key: the conversation's id.
import { contract } from "../runtime/contract.ts";

interface GalleryCommands {
  add(input: { fileId: string; purpose: string }): null;
  remove(input: { fileId: string }): null;
}
interface GalleryQueries {
  /** The newest first. `total` counts those of the purpose. */
  page(input: { purpose?: string; offset: number; limit: number }): { fileIds: string[]; total: number };
}
export const Gallery = contract<GalleryCommands, GalleryQueries>("gallery");

/** Images of a conversation that are listed. Of more, the oldest leave the list; their files stay. */
export const maxGalleryImages = 10_000;
