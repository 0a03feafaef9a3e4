// What every store of views must do for readers of the ledger: the log of requests, one user's requests, sums.
import type { TestFn } from "ava";
import type { RequestRow } from "../../actors/account/rows.ts";
import type { Cell } from "../../actors/account/totals.ts";
import type { RowOf } from "../../actors/runtime/ports.ts";
import { alice, bob, dayOf, stampOf, startMs, write } from "./rows.ts";
import { createSuite, type SuiteTest } from "./suite.ts";
import type { ViewsUnderTest } from "./views.ts";

export function usageSuite(test: TestFn, name: string, make: () => Promise<ViewsUnderTest>): void {
  const it = createSuite(test, name, make);
  requests(it);
  totals(it);
}

const dayMs = 86_400_000;
const always = { beforeId: Number.MAX_SAFE_INTEGER, fromMs: startMs, toMs: startMs + 400 * dayMs };
const ids = (rows: readonly RequestRow[]): string[] => rows.map(({ requestId }) => requestId);

function request(n: number, with_: Partial<RequestRow> = {}): RowOf<"requests"> {
  const row: RequestRow = {
    ...{ id: stampOf(n), atMs: startMs + n * 1_000, requestId: `r${n}`, userId: alice, model: "m", surface: "v1" },
    ...{ endpoint: "/v1/chat/completions", status: 200, reason: "stop", cost: 5, attempts: [], ms: 9 },
    usage: { inputTokens: 3, outputTokens: 1 },
    ...with_,
  };
  return {
    ...{ table: "requests", userId: row.userId, day: dayOf(row.atMs), id: row.id, stamp: row.id, atMs: row.atMs },
    ...{ model: row.model, status: row.status, isFailed: row.status < 400 ? 0 : 1, row: JSON.stringify(row) },
  };
}

function cell(period: number, stamp: number, requests: number, with_: Partial<RowOf<"usage">> = {}): RowOf<"usage"> {
  const sums: Cell = [requests, 1, 0, requests * 10, 2, 3, 4, 5, `${requests}000000000000000`, "7"];
  const of = { userId: alice, model: "m", keyId: "1", credentialId: "2" };
  return { table: "usage", unit: "day", period, ...of, sums: JSON.stringify(sums), stamp, ...with_ };
}

function requests(it: SuiteTest<ViewsUnderTest>): void {
  it("the log is read newest first, page by page, over the days", async (t, { store: { views, usage } }) => {
    const numbers = Array.from({ length: 60 }, (_, i) => i + 1);
    // Three days with requests, and days without any between them.
    const rows = numbers.map((n) => request(n, { atMs: startMs + Math.floor(n / 20) * 3 * dayMs + n * 1_000 }));
    await write(views, ...rows.toReversed());
    const seen: string[] = [];
    for (let beforeId = always.beforeId; ; ) {
      const page = await usage.log({ ...always, beforeId, toMs: startMs + 20 * dayMs }, 7);
      if (page.length === 0) break;
      seen.push(...ids(page));
      beforeId = page.at(-1)!.id;
    }
    t.deepEqual(seen, numbers.map((n) => `r${n}`).reverse());
  });

  it("the log is filtered by time, model and status", async (t, { store: { views, usage } }) => {
    await write(
      views,
      ...[request(1), request(2, { model: "other" }), request(3, { status: 429 }), request(4, { userId: bob })],
    );
    const log = (query: Partial<Parameters<typeof usage.log>[0]>) =>
      usage.log({ ...always, toMs: startMs + dayMs, ...query }, 10).then(ids);
    t.deepEqual(await log({}), ["r4", "r3", "r2", "r1"]);
    t.deepEqual(await log({ model: "other" }), ["r2"]);
    t.deepEqual(await log({ status: 429 }), ["r3"]);
    t.deepEqual(await log({ isFailed: true }), ["r3"]);
    t.deepEqual(await log({ isFailed: false, model: "m" }), ["r4", "r1"]);
    t.deepEqual(await log({ fromMs: startMs + 2_000, toMs: startMs + 4_000 }), ["r3", "r2"]);
  });

  it("a user's requests are read without those of others, over months", async (t, { store: { views, usage } }) => {
    const atMs = (n: number) => startMs + n * 25 * dayMs;
    await write(views, ...[1, 2, 3, 4].map((n) => request(n, { atMs: atMs(n) })), request(5, { userId: bob }));
    t.deepEqual(ids(await usage.ofUser(alice, always, 10)), ["r4", "r3", "r2", "r1"]);
    t.deepEqual(ids(await usage.ofUser(alice, always, 2)), ["r4", "r3"]);
    t.deepEqual(ids(await usage.ofUser(alice, { ...always, beforeId: stampOf(3) }, 2)), ["r2", "r1"]);
    t.deepEqual(ids(await usage.ofUser(alice, { ...always, fromMs: atMs(2), toMs: atMs(3) }, 10)), ["r2"]);
    t.deepEqual(ids(await usage.ofUser(bob, always, 10)), ["r5"]);
  });

  it("a request is read as it was written, and once", async (t, { store: { views, usage } }) => {
    const row = request(1, { error: "“nothing”\n至此", keyId: "4", conversationId: "a_1", lostCost: 2 });
    await write(views, row, row);
    await write(views, row);
    t.deepEqual(await usage.ofUser(alice, always, 10), [JSON.parse(row.row)]);
    t.deepEqual(await usage.log({ ...always, toMs: startMs + dayMs }, 10), [JSON.parse(row.row)]);
  });
}

function totals(it: SuiteTest<ViewsUnderTest>): void {
  it("sums are absolute: the newest counts, whatever came last", async (t, { store: { views, usage } }) => {
    await write(views, cell(20_000, stampOf(2), 2));
    await write(views, cell(20_000, stampOf(1), 1));
    await write(views, cell(20_000, stampOf(2), 2));
    t.is((await usage.totals({ unit: "day", from: 20_000, to: 20_000 }))[0]?.requests, 2);
    const several = [2, 4, 3].map((n) => cell(20_001, stampOf(n), n));
    await write(views, ...several, cell(20_001, stampOf(1), 1, { model: "other" }), request(1));
    t.is((await usage.totals({ unit: "day", from: 20_001, to: 20_001 }))[0]?.requests, 5);
    t.deepEqual(await usage.totals({ unit: "day", from: 20_000, to: 20_000 }), [
      {
        ...{ period: 20_000, group: "", requests: 2, failed: 1, unpriced: 0, promptTokens: 20, cachedTokens: 2 },
        ...{ answerTokens: 3, images: 4, ms: 5, cost: 2_000_000_000_000_000n, lostCost: 7n },
      },
    ]);
  });

  it("the days of one user are read without those of others", async (t, { store: { views, usage } }) => {
    const days = [1, 2, 3, 4].map((n) => cell(20_000 + n, stampOf(n), n));
    await write(
      views,
      ...days,
      cell(20_002, stampOf(1), 9, { userId: bob }),
      cell(20_002, stampOf(1), 9, { unit: "hour" }),
    );
    const read = async (from: number, to: number) =>
      (await usage.daysOf(alice, 20_000 + from, 20_000 + to)).sort((a, b) => a.period - b.period);
    t.like((await read(2, 3))[0], { period: 20_002, model: "m", keyId: "1", credentialId: "2", sums: days[1]!.sums });
    t.deepEqual(
      (await read(0, 9)).map(({ period }) => period - 20_000),
      [1, 2, 3, 4],
    );
    t.deepEqual(await read(5, 4), []);
  });

  it("sums of many users are exact, and grouped as asked", async (t, { store: { views, usage } }) => {
    const cells = Array.from({ length: 20 }, (_, i) =>
      cell(20_000 + (i % 2), stampOf(i), 1, { userId: `${alice}${i}`, model: `m${i % 4}`, keyId: i < 5 ? "" : "9" }),
    );
    await write(views, ...cells, cell(20_000, stampOf(1), 1, { unit: "hour" }), cell(19_999, stampOf(1), 1));
    const read = async (by?: "model" | "key" | "credential") =>
      (await usage.totals({ unit: "day", from: 20_000, to: 20_005, ...(by && { by }) })).map(
        ({ period, group, requests, cost }) => [period - 20_000, group, requests, cost],
      );
    const money = (requests: bigint) => requests * 1_000_000_000_000_000n;
    t.deepEqual(await read(), [
      [0, "", 10, money(10n)],
      [1, "", 10, money(10n)],
    ]);
    t.deepEqual(await read("model"), [
      [0, "m0", 5, money(5n)],
      [0, "m2", 5, money(5n)],
      [1, "m1", 5, money(5n)],
      [1, "m3", 5, money(5n)],
    ]);
    t.deepEqual(
      (await read("key")).map(([, group, requests]) => [group, requests]),
      [
        ...[
          ["", 3],
          ["9", 7],
        ],
        ...[
          ["", 2],
          ["9", 8],
        ],
      ],
    );
    t.deepEqual(
      (await read("credential")).map(([, group]) => group),
      ["2", "2"],
    );
  });
}
