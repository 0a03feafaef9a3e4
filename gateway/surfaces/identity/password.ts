// Passwords of users who register at a model surface: its clients know only a length.
import { codePointCount, opaquePassword } from "../../../actors/shared/names.ts";
import { invalidField } from "../../input/rules.ts";

const passwordChars = { min: 8, max: 128 } as const;

/** The password to hash, in one spelling. Throws common.invalid. */
export function surfacePassword(typed: string, field = "password"): string {
  const password = opaquePassword(typed);
  const length = codePointCount(password);
  if (length >= passwordChars.min && length <= passwordChars.max) return password;
  throw invalidField(field, `${passwordChars.min} to ${passwordChars.max} characters`);
}
