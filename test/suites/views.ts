// What every store of views must do for the runtime: records, snapshots, the due-index, marks.
import type { TestFn } from "ava";
import type { ViewStore } from "../../infra/views/view-store.ts";
import { alice, bob, bucket, message, pair, patch, record, send, snapshot, stampOf, write } from "./rows.ts";
import { createSuite, type SuiteTest, type UnderTest } from "./suite.ts";

export interface ViewsUnderTest extends UnderTest {
  readonly store: ViewStore;
}

export interface PersistentViews extends ViewsUnderTest {
  /** Closes the store and opens it again on the same data. */
  reopen(): Promise<ViewStore>;
}

export function viewsSuite(test: TestFn, name: string, make: () => Promise<ViewsUnderTest>): void {
  const it = createSuite(test, name, make);
  activation(it);
  dueIndex(it);
  marks(it);
  lifetimes(it);
}
const numbers = (records: string[]): number[] => records.map((text) => JSON.parse(text).n);

function activation(it: SuiteTest<ViewsUnderTest>): void {
  it("an actor that was never written has neither a snapshot nor records", async (t, { store: { views } }) => {
    t.is(await views.snapshot("conversation", pair), undefined);
    t.deepEqual(await views.records("conversation", pair, 0), []);
  });

  it("the records after a given n are read whole and in order", async (t, { store: { views } }) => {
    await write(views, record(3), record(1), record(2));
    await write(views, record(4), record(5), record(1, "g_1"), { ...record(1), kind: "user" });
    t.deepEqual(
      await views.records("conversation", pair, 0),
      [1, 2, 3, 4, 5].map((n) => record(n).record),
    );
    t.deepEqual(numbers(await views.records("conversation", pair, 3)), [4, 5]);
    t.deepEqual(await views.records("conversation", pair, 5), []);
    t.is((await views.records("conversation", "g_1", 0)).length, 1);
    t.is((await views.records("user", pair, 0)).length, 1);
  });

  it("records that are written again, in other groups, are read once", async (t, { store: { views } }) => {
    await write(views, record(1), record(2), record(3));
    await write(views, record(4));
    await write(views, record(2), record(3), record(4), record(5));
    await write(views, record(1), record(2));
    await write(views, record(1), record(2), record(3));
    t.deepEqual(numbers(await views.records("conversation", pair, 0)), [1, 2, 3, 4, 5]);
    t.deepEqual(numbers(await views.records("conversation", pair, 2)), [3, 4, 5]);
  });

  it("the newest snapshot is read, also when an older one is written later", async (t, { store: { views } }) => {
    await write(views, snapshot(10));
    await write(views, snapshot(20), snapshot(15));
    await write(views, snapshot(10));
    t.deepEqual(await views.snapshot("conversation", pair), { n: 20, state: '{"n":20}' });
    t.is(await views.snapshot("user", pair), undefined);
  });

  it("a snapshot and the records after it rebuild an actor", async (t, { store: { views } }) => {
    for (let n = 1; n <= 12; n++) await write(views, record(n));
    await write(views, snapshot(8), record(13));
    t.deepEqual(numbers(await views.records("conversation", pair, 8)), [9, 10, 11, 12, 13]);
    const past = await views.past?.("conversation", pair);
    if (past) t.deepEqual([past.snapshot?.n, numbers(past.records)], [8, [9, 10, 11, 12, 13]]);
  });

  it("a snapshot of 256 KiB is read whole", async (t, { store: { views } }) => {
    const state = JSON.stringify({ text: "群".repeat(87_000) });
    await write(views, { ...snapshot(3), state });
    t.is((await views.snapshot("conversation", pair))?.state, state);
  });
}

function dueIndex(it: SuiteTest<ViewsUnderTest>): void {
  const due = (key: string, dueMs: number, stamp: number, shard = 7) =>
    ({ table: "due", shard, kind: "conversation", key, dueMs, stamp }) as const;

  it("due actors are found, the earliest first, and the newest due time of an actor counts", async (t, {
    store: { views },
  }) => {
    await write(views, due("g_1", 3_000, 10), due("g_2", 1_000, 11), due("g_3", 9_000, 12), due("g_4", 500, 13, 8));
    t.deepEqual(await views.due(7, 5_000, 10), [
      { kind: "conversation", key: "g_2", dueMs: 1_000 },
      { kind: "conversation", key: "g_1", dueMs: 3_000 },
    ]);
    t.is((await views.due(7, 9_000, 10)).length, 3);
    t.is((await views.due(7, 9_000, 1)).length, 1);
    await write(views, due("g_2", 0, 20), due("g_1", 4_000, 21));
    await write(views, due("g_2", 1_000, 11));
    t.deepEqual(await views.due(7, 5_000, 10), [{ kind: "conversation", key: "g_1", dueMs: 4_000 }]);
  });
}

function marks(it: SuiteTest<ViewsUnderTest>): void {
  const mark = (shard: number, sequence: number) => ({ shard, sequence, commitId: `${shard}/1/b/${sequence}` });

  it("the mark of each shard only rises", async (t, { store }) => {
    t.deepEqual(await store.views.marks(), []);
    await store.views.write({ rows: [record(1)], marks: [mark(3, 50), mark(4, 7)] });
    await store.views.write({ rows: [], marks: [mark(3, 40), mark(4, 8)] });
    const byShard = (await store.views.marks()).sort((a, b) => a.shard - b.shard);
    t.deepEqual(byShard, [mark(3, 50), mark(4, 8)]);
    t.deepEqual(
      (await store.durableMarks()).sort((a, b) => a.shard - b.shard),
      byShard,
    );
  });
}

function lifetimes(it: SuiteTest<ViewsUnderTest>): void {
  it("concurrent writes are all written, with their marks", async (t, { store: { views } }) => {
    const writes = Array.from({ length: 200 }, (_, i) =>
      views.write({
        rows: [record(i + 1, `g_${i % 7}`), record(i + 1)],
        marks: [{ shard: 1, sequence: i + 1, commitId: `c${i}` }],
      }),
    );
    await Promise.all(writes);
    t.is((await views.records("conversation", pair, 0)).length, 200);
    t.is((await views.records("conversation", "g_3", 0)).length, 29);
    t.deepEqual(await views.marks(), [{ shard: 1, sequence: 200, commitId: "c199" }]);
  });
}

/** For stores that keep their data on disk. */
export function persistentViewsSuite(test: TestFn, name: string, make: () => Promise<PersistentViews>): void {
  const it = createSuite(test, name, make);
  it("all rows are there after the store is opened again", async (t, made) => {
    const { views } = made.store;
    await write(views, record(1), snapshot(1), bucket(1, 1), message(1, "hello"), send(1), patch(1, stampOf(1) + 5));
    await views.write({
      rows: [{ table: "directory", userId: alice, nickname: "Alice", avatar: "", stamp: 1 }],
      marks: [{ shard: 9, sequence: 4, commitId: "c" }],
    });
    const store = await made.reopen();
    t.is((await store.views.snapshot("conversation", pair))?.n, 1);
    t.like(await store.messages.find(pair, 1, String(stampOf(1))), { status: "edited" });
    t.like(await store.sends.find(pair, send(1).day, alice, "client-1"), { seq: 1 });
    t.is((await store.directory.findMany([alice, bob])).size, 1);
    t.deepEqual(await store.views.marks(), [{ shard: 9, sequence: 4, commitId: "c" }]);
    await write(store.views, record(2));
    t.deepEqual(numbers(await store.views.records("conversation", pair, 1)), [2]);
  });
}
