// The secrets that sign access tokens. When none are configured, one is created and kept in the data folder.
import { randomBytes } from "node:crypto";
import { getOrCreateLocalSecrets } from "./local-file.ts";

export interface TokenSecret {
  kid: string;
  secret: Uint8Array;
}

const secretBytesMin = 32;

/**
 * The first secret signs, all verify. To rotate, put a new secret in front and keep the old one for the lifetime of a token.
 */
export function getOrCreateTokenSecrets(dataDir: string): TokenSecret[] {
  return getOrCreateLocalSecrets(dataDir, {
    fileName: "secrets.json",
    field: "tokenSecrets",
    create: () => `local:${randomBytes(secretBytesMin).toString("base64")}`,
    parse: parseTokenSecret,
  });
}

/** Parses `kid:base64` of at least 32 bytes. The message of its error does not contain the secret. */
export function parseTokenSecret(text: string): TokenSecret {
  const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]+=*)$/.exec(text.trim());
  if (!match) throw new Error("a secret is written kid:base64, with a kid of letters, digits, - and _");
  const [, kid = "", base64 = ""] = match;
  const secret = Buffer.from(base64, "base64");
  if (secret.length < secretBytesMin) {
    throw new Error(`the secret "${kid}" has ${secret.length} bytes, and ${secretBytesMin} are needed`);
  }
  return { kid, secret };
}
