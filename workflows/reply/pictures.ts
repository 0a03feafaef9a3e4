// Pictures in a prompt. A transcript names the files of a message; they are read here, once the model and what it is shown are
// known. A model that cannot see is shown the pictures of the question alone, because its user asks about them; in place of
// every other picture stands a mark.
import { File, type FileView } from "../../actors/file/contract.ts";
import { thumbMime } from "../../actors/file/images.ts";
import { objectNamesOf, objectOf } from "../../actors/file/names.ts";
import type { Objects } from "../../actors/file/objects.ts";
import type { ChatMessage, ContentPart } from "../../actors/llm/chat.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { ConversationId, UserId } from "../../actors/shared/ids.ts";

export interface PictureDeps {
  actors: Actors;
  objects: Pick<Objects, "get">;
}
export interface Beholder {
  payerId: UserId;
  conversationId: ConversationId;
}

/** Bytes of one file; of a larger one the thumbnail is shown. */
const maxPictureBytes = 5 * 1024 * 1024;
/** Bytes of all files in one prompt, newest first; the marks of the others stay. */
const maxPromptPictureBytes = 20 * 1024 * 1024;

export const imageMark = "[image]";

const fileType = "parley_file";

export function pictureOfFile(fileId: string): ContentPart {
  return { type: fileType, fileId };
}

/** What a content says, with marks for its pictures. */
export function plainText(content: ChatMessage["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => (part.type === "text" ? String(part.text) : imageMark)).join("\n");
}

/** The messages as they are sent. `sees`: the model is known to read pictures. */
export async function withPictures(
  deps: PictureDeps,
  messages: readonly ChatMessage[],
  { sees, ...beholder }: Beholder & { sees: boolean },
): Promise<ChatMessage[]> {
  const question = messages.findLastIndex(({ role }) => role === "user");
  const shown = [...messages];
  let room = maxPromptPictureBytes;
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const { content, ...message } = messages[at]!;
    if (!Array.isArray(content)) continue;
    if (!sees && at !== question) {
      shown[at] = { ...message, content: plainText(content) };
      continue;
    }
    const parts: ContentPart[] = [];
    for (const part of content) {
      if (part.type !== fileType) parts.push(part);
      else {
        const picture = await readPicture(deps, String((part as { fileId?: unknown }).fileId), beholder, room);
        room -= picture?.bytes.length ?? 0;
        parts.push(picture ? dataPart(picture) : { type: "text", text: imageMark });
      }
    }
    shown[at] = { ...message, content: parts };
  }
  return shown;
}

/** Throws file.not_found for a file that is not there, or not the payer's to use. */
export async function usableFile(
  { actors }: Pick<PictureDeps, "actors">,
  fileId: string,
  { payerId, conversationId }: Beholder,
): Promise<FileView> {
  const file = actors.get(File, fileId);
  const [view, { ownerId, conversationIds }] = await Promise.all([file.view({}), file.readers({})]);
  const mayUse = ownerId === payerId || conversationIds.includes(conversationId);
  if (view.state !== "available" || !mayUse) throw new DomainError("file.not_found");
  return view;
}

interface Picture {
  mime: string;
  bytes: Buffer;
}

/** Undefined: it is gone, or there is no room for it. */
async function readPicture(
  deps: PictureDeps,
  fileId: string,
  beholder: Beholder,
  room: number,
): Promise<Picture | undefined> {
  try {
    const view = await usableFile(deps, fileId, beholder);
    const { content } = view;
    if (!content?.mime.startsWith("image/")) return undefined;
    const isLarge = content.size > maxPictureBytes;
    if (isLarge && !content.hasThumb) return undefined;
    const bytes = await bytesOf(deps.objects, isLarge ? objectNamesOf(fileId).thumb : objectOf(view), room);
    return bytes && { mime: isLarge ? thumbMime : content.mime, bytes };
  } catch (error) {
    if (error instanceof DomainError && error.error === "file.not_found") return undefined;
    throw error;
  }
}

async function bytesOf(objects: PictureDeps["objects"], name: string, room: number): Promise<Buffer | undefined> {
  const { size, bytes } = await objects.get(name);
  if (size > room) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

function dataPart({ mime, bytes }: Picture): ContentPart {
  return { type: "image_url", image_url: { url: `data:${mime};base64,${bytes.toString("base64")}` } };
}
