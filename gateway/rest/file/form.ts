// The fields of upload forms.
import type { IncomingMessage } from "node:http";
import type { PictureWishes } from "../../../actors/file/contract.ts";
import { type FileType, fileTypes, isPicture } from "../../../actors/shared/file-type.ts";
import type { RuleObject as Rule } from "../../input/compiler.ts";
import { invalidField, optionalCount, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { isMultipart } from "../../kit/multipart.ts";
import { type FileKind, typesByKind } from "../../wire/file.ts";

const optionalFileType: Rule = { type: "string", enum: [...fileTypes], optional: true };
export const secondFileType: Rule = {
  type: "string",
  enum: ["image", "video", "audio", "file", ...fileTypes],
  optional: true,
};
export const optionalSha256: Rule = { type: "string", pattern: /^[0-9a-fA-F]{64}$/, optional: true };
export const optionalMd5: Rule = { type: "string", pattern: /^[0-9a-fA-F]{32}$/, optional: true };

/** Boundaries, part headers and fields of an upload. */
export const marginBytes = 64 * 1_024;
const maxPixels = 16_384;

export interface UploadForm
  extends Pick<PictureWishes, "convert" | "quality" | "maxWidth" | "maxHeight" | "watermark"> {
  type?: FileType;
  fileType?: string;
  md5?: string;
  sha256?: string;
}
export const uploadForm = schema<UploadForm>({
  type: optionalFileType,
  fileType: secondFileType,
  md5: optionalMd5,
  sha256: optionalSha256,
  convert: { type: "string", enum: ["jpeg", "png", "webp"], optional: true },
  quality: optionalCount(100),
  maxWidth: optionalCount(maxPixels),
  maxHeight: optionalCount(maxPixels),
  watermark: optionalText(100),
});

/** Throws common.invalid for a body that is no form, and drops it. `fields`: those that the form must have. */
export function requireForm(request: IncomingMessage, fields: string): void {
  if (isMultipart(request)) return;
  request.resume();
  throw invalidField("Content-Type", `multipart/form-data with ${fields}`);
}

/** The type in either spelling. Throws common.invalid. */
export function typeOf({ type, fileType }: { type?: string; fileType?: string }): FileType {
  const found = knownType(type) ?? knownType(fileType) ?? typesByKind[fileType as FileKind]?.[0];
  if (found === undefined) throw invalidField("type", fileTypes.join(", "));
  return found;
}

function knownType(name: string | undefined): FileType | undefined {
  return fileTypes.find((each) => each === name);
}

/** Undefined where nothing is wished. Throws common.invalid for wishes about what is no picture. */
export function wishesOf({ convert, quality, maxWidth, maxHeight, watermark }: UploadForm, type: FileType) {
  const wishes: PictureWishes = {
    ...(convert && { convert }),
    ...(quality !== undefined && { quality }),
    ...(maxWidth !== undefined && { maxWidth }),
    ...(maxHeight !== undefined && { maxHeight }),
    ...(watermark && { watermark }),
  };
  if (Object.keys(wishes).length === 0) return undefined;
  if (!isPicture(type)) throw invalidField("type", "a picture, to be converted");
  return wishes;
}
