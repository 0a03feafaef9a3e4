// The table "who pays when it breaks" of actors/README.md, cell by cell: every end × every moment × what the upstream reported.
import { readFileSync } from "node:fs";
import test from "ava";
import type { Delivered } from "../../actors/account/contract.ts";
import { holdCheckMs } from "../../actors/account/limits.ts";
import { costOf } from "../../actors/account/price.ts";
import type { RequestRow } from "../../actors/account/rows.ts";
import type { EndReason, Usage } from "../../actors/llm/usage.ts";
import { holdOf, loneAccount, price, settleOf } from "../support/llm/lone-account.ts";

/** Pieces of reasoning and of tool calls are content, too; the text of an error is none. */
const deliveredAt = {
  before_headers: "nothing",
  before_content: "nothing",
  after_content: "part",
  after_finish: "whole",
} as const satisfies Record<string, Delivered>;
type Moment = keyof typeof deliveredAt;
const moments = Object.keys(deliveredAt) as Moment[];

const ends: readonly EndReason[] = ["client_left", "stopped", "cut", "stalled", "silent", "refused", "stop", "length"];
/** What a gateway knows of the usage when the request ends. */
const known = {
  "nothing reported": { inputTokens: 90, outputTokens: 50, isEstimated: true },
  "zero reported": { inputTokens: 0, outputTokens: 0 },
  "running totals": { inputTokens: 100, outputTokens: 50 },
  "final usage": { inputTokens: 100, outputTokens: 60, reasoningTokens: 20 },
} as const satisfies Record<string, Usage>;

for (const reason of ends) {
  test(`who pays: ${reason}`, (t) => {
    for (const moment of moments) {
      for (const [report, usage] of Object.entries(known)) {
        const { cost, row } = end(reason, moment, usage);
        const isDelivered = moment === "after_content" || moment === "after_finish";
        const name = `${reason}, ${moment}, ${report}`;
        t.is(cost, isDelivered ? costOf(usage, price) : 0, name);
        t.deepEqual(row.usage, isDelivered ? usage : { inputTokens: 0, outputTokens: 0 }, name);
        t.is(row.lostCost ?? 0, isDelivered ? 0 : costOf(usage, price), name);
      }
    }
  });
}

function end(reason: EndReason, moment: Moment, usage: Usage): { cost: number; row: RequestRow } {
  const account = loneAccount();
  account.isChecked = false;
  account.run("hold", holdOf("r1"));
  const delivered = deliveredAt[moment];
  const { cost } = account.run("settle", settleOf("r1", { reason, delivered, usage }));
  const rows = account.rows.flatMap((row) => (row.table === "requests" ? [JSON.parse(row.row) as RequestRow] : []));
  const again = account.run("settle", settleOf("r1", { reason: "client_left", delivered: "nothing" }));
  if (rows.length !== 1 || again.cost !== cost || account.ask("budget", {}).day.used !== cost) {
    throw new Error("a request is settled once");
  }
  return { cost, row: rows[0]! };
}

test("who pays: the process died: nobody", (t) => {
  const account = loneAccount({ isClosed: () => true });
  account.run("hold", holdOf("r1"));
  account.nowMs += holdCheckMs;
  account.wake();
  t.like(account.ask("budget", {}), { day: { used: 0, held: 0 }, openHolds: 0 });
  t.is(account.rows.filter(({ table }) => table === "requests").length, 1);
});

test("the table in the README says the same", (t) => {
  const readme = readFileSync(new URL("../../actors/README.md", import.meta.url), "utf8");
  const rowOf = (moment: string) => new RegExp(`^\\| ${moment} \\|(.*)\\|$`, "m").exec(readme)?.[1];
  t.regex(rowOf("before the upstream's status") ?? "", /nothing.*house/);
  t.regex(rowOf("before the first piece of the answer") ?? "", /nothing.*house/);
  t.regex(rowOf("after a piece of the answer") ?? "", /what was delivered/);
  t.regex(rowOf("after its finish reason") ?? "", /whole answer/);
});
