// The steps of making a file of the messenger. Each may run again, also after its effect: what it writes has names that follow
// from the file's id or from the bytes, and the commands of the actors take effect once.
import { Blob } from "../../actors/blob/contract.ts";
import { type Contents, sniffBytes } from "../../actors/file/contents.ts";
import {
  File,
  type FileContent,
  type FileRefusal,
  type FileView,
  type MakingStage,
} from "../../actors/file/contract.ts";
import { thumbMime } from "../../actors/file/images.ts";
import { objectNamesOf, partName } from "../../actors/file/names.ts";
import type { Objects, StoredObject } from "../../actors/file/objects.ts";
import type { Activities, StepContext } from "../../actors/process/activity.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { isPicture } from "../../actors/shared/file-type.ts";
import { joinBytes } from "../../actors/shared/join-bytes.ts";
import { gather } from "./gather.ts";
import { mimeOf } from "./mime-of.ts";
import type { Found } from "./process.ts";

export interface IntakeStepDeps {
  actors: Actors;
  objects: Objects;
  contents: Contents;
}

/** Of a picture, which is decoded in memory. */
const maxPictureBytes = 64 * 1_024 * 1_024;

interface Inspected {
  found: Found;
  from: "raw" | "made";
}

export function createIntakeSteps(deps: IntakeStepDeps): Activities {
  const { actors, objects } = deps;
  const fileOf = (fileId: string) => actors.get(File, fileId);
  return {
    gatherParts: ({ fileId }: { fileId: string }, { signal }: StepContext): Promise<StoredObject> =>
      gather(deps, fileId, signal),

    async inspectUpload({ fileId, digest }: { fileId: string; digest: StoredObject }): Promise<Inspected> {
      const view = await fileOf(fileId).find({});
      await tell(deps, fileId, "checking", 0);
      return isPicture(view.type) ? inspectPicture(deps, view, digest) : inspectOther(deps, view, digest);
    },

    async placeUpload({ fileId, found, from }: { fileId: string } & Inspected): Promise<FileContent> {
      const { object } = await actors.get(Blob, found.sha256).hold({ fileId });
      const there = await objects.stat(object);
      if (there?.size !== found.size) await objects.copy(objectNamesOf(fileId)[from], object);
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

async function inspectPicture(deps: IntakeStepDeps, view: FileView, digest: StoredObject): Promise<Inspected> {
  const { objects, contents } = deps;
  const { fileId, wishes = {} } = view;
  const { raw, made, thumb } = objectNamesOf(fileId);
  const source = (await objects.get(raw)).bytes;
  const picture = await contents.inspectPicture(source, { maxBytes: maxPictureBytes }, wishes);
  await tell(deps, fileId, "thumbnail", 50);
  await objects.put(thumb, one(picture.preview), { mime: thumbMime, maxBytes: maxPictureBytes });
  const { mime, width, height } = picture;
  const shown = { mime, width, height, hasThumb: true } as const;
  if (!picture.bytes) return { found: { ...digest, ...shown }, from: "raw" };
  const written = await objects.put(made, one(picture.bytes), { mime, maxBytes: maxPictureBytes });
  await tell(deps, fileId, "converting", 100);
  return { found: { ...written, ...shown }, from: "made" };
}

async function inspectOther(
  { objects, contents }: IntakeStepDeps,
  view: FileView,
  digest: StoredObject,
): Promise<Inspected> {
  const { bytes } = await objects.get(objectNamesOf(view.fileId).raw, { first: 0, last: sniffBytes - 1 });
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  const shown = await contents.typeOf(joinBytes(chunks));
  return { found: { ...digest, mime: mimeOf(view, shown) }, from: "raw" };
}

/** The owner's devices see it; a step does not fail for it. */
async function tell({ actors }: IntakeStepDeps, fileId: string, stage: MakingStage, progress: number): Promise<void> {
  await actors
    .get(File, fileId)
    .progress({ stage, progress })
    .catch((thrown: unknown) => {
      if (!(thrown instanceof DomainError)) throw thrown;
    });
}

async function removeAll(objects: Objects, names: readonly string[]): Promise<void> {
  for (const name of names) await objects.delete(name);
}

function partsOf(fileId: string, chunks: number): string[] {
  return Array.from({ length: chunks }, (_, index) => partName(fileId, index));
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
