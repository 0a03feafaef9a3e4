// Access codes of guests: any text of 6 characters or more; some clients put `nk-` before it. Only the SHA-256 goes to the keyring.
import { hash } from "node:crypto";
import type { Random } from "../../actors/runtime/ports.ts";
import { randomText } from "./random-text.ts";

const prefix = "nk-";
const minChars = 6;
const maxChars = 128;
const madeChars = 24;

/** A code for an administrator who names none. */
export function createAccessCode(random: Random): string {
  return randomText(random, madeChars);
}

/** The hash that the keyring knows a code by; undefined for a text that cannot be a code. */
export function hashAccessCode(text: string): string | undefined {
  const code = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  if (code.length < minChars || code.length > maxChars) return undefined;
  return hash("sha256", code, "base64url");
}
