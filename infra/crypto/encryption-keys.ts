// The keys that encrypt secrets in records. When none are configured, one is created and kept in the data folder.
import { createHash, randomBytes } from "node:crypto";
import { getOrCreateLocalSecrets } from "./local-file.ts";

export interface EncryptionKey {
  id: string;
  /** 32 bytes. */
  key: Uint8Array;
}

const keyBytes = 32;

/**
 * The first key seals, all open. To rotate, put a new key in front. An old key is needed as long as a record sealed by it
 * exists: every write seals with the first key.
 */
export function getOrCreateEncryptionKeys(dataDir: string): EncryptionKey[] {
  return getOrCreateLocalSecrets(dataDir, {
    fileName: "encryption-keys.json",
    field: "encryptionKeys",
    create: () => randomBytes(keyBytes).toString("base64"),
    parse: parseEncryptionKey,
  });
}

/** Parses `base64` or `id:base64` of 32 bytes. The message of its error does not contain the key. */
export function parseEncryptionKey(text: string): EncryptionKey {
  const match = /^(?:([A-Za-z0-9_-]{1,32}):)?([A-Za-z0-9+/_-]+=*)$/.exec(text.trim());
  if (!match) throw new Error("a key is written base64 or id:base64, with an id of letters, digits, - and _");
  const [, givenId, base64 = ""] = match;
  const key = Buffer.from(base64, "base64");
  if (key.length !== keyBytes) throw new Error(`a key has ${key.length} bytes, and ${keyBytes} are needed`);
  return { id: givenId ?? idOf(key), key };
}

/** A key without a name keeps its id when another key is put in front of it. */
function idOf(key: Uint8Array): string {
  return createHash("sha256").update("parley encryption key").update(key).digest("hex").slice(0, 8);
}
