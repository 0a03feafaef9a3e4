// Content types of messages: one entry each, with its check, its preview in lists, and the text that search finds.

import { isPictureUrl } from "../../llm/picture-url.ts";
import { cutText } from "../../shared/cut-text.ts";
import { DomainError, invalidField } from "../../shared/errors.ts";
import { maxChars, maxItems, maxPreviewUnits } from "../../shared/limits.ts";
import { isLongerThan } from "../../shared/names.ts";

/** How long texts and contents may be. */
export interface TextLimits {
  /** Code points. */
  readonly maxTextChars: number;
  /** Of a content as JSON, which stands in the record of its turn. */
  readonly maxContentBytes: number;
}
/** Messages between people. */
const peopleLimits: TextLimits = { maxTextChars: maxChars.messageText, maxContentBytes: 48 * 1024 };
/** Questions to models carry documents: 256 KiB of text, and what belongs to the text. */
const modelLimits: TextLimits = { maxTextChars: 256 * 1024, maxContentBytes: 288 * 1024 };

export function limitsOf(isWithModel: boolean): TextLimits {
  return isWithModel ? modelLimits : peopleLimits;
}

const maxMergedMessages = maxItems.forwarded;

type Fields = Readonly<Record<string, unknown>>;

interface ContentType {
  /** Throws message.empty, too_long, url_invalid or common.invalid. */
  check(content: unknown, limits: TextLimits): void;
  /** One line for lists and pushes. */
  preview(content: unknown): string;
  /** The text that search finds; "" = none. */
  searchable(content: unknown): string;
  /** Who may send it, if not every user: services of this system, a group's owner and admins, or users in chats with models. */
  reserved?: "service" | "admins" | "chats";
}

const nothing = () => "";

const contentTypes: Readonly<Record<string, ContentType>> = {
  text: { check: checkText, preview: textOf, searchable: textOf },
  image: media("[image]"),
  video: media("[video]"),
  voice: media("[voice]"),
  file: {
    check(content) {
      const fields = mediaOf(content);
      need(fields, "fileName", "string");
      may(fields, "mimeType", "string");
      may(fields, "fileSize", "number");
    },
    preview: (content) => `[file] ${stringOf(content, "fileName")}`,
    searchable: (content) => stringOf(content, "fileName"),
  },
  emoji: {
    check(content) {
      const fields = fieldsOf(content);
      if (!["emojiId", "code", "url"].some((field) => isFilled(fields[field]))) throw invalidField("emojiId", "string");
      if (fields.url !== undefined) checkUrl(fields.url);
    },
    preview: () => "[emoji]",
    searchable: nothing,
  },
  card: {
    check: (content) => need(fieldsOf(content), "userId", "string"),
    preview: (content) => `[card] ${stringOf(content, "nickname")}`,
    searchable: (content) => stringOf(content, "nickname"),
  },
  location: {
    check(content) {
      const { latitude, longitude } = fieldsOf(content);
      if (!isWithin(latitude, 90)) throw invalidField("latitude", "-90 to 90");
      if (!isWithin(longitude, 180)) throw invalidField("longitude", "-180 to 180");
    },
    preview: (content) => `[location] ${stringOf(content, "name") || stringOf(content, "address")}`,
    searchable: (content) => `${stringOf(content, "name")} ${stringOf(content, "address")}`,
  },
  merged_forward: {
    check(content) {
      const { title, messageIds, sessionId, ...others } = fieldsOf(content);
      const [unknown] = Object.keys(others);
      // The server fills the messages in: a client could invent what another user wrote.
      if (unknown !== undefined) throw invalidField(unknown, "nothing: title, messageIds and sessionId are understood");
      may({ title, sessionId }, "title", "string");
      if (typeof title === "string" && isLongerThan(title, maxChars.mergedTitle)) {
        throw invalidField("title", `at most ${maxChars.mergedTitle} characters`);
      }
      may({ title, sessionId }, "sessionId", "string");
      if (!Array.isArray(messageIds) || !messageIds.every(isFilled)) throw invalidField("messageIds", "message ids");
      if (messageIds.length === 0) throw new DomainError("message.empty");
      if (messageIds.length > maxMergedMessages)
        throw new DomainError("message.too_long", { details: { maxMergedMessages } });
    },
    preview: (content) => `[chat history] ${stringOf(content, "title")}`,
    searchable: (content) => stringOf(content, "title"),
  },
  announcement: {
    check: checkText,
    preview: (content) => `[announcement] ${textOf(content)}`,
    searchable: textOf,
    reserved: "admins",
  },
  call_record: {
    check(content) {
      const fields = fieldsOf(content);
      need(fields, "callId", "string");
      may(fields, "callType", "string");
      may(fields, "outcome", "string");
      may(fields, "duration", "number");
    },
    preview: (content) => (stringOf(content, "callType") === "video" ? "[video call]" : "[call]"),
    searchable: nothing,
    reserved: "service",
  },
  system: {
    check: (content) => void fieldsOf(content),
    preview: (content) => stringOf(content, "text"),
    searchable: nothing,
    reserved: "service",
  },
  custom: { check: (content) => void fieldsOf(content), preview: () => "[message]", searchable: nothing },
  prompt: { check: checkPrompt, preview: previewOfPrompt, searchable: textOf, reserved: "chats" },
  assistant: { check: checkAnswer, preview: textOf, searchable: textOf, reserved: "service" },
};

/** Throws message.type_unknown. */
export function getContentType(name: string): ContentType {
  const type = Object.hasOwn(contentTypes, name) ? contentTypes[name] : undefined;
  if (!type) throw new DomainError("message.type_unknown");
  return type;
}

/** One line, cut to its maximum; "" for a content type that this host does not know. */
export function previewOf(contentType: string, content: unknown): string {
  return cutText(contentTypes[contentType]?.preview(content) ?? "", maxPreviewUnits);
}

export function searchableText(contentType: string, content: unknown): string {
  return contentTypes[contentType]?.searchable(content) ?? "";
}

/** The text of a content that is a string, or an object with `text`. */
function textOf(content: unknown): string {
  return typeof content === "string" ? content : stringOf(content, "text");
}

function checkText(content: unknown, { maxTextChars }: TextLimits): void {
  const text = typeof content === "string" ? content : fieldsOf(content).text;
  if (typeof text !== "string") throw invalidField("content", "string");
  if (text.trim() === "") throw new DomainError("message.empty");
  if (isLongerThan(text, maxTextChars)) throw new DomainError("message.too_long", { details: { maxTextChars } });
}

const promptRoles: ReadonlySet<unknown> = new Set(["system", "user", "assistant", "tool"]);
const promptTypes: ReadonlySet<unknown> = new Set([undefined, "text", "image", "audio"]);
/** Images of one message. */
const maxImages = 16;

/** A prompt without a text holds an image or a tool's part. */
function checkPrompt(content: unknown, limits: TextLimits): void {
  const { role, text, contentType, imageIds, images, params, metadata, toolCall, toolResponse } = fieldsOf(content);
  if (!promptRoles.has(role)) throw invalidField("role", "system, user, assistant or tool");
  if (!promptTypes.has(contentType)) throw invalidField("contentType", "text, image or audio");
  if (
    imageIds !== undefined &&
    (!Array.isArray(imageIds) || imageIds.length > maxImages || !imageIds.every(isFilled))
  ) {
    throw invalidField("imageIds", `at most ${maxImages} ids`);
  }
  if (images !== undefined && (!Array.isArray(images) || images.length > maxImages || !images.every(isPromptImage))) {
    throw invalidField("images", `at most ${maxImages} addresses of pictures, https or data:image`);
  }
  for (const [field, value] of Object.entries({ params, metadata })) {
    if (value !== undefined) fieldsOf(value);
    if (value === null) throw invalidField(field, "object");
  }
  const hasOther =
    [imageIds, images].some((list) => Array.isArray(list) && list.length > 0) ||
    toolCall !== undefined ||
    toolResponse !== undefined;
  if (text === "" && hasOther) return;
  checkText({ text }, limits);
}

function isPromptImage(image: unknown): boolean {
  const { url, detail } = (image ?? {}) as { url?: unknown; detail?: unknown };
  return isPictureUrl(url) && (detail === undefined || typeof detail === "string");
}

function previewOfPrompt(content: unknown): string {
  return textOf(content) || ((content as Fields).imageIds || (content as Fields).images ? "[image]" : "[tool]");
}

/** An answer may be empty: a failed one only says what failed. */
function checkAnswer(content: unknown, { maxTextChars }: TextLimits): void {
  const text = typeof content === "string" ? content : fieldsOf(content).text;
  if (typeof text !== "string") throw invalidField("text", "string");
  if (isLongerThan(text, maxTextChars)) throw new DomainError("message.too_long", { details: { maxTextChars } });
}

function media(label: string): ContentType {
  return { check: (content) => void mediaOf(content), preview: () => label, searchable: nothing };
}

/** A stored file: its address, or the id of a file of this system. */
function mediaOf(content: unknown): Fields {
  const fields = fieldsOf(content);
  if (fields.url !== undefined || !isFilled(fields.fileId)) checkUrl(fields.url);
  if (isFilled(fields.thumbnail)) checkUrl(fields.thumbnail);
  for (const field of ["width", "height", "size", "duration"]) may(fields, field, "number");
  return fields;
}

/** An http(s) address, or a path of this server. */
function checkUrl(url: unknown): void {
  const isAddress =
    typeof url === "string" && !isLongerThan(url, maxChars.url) && /^(?:https?:\/\/[^\s/]|\/(?!\/))[^\s]*$/i.test(url);
  if (!isAddress) throw new DomainError("message.url_invalid");
}

function fieldsOf(content: unknown): Fields {
  if (typeof content === "object" && content !== null && !Array.isArray(content)) return content as Fields;
  if (content === undefined || content === null || content === "") throw new DomainError("message.empty");
  throw invalidField("content", "object");
}

function stringOf(content: unknown, field: string): string {
  const value = (content as Fields | null | undefined)?.[field];
  return typeof value === "string" ? value : "";
}

function need(fields: Fields, field: string, type: "string"): void {
  const value = fields[field];
  if (!isFilled(value)) throw invalidField(field, type);
}

function may(fields: Fields, field: string, type: "string" | "number"): void {
  const value = fields[field];
  if (value === undefined) return;
  if (typeof value !== type || (type === "number" && !((value as number) >= 0))) throw invalidField(field, type);
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isWithin(value: unknown, limit: number): boolean {
  return typeof value === "number" && Math.abs(value) <= limit;
}
