import test from "ava";
import type { ImportedAccount, RefreshLeave } from "../../actors/pool/contract.ts";
import { createPool } from "../../actors/pool/pool.ts";
import type { DueRefresh } from "../../actors/pool/refreshes.ts";
import { defaultPoolRules as rules } from "../../actors/pool/rules.ts";
import { availabilityOf, statusOf } from "../../actors/pool/status.ts";
import { LoneActor } from "../support/lone-actor.ts";

const hourMs = 3_600_000;
const capability = "/v1/chat/completions";

/** A pool with the account a, and what people do with it. */
function start(account: Partial<ImportedAccount> = {}, options: Partial<typeof rules> = {}) {
  const asked: DueRefresh[] = [];
  const behaviour = createPool({ rules: { ...rules, ...options }, ask: (_, due) => void asked.push(...due) });
  const pool = new LoneActor(behaviour, "default");
  const [id = ""] = pool.run("add", { accounts: [imported("a", account)] }).credentialIds;
  const list = () => pool.ask("list", {}).credentials ?? [];
  const facts = (credentialId = id) => {
    const found = list().find((each) => each.credentialId === credentialId);
    if (!found) throw new Error(`no account ${credentialId}`);
    return found;
  };
  return {
    pool,
    id,
    asked,
    list,
    facts,
    status: () => statusOf(facts(), pool.nowMs).status,
    availability: (what = capability) => availabilityOf(facts(), what, pool.nowMs),
    report(kind: Parameters<typeof pool.run<"report">>[1]["kind"], retryAfterMs?: number, what = capability) {
      const { tokenVersion } = facts();
      pool.run("report", { credentialId: id, tokenVersion, kind, capability: what, retryAfterMs });
    },
    probe: (what = capability) => pool.run("probe", { credentialId: id, capability: what }).isGranted,
    begin: (cause: "date" | "refused" | "manual", tokenVersion = facts().tokenVersion) =>
      pool.run("beginRefresh", { credentialId: id, tokenVersion, cause }),
    renew: (leave: RefreshLeave, token: string, expiresAtMs?: number) =>
      pool.run("endRefresh", {
        credentialId: id,
        refreshId: begun(leave),
        result: {
          kind: "renewed",
          sealedAccessToken: `sealed-${token}`,
          sealedRefreshToken: `sealed-r-${token}`,
          expiresAtMs,
        },
      }),
    fail: (leave: RefreshLeave, kind: "refused" | "unreachable", reason: string) =>
      pool.run("endRefresh", { credentialId: id, refreshId: begun(leave), result: { kind, reason } }),
  };
}

function imported(identity: string, account: Partial<ImportedAccount> = {}): ImportedAccount {
  return {
    identity,
    name: identity,
    email: `${identity}@example.test`,
    accountId: "",
    sealedAccessToken: `sealed-${identity}`,
    sealedRefreshToken: `sealed-r-${identity}`,
    ...account,
  };
}

function begun(leave: RefreshLeave): string {
  if (leave.kind !== "begun") throw new Error(`the leave is ${leave.kind}`);
  return leave.refreshId;
}

test("a limited account waits as long as the upstream says, but not longer than the cap", (t) => {
  const { pool, report, availability, probe } = start();
  report("rate_limited", 2_000);
  t.deepEqual(availability(), { kind: "waits", untilMs: pool.nowMs + 2_000 });
  t.false(probe(), "nobody probes before the time");
  pool.nowMs += 2_000;
  t.deepEqual(availability(), { kind: "probe" });
  t.true(probe());
  t.like(availability(), { kind: "waits" });
  t.false(probe(), "one probe at a time");
  report("rate_limited", 31 * 24 * hourMs);
  t.deepEqual(availability(), { kind: "waits", untilMs: pool.nowMs + rules.maxCoolDownMs });
  pool.nowMs += rules.maxCoolDownMs;
  t.true(probe(), "a probe finds the recovery long before the time that the upstream named");
  report("ok");
  t.deepEqual(availability(), { kind: "serves" });
});

test("a limited account whose upstream names no time waits the default, also the second time", (t) => {
  const { pool, report, availability, probe } = start();
  for (let round = 0; round < 2; round += 1) {
    report("rate_limited");
    t.deepEqual(availability(), { kind: "waits", untilMs: pool.nowMs + rules.coolDownMs });
    pool.nowMs += rules.coolDownMs;
    t.true(probe());
  }
});

test("a wait of 0 leaves the account to one probe at a time", (t) => {
  const { report, probe } = start();
  report("rate_limited", 0);
  t.true(probe());
  t.false(probe());
});

test("a probe whose host died ends by itself", (t) => {
  const { pool, report, probe } = start();
  report("rate_limited", 0);
  t.true(probe());
  pool.nowMs += rules.probeMs;
  t.true(probe());
});

test("parallel refusals are written once, and a later end counts", (t) => {
  const { pool, report, availability } = start();
  for (let i = 0; i < 60; i += 1) report("rate_limited", 5_000);
  t.is(pool.records.length, 2);
  report("rate_limited", 60_000);
  t.deepEqual(availability(), { kind: "waits", untilMs: pool.nowMs + 60_000 });
});

test("cooling survives a restart", (t) => {
  const { pool, report } = start();
  report("rate_limited", 60_000);
  for (let i = 0; i <= pool.records.length; i += 1) t.deepEqual(pool.replayed(i), pool.state);
});

test("a refusal of one capability cools that one only", (t) => {
  const { pool, report, availability, probe } = start();
  report("forbidden", undefined, "/v1/images/edits");
  t.like(availability("/v1/images/edits"), { kind: "waits" });
  t.deepEqual(availability(), { kind: "serves" });
  pool.nowMs += rules.coolDownMs;
  t.true(probe("/v1/images/edits"));
  report("ok", undefined, "/v1/images/edits");
  t.deepEqual(availability("/v1/images/edits"), { kind: "serves" });
});

test("single server errors cool nothing; several in a row within the window do", (t) => {
  const { pool, report, availability } = start();
  report("server_error");
  report("server_error");
  t.deepEqual(availability(), { kind: "serves" });
  report("ok");
  for (let i = 1; i < rules.errorsToCool; i += 1) report("server_error");
  t.deepEqual(availability(), { kind: "serves" }, "a success in between begins the count again");
  pool.nowMs += rules.errorWindowMs;
  report("unreachable");
  t.deepEqual(availability(), { kind: "serves" }, "errors outside of the window do not count");
  for (let i = 1; i < rules.errorsToCool; i += 1) report("server_error");
  t.deepEqual(availability(), { kind: "waits", untilMs: pool.nowMs + rules.coolDownMs });
});

test("one server error in a probe is enough, and the success of an older request does not end a cooling", (t) => {
  const { pool, report, availability, probe } = start();
  report("rate_limited", 10);
  report("ok");
  t.like(availability(), { kind: "waits" });
  pool.nowMs += 10;
  t.true(probe());
  report("server_error");
  t.deepEqual(availability(), { kind: "waits", untilMs: pool.nowMs + rules.coolDownMs });
});

test("a success of an account that serves anyway is not written", (t) => {
  const { pool, report } = start();
  report("ok");
  t.is(pool.records.length, 1);
});

test("one host refreshes, the others wait, and read the new token", (t) => {
  const { pool, id, begin, renew, facts } = start();
  const leave = begin("refused");
  t.like(leave, { kind: "begun", sealedRefreshToken: "sealed-r-a" });
  t.deepEqual(begin("date"), { kind: "running", untilMs: pool.nowMs + rules.refreshMs });
  t.like(begin("manual"), { kind: "running" });
  renew(leave, "b", pool.nowMs + hourMs);
  t.deepEqual(begin("refused", 1), { kind: "newer" });
  t.deepEqual(pool.ask("token", { credentialId: id }), { tokenVersion: 2, sealedAccessToken: "sealed-b" });
  t.like(facts(), { expiresAtMs: pool.nowMs + hourMs, lastRefreshAtMs: pool.nowMs, isUnproven: true });
  t.like(begin("manual"), { kind: "begun", sealedRefreshToken: "sealed-r-b" });
});

test("a refreshed token that is refused, too, is not refreshed again: the account waits with its reason", (t) => {
  const { pool, begin, renew, report, status, availability } = start();
  renew(begin("refused"), "b");
  t.like(begin("refused"), { kind: "refused", reason: "The upstream refuses the refreshed token, too." });
  report("unauthorized");
  t.is(status(), "cooling");
  t.like(availability(), { kind: "waits", untilMs: pool.nowMs + rules.coolDownMs });
  t.like(begin("manual"), { kind: "begun" }, "an administrator may try");
});

test("a refreshed token that has worked is refreshed again when it is refused later", (t) => {
  const { begin, renew, report } = start();
  renew(begin("refused"), "b");
  report("ok");
  t.like(begin("refused"), { kind: "begun" });
});

test("an account whose token is refused again and again is probed more and more rarely, and comes back by itself", (t) => {
  const { pool, report, probe, availability } = start();
  for (const factor of [1, 2, 4]) {
    report("unauthorized");
    t.like(availability(), { kind: "waits", untilMs: pool.nowMs + factor * rules.coolDownMs });
    pool.nowMs += factor * rules.coolDownMs;
    t.true(probe());
  }
  report("ok");
  t.deepEqual(availability(), { kind: "serves" });
});

test("a refusal of a token that is no longer the newest changes nothing", (t) => {
  const { pool, id, begin, renew, availability } = start();
  renew(begin("date"), "b");
  pool.run("report", { credentialId: id, tokenVersion: 1, kind: "unauthorized", capability });
  t.deepEqual(availability(), { kind: "serves" });
});

test("a token endpoint that refuses ends the tries, until there are newer tokens or an administrator asks", (t) => {
  const { pool, begin, fail, status, facts, availability } = start({ expiresAtMs: Date.UTC(2026, 0, 1) + hourMs });
  fail(begin("refused"), "refused", "invalid_grant");
  t.is(status(), "refresh_failed");
  t.is(facts().refreshFailure?.reason, "invalid_grant");
  t.deepEqual(availability(), { kind: "out" });
  for (const cause of ["refused", "date"] as const) t.like(begin(cause), { kind: "refused", reason: "invalid_grant" });
  pool.nowMs += 2 * hourMs;
  t.false(pool.wake(), "the timer does not try either");
  t.like(begin("manual"), { kind: "begun" });
  pool.run("add", { accounts: [imported("a", { sealedAccessToken: "sealed-new" })] });
  t.is(status(), "active");
});

test("a token endpoint that is not reached is asked again after growing pauses, while the old token serves", (t) => {
  const { pool, begin, fail, status, availability } = start({ expiresAtMs: Date.UTC(2026, 0, 1) + hourMs });
  for (const factor of [1, 2, 4]) {
    fail(begin("date"), "unreachable", "The token endpoint is not reached.");
    t.deepEqual(availability(), { kind: "serves" });
    t.like(begin("date"), { kind: "refused", retryAtMs: pool.nowMs + factor * rules.refreshRetryMs });
    pool.nowMs += factor * rules.refreshRetryMs;
  }
  pool.nowMs += hourMs;
  t.is(status(), "refresh_failed");
});

test("the error of a host that lost the race does not touch the tokens that the winner got", (t) => {
  const { pool, begin, renew, fail, facts, status } = start();
  const slow = begin("refused");
  pool.nowMs += rules.refreshMs;
  const fast = begin("refused");
  renew(fast, "b");
  fail(slow, "refused", "refresh_token_reused");
  t.is(facts().tokenVersion, 2);
  t.is(status(), "active");
});

test("the tokens that a slow host got are used although another host was refused meanwhile", (t) => {
  const { pool, id, begin, renew, fail, status } = start();
  const slow = begin("refused");
  pool.nowMs += rules.refreshMs;
  fail(begin("refused"), "refused", "refresh_token_reused");
  t.is(status(), "refresh_failed");
  renew(slow, "b");
  t.is(status(), "active");
  t.is(pool.ask("token", { credentialId: id }).sealedAccessToken, "sealed-b");
  renew(slow, "c");
  t.is(pool.ask("token", { credentialId: id }).sealedAccessToken, "sealed-b", "an older result counts no more");
});

test("a token is refreshed by the timer before it expires, and asked for again when nobody did", (t) => {
  const nowMs = Date.UTC(2026, 0, 1);
  const { pool, id, asked, begin, renew } = start({ expiresAtMs: nowMs + 10 * hourMs });
  pool.nowMs = nowMs + 10 * hourMs - rules.refreshAheadMs - 1;
  t.false(pool.wake());
  pool.nowMs += 1;
  t.true(pool.wake());
  t.deepEqual(asked, [{ credentialId: id, tokenVersion: 1 }]);
  t.false(pool.wake());
  pool.nowMs += rules.refreshMs;
  t.true(pool.wake());
  t.is(asked.length, 2);
  renew(begin("date"), "b", pool.nowMs + 10 * hourMs);
  t.false(pool.wake());
});

test("a token of short life is not refreshed all the time", (t) => {
  const nowMs = Date.UTC(2026, 0, 1);
  const { pool } = start({ expiresAtMs: nowMs + 10_000 });
  t.false(pool.wake());
  pool.nowMs = nowMs + 8_000;
  t.true(pool.wake());
});

test("an account is not refreshed at its import, however old its token is", (t) => {
  const { pool, status } = start({ expiresAtMs: Date.UTC(2025, 0, 1) });
  t.false(pool.wake());
  pool.nowMs += 24 * hourMs;
  t.false(pool.wake());
  t.is(status(), "expired");
});

test("an account without a refresh token serves until its token expires, then says so, and is never refreshed", (t) => {
  const nowMs = Date.UTC(2026, 0, 1);
  const { pool, begin, status, availability } = start({ expiresAtMs: nowMs + hourMs, sealedRefreshToken: undefined });
  t.is(status(), "active");
  t.like(begin("refused"), { kind: "refused", reason: "There is no refresh token." });
  pool.nowMs += hourMs;
  t.false(pool.wake());
  t.is(status(), "expired");
  t.deepEqual(availability(), { kind: "out" });
});

test("of two imports of one account the newer wins, and keeps its id and weight", (t) => {
  const { pool, id, list, facts } = start({ lastRefreshAtMs: 2_000, expiresAtMs: Date.UTC(2027, 0, 1) });
  pool.run("change", { credentialId: id, weight: 5 });
  const older = imported("a", { sealedAccessToken: "sealed-old", lastRefreshAtMs: 1_000 });
  t.deepEqual(pool.run("add", { accounts: [older] }).credentialIds, [id]);
  t.is(pool.ask("token", { credentialId: id }).sealedAccessToken, "sealed-a");
  const newer = imported("a", { sealedAccessToken: "sealed-new", lastRefreshAtMs: 3_000 });
  t.deepEqual(pool.run("add", { accounts: [newer, older] }).credentialIds, [id, id]);
  t.is(pool.ask("token", { credentialId: id }).sealedAccessToken, "sealed-new");
  t.is(list().length, 1);
  t.like(facts(), { weight: 5, tokenVersion: 2 });
});

test("a full pool takes no more accounts, and still takes newer tokens of those it has", (t) => {
  const { pool, id } = start({}, { maxAccounts: 2 });
  const { credentialIds } = pool.run("add", { accounts: [imported("b"), imported("c"), imported("a")] });
  t.truthy(credentialIds[0]);
  t.deepEqual(credentialIds.slice(1), [undefined, id]);
  const small = start({}, { maxTokenChars: 40 });
  t.deepEqual(small.pool.run("add", { accounts: [imported("b"), imported("c")] }).credentialIds.map(Boolean), [
    true,
    false,
  ]);
});

test("an account is disabled, enabled and removed; to enable it forgets why it did not serve", (t) => {
  const { pool, id, report, status, availability, list } = start();
  report("rate_limited", hourMs);
  pool.run("change", { credentialId: id, isActive: false });
  t.is(status(), "disabled");
  t.deepEqual(availability(), { kind: "out" });
  pool.run("change", { credentialId: id, isActive: true });
  t.deepEqual(availability(), { kind: "serves" });
  t.throws(() => pool.run("change", { credentialId: id, weight: 0 }), { message: /missing or wrong/ });
  pool.run("remove", { credentialId: id });
  t.deepEqual(list(), []);
  t.throws(() => pool.run("remove", { credentialId: id }), { message: /no such account/ });
  t.throws(() => pool.ask("token", { credentialId: id }), { message: /no such account/ });
  pool.run("report", { credentialId: id, tokenVersion: 1, kind: "ok", capability });
});

test("a host that has seen the list gets no accounts until something changes", (t) => {
  const { pool, report } = start();
  const { version, credentials } = pool.ask("list", {});
  t.is(credentials?.length, 1);
  t.deepEqual(pool.ask("list", { seenVersion: version }), { version });
  report("rate_limited");
  t.is(pool.ask("list", { seenVersion: version }).credentials?.length, 1);
});

test("lists show no tokens", (t) => {
  const { list } = start();
  t.false(JSON.stringify(list()).includes("sealed-"));
});
