// Measures the CPU time of storage (user and system time of all threads of the process) per commit, and per message with all
// its rows. `node test/bench/storage.ts [journal|views|reads|members]`; without an argument it measures everything.
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../../actors/runtime/ports.ts";
import { openSqliteJournal } from "../../infra/sqlite/journal.ts";
import { openSqliteViews } from "../../infra/sqlite/views.ts";
import type { ViewStore } from "../../infra/views/view-store.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const folder = createTempFolder("bench");
const which = process.argv[2];
interface Measured {
  cpuUs: number;
  wallMs: number;
}
async function measure(run: () => Promise<void> | void): Promise<Measured> {
  const start = process.cpuUsage();
  const startMs = performance.now();
  await run();
  const { user, system } = process.cpuUsage(start);
  return { cpuUs: user + system, wallMs: performance.now() - startMs };
}

function percentile(values: number[], share: number): string {
  values.sort((a, b) => a - b);
  return (values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0).toFixed(2);
}

function print(name: string, count: number, { cpuUs, wallMs }: Measured, latenciesMs: number[] = []): void {
  const columns = [
    name.padEnd(56),
    `${(cpuUs / count).toFixed(2)} µs`.padStart(11),
    `${Math.round((count / wallMs) * 1_000)} /s`.padStart(12),
  ];
  if (latenciesMs.length > 0) {
    columns.push(`p50 ${percentile(latenciesMs, 0.5)}  p99 ${percentile(latenciesMs, 0.99)} ms`);
  }
  console.log(columns.join("  "));
}

/** Every shard has one commit in flight, as the runtime has. */
async function benchJournal(): Promise<void> {
  console.log("\njournal: CPU per commit (500 bytes a record)");
  for (const [shards, records, commits] of [
    [1, 1, 2_000],
    [16, 1, 20_000],
    [256, 1, 60_000],
    [256, 10, 20_000],
  ] as const) {
    const journal = await openSqliteJournal({ path: join(folder, `journal-${shards}-${records}.db`) });
    const commit = new Uint8Array(500 * records).fill(65);
    const latenciesMs: number[] = [];
    let left: number = commits;
    const own = async (shard: number): Promise<void> => {
      for (let last = 0; left > 0; ) {
        left--;
        const startMs = performance.now();
        const outcome = await journal.append(shard, last, commit);
        latenciesMs.push(performance.now() - startMs);
        if (outcome.kind === "appended") last = outcome.sequence;
      }
    };
    const measured = await measure(async () => {
      await Promise.all(Array.from({ length: shards }, (_, shard) => own(shard)));
    });
    print(`${shards} shards, ${records} records a commit`, commits, measured, latenciesMs);
    await journal.close();
  }
}

/** A group of 100 000 members with names in the rows, searched by names that few, some and all members have. */
async function benchMembers(): Promise<void> {
  console.log("\nviews: CPU per search for members by name, in a group of 100 000");
  const store = await openSqliteViews({ path: join(folder, "members.db"), storeId: "bench" });
  const idOf = (i: number) => String(7_000_000_000_000_000 + i * 4_099);
  for (let from = 0; from < 100_000; from += 2_000) {
    const rows = Array.from({ length: 2_000 }, (_, i): Row[] => {
      const userId = idOf(from + i);
      const name = i % 10 === 0 ? `in group ${from + i}` : "";
      return [
        { table: "user_names", userId, name: `nickname ${from + i}`, stamp: 1 },
        { table: "member_names", conversationId: "g_7", userId, name, isMember: 1, stamp: 1 },
      ];
    });
    await store.views.write({ rows: rows.flat(), marks: [] });
  }
  for (const part of ["nickname 4711", "77", "nick"]) {
    const query = { part, except: [], offset: 0, max: 100 };
    const latenciesMs: number[] = [];
    const runs = 20;
    let total = 0;
    const measured = await measure(async () => {
      for (let i = 0; i < runs; i += 1) {
        const startMs = performance.now();
        ({ total } = await store.directory.searchMembers("g_7", query));
        latenciesMs.push(performance.now() - startMs);
      }
    });
    print(`"${part}": ${total} found`, runs, measured, latenciesMs);
  }
  await store.close();
}

const words = "hello there how are you doing today fine I hope see you at eight then";
let stamp = 7_000_000_000_000_000;

/** A message of one of `pairs` conversations, with all its rows; every 145 records a snapshot, as 64 KiB of them make. */
function messageRows(pair: number, seq: number): Row[] {
  const conversationId = `s_${7_000_000_000_000_000 + pair * 2}_${7_000_000_000_000_001 + pair * 2}`;
  stamp += 256;
  const ids = { messageId: String(stamp), senderId: String(7_000_000_000_000_000 + pair * 2) };
  const clientMsgId = `0b7c8a2e-51b0-4c1e-9ad0-${stamp}`;
  const content = { text: words };
  const names = { clientMsgId, senderName: "Alice Liddell", senderAvatar: "" };
  const event = {
    type: "sent",
    ...ids,
    seq,
    version: seq,
    countSeq: seq,
    bucket: 1,
    ...names,
    contentType: "text",
    content,
  };
  const key = { kind: "conversation", key: conversationId } as const;
  const record = JSON.stringify({ ...key, n: seq, stamp, atMs: 1_790_000_000_000, events: [event] });
  const rows: Row[] = [
    { table: "actor_events", ...key, n: seq, stamp, record },
    {
      table: "messages",
      conversationId,
      bucket: 1,
      seq,
      stamp,
      ...ids,
      version: seq,
      atMs: 1_790_000_000_000,
      contentType: "text",
      content: JSON.stringify(content),
      extra: JSON.stringify(names),
      terms: ` ${words.toLowerCase()} `,
    },
    { table: "sends", conversationId, day: 20_717, ...ids, clientMsgId, seq, hash: 123_456_789, stamp },
  ];
  if (seq % 145 === 0)
    rows.push({ table: "snapshots", ...key, n: seq, stamp, state: JSON.stringify({ filler: words.repeat(20) }) });
  return rows;
}

/** Makes rows just before their write, because rows made in advance would cost time of the garbage collector. */
function createSource(perWrite: number, pairs: number): () => Row[] {
  const seqs = new Array<number>(pairs).fill(0);
  let made = 0;
  return () => {
    const rows: Row[] = [];
    for (let i = 0; i < perWrite; i++) {
      const pair = (made++ * 7_919) % pairs;
      seqs[pair]! += 1;
      rows.push(...messageRows(pair, seqs[pair]!));
    }
    return rows;
  };
}

async function writeMessages(store: ViewStore, messages: number, perWrite: number, pairs: number): Promise<Measured> {
  const nextRows = createSource(perWrite, pairs);
  const total: Measured = { cpuUs: 0, wallMs: 0 };
  for (let sequence = 0; sequence * perWrite < messages; sequence++) {
    const rows = nextRows();
    const marks = Array.from({ length: 32 }, (_, i) => ({
      shard: (sequence * 32 + i) % 256,
      sequence: sequence + 1,
      commitId: "12/1/boot/9",
    }));
    const { cpuUs, wallMs } = await measure(() => store.views.write({ rows, marks }));
    total.cpuUs += cpuUs;
    total.wallMs += wallMs;
  }
  return total;
}

/** One write at a time, as the projector does. The store gathers no writes, so that the size of a write is measured. */
async function benchViews(): Promise<void> {
  console.log("\nviews: CPU per message (records, message, send, snapshots), the transport between threads included");
  for (const [perWrite, pairs] of [
    [100, 200],
    [1_000, 200],
    [3_000, 200],
    [1_000, 20_000],
    [3_000, 20_000],
  ] as const) {
    const path = join(folder, `views-${perWrite}-${pairs}.db`);
    const store = await openSqliteViews({ path, storeId: "bench", gatherRows: 1 });
    const messages = perWrite * Math.ceil(60_000 / perWrite);
    const measured = await writeMessages(store, messages, perWrite, pairs);
    print(`${perWrite} messages a write, ${pairs} conversations`, messages, measured);
    await store.close();
    console.log(`${"".padEnd(56)}  ${Math.round(statSync(path).size / messages)} bytes of file per message`);
  }
}

async function benchReads(): Promise<void> {
  console.log("\nreads: latency of a page of 50 messages, idle and while messages are written");
  const store = await openSqliteViews({ path: join(folder, "reads.db"), storeId: "bench" });
  await writeMessages(store, 60_000, 1_000, 200);
  const readPages = async (count: number): Promise<number[]> => {
    const latenciesMs: number[] = [];
    for (let n = 0; n < count; n++) {
      const startMs = performance.now();
      const conversationId = `s_${7_000_000_000_000_000 + (n % 200) * 2}_${7_000_000_000_000_001 + (n % 200) * 2}`;
      const range = { fromSeq: 100, toSeq: 149, order: "ascending" } as const;
      const page = await store.messages.page(conversationId, 1, range, 50);
      if (page.length !== 50) throw new Error(`a page of ${page.length}`);
      latenciesMs.push(performance.now() - startMs);
    }
    return latenciesMs;
  };
  await readPages(200);
  let latenciesMs: number[] = [];
  const idle = await measure(async () => {
    latenciesMs = await readPages(2_000);
  });
  print("pages of 50, idle", 2_000, idle, latenciesMs);

  let isWriting = true;
  const writing = writeMessages(store, 60_000, 1_000, 199).then(() => {
    isWriting = false;
  });
  const busyMs: number[] = [];
  while (isWriting) busyMs.push(...(await readPages(10)));
  await writing;
  console.log(
    `${"pages of 50 while 60 000 messages are written".padEnd(56)}  p50 ${percentile(busyMs, 0.5)}  p99 ${percentile(busyMs, 0.99)} ms (${busyMs.length} pages)`,
  );
  await store.close();
}

try {
  if (which === undefined || which === "journal") await benchJournal();
  if (which === undefined || which === "views") await benchViews();
  if (which === undefined || which === "reads") await benchReads();
  if (which === undefined || which === "members") await benchMembers();
} finally {
  rmSync(folder, { recursive: true });
}
