import { isLongerThan } from "../../actors/shared/names.ts";
import { invalidField } from "../input/rules.ts";

const maxNameChars = 255;
/** Control characters, halves of surrogate pairs, and signs that turn the direction of a text. */
const unseen = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The last part of what may be a path, without characters that are not seen. Throws common.invalid. */
export function fileNameOf(given: string, field: string): string {
  const name = (given.split(/[/\\]/).at(-1) ?? "").replace(unseen, "").trim();
  if (name !== "" && name !== "." && name !== ".." && !isLongerThan(name, maxNameChars)) return name;
  throw invalidField(field, `a file name of 1 to ${maxNameChars} characters`);
}
