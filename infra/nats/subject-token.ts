// Makes subject tokens of ids and host names.
import { createHash } from "node:crypto";

const maxTokenLength = 64;
const legalToken = /^[A-Za-z0-9_-]+$/;

/**
 * The id itself when it is a legal token, otherwise `=` and a hash of the id. No reader needs to get an id back from a subject,
 * and no two ids share a token.
 */
export function subjectToken(id: string): string {
  if (isLegalToken(id)) return id;
  return `=${createHash("sha256").update(id).digest("base64url")}`;
}

export function isLegalToken(id: string): boolean {
  return id.length <= maxTokenLength && legalToken.test(id);
}
