// Holds and settles of one payer: nothing is overshot, nothing is settled twice, nothing stays open.
import test from "ava";
import { holdCheckMs, maxOpenHolds, maxSettledKept } from "../../actors/account/limits.ts";
import type { RequestRow } from "../../actors/account/rows.ts";
import type { DomainError } from "../../actors/shared/errors.ts";
import { alice, holdOf, loneAccount, price, settleOf } from "../support/llm/lone-account.ts";

const most = 100 * price.cacheWrite + 100 * price.output;
const real = 100 * price.input + 50 * price.output;
type Account = ReturnType<typeof loneAccount>;
const day = (account: Account) => account.ask("budget", {}).day;
const refusal = (account: Account, ...input: Parameters<typeof holdOf>): DomainError | undefined => {
  try {
    account.run("hold", holdOf(...input));
    return undefined;
  } catch (error) {
    return error as DomainError;
  }
};
const requestRow = (account: Account): RequestRow => {
  const row = account.rows.find(({ table }) => table === "requests");
  if (row?.table !== "requests") throw new Error("no request was projected");
  return JSON.parse(row.row);
};
const checkReplay = (t: { deepEqual(a: unknown, b: unknown): unknown }, account: Account) => {
  for (let i = 0; i <= account.records.length; i += 1) t.deepEqual(account.replayed(i), account.state);
};

test("a hold reserves the dearest that may come, and its settle shrinks it to what it cost", (t) => {
  const account = loneAccount();
  t.deepEqual(account.run("hold", holdOf("r1")), { amount: most });
  t.like(day(account), { used: 0, held: most });
  t.deepEqual(account.run("settle", settleOf("r1")), { cost: real });
  t.like(day(account), { used: real, held: 0, limit: undefined });
  t.is(account.ask("budget", {}).month.used, real);
  t.is(account.ask("budget", {}).openHolds, 0);
  checkReplay(t, account);
});

test("the same hold again holds once, the same settle again is answered as the first", (t) => {
  const account = loneAccount();
  t.deepEqual(account.run("hold", holdOf("r1")), account.run("hold", holdOf("r1")));
  t.is(account.ask("budget", {}).openHolds, 1);
  account.run("settle", settleOf("r1"));
  t.deepEqual(account.run("settle", settleOf("r1", { usage: { inputTokens: 9, outputTokens: 9 } })), { cost: real });
  t.is(day(account).used, real);
  t.is(account.records.length, 2);
  t.is(refusal(account, "r1")?.error, "common.conflict", "a settled request does not begin again");
});

test("a request without a hold costs nothing, also when its settle was forgotten", (t) => {
  const account = loneAccount();
  t.deepEqual(account.run("settle", settleOf("never held")), { cost: 0 });
  account.isChecked = false;
  for (let i = 0; i <= maxSettledKept; i += 1) {
    account.run("hold", holdOf(`r${i}`));
    account.run("settle", settleOf(`r${i}`));
  }
  const { used } = day(account);
  t.deepEqual(account.run("settle", settleOf("r0")), { cost: 0 });
  t.is(day(account).used, used);
});

test("a released hold leaves no row and no cost", (t) => {
  const account = loneAccount();
  account.run("hold", holdOf("r1", { payer: { userId: alice, keyId: "5" } }));
  account.run("release", { requestId: "r1" });
  account.run("release", { requestId: "r1" });
  t.deepEqual(account.rows, []);
  t.like(day(account), { used: 0, held: 0 });
  t.is(account.records.length, 2);
  checkReplay(t, account);
});

test("500 requests at once on a budget for 20: never more than the budget, and the remainder is spendable", (t) => {
  const account = loneAccount();
  account.run("setBudget", { dayLimit: 20 * real });
  account.isChecked = false;
  let waiting = Array.from({ length: 500 }, (_, i) => `r${i}`);
  let [served, refused] = [0, 0];
  for (let round = 0; waiting.length > 0; round += 1) {
    const admitted: string[] = [];
    const later: string[] = [];
    for (const id of waiting) {
      const error = refusal(account, id);
      if (!error) admitted.push(id);
      else if (error.error === "llm.rate_limited") later.push(id);
      else refused += 1;
      const { used, held } = day(account);
      t.true(used + held <= 20 * real);
    }
    for (const id of admitted) account.run("settle", settleOf(id));
    served += admitted.length;
    waiting = later;
    t.true(round < 100);
  }
  t.true(day(account).used <= 20 * real);
  t.is(served + refused, 500);
  t.true(served >= 18, `${served}: what is left is less than one request may cost`);
  t.is(day(account).held, 0);
  t.is(refusal(account, "one more")?.error, "llm.budget_spent");
  t.is(refusal(account, "a small one", { most: { inputTokens: 10, outputTokens: 5 } }), undefined);
});

test("without a maximum a shorter answer is held where the longest does not fit, and nobody else gets the rest", (t) => {
  const account = loneAccount();
  account.run("setBudget", { dayLimit: most });
  const flexible = { most: { inputTokens: 100, outputTokens: 16_000 }, isFlexible: true } as const;
  t.deepEqual(account.run("hold", holdOf("r1", flexible)), { amount: most, maxOutputTokens: 100 });
  t.is(refusal(account, "r2", flexible)?.error, "llm.rate_limited", "the rest may come back");
  account.run("settle", settleOf("r1"));
  t.is(refusal(account, "r3")?.error, "llm.budget_spent", "a named maximum is not shortened");
  const left = most - real;
  const third = account.run("hold", holdOf("r4", { ...flexible, most: { inputTokens: 10, outputTokens: 16_000 } }));
  t.is(third.maxOutputTokens, Math.floor((left - 10 * price.cacheWrite) / price.output));
});

test("of several choices each gets its part of what is left", (t) => {
  const account = loneAccount();
  account.run("setBudget", { dayLimit: 100 * price.cacheWrite + 10 * price.output });
  const four = { most: { inputTokens: 100, outputTokens: 4 * 16_000 }, choices: 4, isFlexible: true } as const;
  t.deepEqual(account.run("hold", holdOf("r1", four)), {
    amount: 100 * price.cacheWrite + 8 * price.output,
    maxOutputTokens: 2,
  });
  account.run("release", { requestId: "r1" });
  account.run("setBudget", { dayLimit: 100 * price.cacheWrite + 3 * price.output });
  t.is(refusal(account, "r2", four)?.error, "llm.budget_spent", "a token for each choice does not fit");
});

test("the default budget holds for an account that nobody has seen before", (t) => {
  const account = loneAccount({ userBudget: { dayLimit: most - 1 }, systemBudget: { dayLimit: 1 } });
  t.is(refusal(account, "r1")?.error, "llm.budget_spent");
  account.run("setBudget", { dayLimit: "unlimited" });
  t.is(refusal(account, "r1"), undefined);
  account.run("setBudget", { monthLimit: 3 * most });
  t.is(refusal(account, "r2")?.error, "llm.budget_spent", "the day's default holds again");
  t.is(account.ask("budget", {}).month.limit, 3 * most);
});

test("a budget names limits that are whole and zones that exist", (t) => {
  const account = loneAccount();
  for (const dayLimit of [-1, 0.5, Number.NaN]) {
    t.throws(() => account.run("setBudget", { dayLimit }), { message: /missing or wrong/ });
  }
  t.throws(() => account.run("setBudget", { timeZone: "Mars/Olympus" }), { message: /missing or wrong/ });
  account.run("setBudget", { dayLimit: 0 });
  t.is(refusal(account, "r1")?.error, "llm.budget_spent");
  t.is(refusal(account, "free", { price: undefined }), undefined, "what has no price costs no money");
});

test("a day ends in the account's time zone, and what runs over midnight counts in the new day", (t) => {
  const account = loneAccount({}, alice, Date.UTC(2026, 2, 7, 15));
  account.run("setBudget", { dayLimit: 3 * most, monthLimit: 100 * most, timeZone: "Asia/Shanghai" });
  account.run("hold", holdOf("r1"));
  account.run("settle", settleOf("r1"));
  account.run("hold", holdOf("r2"));
  t.is(day(account).resetsAtMs, Date.UTC(2026, 2, 7, 16));
  account.nowMs = Date.UTC(2026, 2, 7, 16);
  t.like(day(account), { used: 0, held: most, resetsAtMs: Date.UTC(2026, 2, 8, 16) });
  account.run("settle", settleOf("r2"));
  t.like(account.ask("budget", {}), { day: { used: real, held: 0 }, month: { used: 2 * real } });
  account.nowMs = Date.UTC(2026, 2, 31, 16);
  t.like(account.ask("budget", {}), { day: { used: 0 }, month: { used: 0, resetsAtMs: Date.UTC(2026, 3, 30, 16) } });
  account.run("hold", holdOf("r3"));
  account.run("settle", settleOf("r3"));
  t.is(account.ask("budget", {}).month.used, real);
  checkReplay(t, account);
});

test("a clock that was set back begins no day anew", (t) => {
  const account = loneAccount({}, alice, Date.UTC(2026, 2, 7, 1));
  account.run("hold", holdOf("r1"));
  account.run("settle", settleOf("r1"));
  account.nowMs = Date.UTC(2026, 2, 6, 23);
  account.run("hold", holdOf("r2"));
  account.run("settle", settleOf("r2"));
  t.is(day(account).used, 2 * real);
  const totals = account.rows.flatMap((row) => (row.table === "usage" ? [[row.unit, JSON.parse(row.sums)[0]]] : []));
  t.deepEqual(
    totals,
    [
      ["hour", 2],
      ["day", 2],
    ],
    "sums of a period never shrink",
  );
});

test("requests of a dead process are settled by the account, at nobody's cost", (t) => {
  const closed = new Set<string>();
  const account = loneAccount({ isClosed: (boot) => closed.has(boot) });
  account.isChecked = false;
  for (let i = 0; i < 100; i += 1) account.run("hold", holdOf(`a${i}`));
  account.run("hold", holdOf("b", { boot: "boot-b" }));
  account.nowMs += holdCheckMs;
  t.true(account.wake());
  t.is(account.ask("budget", {}).openHolds, 101, "their process lives");
  t.false(account.wake());
  closed.add("boot-a");
  account.nowMs += holdCheckMs;
  const lost: RequestRow[] = [];
  while (account.wake()) for (const row of account.rows) if (row.table === "requests") lost.push(JSON.parse(row.row));
  t.is(new Set(lost.map(({ requestId }) => requestId)).size, 100);
  t.is(new Set(lost.map(({ id }) => id)).size, 100);
  t.true(lost.every(({ cost, reason }) => cost === 0 && reason === "host_lost"));
  t.like(day(account), { used: 0, held: most });
  account.run("settle", settleOf("b"));
  account.nowMs += holdCheckMs;
  t.true(account.wake());
  account.nowMs += 10 * holdCheckMs;
  t.false(account.wake(), "nothing runs, nothing is looked at");
  checkReplay(t, account);
});

test("an answer that comes after its process counted as dead changes nothing", (t) => {
  const account = loneAccount({ isClosed: () => true });
  account.run("hold", holdOf("r1"));
  account.nowMs += holdCheckMs;
  t.true(account.wake());
  t.deepEqual(account.run("settle", settleOf("r1")), { cost: 0 });
  t.is(day(account).used, 0);
});

test("a request that another process goes on with belongs to that process", (t) => {
  const closed = new Set(["boot-b"]);
  const account = loneAccount({ isClosed: (boot) => closed.has(boot) });
  account.run("hold", holdOf("r1"));
  t.deepEqual(account.run("hold", holdOf("r1", { boot: "boot-c" })), { amount: most });
  closed.add("boot-a");
  account.nowMs += holdCheckMs;
  account.wake();
  t.is(account.ask("budget", {}).openHolds, 1);
  closed.add("boot-c");
  account.nowMs += holdCheckMs;
  account.wake();
  t.is(account.ask("budget", {}).openHolds, 0);
  account.run("hold", holdOf("r1", { boot: "boot-d" }));
  t.deepEqual(account.run("settle", settleOf("r1")), { cost: real }, "a lost request may be run again");
  checkReplay(t, account);
});

test("a request that runs longer than any may counts as lost", (t) => {
  const account = loneAccount({ maxRequestMs: 25_000 });
  account.run("hold", holdOf("r1"));
  for (const openHolds of [1, 1, 0]) {
    account.nowMs += holdCheckMs;
    account.wake();
    t.is(account.ask("budget", {}).openHolds, openHolds);
  }
});

test("one payer has a limited number of requests at a time", (t) => {
  const account = loneAccount();
  account.isChecked = false;
  for (let i = 0; i < maxOpenHolds; i += 1) account.run("hold", holdOf(`r${i}`));
  const error = refusal(account, "one more");
  t.is(error?.error, "llm.rate_limited");
  t.deepEqual(error?.details, { retryAfterMs: 1_000 });
});

test("a settle uses the price of its hold, and the row names it", (t) => {
  const account = loneAccount();
  account.run("hold", holdOf("r1", { conversationId: "a_9", payer: { userId: alice, keyId: "5" } }));
  account.run("settle", settleOf("r1", { firstByteMs: 7 }));
  t.like(requestRow(account), {
    ...{ requestId: "r1", userId: alice, keyId: "5", credentialId: "3", provider: "openai", conversationId: "a_9" },
    ...{ model: "gpt-small", price: "small", cost: real, status: 200, firstByteMs: 7, ms: 21 },
  });
  account.run("hold", holdOf("r2", { price: undefined }));
  t.deepEqual(account.run("settle", settleOf("r2")), { cost: 0 });
  t.is(requestRow(account).price, undefined, "counted, and shown as unpriced");
  const sums = account.rows.flatMap((row) => (row.table === "usage" ? [JSON.parse(row.sums)] : []));
  t.is(sums[0][2], 1);
});

test("the dearest of the prices that may hold is held, and the settle names the one that did", (t) => {
  const dear = { ...price, name: "large", input: 10 * price.input, output: 10 * price.output };
  const account = loneAccount();
  account.run("setBudget", { dayLimit: 10 * most });
  const both = { otherPrices: [dear] };
  t.is(account.run("hold", holdOf("r1", both)).amount, 100 * dear.input + 100 * dear.output);
  t.is(refusal(account, "r2", both)?.error, "llm.rate_limited", "nothing is left beside the first one's hold");
  const lost = { inputTokens: 100, outputTokens: 20 };
  const attempts = [
    { provider: "openai", status: 200, reason: "cut", ms: 9, lost } as const,
    { provider: "google", status: 200, reason: "stop", ms: 9 } as const,
  ];
  t.is(account.run("settle", settleOf("r1", { price: "large", attempts })).cost, 10 * real);
  t.like(requestRow(account), { price: "large", lostCost: 100 * price.input + 20 * price.output });
  account.run("hold", holdOf("r3", { otherPrices: [price], price: undefined }));
  t.deepEqual(account.run("settle", settleOf("r3")), { cost: 0 });
  t.is(requestRow(account).price, undefined);
  account.run("hold", holdOf("r4"));
  const unpriced = attempts.map((attempt) => ({ ...attempt, price: null }));
  t.deepEqual(account.run("settle", settleOf("r4", { price: null, attempts: unpriced })), { cost: 0 });
  t.like(requestRow(account), { price: undefined, lostCost: undefined });
});

test("what a failed try used is the house's loss and stands in the row", (t) => {
  const account = loneAccount();
  account.run("hold", holdOf("r1"));
  const lost = { inputTokens: 100, outputTokens: 20 };
  const attempts = [
    { provider: "openai", credentialId: "1", status: 200, reason: "cut", ms: 9, lost } as const,
    { provider: "openai", credentialId: "2", status: 200, reason: "stop", ms: 9 } as const,
  ];
  t.deepEqual(account.run("settle", settleOf("r1", { attempts })), { cost: real });
  t.like(requestRow(account), { lostCost: 100 * price.input + 20 * price.output, credentialId: "2" });
});

test("what the last try used is in the settle, and counts once", (t) => {
  const account = loneAccount();
  const lost = { inputTokens: 100, outputTokens: 50 };
  const attempts = [{ provider: "openai", status: 200, reason: "cut", ms: 9, lost } as const];
  account.run("hold", holdOf("r1"));
  account.run("settle", settleOf("r1", { attempts, reason: "cut", delivered: "part", usage: lost }));
  t.like(requestRow(account), { cost: real, lostCost: undefined });
  account.run("hold", holdOf("r2"));
  account.run("settle", settleOf("r2", { attempts, reason: "cut", delivered: "nothing", usage: lost }));
  t.like(requestRow(account), { cost: 0, lostCost: real });
});

test("numbers of an upstream that are none do not spoil a sum", (t) => {
  const account = loneAccount();
  account.run("hold", holdOf("r1"));
  const usage = {
    inputTokens: -5,
    outputTokens: Number.POSITIVE_INFINITY,
    cachedInputTokens: 1.7,
    isEstimated: true as const,
  };
  t.deepEqual(account.run("settle", settleOf("r1", { usage })), { cost: price.cachedInput });
  t.deepEqual(requestRow(account).usage, { inputTokens: 0, outputTokens: 0, cachedInputTokens: 1, isEstimated: true });
});

test("the system's account holds and counts, and projects no rows beside those of users", (t) => {
  const account = loneAccount({ systemBudget: { monthLimit: most } }, "system");
  account.run("hold", holdOf("r1"));
  t.is(refusal(account, "r2")?.error, "llm.rate_limited");
  account.run("settle", settleOf("r1"));
  t.deepEqual(account.rows, []);
  t.is(account.ask("budget", {}).month.used, real);
});
