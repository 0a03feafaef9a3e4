// The ledger on a real node: budgets under load, what users and administrators are shown, requests whose process died.
import test from "ava";
import { Account } from "../../actors/account/contract.ts";
import { createLedger, type Ledger } from "../../actors/account/ledger.ts";
import { holdCheckMs } from "../../actors/account/limits.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { eventually } from "../suites/eventually.ts";
import { holdOf, price, settleOf } from "../support/llm/lone-account.ts";
import { people } from "../support/people.ts";
import { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

const real = 100 * price.input + 50 * price.output;
const most = 100 * price.cacheWrite + 100 * price.output;

const ledgerOf = ({ node }: TestNode, boot: string, hasSystemBudget = false): Ledger =>
  createLedger({ actors: node.actors, clock: systemClock, boot, hasSystemBudget, reportError: () => {} });
/** The boot of a process that nobody knows, and so never was, or is dead. */
const deadBoot = "0".repeat(32);
const hold = (userId: string, requestId: string, more: Parameters<typeof holdOf>[1] = {}) => {
  const { boot: _, ...input } = holdOf(requestId, { payer: { userId }, ...more });
  return input;
};
type Usage = {
  budget: { day: { used: string; held: string; limit?: string }; month: { used: string } };
  totals: { requests: number; cost: string; promptTokens: number };
  groups: { group: string; requests: number }[];
};
const usageOf = async (person: Person, query = "") => (await person.gets<Usage>(`/models/usage${query}`)).data;

test("500 requests at once on a budget for 20: the rest is refused, and nothing stays held", async (t) => {
  const limit = 20 * most;
  await using chat = await startTestNode({ env: { LLM_USER_BUDGET_DAY: String(limit / 1e12) } });
  const alice = await Person.registers(chat, "alice");
  const ledger = ledgerOf(chat, "boot-a");
  const outcomes = await Promise.allSettled(
    Array.from({ length: 500 }, (_, i) => ledger.hold(hold(alice.userId, `r${i}`))),
  );
  const admitted = outcomes.flatMap(({ status }, i) => (status === "fulfilled" ? [`r${i}`] : []));
  t.is(admitted.length, 20);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") t.is((outcome.reason as DomainError).error, "llm.rate_limited");
  }
  t.like(await usageOf(alice), { budget: { day: { used: "0.000000", held: "0.006500", limit: "0.006500" } } });
  await Promise.all(admitted.map((id) => ledger.settle(alice.userId, settleOf(id))));
  t.like(await usageOf(alice), {
    budget: { day: { used: "0.004000", held: "0.000000" }, month: { used: "0.004000" } },
    totals: { requests: 20, cost: "0.004000", promptTokens: 2_000 },
  });
  await t.notThrowsAsync(ledger.hold(hold(alice.userId, "the remainder")));
});

test("a user sees a request at once, by model and by day, and nobody else's", async (t) => {
  await using chat = await startTestNode();
  const [alice, bob] = await Promise.all([Person.registers(chat, "alice"), Person.registers(chat, "bob")]);
  const ledger = ledgerOf(chat, "boot-a");
  for (let i = 1; i <= 30; i += 1) {
    const model = i % 3 === 0 ? "gpt-large" : "gpt-small";
    await ledger.hold(hold(alice.userId, `r${i}`, { model }));
    await ledger.settle(alice.userId, settleOf(`r${i}`));
    t.is((await usageOf(alice)).totals.requests, i);
  }
  const { groups } = await usageOf(alice, "?groupBy=model");
  t.deepEqual(Object.fromEntries(groups.map(({ group, requests }) => [group, requests])), {
    "gpt-large": 10,
    "gpt-small": 20,
  });
  t.like(await usageOf(alice, "?model=gpt-large"), { totals: { requests: 10 } });
  t.is((await usageOf(alice, "?groupBy=day")).groups.length, 1);
  t.like(await usageOf(alice, `?to=${Date.now() - 60_000}`), { totals: { requests: 0, cost: "0.000000" } });
  t.like(await usageOf(bob), { totals: { requests: 0 } });
  t.is((await alice.gets("/models/usage?from=5000&to=4000")).status, 400);
  t.is((await alice.gets("/models/usage?groupBy=colour")).status, 400);
});

test("sums are the same after a restart, and of requests in flight none stays open", async (t) => {
  await using chat = await startTestNode();
  const alice = await Person.registers(chat, "alice");
  const ledger = ledgerOf(chat, deadBoot);
  for (const id of ["r1", "r2", "r3", "r4"]) await ledger.hold(hold(alice.userId, id));
  await ledger.settle(alice.userId, settleOf("r1"));
  await chat.restart();
  t.like(await usageOf(alice), { totals: { requests: 1 }, budget: { day: { used: "0.000200", held: "0.000975" } } });
  const account = () => chat.node.actors.get(Account, alice.userId).budget({});
  await eventually(async () => (await account()).openHolds === 0, 4 * holdCheckMs);
  t.like(await usageOf(alice), {
    totals: { requests: 4, cost: "0.000200" },
    budget: { day: { used: "0.000200", held: "0.000000" } },
  });
});

test("the system's budget holds for all users together, and its refusal leaves nothing held", async (t) => {
  await using chat = await startTestNode({ env: { LLM_BUDGET_MONTH: String((2 * most) / 1e12) } });
  const [{ userId: alice }, { userId: bob }, { userId: carol }] = await people(chat, "alice", "bob", "carol");
  const ledger = ledgerOf(chat, "boot-a", true);
  await ledger.hold(hold(alice, "r1"));
  await ledger.hold(hold(bob, "r2"));
  const error = await t.throwsAsync(ledger.hold(hold(carol, "r3")), { instanceOf: DomainError });
  t.is(error.error, "llm.rate_limited");
  const openHolds = async (key: string) => (await chat.node.actors.get(Account, key).budget({})).openHolds;
  t.deepEqual(await Promise.all([alice, bob, carol, "system"].map(openHolds)), [1, 1, 0, 2]);
  await ledger.settle(alice, settleOf("r1"));
  await ledger.release(bob, "r2");
  t.deepEqual(await Promise.all([alice, bob, "system"].map(openHolds)), [0, 0, 0]);
  t.is((await chat.node.actors.get(Account, "system").budget({})).month.used, real);
  await t.notThrowsAsync(ledger.hold(hold(carol, "r3")));
});
