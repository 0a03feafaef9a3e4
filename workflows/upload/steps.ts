// The steps of making a file. Each may run again, also after its effect: what it writes has names that follow from the file's
// id, and the commands of the file's actor take effect once.
import { File, type FileContent, type FileRefusal, type FileView } from "../../actors/file/contract.ts";
import { type Images, maxNormalBytes, thumbMime } from "../../actors/file/images.ts";
import { objectNamesOf } from "../../actors/file/names.ts";
import type { Objects } from "../../actors/file/objects.ts";
import { Gallery } from "../../actors/gallery/contract.ts";
import type { Activities, StepContext } from "../../actors/process/activity.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { MadeFile } from "./making.ts";

export interface FileStepDeps {
  actors: Actors;
  objects: Objects;
  images: Images;
}

export function createFileSteps({ actors, objects, images }: FileStepDeps): Activities {
  const fileOf = (fileId: string) => actors.get(File, fileId);
  return {
    async prepareFile({ fileId }: { fileId: string }, { signal }: StepContext): Promise<FileContent> {
      const names = objectNamesOf(fileId);
      const { mime, width, height, bytes, thumb } = await images.normalize((await objects.get(names.raw)).bytes);
      const whole = { mime, maxBytes: maxNormalBytes };
      const { size, sha256 } = await objects.put(names.whole, whileWanted(bytes, signal), whole);
      await objects.put(names.thumb, whileWanted(thumb, signal), { mime: thumbMime, maxBytes: maxNormalBytes });
      return { mime, size, sha256, width, height, hasThumb: true };
    },

    /** First the list, so that whoever reads that the file is available finds it there. */
    async completeFile({ fileId, conversationId, purpose, content }: MadeFile & { content: FileContent }) {
      if (conversationId !== undefined) await actors.get(Gallery, conversationId).add({ fileId, purpose });
      const { state }: FileView = await fileOf(fileId).complete(content);
      return { state };
    },

    async cleanFile({ fileId }: { fileId: string }): Promise<null> {
      const { raw, mark } = objectNamesOf(fileId);
      for (const name of [raw, mark]) await objects.delete(name);
      return null;
    },

    refuseFile: ({ fileId, refusal }: { fileId: string; refusal: FileRefusal }) => fileOf(fileId).refuse(refusal),

    async discardFile({ fileId, conversationId }: MadeFile): Promise<null> {
      if (conversationId !== undefined) await actors.get(Gallery, conversationId).remove({ fileId });
      for (const name of Object.values(objectNamesOf(fileId))) await objects.delete(name);
      return null;
    },
  };
}

/** A put that nobody waits for any more leaves nothing. */
async function* whileWanted(bytes: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  yield bytes;
  signal.throwIfAborted();
}
