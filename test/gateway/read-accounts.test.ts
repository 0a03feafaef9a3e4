// What people really have in their files of accounts.
import test from "ava";
import { readDate } from "../../gateway/surfaces/admin/accounts/dates.ts";
import { readAccounts } from "../../gateway/surfaces/admin/accounts/read-accounts.ts";
import { tokenOf } from "../support/llm/identity-provider.ts";

const dayMs = 86_400_000;
const nineDaysOn = Math.floor((Date.UTC(2026, 0, 1) + 9 * dayMs) / 1_000);
const auth = "https://api.openai.com/auth";

function only(file: unknown) {
  const [result, ...more] = readAccounts(file);
  if (!result || more.length > 0) throw new Error("not one account");
  return result;
}
function accountOf(file: unknown) {
  const result = only(file);
  if ("reason" in result) throw new Error(result.reason);
  return result.account;
}

const flat = {
  id_token: tokenOf({ email: "ann@example.test", exp: 1 }),
  access_token: tokenOf({ exp: nineDaysOn, [auth]: { chatgpt_account_id: "acct-1" } }),
  refresh_token: "rt_1",
  account_id: "acct-1",
  last_refresh: "2026-01-01T08:00:00+08:00",
  email: "ann@example.test",
  type: "codex",
  expired: "2030-01-01T00:00:00Z",
};
const { id_token, access_token, refresh_token, account_id, ...outer } = flat;

test("a flat account, and the same with its tokens in an object, are one account", (t) => {
  const account = accountOf(flat);
  t.deepEqual(account, {
    identity: "acct-1|ann@example.test",
    name: "ann@example.test",
    email: "ann@example.test",
    accountId: "acct-1",
    accessToken: access_token,
    refreshToken: "rt_1",
    expiresAtMs: nineDaysOn * 1_000,
    lastRefreshAtMs: Date.UTC(2026, 0, 1),
  });
  t.deepEqual(accountOf({ ...outer, tokens: { id_token, access_token, refresh_token, account_id } }), account);
  t.deepEqual(
    accountOf({
      OPENAI_API_KEY: null,
      tokens: { id_token, access_token, refresh_token },
      last_refresh: "2026-01-01T00:00:00.000000000Z",
    }),
    account,
    "the account and the e-mail address stand in the tokens alone",
  );
});

test("an array and {tokens: […]} hold many accounts", (t) => {
  t.is(readAccounts([flat, { tokens: flat }]).length, 2);
  t.is(readAccounts({ tokens: [flat, flat, flat] }).length, 3);
  t.deepEqual(readAccounts([]), []);
});

test("the access token's own date counts, and neither the id token's nor a contradicting field", (t) => {
  t.is(accountOf({ ...flat, expired: "2020-01-01" }).expiresAtMs, nineDaysOn * 1_000);
  t.is(accountOf({ ...flat, expired: "soon" }).expiresAtMs, nineDaysOn * 1_000);
});

for (const [what, expired, ms] of [
  ["with a zone", "2026-03-01T08:00:00+08:00", Date.UTC(2026, 2, 1)],
  ["in UTC", "2026-03-01T00:00:00Z", Date.UTC(2026, 2, 1)],
  ["with nanoseconds", "2026-03-01T08:00:00.123456789+08:00", Date.UTC(2026, 2, 1) + 123],
  ["without a zone", "2026-03-01T00:00:00", Date.UTC(2026, 2, 1)],
  ["with a space and without a zone", "2026-03-01 00:00:00", Date.UTC(2026, 2, 1)],
  ["of a day", "2026-03-01", Date.UTC(2026, 2, 1)],
  ["in seconds", 1_772_323_200, Date.UTC(2026, 2, 1)],
  ["in milliseconds", 1_772_323_200_000, Date.UTC(2026, 2, 1)],
  ["in seconds as a text", "1772323200", Date.UTC(2026, 2, 1)],
  ["of the year 1", "0001-01-01T00:00:00Z", undefined],
  ["that is empty", "", undefined],
  ["that is null", null, undefined],
  ["that is absent", undefined, undefined],
  ["that is a word", "soon", null],
  ["beyond all dates", 1e300, null],
  ["before all dates", -5, null],
  ["that is an object", {}, null],
] as const) {
  test(`a date ${what} is ${ms === null ? "refused" : ms === undefined ? "no date" : "read to the second"}`, (t) => {
    t.is(readDate(expired), ms);
    const result = only({ access_token: "opaque", expired });
    if (ms === null) t.deepEqual(result, { reason: "expired is no date." });
    else t.is("account" in result ? result.account.expiresAtMs : null, ms);
  });
}

test("other spellings of fields are read", (t) => {
  t.like(
    accountOf({
      accessToken: "a",
      refreshToken: "r",
      accountId: "acct",
      expired_at: 1_772_323_200,
      last_refresh_at: 1_772_323_200,
    }),
    {
      accessToken: "a",
      refreshToken: "r",
      accountId: "acct",
      expiresAtMs: Date.UTC(2026, 2, 1),
      lastRefreshAtMs: Date.UTC(2026, 2, 1),
    },
  );
});

test("an account without a refresh token is taken, with an empty text or none", (t) => {
  for (const token of ["", "  ", null, undefined]) {
    t.false("refreshToken" in accountOf({ access_token: "opaque", refresh_token: token }));
  }
});

test("spaces and line ends around a token are no part of it", (t) => {
  t.like(accountOf({ access_token: " opaque\r\n", refresh_token: "rt\n" }), {
    accessToken: "opaque",
    refreshToken: "rt",
  });
});

test("two people in one team are two accounts, and an account without any name is known by its tokens", (t) => {
  const ofTeam = (email: string) => accountOf({ access_token: "opaque", account_id: "team", email }).identity;
  t.not(ofTeam("ann@example.test"), ofTeam("bob@example.test"));
  t.is(ofTeam("ann@example.test"), ofTeam("Ann@Example.test"));
  const { identity } = accountOf({ access_token: "opaque-canary", refresh_token: "rt-canary" });
  t.is(identity, accountOf({ access_token: "newer", refresh_token: "rt-canary" }).identity);
  t.notRegex(identity, /canary/);
});

test("what is no account is refused with a reason that shows nothing of it", (t) => {
  for (const [file, reason] of [
    [null, /no account/],
    ["canary", /no account/],
    [[["canary"]], /no account/],
    [{}, /access_token is missing/],
    [{ access_token: "" }, /access_token is missing/],
    [{ refresh_token: "canary" }, /access_token is missing/],
    [{ access_token: 5 }, /access_token is no text/],
    [{ access_token: "opaque", refresh_token: ["canary"] }, /refresh_token is no text/],
    [{ access_token: "canary".repeat(5_000) }, /more than 16384/],
  ] as const) {
    const result = only(file);
    if (!("reason" in result)) return t.fail();
    t.regex(result.reason, reason);
    t.notRegex(result.reason, /canary/);
  }
});
