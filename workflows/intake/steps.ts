// The steps of making a file of the messenger. Each may run again, also after its effect: what it writes has names that follow
// from the file's id or from the bytes, and the commands of the actors take effect once.
import { Blob } from "../../actors/blob/contract.ts";
import { File, type FileContent, type FileRefusal } from "../../actors/file/contract.ts";
import { objectNamesOf, partName } from "../../actors/file/names.ts";
import type { Objects, StoredObject } from "../../actors/file/objects.ts";
import type { Activities, StepContext } from "../../actors/process/activity.ts";
import { gather } from "./gather.ts";
import { type InspectDeps, type Inspected, inspect } from "./inspect.ts";

export type IntakeStepDeps = InspectDeps;

export function createIntakeSteps(deps: IntakeStepDeps): Activities {
  const { actors, objects } = deps;
  const fileOf = (fileId: string) => actors.get(File, fileId);
  return {
    gatherParts: ({ fileId }: { fileId: string }, { signal }: StepContext): Promise<StoredObject> =>
      gather(deps, fileId, signal),

    inspectUpload: ({ fileId, digest }: { fileId: string; digest: StoredObject }, { signal }: StepContext) =>
      inspect(deps, { fileId, digest, signal }),

    async placeUpload(input: { fileId: string; isChecked?: true } & Inspected): Promise<FileContent> {
      const { fileId, found, from, isChecked } = input;
      const { object } = await actors.get(Blob, found.sha256).hold({ fileId });
      const there = await objects.stat(object);
      const source = objectNamesOf(fileId)[from];
      if (there?.size === found.size) return { ...found, object };
      // Other files will share the object: it holds the bytes of its digest, whatever else was stored meanwhile.
      if (isChecked) {
        const { mime, size: maxBytes, sha256 } = found;
        await objects.put(object, (await objects.get(source)).bytes, { mime, maxBytes, sha256 });
      } else await objects.copy(source, object);
      return { ...found, object };
    },

    async completeUpload({ fileId, content }: { fileId: string; content: FileContent }) {
      const { state } = await fileOf(fileId).complete(content);
      return { state };
    },

    refuseUpload: ({ fileId, refusal }: { fileId: string; refusal: FileRefusal }) => fileOf(fileId).refuse(refusal),

    async cleanUpload({ fileId, chunks }: { fileId: string; chunks: number }): Promise<null> {
      const { raw, made } = objectNamesOf(fileId);
      await removeAll(objects, [raw, made, ...partsOf(fileId, chunks)]);
      return null;
    },

    async discardUpload({ fileId, chunks, sha256 }: { fileId: string; chunks: number; sha256?: string }) {
      if (sha256 !== undefined) await actors.get(Blob, sha256).release({ fileId });
      const { raw, made, thumb } = objectNamesOf(fileId);
      await removeAll(objects, [raw, made, thumb, ...partsOf(fileId, chunks)]);
      return null;
    },

    async eraseObject({ object }: { object: string }): Promise<null> {
      await objects.delete(object);
      return null;
    },
  };
}

async function removeAll(objects: Objects, names: readonly string[]): Promise<void> {
  for (const name of names) await objects.delete(name);
}

function partsOf(fileId: string, chunks: number): string[] {
  return Array.from({ length: chunks }, (_, index) => partName(fileId, index));
}
