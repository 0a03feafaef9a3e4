// The pure parts of a pool: waits that upstreams name, whose turn it is, what a token says about itself.
import test from "ava";
import { choose, Turns } from "../../actors/pool/choose.ts";
import { claimsOf, expiryOf } from "../../actors/pool/claims.ts";
import type { Credential } from "../../actors/pool/contract.ts";
import { retryAfterOf } from "../../actors/pool/retry-after.ts";
import { statusOf } from "../../actors/pool/status.ts";

const nowMs = Date.UTC(2026, 0, 1);
const dayMs = 86_400_000;
const waitOf = (headers: Record<string, string>, body?: unknown) =>
  retryAfterOf({ header: (name) => headers[name], body }, nowMs);
const dateIn = (ms: number) => new Date(nowMs + ms).toUTCString();

for (const [what, headers, ms] of [
  ["seconds", { "retry-after": "2" }, 2_000],
  ["a fraction of a second", { "retry-after": "1.5" }, 1_500],
  ["no time", { "retry-after": "0" }, 0],
  ["a date", { "retry-after": dateIn(3_000) }, 3_000],
  ["a date that is over", { "retry-after": dateIn(-60_000) }, 0],
  ["31 days", { "retry-after": dateIn(31 * dayMs) }, 31 * dayMs],
  ["an ISO date", { "retry-after": new Date(nowMs + 3_000).toISOString() }, 3_000],
  ["milliseconds beside seconds", { "retry-after-ms": "0", "retry-after": "30" }, 0],
  ["nonsense in milliseconds beside seconds", { "retry-after-ms": "NaN", "retry-after": "30" }, 30_000],
  ["a negative number", { "retry-after": "-3" }, undefined],
  ["a word", { "retry-after": "soon" }, undefined],
  ["an empty text", { "retry-after": " " }, undefined],
  ["a number with an exponent", { "retry-after": "1e3" }, undefined],
  ["infinity", { "retry-after": "Infinity" }, undefined],
  ["nothing", {}, undefined],
] as const) {
  test(`a wait given as ${what} is ${ms === undefined ? "unknown" : `${ms} ms`}`, (t) => {
    t.is(waitOf(headers), ms);
  });
}

test("a reset that stands in the body alone is found, in seconds, in milliseconds, and relative", (t) => {
  t.is(waitOf({}, { error: { type: "usage_limit_reached", resets_at: nowMs / 1_000 + 561_635 } }), 561_635_000);
  t.is(waitOf({}, { resets_at: nowMs + 5_000 }), 5_000);
  t.is(waitOf({}, { error: { resets_in_seconds: 7 } }), 7_000);
  t.is(waitOf({}, { error: { resets_at: nowMs / 1_000 - 5 } }), 0);
  for (const body of [null, "soon", { error: "no" }, { resets_at: "tomorrow" }, { resets_in_seconds: -1 }]) {
    t.is(waitOf({}, body), undefined);
  }
  t.is(waitOf({ "retry-after": "2" }, { resets_in_seconds: 7 }), 2_000, "a header counts first");
});

const credential = (credentialId: string, facts: Partial<Credential> = {}): Credential => ({
  ...{ credentialId, name: credentialId, email: "", accountId: "", weight: 1, isActive: true, createdAtMs: 0 },
  ...{ tokenVersion: 1, obtainedAtMs: 0, hasRefreshToken: true, isUnproven: false, cooling: {} },
  ...facts,
});
const cooling = (untilMs: number, capability = "*") => ({
  cooling: { [capability]: { untilMs, seen: "rate_limited", strikes: 0 } as const },
});

/** Who is chosen in `rounds` requests one after another. */
function turnsOf(credentials: readonly Credential[], rounds: number, affinityOf?: (round: number) => string): string {
  const turns = new Turns();
  const chosen = Array.from({ length: rounds }, (_, round) => {
    const choice = choose(credentials, { capability: "chat", affinity: affinityOf?.(round) }, turns, nowMs);
    return choice.kind === "serves" ? choice.credential.credentialId : choice.kind;
  });
  return chosen.join("");
}

test("accounts take turns, and an account with more weight has more of them, spread evenly", (t) => {
  t.is(turnsOf([credential("a"), credential("b"), credential("c")], 6), "abcabc");
  t.is(turnsOf([credential("a", { weight: 3 }), credential("b")], 8), "aabaaaba");
});

test("a conversation stays with its account, and only the conversations of an account that is away move", (t) => {
  const accounts = [credential("a"), credential("b", { weight: 2 }), credential("c")];
  const conversation = (round: number) => `s_${round}`;
  const before = turnsOf(accounts, 800, conversation);
  t.is(turnsOf(accounts, 800, conversation), before);
  const share = [...before].filter((id) => id === "b").length / 800;
  t.true(share > 0.44 && share < 0.56, `b has half of the weight, and ${share} of the conversations`);
  const without = turnsOf([credential("a", cooling(nowMs + 1)), ...accounts.slice(1)], 800, conversation);
  for (const [i, id] of [...before].entries()) if (id !== "a") t.is(without[i], id);
  t.false(without.includes("a"));
});

test("a request goes to the account that holds what it refers to, while that account serves", (t) => {
  const turns = new Turns();
  const ask = (b: Partial<Credential>, tried: string[] = []) =>
    choose([credential("a"), credential("b", b)], { capability: "chat", preferred: "b", tried }, turns, nowMs);
  t.like(ask({}), { kind: "serves", credential: { credentialId: "b" } });
  t.like(ask(cooling(nowMs + 1)), { kind: "serves", credential: { credentialId: "a" } });
  t.like(ask({}, ["b"]), { kind: "serves", credential: { credentialId: "a" } });
});

test("an account that cools is not asked; after that, one request probes it, and no other at the same time", (t) => {
  t.is(turnsOf([credential("a", cooling(nowMs + 1)), credential("b")], 3), "bbb");
  t.is(turnsOf([credential("a", cooling(nowMs)), credential("b")], 1), "probe");
  const probed = {
    cooling: { "*": { untilMs: nowMs, probeUntilMs: nowMs + 1, seen: "rate_limited", strikes: 0 } },
  } as const;
  t.is(turnsOf([credential("a", probed), credential("b")], 3), "bbb");
});

test("an account that refuses one capability serves the others", (t) => {
  const accounts = [credential("a", cooling(nowMs + 1, "images")), credential("b")];
  t.is(turnsOf(accounts, 4), "abab");
  t.like(choose(accounts, { capability: "images" }, new Turns(), nowMs), { credential: { credentialId: "b" } });
});

test("when nobody serves, the answer is the shortest wait, and none when no wait helps", (t) => {
  const ask = (credentials: readonly Credential[], tried: string[] = []) =>
    choose(credentials, { capability: "chat", tried }, new Turns(), nowMs);
  const [a, b] = [credential("a", cooling(nowMs + 9_000)), credential("b", cooling(nowMs + 4_000))];
  t.deepEqual(ask([a, b]), { kind: "cooling", retryAfterMs: 4_000 });
  t.deepEqual(ask([a, b], ["b"]), { kind: "cooling", retryAfterMs: 4_000 });
  t.deepEqual(ask([]), { kind: "none" });
  t.deepEqual(ask([credential("a")], ["a"]), { kind: "none" });
  t.deepEqual(ask([credential("a", { isActive: false })]), { kind: "none" });
  t.deepEqual(ask([credential("a", { refreshFailure: { reason: "invalid_grant", tries: 1 } })]), { kind: "none" });
});

test("an expired token is used when it can be refreshed, waited for between tries, and out when it cannot", (t) => {
  const ask = (facts: Partial<Credential>) =>
    choose([credential("a", { expiresAtMs: nowMs, ...facts })], { capability: "chat" }, new Turns(), nowMs);
  t.is(ask({}).kind, "serves");
  t.is(ask({ hasRefreshToken: false }).kind, "none");
  const refreshFailure = { reason: "The token endpoint is not reached.", tries: 1, retryAtMs: nowMs + 10 };
  t.deepEqual(ask({ refreshFailure }), { kind: "cooling", retryAfterMs: 10 });
  t.is(ask({ refreshFailure, expiresAtMs: nowMs + 1 }).kind, "serves", "the old token is still good");
});

test("an account says why it does not serve", (t) => {
  const of = (facts: Partial<Credential>) => statusOf(credential("a", facts), nowMs);
  t.deepEqual(of({}), { status: "active" });
  t.like(of({ isActive: false }), { status: "disabled" });
  t.like(of(cooling(nowMs + 1)), { status: "cooling", reason: "The upstream limits its requests." });
  t.like(of(cooling(nowMs + 1, "images")), { status: "active", reason: "Refused: images." });
  t.like(of({ expiresAtMs: nowMs, hasRefreshToken: false }), { status: "expired", reason: "It has no refresh token." });
  t.like(of({ refreshFailure: { reason: "invalid_grant", tries: 1 } }), {
    status: "refresh_failed",
    reason: "invalid_grant",
  });
});

test("a token's expiry is its own claim, and other texts have none", (t) => {
  const token = (claims: unknown) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
  t.is(expiryOf(token({ exp: 1_800_000_000, name: "西湖🦀" })), 1_800_000_000_000);
  t.is(expiryOf(token({ exp: 1.0005 })), 1_000);
  t.is(claimsOf(token({ name: "西湖🦀" })).name, "西湖🦀");
  for (const text of [
    "",
    "opaque",
    "a.b.c",
    "a.b.c.d",
    token({ exp: "soon" }),
    token({ exp: 1e300 }),
    token(null),
    token([1]),
  ]) {
    t.is(expiryOf(text), undefined);
  }
});
