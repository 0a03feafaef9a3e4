// The ledger at an account whose mailbox is full.
import test from "ava";
import { createLedger } from "../../actors/account/ledger.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { holdOf, settleOf } from "../support/llm/lone-account.ts";

/** Accounts whose mailbox refuses the first calls. */
function openBusyLedger(refusals: number) {
  const calls: string[] = [];
  const call =
    <T>(name: string, answer: T) =>
    async () => {
      calls.push(name);
      if (calls.length <= refusals) throw new RuntimeError("overloaded", "The mailbox is full.");
      return answer;
    };
  const account = {
    hold: call("hold", { amount: 1 }),
    settle: call("settle", { cost: 7 }),
    release: call("release", null),
  };
  const ledger = createLedger({
    actors: { get: () => account } as unknown as Actors,
    ...{ clock: systemClock, boot: "b1", hasSystemBudget: false, reportError: () => {} },
  });
  return { ledger, calls };
}

test("a hold, a release and a settle that find the mailbox full are sent again", async (t) => {
  for (const run of [
    async ({ ledger }: ReturnType<typeof openBusyLedger>) => (await ledger.hold(holdOf("r1"))).amount,
    async ({ ledger }: ReturnType<typeof openBusyLedger>) => (await ledger.release("alice", "r1")) ?? 1,
    async ({ ledger }: ReturnType<typeof openBusyLedger>) => (await ledger.settle("alice", settleOf("r1"))).cost,
  ]) {
    const busy = openBusyLedger(3);
    t.truthy(await run(busy));
    t.is(busy.calls.length, 4);
  }
});

test("a client waits a second at most for its hold, and a settle goes on being sent", async (t) => {
  const { ledger, calls } = openBusyLedger(8);
  const settle = ledger.settle("alice", settleOf("r1"));
  t.is((await settle).cost, 7);
  t.is(calls.length, 9);
  const busy = openBusyLedger(1_000);
  await t.throwsAsync(busy.ledger.hold(holdOf("r2")), { message: /mailbox is full/ });
  t.true(busy.calls.includes("release"), "the account may hold something");
});
