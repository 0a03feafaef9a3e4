// Shapes that the surfaces share.
import { count, flag, object, text } from "../../wire/shapes/fields.ts";

export const intId = count("an id; later ones are larger");
export const isoShape = text(24, "ISO 8601, UTC");
export const success = object({ success: flag });
export const succeeded = { success: true } as const;
