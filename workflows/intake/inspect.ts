// What stored bytes are: their type by content, sizes, a preview, and what is made of them.
import { type Contents, type Films, sniffBytes } from "../../actors/file/contents.ts";
import { File, type FileView, type MakingStage } from "../../actors/file/contract.ts";
import { thumbMime } from "../../actors/file/images.ts";
import { objectNamesOf } from "../../actors/file/names.ts";
import { type Objects, oneChunk, type StoredObject } from "../../actors/file/objects.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { isPicture } from "../../actors/shared/file-type.ts";
import { joinBytes } from "../../actors/shared/join-bytes.ts";
import { mimeOf } from "./mime-of.ts";
import type { Found } from "./process.ts";

export interface InspectDeps {
  actors: Actors;
  objects: Objects;
  contents: Contents;
  films: Films;
}
/** Of a picture, which is decoded in memory. */
const maxPictureBytes = 64 * 1_024 * 1_024;

export interface Inspected {
  found: Found;
  from: "raw" | "made";
}

interface Upload {
  fileId: string;
  digest: StoredObject;
  signal: AbortSignal;
}
/** A short film may become longer when it is written anew. */
const minFilmBytes = 64 * 1_024 * 1_024;

/** Throws file.type_refused, file.too_large. */
export async function inspect(deps: InspectDeps, upload: Upload): Promise<Inspected> {
  const view = await deps.actors.get(File, upload.fileId).find({});
  await tell(deps, upload.fileId, "checking", 0);
  return isPicture(view.type) ? inspectPicture(deps, view, upload.digest) : inspectOther(deps, view, upload);
}

async function inspectPicture(deps: InspectDeps, view: FileView, digest: StoredObject): Promise<Inspected> {
  const { objects, contents } = deps;
  const { fileId, wishes = {} } = view;
  const { raw, made, thumb } = objectNamesOf(fileId);
  const source = (await objects.get(raw)).bytes;
  const picture = await contents.inspectPicture(source, { maxBytes: maxPictureBytes }, wishes);
  await tell(deps, fileId, "thumbnail", 50);
  await objects.put(thumb, oneChunk(picture.preview), { mime: thumbMime, maxBytes: maxPictureBytes });
  const { mime, width, height } = picture;
  const shown = { mime, width, height, hasThumb: true } as const;
  if (!picture.bytes) return { found: { ...digest, ...shown }, from: "raw" };
  const written = await objects.put(made, oneChunk(picture.bytes), { mime, maxBytes: maxPictureBytes });
  await tell(deps, fileId, "converting", 100);
  return { found: { ...written, ...shown }, from: "made" };
}

async function inspectOther(
  deps: InspectDeps,
  view: FileView,
  { digest, signal }: Pick<Upload, "digest" | "signal">,
): Promise<Inspected> {
  const { objects, contents } = deps;
  const { raw } = objectNamesOf(view.fileId);
  const { bytes } = await objects.get(raw, { first: 0, last: sniffBytes - 1 });
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  const mime = mimeOf(view, await contents.typeOf(joinBytes(chunks)));
  if (view.type === "chat_video" || view.type === "chat_voice")
    return inspectFilm(deps, view, { digest, mime, signal });
  return { found: { ...digest, mime }, from: "raw" };
}

async function inspectFilm(
  deps: InspectDeps,
  { fileId }: FileView,
  { digest, mime, signal }: { digest: StoredObject; mime: string; signal: AbortSignal },
): Promise<Inspected> {
  const { objects, contents, films } = deps;
  const { raw, made, thumb } = objectNamesOf(fileId);
  const maxBytes = Math.max(digest.size, minFilmBytes);
  const report = (stage: MakingStage, percent: number) => void tell(deps, fileId, stage, percent);
  return films.inspect((await objects.get(raw)).bytes, { mime, maxBytes, signal, report }, async (facts = {}) => {
    const { cover, film, ...shown } = facts;
    const found = { ...digest, mime, ...shown };
    if (cover) {
      const { preview } = await contents.inspectPicture(oneChunk(cover), { maxBytes: maxPictureBytes }, {});
      await objects.put(thumb, oneChunk(preview), { mime: thumbMime, maxBytes: maxPictureBytes });
      Object.assign(found, { hasThumb: true });
    }
    if (!film) return { found, from: "raw" };
    const written = await objects.put(made, film.bytes, { mime: film.mime, maxBytes });
    return { found: { ...found, ...written, mime: film.mime }, from: "made" };
  });
}

/** The owner's devices see it; a step does not fail for it. */
async function tell({ actors }: InspectDeps, fileId: string, stage: MakingStage, progress: number): Promise<void> {
  await actors
    .get(File, fileId)
    .progress({ stage, progress })
    .catch(() => undefined);
}
