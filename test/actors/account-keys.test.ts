// Limits that come with a key: quota, requests and tokens per minute, requests at once.
import test from "ava";
import type { ApiKey } from "../../actors/keyring/contract.ts";
import type { DomainError } from "../../actors/shared/errors.ts";
import { alice, holdOf, loneAccount, settleOf } from "../support/llm/lone-account.ts";

type Account = ReturnType<typeof loneAccount>;
const ofKey = (keyLimits: ApiKey["limits"], keyId = "5") => ({ payer: { userId: alice, keyId }, keyLimits });
const refusal = (account: Account, ...input: Parameters<typeof holdOf>): DomainError | undefined => {
  try {
    account.run("hold", holdOf(...input));
    return undefined;
  } catch (error) {
    return error as DomainError;
  }
};
const run = (account: Account, id: string, more: Parameters<typeof holdOf>[1]) => {
  account.run("hold", holdOf(id, more));
  account.run("settle", settleOf(id));
};

test("a quota counts the tokens that a key has used over its life", (t) => {
  const account = loneAccount();
  const key = ofKey({ quotaTokens: 460 });
  run(account, "r1", key);
  run(account, "r2", key);
  t.deepEqual(account.ask("keyUse", {}).keys, { 5: { requests: 2, tokens: 300, lastUsedAtMs: account.nowMs } });
  const error = refusal(account, "r3", key);
  t.is(error?.error, "llm.key_spent");
  t.is(error?.kind, "payment");
  const flexible = { isFlexible: true as const, most: { inputTokens: 100, outputTokens: 4_096 } };
  t.is(account.run("hold", holdOf("r4", { ...key, ...flexible })).maxOutputTokens, 60);
  t.is(
    refusal(account, "r5", { ...key, ...flexible })?.error,
    "llm.rate_limited",
    "only a running request is in the way",
  );
  t.is(refusal(account, "r6", ofKey({ quotaTokens: 460 }, "6")), undefined, "another key has its own");
  for (let i = 0; i <= account.records.length; i += 1) t.deepEqual(account.replayed(i), account.state);
});

test("a quota holds for what has no price, and a quota of zero lets nothing through", (t) => {
  const account = loneAccount();
  t.is(refusal(account, "r1", { ...ofKey({ quotaTokens: 0 }), price: undefined })?.error, "llm.key_spent");
  t.is(refusal(account, "r2", { ...ofKey({ quotaTokens: 199 }), price: undefined })?.error, "llm.key_spent");
  t.is(refusal(account, "r3", { ...ofKey({ quotaTokens: 200 }), price: undefined }), undefined);
});

test("500 requests at once on a quota for 20 never use more", (t) => {
  const account = loneAccount();
  account.isChecked = false;
  const key = ofKey({ quotaTokens: 20 * 150 });
  let used = 0;
  let waiting = Array.from({ length: 500 }, (_, i) => `r${i}`);
  while (waiting.length > 0) {
    const outcomes = waiting.map((id) => ({ id, error: refusal(account, id, key)?.error }));
    const admitted = outcomes.filter(({ error }) => error === undefined);
    used += admitted.length * 150;
    t.true(used <= 20 * 150);
    for (const { id } of admitted) account.run("settle", settleOf(id));
    waiting = outcomes.filter(({ error }) => error === "llm.rate_limited").map(({ id }) => id);
  }
  t.is(account.ask("keyUse", {}).keys[5]?.tokens, used);
  t.true(used >= 19 * 150);
});

test("requests per minute hold for any 60 seconds, and the refusal says how long to wait", (t) => {
  const account = loneAccount();
  const key = ofKey({ rpm: 3 });
  for (const id of ["r1", "r2", "r3"]) {
    run(account, id, key);
    account.nowMs += 10_000;
  }
  const error = refusal(account, "r4", key);
  t.is(error?.error, "llm.rate_limited");
  t.deepEqual(error?.details, { retryAfterMs: 30_000 });
  account.nowMs += 29_999;
  t.truthy(refusal(account, "r4", key));
  account.nowMs += 1;
  t.is(refusal(account, "r4", key), undefined);
  t.deepEqual(refusal(account, "r5", key)?.details, { retryAfterMs: 10_000 });
});

test("tokens per minute count what was used, and a guess does not block", (t) => {
  const account = loneAccount();
  const key = { ...ofKey({ tpm: 400 }), isFlexible: true as const, most: { inputTokens: 100, outputTokens: 16_000 } };
  run(account, "r1", key);
  run(account, "r2", key);
  const error = refusal(account, "r3", { ...key, most: { inputTokens: 101, outputTokens: 16_000 } });
  t.is(error?.error, "llm.rate_limited");
  t.deepEqual(error?.details, { retryAfterMs: 60_000 });
  account.nowMs += 60_000;
  t.is(
    refusal(account, "r3", { ...key, most: { inputTokens: 9_000, outputTokens: 1 } }),
    undefined,
    "takes the minute alone",
  );
  t.truthy(refusal(account, "r4", key));
});

test("requests at once: a place is free when its request was settled", (t) => {
  const account = loneAccount();
  const key = ofKey({ parallel: 2 });
  account.run("hold", holdOf("r1", key));
  account.run("hold", holdOf("r2", key));
  t.deepEqual(refusal(account, "r3", key)?.details, { retryAfterMs: 1_000 });
  account.run("settle", settleOf("r1", { delivered: "nothing", reason: "client_left", status: 499 }));
  t.is(refusal(account, "r3", key), undefined);
});
