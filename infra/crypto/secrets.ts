// Encrypts secrets that stand in records: AES-256-GCM. A sealed text is `s1.<id of the key>.<base64url of nonce, text and tag>`.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Secrets } from "../../actors/llm/contract.ts";
import type { EncryptionKey } from "./encryption-keys.ts";

const algorithm = "aes-256-gcm";
const format = "s1";
const nonceBytes = 12;
const tagBytes = 16;

/** The first key seals, all open. */
export function createSecrets(keys: readonly EncryptionKey[]): Secrets {
  const [sealing] = keys;
  if (!sealing) throw new Error("there is no encryption key");
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  if (byId.size < keys.length) throw new Error("two encryption keys have the same id");

  return {
    seal(plain) {
      const nonce = randomBytes(nonceBytes);
      const head = `${format}.${sealing.id}`;
      const cipher = createCipheriv(algorithm, sealing.key, nonce).setAAD(Buffer.from(head));
      const text = [nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()];
      return `${head}.${Buffer.concat(text).toString("base64url")}`;
    },
    open(sealed) {
      const [, head = "", id = "", base64 = ""] = /^(s1\.([A-Za-z0-9_-]+))\.([A-Za-z0-9_-]+)$/.exec(sealed) ?? [];
      const bytes = Buffer.from(base64, "base64url");
      if (bytes.length < nonceBytes + tagBytes) throw new Error("this is no sealed text");
      const key = byId.get(id);
      if (!key) throw new Error(`there is no encryption key "${id}"`);
      const tag = bytes.subarray(bytes.length - tagBytes);
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(head)).setAuthTag(tag);
      try {
        const text = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
        return Buffer.concat([text, decipher.final()]).toString("utf8");
      } catch {
        throw new Error(`the key "${id}" does not open this sealed text`);
      }
    },
  };
}
