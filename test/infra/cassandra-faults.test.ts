import type { ExecutionContext } from "ava";
import { ShardClock } from "../../actors/runtime/log/stamp.ts";
import type { Row } from "../../actors/runtime/ports.ts";
import { createClient, createSession } from "../../infra/cassandra/client.ts";
import { type CassandraViews, openCassandraViews } from "../../infra/cassandra/views.ts";
import { eventually } from "../suites/eventually.ts";
import { alice, bob, bucket, message, pair, patch, record, send, snapshot, stampOf, write } from "../suites/rows.ts";
import { dropKeyspace, freshKeyspace } from "../support/cassandra-keyspace.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent-log.ts";
import { startOwnCassandra, useCassandra } from "../support/stack.ts";

const test = needs("cassandra");

const keyspace = freshKeyspace("faults");
const stores: CassandraViews[] = [];
const all = { fromSeq: 0, toSeq: Number.MAX_SAFE_INTEGER, order: "ascending" } as const;

async function openStore(name = keyspace, storeId = "one"): Promise<CassandraViews> {
  const address = await useCassandra();
  const store = await openCassandraViews({ ...address, keyspace: name, replicas: 1, storeId, log: silentLog });
  stores.push(store);
  return store;
}
test.before(async () => {
  // Several hosts of a new cluster start at once: one of them migrates, and the others wait.
  await Promise.all([openStore(), openStore(), openStore()]);
});
test.after.always(async () => {
  for (const store of stores) await store.close();
  await dropKeyspace(keyspace);
});
function hosts(): [CassandraViews, CassandraViews] {
  const [one, two] = stores;
  if (!one || !two) throw new Error("no two hosts");
  return [one, two];
}

test("views of another store, and a newer schema, are refused", async (t) => {
  t.like(await t.throwsAsync(openStore(keyspace, "two")), { kind: "format" });
  const name = freshKeyspace("newer");
  await (await openStore(name)).close();
  const client = createClient(await useCassandra(), name);
  await client.execute("INSERT INTO schema_migrations (part, version) VALUES (0, 99)");
  await client.shutdown();
  const refused = await t.throwsAsync(openStore(name));
  t.regex(refused?.message ?? "", /schema 99; this program knows \d+. Run a newer version/);
  await dropKeyspace(name);
});

test("hosts that create the tables at once create the same tables", async (t) => {
  const client = createClient(await useCassandra());
  t.teardown(() => client.shutdown());
  const { rows } = await client.execute("SELECT id FROM system_schema.tables WHERE keyspace_name = ?", [keyspace]);
  // A UUID of version 3 is derived from the name and not random.
  t.deepEqual([...new Set(rows.map((row) => String(row.get("id"))[14]))], ["3"]);
});

test("an old owner's late writes change nothing, in any table", async (t) => {
  const [owner, late] = hosts();
  const at = (id: string, stamp: number): Row[] => {
    const version = stamp > 100 ? "new" : "old";
    const due = { table: "due", shard: 3, kind: "conversation", key: id, dueMs: stamp } as const;
    return [
      message(1, version, { conversationId: id, stamp }),
      patch(1, stamp + 1, { conversationId: id, content: JSON.stringify({ text: version }) }),
      { ...bucket(1, stamp), conversationId: id, stamp },
      { ...send(9, { hash: stamp }), conversationId: id, stamp },
      { table: "changes", conversationId: id, version: 5, change: JSON.stringify({ version }), stamp },
      { table: "directory", userId: id, nickname: version, avatar: "", stamp },
      { ...due, stamp },
      { ...snapshot(stamp, id), stamp },
    ];
  };
  for (const [id, isLateFirst] of Object.entries({ g_71: true, g_72: false })) {
    const writes = [
      () => owner.views.write({ rows: at(id, 200), marks: [{ shard: 9, sequence: 200, commitId: "new" }] }),
    ];
    writes.push(() => late.views.write({ rows: at(id, 100), marks: [{ shard: 9, sequence: 100, commitId: "old" }] }));
    if (isLateFirst) writes.reverse();
    for (const one of writes) await one();
    await Promise.all(writes.map((one) => one())); // again, concurrently
    const [seen] = await owner.messages.page(id, 1, all, 10);
    t.like(seen, { content: { text: "new" }, status: "edited" });
    t.is((await owner.buckets.list(id))[0]?.firstSeq, 200);
    t.is((await owner.sends.find(id, send(9).day, alice, "client-9"))?.hash, 200);
    t.deepEqual((await owner.changes.range(id, 0, 9, 9))[0]?.change as unknown, { version: "new" });
    t.is((await owner.directory.findMany([id])).get(id)?.nickname, "new");
    t.is((await owner.views.due(3, 1_000, 10)).find(({ key }) => key === id)?.dueMs, 200);
    t.is((await owner.views.snapshot("conversation", id))?.n, 200);
    t.is((await owner.views.marks()).find(({ shard }) => shard === 9)?.commitId, "new");
  }
});

test("a recall that is written before its message is not read as a message, and then applies to it", async (t) => {
  const [{ views, messages, sends }] = hosts();
  const conversationId = "g_73";
  const moved = <R extends object>(row: R): R => ({ ...row, conversationId });
  const recall = patch(2, stampOf(2) + 5, { status: "recalled", content: "", terms: "" });
  await write(views, moved(bucket(1, 1)), moved(message(1, "one")), moved(recall));
  t.deepEqual((await messages.page(conversationId, 1, all, 1)).length, 1);
  t.deepEqual((await messages.page(conversationId, 1, { ...all, order: "descending" }, 1))[0]?.seq, 1);
  t.is(await messages.find(conversationId, 1, String(stampOf(2))), undefined);
  t.is(await sends.find(conversationId, send(2).day, alice, "client-2"), undefined);
  await write(views, moved(message(2, "secret")), moved(send(2)));
  t.like((await messages.page(conversationId, 1, all, 9))[1], { seq: 2, status: "recalled", content: null });
  t.is((await sends.find(conversationId, send(2).day, alice, "client-2"))?.seq, 2);
});

test("a snapshot is read whole or not at all, and the two newest stay with the records after the older one", async (t) => {
  const [{ views }] = hosts();
  const key = "g_74";
  const large = (n: number): Row =>
    ({ ...snapshot(n, key), state: JSON.stringify({ n, text: "群".repeat(300_000) }) }) as Row;
  for (let n = 1; n <= 9; n++) await write(views, record(n, key));
  await write(views, large(3));
  await write(views, large(6));
  await write(views, large(9));
  t.is(JSON.parse((await views.snapshot("conversation", key))?.state ?? "").n, 9);
  // A reader of the snapshot at 6 finds the records after it.
  t.is((await views.records("conversation", key, 6)).length, 3);
  const client = createClient(await useCassandra(), keyspace);
  t.teardown(() => client.shutdown());
  const address = `conversation/${key}`;
  const list = async (query: string) => (await client.execute(query, [address], { prepare: true })).rows;
  t.is((await list("SELECT last_n FROM actor_events WHERE address = ? AND chunk = 0")).length, 3);
  // The newest snapshot loses a part, as if it were only partly written.
  const parts = await list("SELECT n, digest, part FROM snapshots WHERE address = ?");
  t.deepEqual([...new Set(parts.map((row) => row.get("n")))], [9, 6]);
  const [first] = parts;
  await client.execute(
    "DELETE FROM snapshots USING TIMESTAMP ? WHERE address = ? AND n = 9 AND digest = ? AND part = 1",
    [BigInt(stampOf(9)), address, first?.get("digest")],
    { prepare: true },
  );
  t.is(JSON.parse((await views.snapshot("conversation", key))?.state ?? "").n, 6);
});

test("a due entry whose write failed halfway is found once it is written again", async (t) => {
  const [{ views }] = hosts();
  const client = createClient(await useCassandra(), keyspace);
  t.teardown(() => client.shutdown());
  const stamp = new ShardClock(5).next(Date.now());
  await client.execute(
    "UPDATE due_by_time USING TIMESTAMP ? SET stamp = ? WHERE shard = 5 AND due_ms = ? AND address = ?",
    [BigInt(stamp), BigInt(stamp), 4_000n, "conversation/g_77"],
    { prepare: true },
  );
  t.deepEqual(await views.due(5, 5_000, 10), []);
  const due = { table: "due", shard: 5, kind: "conversation", key: "g_77", dueMs: 4_000, stamp } as const;
  await write(views, due);
  t.deepEqual(await views.due(5, 5_000, 10), [{ kind: "conversation", key: "g_77", dueMs: 4_000 }]);
});

test("a full bucket is read at both ends and searched by words and by id", async (t) => {
  const [{ views, messages, sends }, other] = hosts();
  const conversationId = "g_75";
  const count = 10_000;
  const rows: Row[] = [{ ...bucket(1, 1), conversationId } as Row];
  for (let seq = 1; seq <= count; seq++) {
    const terms = seq % 1_000 === 7 ? " 你 好 你好 " : ` 好 人 好人 m${seq} `;
    rows.push(message(seq, `m ${seq}`, { conversationId, terms }), { ...send(seq), conversationId, day: 20_454 });
  }
  for (let from = 0; from < rows.length; from += 4_000) await write(views, ...rows.slice(from, from + 4_000));
  const seqs = (found: readonly { seq: number }[]) => found.map(({ seq }) => seq);
  t.deepEqual(seqs(await messages.page(conversationId, 1, all, 3)), [1, 2, 3]);
  t.deepEqual(seqs(await messages.page(conversationId, 1, { ...all, order: "descending" }, 3)), [9_998, 9_999, 10_000]);
  t.is((await messages.page(conversationId, 1, all, 2_000)).length, 2_000);
  const query = { beforeSeq: Number.MAX_SAFE_INTEGER, fromSeq: 0 };
  t.is((await messages.search(conversationId, 1, { ...query, terms: ["你好"] }, 50)).length, 10);
  t.deepEqual(seqs(await messages.search(conversationId, 1, { ...query, terms: ["你"] }, 2)), [9_007, 8_007]);
  t.is((await messages.search(conversationId, 1, { ...query, terms: ["好", "人"] }, 20)).length, 20);
  t.deepEqual(seqs(await messages.search(conversationId, 1, { ...query, terms: ["m4242"] }, 20)), [4_242]);
  for (const seq of [1, 2, 77, 4_999, 5_000, 9_993, 10_000]) {
    t.is((await messages.find(conversationId, 1, String(stampOf(seq))))?.seq, seq);
    t.is(await messages.find(conversationId, 1, String(stampOf(seq) + 1)), undefined);
  }
  for (const reader of [sends, sends, other.sends]) {
    t.is((await reader.find(conversationId, 20_454, alice, "client-6789"))?.seq, 6_789);
    t.is(await reader.find(conversationId, 20_454, bob, "client-6789"), undefined);
  }
});

test("records of many chunks, and one of 64 KiB, are read in order", async (t) => {
  const [{ views }] = hosts();
  const key = "g_76";
  const rows = Array.from({ length: 9_000 }, (_, i) => record(i + 1, key));
  await write(views, ...rows.slice(4_000, 8_500), ...rows.slice(0, 4_100));
  const long = JSON.stringify({ n: 8_501, text: "x".repeat(64_000) });
  await write(views, { ...record(8_501, key), record: long }, record(8_502, key));
  const held = await views.records("conversation", key, 4_090);
  t.deepEqual(
    held.map((text) => JSON.parse(text).n),
    Array.from({ length: 8_502 - 4_090 }, (_, i) => 4_091 + i),
  );
});

/**
 * A Cassandra of this test's own, which may be paused and killed. It syncs accepted writes soon, as the README recommends.
 * Its views are closed before it.
 */
async function startCassandra(t: ExecutionContext) {
  const server = await startOwnCassandra();
  t.teardown(() => server.close());
  const { contactPoints, dataCenter } = server;
  const address = { contactPoints, dataCenter };
  const name = freshKeyspace("own");
  const open = async () => {
    const store = await openCassandraViews({ ...address, keyspace: name, replicas: 1, storeId: "one", log: silentLog });
    t.teardown(() => store.close());
    return store;
  };
  return { server, open };
}

test("a request that the driver forgets fails in time", async (t) => {
  const forgetful = { execute: () => new Promise(() => {}), batch: () => new Promise(() => {}) };
  const session = createSession(forgetful as never, 50);
  const statement = { query: "UPDATE marks", params: [] };
  for (const answer of [
    session.rows("SELECT mark FROM marks", []),
    session.pages("SELECT mark FROM marks", []).next(),
    session.write([statement], undefined),
    session.write([statement, statement], undefined),
  ]) {
    t.like(await t.throwsAsync(answer), { kind: "failed" });
  }
});

test("while Cassandra does not answer writes and reads fail in time, and afterwards no row is lost", async (t) => {
  const { server, open } = await startCassandra(t);
  const store = await open();
  const rows = Array.from({ length: 500 }, (_, i) => message(i + 1, `m ${i + 1}`));
  await write(store.views, ...rows.slice(0, 100));
  server.pause();
  const marks = [{ shard: 1, sequence: 500, commitId: "c" }];
  const refused = await t.throwsAsync(store.views.write({ rows, marks }));
  t.like(refused, { kind: "failed" });
  t.truthy(store.failure());
  t.like(await t.throwsAsync(store.messages.page(pair, 1, all, 1)), { kind: "failed" });
  server.resume();
  // Repeats the write, like the projector.
  for (;;) {
    const isWritten = await store.views.write({ rows, marks }).then(
      () => true,
      () => false,
    );
    if (isWritten) break;
  }
  t.is(store.failure(), undefined);
  t.is((await store.messages.page(pair, 1, all, 1_000)).length, 500);
  t.deepEqual(await store.views.marks(), marks);
});

test("every acknowledged write is there after Cassandra was killed and restarted", async (t) => {
  const { server, open } = await startCassandra(t);
  const store = await open();
  let acknowledged = 0;
  const writing = (async () => {
    for (let seq = 1; ; seq += 1) {
      const mark = { shard: 1, sequence: seq, commitId: `c${seq}` };
      try {
        // Every second write has rows and no mark, like a commit whose commands to other actors are not confirmed yet.
        await store.views.write({ rows: [message(seq, `m ${seq}`)], marks: seq % 2 ? [mark] : [] });
        acknowledged = seq;
      } catch {
        return; // the server died; the projector would repeat this write
      }
    }
  })();
  await eventually(async () => acknowledged >= 30, 30_000);
  await server.kill9();
  await writing;
  await store.close();
  await server.restart();
  const found = (await (await open()).messages.page(pair, 1, all, 10_000)).map(({ seq }) => seq);
  t.deepEqual(
    found.slice(0, acknowledged),
    Array.from({ length: acknowledged }, (_, i) => i + 1),
  );
});
