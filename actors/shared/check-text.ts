import { invalidField } from "./errors.ts";
import { isLongerThan } from "./names.ts";

/** Throws common.invalid for a text of more than `max` code points, and for a value that is no text. */
export function checkText(field: string, text: string, max: number): void {
  if (typeof text !== "string" || isLongerThan(text, max)) throw invalidField(field, `at most ${max} characters`);
}
