// Shapes that the surfaces share.
import { count, flag, object, text } from "../../wire/shapes/fields.ts";

export const intId = count("an id; later ones are larger");
export const isoShape = text(24, "ISO 8601, UTC");
/** A message to a model may have 256 KiB of text, each character of which may be escaped. */
export const maxMessageBodyBytes = 2 * 1024 * 1024;
/** Deeper than IM's: schemas of tools are nested. */
export const maxJsonDepth = 64;

export const success = object({ success: flag });
export const succeeded = { success: true } as const;
