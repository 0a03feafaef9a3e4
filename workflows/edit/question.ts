// What is edited: the text and the pictures of the message, as an upstream takes them. It is loaded inside the activity, and
// travels nowhere else.
import type { PromptContent } from "../../actors/conversation/assistant/contract.ts";
import type { FileView } from "../../actors/file/contract.ts";
import type { Images, Picture } from "../../actors/file/images.ts";
import { objectOf } from "../../actors/file/names.ts";
import type { Objects } from "../../actors/file/objects.ts";
import type { Reading } from "../../actors/reading/contract.ts";
import type { ReplyProcessInput } from "../../actors/reply/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { usableFile } from "../reply/pictures.ts";

export interface QuestionDeps {
  actors: Actors;
  objects: Objects;
  images: Images;
  reading: Pick<Reading, "findMessage">;
}

export interface EditQuestion {
  prompt: string;
  images: readonly Picture[];
  mask?: Picture;
  options: Readonly<Record<string, string>>;
  /** Of the message, before that of its assistant. */
  model?: string;
}

const optionNames = ["size", "quality", "background", "input_fidelity", "output_format", "moderation", "style"];
/** Of a message without a text. */
const defaultPrompt = "Improve this picture.";

/** Throws message.not_found, and file.not_found for a picture that is gone or not the payer's to use. */
export async function loadQuestion(deps: QuestionDeps, input: ReplyProcessInput): Promise<EditQuestion> {
  const { payerId: userId, conversationId, replyTo: messageId } = input;
  const { message } = await deps.reading.findMessage({ userId, messageId, conversationId });
  const { text, imageIds = [], params = {} } = message.content as PromptContent;
  const files = await Promise.all(imageIds.map((fileId) => usableFile(deps, fileId, input)));
  const [maskFile] = files.filter(({ purpose }) => purpose === "mask");
  const pictures = files.filter(({ purpose }) => purpose !== "mask");
  const [first, ...others] = pictures;
  if (!first) throw new DomainError("common.invalid", { message: "A mask needs a picture." });
  const bytesOf = (file: FileView) => bytesIn(deps.objects, objectOf(file));
  const prepared = await deps.images.prepareForEdit(bytesOf(first), maskFile && bytesOf(maskFile));
  const images = [prepared.image];
  for (const other of others) images.push((await deps.images.prepareForEdit(bytesOf(other))).image);
  return {
    prompt: text.trim() === "" ? defaultPrompt : text,
    images,
    ...(prepared.mask && { mask: prepared.mask }),
    options: Object.fromEntries(optionNames.flatMap((name) => optionIn(params, name))),
    ...(typeof params.model === "string" && params.model !== "" && { model: params.model }),
  };
}

/** Read when they are needed: a picture waits for its place in memory unread. */
async function* bytesIn(objects: Objects, name: string): AsyncGenerator<Uint8Array> {
  yield* (await objects.get(name)).bytes;
}

function optionIn(params: Readonly<Record<string, unknown>>, name: string): [string, string][] {
  const value = params[name];
  return typeof value === "string" && value !== "" ? [[name, value]] : [];
}
