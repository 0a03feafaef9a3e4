// Ten thousand requests of one payer by processes that die, calls that come twice, late or never, and snapshots that are read again:
// whatever happens, the sums are what was served, and no hold stays open.
import test from "ava";
import type { AccountEvent } from "../../actors/account/events.ts";
import { holdCheckMs } from "../../actors/account/limits.ts";
import { costOf } from "../../actors/account/price.ts";
import type { RequestRow } from "../../actors/account/rows.ts";
import { createUsage } from "../../actors/account/usage.ts";
import type { Usage } from "../../actors/llm/usage.ts";
import { tokensOf } from "../../actors/llm/usage.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Clock, Row } from "../../actors/runtime/ports.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { alice, holdOf, loneAccount, price, settleOf } from "../support/llm/lone-account.ts";
import { createMemoryViews } from "../support/memory-views.ts";
import { createSeededRandom } from "../support/seeded-random.ts";

const requests = 10_000;
const dayLimit = 2_500_000_000_000;

for (const seed of [1, 2, 3]) {
  test(`10 000 requests with kills between hold and settle: seed ${seed}`, async (t) => {
    const random = createSeededRandom(seed);
    const closed = new Set<string>();
    const start = Date.UTC(2026, 9, 24, 20);
    const account = loneAccount({ isClosed: (boot) => closed.has(boot), timeZone: "Europe/Berlin" }, alice, start);
    account.isChecked = false;
    account.run("setBudget", { dayLimit });
    const { views, usage: reader } = createMemoryViews();
    const rows: RequestRow[] = [];
    const projected: Row[][] = [];
    const written = new Map<unknown, true>();
    /** After each step: what the projector does, and that no moment exceeds the budget. */
    const project = async () => {
      if (written.has(account.rows)) return;
      written.set(account.rows, true);
      projected.push(account.rows);
      for (const row of account.rows) if (row.table === "requests") rows.push(JSON.parse(row.row));
      const { day } = account.ask("budget", {});
      t.true(day.used + day.held <= dayLimit);
    };
    const served = new Map<string, Usage>();
    const running = new Map<string, { boot: string; usage: Usage; keyId: string }>();
    let boots = ["boot-1", "boot-2", "boot-3"];
    const lateSettles: string[] = [];

    for (let i = 1; i <= requests; i += 1) {
      account.nowMs += random.below(20_000);
      const requestId = `r${i}`;
      const most = { inputTokens: 1 + random.below(500), outputTokens: 1 + random.below(500) };
      const keyId = String(random.below(4));
      const boot = random.pick(boots);
      const hold = holdOf(requestId, { most, boot, payer: { userId: alice, keyId }, model: `m${random.below(3)}` });
      try {
        account.run("hold", hold);
        if (random.below(20) === 0) account.run("hold", hold);
        const usage = {
          inputTokens: random.below(most.inputTokens + 1),
          outputTokens: random.below(most.outputTokens + 1),
        };
        running.set(requestId, { boot, usage, keyId });
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
      }
      await project();
      for (const [id, { boot: by, usage }] of running) {
        if (closed.has(by)) continue;
        if (random.below(6) > 0 && running.size < 60) continue;
        const settle = settleOf(id, { usage });
        account.run("settle", settle);
        await project();
        if (random.below(10) === 0) account.run("settle", { ...settle, usage: { inputTokens: 1, outputTokens: 1 } });
        served.set(id, usage);
        running.delete(id);
      }
      if (random.below(50) === 0) {
        const dead = random.pick(boots);
        closed.add(dead);
        boots = [...boots.filter((each) => each !== dead), `boot-${i}`];
        for (const [id, { boot: by }] of running) if (by === dead && random.below(2) === 0) lateSettles.push(id);
      }
      while (account.wake()) await project();
      if (random.below(500) === 0) account.state = account.replayed(random.below(account.records.length));
    }
    for (const id of lateSettles) account.run("settle", settleOf(id));
    for (const boot of boots) closed.add(boot);
    for (let i = 0; i < 6; i += 1) {
      account.nowMs += holdCheckMs;
      while (account.wake()) await project();
    }

    const lost = rows.filter(({ reason }) => reason === "host_lost");
    t.true(served.size > 1_000 && lost.length > 50, `${served.size} served, ${lost.length} lost`);
    t.is(account.ask("budget", {}).openHolds, 0);
    t.is(account.ask("budget", {}).day.held, 0);
    t.is(new Set(rows.map(({ requestId }) => requestId)).size, rows.length, "one row per request");
    t.is(rows.length, served.size + lost.length);
    t.true(lost.every(({ cost }) => cost === 0));
    for (const row of rows) if (row.reason !== "host_lost") t.deepEqual(row.usage, served.get(row.requestId));
    const costs = [...served.values()].reduce((sum, usage) => sum + BigInt(costOf(usage, price)), 0n);
    const tokens = [...served.values()].reduce((sum, usage) => sum + tokensOf(usage), 0);
    const keys = Object.values(account.ask("keyUse", {}).keys);
    t.is(
      keys.reduce((sum, key) => sum + key.tokens, 0),
      tokens,
    );

    const events = account.records.flatMap((record) => record.events as AccountEvent[]);
    t.is(events.filter(({ type }) => type === "settled").length, rows.length);
    // The projector lags behind by 40 requests, of which the account knows, and of 10 more.
    for (const batch of projected.slice(0, -40)) await views.write({ rows: batch, marks: [] });
    const settles = events.filter((event) => event.type === "settled").slice(-50);
    const recent = async () => ({ rows: settles.map(({ row }) => row), days: settles.map(({ day }) => day) });
    const actors = { get: () => ({ recent }) } as unknown as Actors;
    const usage = createUsage({ actors, reader, clock: { nowMs: () => account.nowMs } as Clock });
    const own = await usage.ofUser(alice, { fromMs: start, toMs: account.nowMs + 1, groupBy: "model" });
    t.is(own.totals.cost, costs);
    t.is(own.totals.requests, rows.length);
    t.is(
      own.groups.reduce((sum, { cost }) => sum + cost, 0n),
      costs,
    );
    const groupOf = {
      model: ({ model }: RequestRow) => model,
      key: ({ keyId = "" }: RequestRow) => keyId,
      day: ({ atMs }: RequestRow) => new Date(atMs).toISOString().slice(0, 10),
      session: () => "",
    };
    for (let i = 0; i < 15; i += 1) {
      const fromMs = start + random.below(account.nowMs - start);
      const query = {
        ...{ fromMs, toMs: fromMs + 1 + random.below(random.pick([3_600_000, 200_000_000])) },
        groupBy: random.pick(["model", "key", "day", "session"] as const),
        ...(random.below(3) === 0 && { model: random.pick(["m0", "m1", "m2"]) }),
      };
      const { fromMs: first, toMs, groupBy, model } = query;
      const wanted = rows.filter((row) => row.atMs >= first && row.atMs < toMs && (!model || row.model === model));
      const found = await usage.ofUser(alice, query);
      const name = JSON.stringify(query);
      t.is(found.totals.requests, wanted.length, name);
      t.is(
        found.totals.cost,
        wanted.reduce((sum, { cost }) => sum + BigInt(cost), 0n),
        name,
      );
      const shown = wanted.toSorted((a, b) => b.id - a.id).slice(0, 1_000);
      t.deepEqual(
        found.rows.map(({ id }) => id),
        shown.map(({ id }) => id),
        name,
      );
      t.is(found.hasMore, wanted.length > 1_000, name);
      const groups = new Map<string, number>();
      for (const row of wanted) groups.set(groupOf[groupBy](row), (groups.get(groupOf[groupBy](row)) ?? 0) + 1);
      t.deepEqual(
        Object.fromEntries(found.groups.map(({ group, requests: n }) => [group, n])),
        Object.fromEntries(groups),
        name,
      );
    }
    for (const batch of projected) await views.write({ rows: batch, marks: [] });
    for (const unit of ["hour", "day"] as const) {
      const periodMs = unit === "hour" ? 3_600_000 : 86_400_000;
      const range = { unit, from: Math.floor(start / periodMs), to: Math.floor(account.nowMs / periodMs) };
      for (const by of ["model", "key", "credential"] as const) {
        const totals = await reader.totals({ ...range, by });
        t.is(
          totals.reduce((sum, { cost }) => sum + cost, 0n),
          costs,
          `${unit} by ${by}`,
        );
        t.is(
          totals.reduce((sum, { requests: n }) => sum + n, 0),
          rows.length,
        );
      }
    }
  });
}
