import { count, text } from "../../wire/shapes/fields.ts";

export const intId = count("an id; later ones are larger");
export const isoShape = text(24, "ISO 8601, UTC");
