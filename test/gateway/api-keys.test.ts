import test from "ava";
import { type ApiKey, keyFreshMs } from "../../actors/keyring/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { createAccessCode, hashAccessCode } from "../../gateway/auth/access-codes.ts";
import { type ApiKeys, createApiKey, createApiKeys, isApiKey } from "../../gateway/auth/api-keys.ts";
import { systemRandom } from "../../infra/system/random.ts";

function edge() {
  const keys = new Map<string, ApiKey>();
  const questions: string[] = [];
  let nowMs = 1_000;
  const findKey = async ({ hash }: { hash: string }) => {
    questions.push(hash);
    await Promise.resolve();
    return { key: keys.get(hash) };
  };
  const actors = { get: () => ({ findKey }) } as unknown as Actors;
  const clock = { monotonicMs: () => nowMs } as never;
  const add = (): { bearer: string; hash: string } => {
    const { key, hash, hint } = createApiKey(systemRandom);
    keys.set(hash, { keyId: "1", ownerId: "7", name: "", hint, isActive: true, createdAtMs: 0, limits: {} });
    return { bearer: key, hash };
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const apiKeys: ApiKeys = createApiKeys({ actors, clock });
  return { apiKeys, keys, questions, add, pass };
}

test("a key has the prefix sk- and 32 random letters and digits, and its hint shows few of them", (t) => {
  const seen = new Set<string>();
  for (let i = 0; i < 200; i += 1) {
    const { key, hint, hash } = createApiKey(systemRandom);
    t.regex(key, /^sk-[0-9A-Za-z]{32}$/);
    t.true(isApiKey(key));
    t.is(hint, `${key.slice(0, 5)}…${key.slice(-4)}`);
    t.false(hash.includes(key.slice(3, 9)));
    seen.add(key);
  }
  t.is(seen.size, 200);
});

test("the keyring is asked once a second for a key, however many requests come", async (t) => {
  const { apiKeys, questions, add, pass } = edge();
  const { bearer, hash } = add();
  const found = await Promise.all(Array.from({ length: 50 }, () => apiKeys.find(bearer)));
  t.true(found.every(({ keyId }) => keyId === "1"));
  t.deepEqual(questions, [hash]);
  pass(keyFreshMs - 1);
  await apiKeys.find(bearer);
  t.is(questions.length, 1);
  pass(1);
  await apiKeys.find(bearer);
  t.is(questions.length, 2);
});

test("a disabled key is refused within a second, and an enabled one taken again", async (t) => {
  const { apiKeys, keys, add, pass } = edge();
  const { bearer, hash } = add();
  await apiKeys.find(bearer);
  keys.set(hash, { ...keys.get(hash)!, isActive: false });
  pass(keyFreshMs);
  await t.throwsAsync(apiKeys.find(bearer), { message: /not valid/ });
  keys.set(hash, { ...keys.get(hash)!, isActive: true });
  pass(keyFreshMs);
  await t.notThrowsAsync(apiKeys.find(bearer));
});

test("an unknown key is refused, and what is no key by its form is not asked for", async (t) => {
  const { apiKeys, questions } = edge();
  await t.throwsAsync(apiKeys.find(createApiKey(systemRandom).key), { message: /not valid/ });
  t.is(questions.length, 1);
  for (const bearer of ["", "sk-", "sk-short", `sk-${"x".repeat(33)}`, `sk-${"ü".repeat(32)}`, "eyJ.a.b"]) {
    await t.throwsAsync(apiKeys.find(bearer), { message: /not valid/ });
  }
  t.is(questions.length, 1);
});

test("guesses are asked about only as their limit allows, and make no gateway forget a key that it knows", async (t) => {
  const { apiKeys, questions, add, pass } = edge();
  const { bearer, hash } = add();
  await apiKeys.find(bearer);
  const guess = () => apiKeys.find(createApiKey(systemRandom).key, () => {});
  for (let i = 0; i < 10_050; i += 1) await t.throwsAsync(guess());
  pass(keyFreshMs);
  questions.length = 0;
  const refuse = () => {
    throw new Error("too many");
  };
  await t.throwsAsync(apiKeys.find(createApiKey(systemRandom).key, refuse), { message: "too many" });
  t.deepEqual(questions, []);
  await apiKeys.find(bearer, refuse);
  t.deepEqual(questions, [hash]);
});

test("an access code is known with and without the prefix of some clients", (t) => {
  t.truthy(hashAccessCode(createAccessCode(systemRandom)));
  t.is(hashAccessCode("nk-welcome"), hashAccessCode("welcome"));
  t.not(hashAccessCode("Welcome"), hashAccessCode("welcome"));
  t.is(hashAccessCode("short"), undefined);
  t.is(hashAccessCode("nk-short"), undefined);
  t.is(hashAccessCode("x".repeat(129)), undefined);
});
