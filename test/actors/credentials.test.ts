// Accounts as requests use them, in front of a pool that answers as a script says.
import test from "ava";
import { PoolCredentials } from "../../actors/credentials/credentials.ts";
import type { Credential } from "../../actors/pool/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { eventually } from "../suites/eventually.ts";

const capability = "/v1/chat/completions";
const away = () => {
  throw new RuntimeError("unreachable", "no answer came");
};

/** A pool of one account; `answers` may be changed by the test. */
function start() {
  const nowMs = { value: Date.UTC(2026, 0, 1) };
  const account: Credential = {
    ...{ credentialId: "7", name: "a", email: "", accountId: "acct", weight: 1, isActive: true, createdAtMs: 0 },
    ...{ tokenVersion: 1, obtainedAtMs: 0, hasRefreshToken: true, isUnproven: false, cooling: {} },
  };
  const asked: string[] = [];
  const answers: Record<string, (input: never) => unknown> = {
    list: ({ seenVersion }: { seenVersion?: number }) =>
      seenVersion === 1 ? { version: 1 } : { version: 1, credentials: [account] },
    token: () => ({ tokenVersion: 1, sealedAccessToken: "sealed at-1" }),
    report: () => null,
  };
  const answer = (name: string) => async (input: never) => {
    asked.push(name);
    return answers[name]?.(input);
  };
  const actors = { get: () => new Proxy({}, { get: (_, name) => answer(String(name)) }) } as unknown as Actors;
  const credentials = new PoolCredentials({
    actors,
    clock: { nowMs: () => nowMs.value, monotonicMs: () => nowMs.value, after: () => () => {} },
    secrets: { seal: (plain) => `sealed ${plain}`, open: (sealed) => sealed.slice("sealed ".length) },
    endpoint: { refresh: async () => ({ kind: "unreachable", reason: "not part of this test" }) },
    reportError: () => {},
  });
  return {
    ...{ nowMs, account, asked, answers, credentials },
    acquire: () => credentials.acquire({ pool: "default", capability }),
    async grant() {
      const acquired = await credentials.acquire({ pool: "default", capability });
      if (acquired.kind !== "granted") throw new Error(acquired.kind);
      return acquired.grant;
    },
    count: (name: string) => asked.filter((each) => each === name).length,
  };
}

test("a busy gateway asks the pool once a second, and for each token once", async (t) => {
  const { grant, count, nowMs, credentials } = start();
  const grants = await Promise.all(Array.from({ length: 100 }, grant));
  t.like(grants[0], { credentialId: "7", accessToken: "at-1", accountId: "acct", tokenVersion: 1 });
  for (const each of grants) await credentials.report(each, { kind: "ok", capability });
  t.is(count("list"), 1);
  t.is(count("report"), 0);
  nowMs.value += 1_000;
  await Promise.all(Array.from({ length: 100 }, grant));
  t.is(count("list"), 2);
  t.true(count("token") <= 100);
  nowMs.value += 1_000;
  const before = count("token");
  await grant();
  t.is(count("token"), before);
});

test("after a failure was reported, the next request sees what the pool made of it", async (t) => {
  const { acquire, grant, answers, account, credentials, nowMs } = start();
  const first = await grant();
  const cooled = { ...account, cooling: { "*": { untilMs: nowMs.value + 5_000, seen: "rate_limited", strikes: 0 } } };
  answers.list = () => ({ version: 2, credentials: [cooled] });
  t.like(await acquire(), { kind: "granted" });
  await credentials.report(first, { kind: "rate_limited", capability, retryAfterMs: 5_000 });
  t.deepEqual(await acquire(), { kind: "cooling", retryAfterMs: 5_000 });
});

test("while the pool's actor does not answer, the last list serves for a minute, and reports are lost without harm", async (t) => {
  const { grant, acquire, answers, credentials, nowMs } = start();
  const first = await grant();
  for (const name of ["list", "token", "report"]) answers[name] = away;
  await credentials.report(first, { kind: "server_error", capability });
  nowMs.value += 59_000;
  t.like(await grant(), { accessToken: "at-1" });
  nowMs.value += 2_000;
  await t.throwsAsync(acquire(), { instanceOf: RuntimeError });
});

test("an account about which nobody answers is not an account that does not serve", async (t) => {
  const { acquire, answers, asked } = start();
  answers.token = away;
  await t.throwsAsync(acquire(), { instanceOf: RuntimeError });
  t.deepEqual(asked.slice(0, 2), ["list", "token"]);
});

test("a renewal that fails, for whatever reason, is no newer token", async (t) => {
  const { grant, answers, credentials } = start();
  const first = await grant();
  answers.beginRefresh = away;
  t.is(await credentials.renew(first), undefined);
  answers.beginRefresh = () => ({ kind: "refused", reason: "There is no refresh token." });
  t.is(await credentials.renew(first), undefined);
  answers.beginRefresh = () => ({ kind: "newer" });
  answers.token = () => ({ tokenVersion: 2, sealedAccessToken: "sealed at-2" });
  t.like(await credentials.renew(first), { accessToken: "at-2", tokenVersion: 2 });
});

test("a request waits for the refresh of another host also while an administrator here is told that one runs", async (t) => {
  const { grant, answers, credentials, count } = start();
  const first = await grant();
  const told = Promise.withResolvers<object>();
  answers.beginRefresh = ({ cause }: { cause: string }) => (cause === "manual" ? told.promise : { kind: "newer" });
  const manual = credentials.refreshNow("default", "7").catch(({ error }) => error);
  await eventually(() => count("beginRefresh") === 1);
  answers.token = () => ({ tokenVersion: 2, sealedAccessToken: "sealed at-2" });
  const renewal = credentials.renew(first);
  told.resolve({ kind: "running", untilMs: 0 });
  t.like(await renewal, { accessToken: "at-2" });
  t.is(await manual, "common.conflict");
});
