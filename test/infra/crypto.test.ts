import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { DomainError } from "../../actors/shared/errors.ts";
import { createPasswordHasher } from "../../infra/crypto/password.ts";
import { getOrCreateTokenSecrets, parseTokenSecret } from "../../infra/crypto/token-secrets.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { createTestFolder } from "../support/temp-folder.ts";

test("a hash verifies its password and no other, and equal passwords have different hashes", async (t) => {
  const passwords = createPasswordHasher("low");
  const [first, second] = await Promise.all([passwords.hash("correct horse 1"), passwords.hash("correct horse 1")]);
  t.not(first, second);
  t.regex(first, /^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  t.true(await passwords.verify("correct horse 1", first));
  t.false(await passwords.verify("correct horse 2", first));
});

test("the normal cost is the one OWASP recommends, and a hash of another cost still verifies", async (t) => {
  const cheap = await createPasswordHasher("low").hash("p4ssword");
  const passwords = createPasswordHasher("normal");
  t.true((await passwords.hash("p4ssword")).startsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
  t.true(await passwords.verify("p4ssword", cheap));
});

test("a hash of another argon2id library verifies", async (t) => {
  // argon2 reference implementation: echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 -l 24
  const reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  t.true(await createPasswordHasher("low").verify("password", reference));
});

test("the same password in another Unicode form is the same password", async (t) => {
  const passwords = createPasswordHasher("low");
  t.true(await passwords.verify("Cafe\u0301 12345", await passwords.hash("Caf\u00e9 12345")));
});

test("a check for an unknown user takes as long as for a known one, and fails", async (t) => {
  const passwords = createPasswordHasher("normal");
  const stored = await passwords.hash("p4ssword");
  // The least CPU time of several checks in this process, so that other processes do not count.
  const cost = async (hash: string | undefined) => {
    const before = process.cpuUsage();
    t.false(await passwords.verify("wr0ng word", hash));
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let run = 0; run < 5; run += 1) {
    known = Math.min(known, await cost(stored));
    unknown = Math.min(unknown, await cost(undefined));
  }
  t.true(unknown > known / 2 && known > unknown / 2, `${known} µs for a known user, ${unknown} µs for an unknown`);
});

test("a stored hash that is malformed or too costly is an error and not a wrong password", async (t) => {
  const passwords = createPasswordHasher("low");
  await t.throwsAsync(passwords.verify("p4ssword", "$2b$10$abc"), { message: /not argon2id/ });
  const greedy = `$argon2id$v=19$m=99999999,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;
  await t.throwsAsync(passwords.verify("p4ssword", greedy), { message: /has a higher cost/ });
});

test("a flood of logins waits in a bounded queue, and the surplus is refused as unavailable", async (t) => {
  const passwords = createPasswordHasher("low");
  const results = await Promise.allSettled(Array.from({ length: 400 }, () => passwords.hash("p4ssword")));
  const refused = results.filter((result) => result.status === "rejected");
  t.is(refused.length, 400 - 256 - 2);
  t.true(refused.every(({ reason }) => reason instanceof DomainError && reason.error === "common.unavailable"));
  t.true(
    await passwords.verify("p4ssword", await passwords.hash("p4ssword")),
    "after the flood logins are served again",
  );
});

test("token secrets are created once, readable by the owner of the file only", (t) => {
  const folder = join(createTestFolder(t, "secrets"), "data");
  const made = getOrCreateTokenSecrets(folder);
  t.is(made[0]?.secret.length, 32);
  t.deepEqual(getOrCreateTokenSecrets(folder), made);
  t.is(statSync(join(folder, "secrets.json")).mode & 0o777, 0o600);
  writeFileSync(join(folder, "secrets.json"), '{"tokenSecrets":[]}');
  t.throws(() => getOrCreateTokenSecrets(folder), { message: /holds no tokenSecrets/ });
  t.false(readFileSync(join(folder, "secrets.json"), "utf8").includes("local:"), "a damaged file is not replaced");
});

test("a token secret is kid:base64 of 32 bytes or more", (t) => {
  t.deepEqual(parseTokenSecret(` a-1:${Buffer.alloc(40, 1).toString("base64")}`).secret, Buffer.alloc(40, 1));
  t.throws(() => parseTokenSecret("a:c2hvcnQ="), { message: /has 5 bytes/ });
  for (const text of ["", "c2hvcnQ=", "a b:c2hvcnQ=", "a:"]) {
    t.throws(() => parseTokenSecret(text), { message: /kid:base64/ });
  }
});

test("random ids have the bits asked for, and do not repeat", (t) => {
  const ids = new Set(Array.from({ length: 5_000 }, () => systemRandom.hex(64)));
  t.is(ids.size, 5_000);
  t.regex(systemRandom.hex(128), /^[0-9a-f]{32}$/);
  t.throws(() => systemRandom.hex(12), { instanceOf: RangeError });
  const units = Array.from({ length: 2_000 }, () => systemRandom.unit());
  t.true(units.every((unit) => unit >= 0 && unit < 1));
  t.true(Math.abs(units.reduce((sum, unit) => sum + unit) / 2_000 - 0.5) < 0.05);
});
