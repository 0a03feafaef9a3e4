// The secrets that sign access tokens. When none are configured, one is created and kept in the data folder, readable by this
// user only.
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TokenSecret {
  kid: string;
  secret: Uint8Array;
}

const secretBytesMin = 32;

/**
 * The first secret signs, all verify. To rotate, put a new secret in front and keep the old one for the lifetime of a token.
 */
export function getOrCreateTokenSecrets(dataDir: string): TokenSecret[] {
  const path = join(dataDir, "secrets.json");
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true });
    const created = { tokenSecrets: [`local:${randomBytes(secretBytesMin).toString("base64")}`] };
    // A hard link makes the file appear atomically: a crash leaves a complete file or none, and of several hosts that start
    // together one creates it.
    const own = `${path}.${process.pid}`;
    writeFileSync(own, `${JSON.stringify(created, null, 2)}\n`, { mode: 0o600, flush: true });
    try {
      linkSync(own, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(own);
    }
  }
  const { tokenSecrets } = JSON.parse(readFileSync(path, "utf8")) as { tokenSecrets?: unknown };
  if (!Array.isArray(tokenSecrets) || tokenSecrets.length === 0) throw new Error(`${path} holds no tokenSecrets`);
  return tokenSecrets.map((text) => parseTokenSecret(String(text)));
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
