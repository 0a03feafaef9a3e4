// JSON Web Signature with HMAC-SHA256 (RFC 7515, RFC 7518 3.2) in its compact form.
import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";

/** A header or a payload as it stands in a token. */
export function encodePart(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

/** `input` is `header.payload`, both encoded. */
export function signHs256(input: string, key: KeyObject): string {
  return hmacOf(input, key).toString("base64url");
}

/** Compared in constant time. */
export function isSignedHs256(input: string, signature: string, key: KeyObject): boolean {
  const expected = hmacOf(input, key);
  const given = Buffer.from(signature, "base64url");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function hmacOf(input: string, key: KeyObject): Buffer {
  return createHmac("sha256", key).update(input).digest();
}
