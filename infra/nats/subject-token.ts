// Ids and host names as tokens of subjects.
import { createHash } from "node:crypto";

const maxTokenLength = 64;
const legalToken = /^[A-Za-z0-9_-]+$/;

/**
 * The id itself when it is a legal token, else `=` and its hash: nobody needs to read an id back from a subject, and two
 * ids never share one.
 */
export function subjectToken(id: string): string {
  if (isLegalToken(id)) return id;
  return `=${createHash("sha256").update(id).digest("base64url")}`;
}

export function isLegalToken(id: string): boolean {
  return id.length <= maxTokenLength && legalToken.test(id);
}
