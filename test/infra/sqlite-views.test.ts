import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import test from "ava";
import { openSqliteViews } from "../../infra/sqlite/views.ts";
import { readersSuite } from "../suites/readers.ts";
import { message, pair, patch, record, snapshot, stampOf, write } from "../suites/rows.ts";
import { usageSuite } from "../suites/usage.ts";
import { type PersistentViews, persistentViewsSuite, viewsSuite } from "../suites/views.ts";
import { createTempFolder } from "../support/temp-folder.ts";

async function openViews(): Promise<PersistentViews & { path: string }> {
  const folder = createTempFolder("views");
  const path = join(folder, "views.db");
  let store = await openSqliteViews({ path, storeId: "one" });
  return {
    path,
    store,
    async reopen() {
      await store.close();
      store = await openSqliteViews({ path, storeId: "one" });
      return store;
    },
    async close() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

viewsSuite(test, "sqlite views", openViews);
persistentViewsSuite(test, "sqlite views", openViews);
readersSuite(test, "sqlite readers", openViews);
usageSuite(test, "sqlite usage", openViews);

test("views of another store are refused", async (t) => {
  const made = await openViews();
  await made.store.close();
  t.like(await t.throwsAsync(openSqliteViews({ path: made.path, storeId: "two" })), { kind: "format" });
  await made.close();
});

test("a write that fails does not fail the other writes of its transaction", async (t) => {
  const made = await openViews();
  const { views } = made.store;
  const bad = { ...record(2), record: null as unknown as string };
  const outcomes = await Promise.allSettled([write(views, record(1)), write(views, bad), write(views, record(3))]);
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  t.is((await views.records("conversation", pair, 0)).length, 2);
  await made.close();
});

test("writes that come one soon after the other share transactions: a short one begins 30 ms after the one before", async (t) => {
  const made = await openViews();
  const { views } = made.store;
  const startMs = performance.now();
  const writes: Promise<void>[] = [];
  for (let n = 1; n <= 500; n += 1) {
    writes.push(write(views, record(n)));
    await views.records("conversation", pair, n); // the writer has time for a transaction
  }
  await Promise.all(writes);
  const elapsedMs = performance.now() - startMs;
  await made.store.close();
  const db = new DatabaseSync(made.path);
  // The consecutive records of one transaction are one run.
  const { runs } = db.prepare("SELECT count(*) AS runs FROM actor_events").get() as { runs: number };
  t.true(runs <= elapsedMs / 30 + 1, `${runs} transactions in ${elapsedMs} ms`);
  db.close();
  await made.close();
});

test("records below a snapshot and the text of a recalled message are deleted from the file", async (t) => {
  const made = await openViews();
  await write(made.store.views, record(1), record(2));
  await write(made.store.views, record(3), message(1, "secret words"));
  await write(made.store.views, snapshot(2));
  await write(made.store.views, patch(1, stampOf(1) + 1, { status: "recalled", content: "", terms: "" }));
  await made.store.close();
  const db = new DatabaseSync(made.path);
  const runs = db.prepare("SELECT first_n, last_n FROM actor_events").all();
  t.deepEqual(
    runs.map((row) => ({ ...row })),
    [{ first_n: 3, last_n: 3 }],
  );
  t.like(db.prepare("SELECT content, terms FROM messages").get(), { content: "", terms: "" });
  t.is(db.prepare("SELECT 1 FROM message_patches").get(), undefined);
  db.close();
  await made.close();
});
