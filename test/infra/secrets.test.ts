import { randomBytes } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { getOrCreateEncryptionKeys, parseEncryptionKey } from "../../infra/crypto/encryption-keys.ts";
import { createSecrets } from "../../infra/crypto/secrets.ts";
import { createTestFolder } from "../support/temp-folder.ts";

const newKey = (id?: string) => `${id === undefined ? "" : `${id}:`}${randomBytes(32).toString("base64")}`;
const secretsOf = (...keys: string[]) => createSecrets(keys.map(parseEncryptionKey));

test("a sealed secret opens again, shows nothing of the secret, and looks different every time", (t) => {
  const secrets = secretsOf(newKey());
  for (const plain of ["sk-verysecret", "", "北京🦀", "x".repeat(100_000)]) {
    const [first, second] = [secrets.seal(plain), secrets.seal(plain)];
    t.not(first, second);
    t.is(secrets.open(first), plain);
    t.is(secrets.open(second), plain);
    t.regex(first, /^s1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$/);
  }
  t.false(secrets.seal("sk-verysecret").includes("verysecret"));
});

test("a changed sealed secret does not open, and the error does not contain the text", (t) => {
  const secrets = secretsOf(newKey("a"));
  const sealed = secrets.seal("sk-verysecret");
  const [, , base64 = ""] = sealed.split(".");
  for (let i = 0; i < base64.length - 1; i += 1) {
    const other = base64[i] === "A" ? "B" : "A";
    const error = t.throws(() => secrets.open(`s1.a.${base64.slice(0, i)}${other}${base64.slice(i + 1)}`));
    t.notRegex(error.message, /secret"|verysecret/);
  }
  for (const text of ["", "s1", "s1.a.", "s1.a.AAAA", "s2.a.AAAA", "sk-verysecret", `${sealed}=`]) {
    t.throws(() => secrets.open(text), { message: "this is no sealed text" });
  }
  t.throws(() => secretsOf(newKey("a")).open(sealed), { message: 'the key "a" does not open this sealed text' });
});

test("after a rotation the new key seals, and what the old key sealed still opens", (t) => {
  const [old, fresh] = [newKey(), newKey("2026")];
  const before = secretsOf(old).seal("sk-old");
  const rotated = secretsOf(fresh, old);
  t.is(rotated.open(before), "sk-old");
  const after = rotated.seal(rotated.open(before));
  t.regex(after, /^s1\.2026\./);
  t.is(secretsOf(fresh).open(after), "sk-old", "a secret that was sealed again needs the new key only");
  t.throws(() => secretsOf(fresh).open(before), { message: /there is no encryption key/ });
});

test("a sealed secret cannot be moved to another key's id", (t) => {
  const bytes = randomBytes(32).toString("base64");
  const [, , base64] = secretsOf(`a:${bytes}`).seal("sk-1").split(".");
  t.throws(() => secretsOf(`b:${bytes}`).open(`s1.b.${base64}`), { message: /does not open/ });
});

test("an encryption key is 32 bytes in base64, with or without an id", (t) => {
  const bytes = randomBytes(32);
  t.deepEqual(parseEncryptionKey(` main:${bytes.toString("base64")} `), { id: "main", key: bytes });
  const { id, key } = parseEncryptionKey(bytes.toString("base64url"));
  t.deepEqual(key, bytes);
  t.is(parseEncryptionKey(bytes.toString("base64")).id, id, "the id comes from the key");
  t.throws(() => parseEncryptionKey("main:c2hvcnQ="), { message: /5 bytes, and 32 are needed/ });
  for (const text of ["", "not base64!", "a b:c2hvcnQ="]) t.throws(() => parseEncryptionKey(text));
  t.throws(() => secretsOf(newKey("a"), newKey("a")), { message: /the same id/ });
});

test("the embedded default makes a key once, readable by the owner of the file only", (t) => {
  const folder = join(createTestFolder(t, "encryption"), "data");
  const made = getOrCreateEncryptionKeys(folder);
  t.deepEqual(getOrCreateEncryptionKeys(folder), made);
  const path = join(folder, "encryption-keys.json");
  t.is(statSync(path).mode & 0o777, 0o600);
  writeFileSync(path, "{}");
  t.throws(() => getOrCreateEncryptionKeys(folder), { message: /holds no encryptionKeys/ });
});
