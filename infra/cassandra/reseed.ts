// Begins a new journal from the views, for when the old journal is lost with all its replicas. From then on the views are
// the truth. Every host must be stopped. After an interruption the command can be run again, until it has succeeded.
//
// reseed/gap: an actor continues from its snapshot and the records after it, up to the first missing record. Later records,
//     which a write that was under way at the loss may have left, are deleted, because no state may be built on them.
// reseed/rows: the rows of the kept records are written again, because that same write may have left some of them out.
// reseed/first-commit: each shard's new log begins with a commit whose stamp is above every stamp of the views, so that
//     later decisions replace the rows. The marks are removed before; the keyspace gets the new store's id at the end.
// reseed/empty-log: the new log must be empty, except for the commits of an interrupted run.
import type { SendReader } from "../../actors/conversation/contract.ts";
import type { AnyBehaviour } from "../../actors/runtime/contract.ts";
import type { Kind } from "../../actors/runtime/kinds.ts";
import { bootOf, decodeCommit, encodeOwnership, parseRecord } from "../../actors/runtime/log/commit.ts";
import { msOfStamp, ShardClock } from "../../actors/runtime/log/stamp.ts";
import type { Clock, Journal, Row } from "../../actors/runtime/ports.ts";
import type { ActorRecord } from "../../actors/runtime/record.ts";
import { shardCount } from "../../actors/runtime/sharding.ts";
import { StorageError } from "../views/storage-error.ts";
import { bigint, int, text } from "./cells.ts";
import { createClient, createSession, type Session } from "./client.ts";
import { renameStore } from "./migrate.ts";
import { reseedBoot, truncate } from "./rebuild.ts";
import { chunkOf, recordsPerChunk } from "./schema.ts";
import { type CassandraViewsOptions, openCassandraViews } from "./views.ts";

interface ReseedOptions extends Omit<CassandraViewsOptions, "storeId"> {
  /** The id of the lost journal, which the keyspace still has. */
  readonly oldStoreId: string;
  readonly newStoreId: string;
  readonly journal: Pick<Journal, "append" | "read">;
  readonly behaviours: (sends: SendReader) => readonly AnyBehaviour[];
  readonly clock: Pick<Clock, "nowMs">;
}

interface Reseeded {
  readonly actors: number;
  /** Records that followed a missing one. */
  readonly recordsDropped: number;
}

const rowsPerWrite = 2_000;
const dropRecords = "DELETE FROM actor_events USING TIMESTAMP ? WHERE address = ? AND chunk = ? AND last_n > ?";
const listAddresses = "SELECT DISTINCT address, chunk FROM actor_events";
const lastStamp =
  "SELECT writetime(records) AS stamp FROM actor_events WHERE address = ? AND chunk = ? ORDER BY last_n DESC LIMIT 1";

export async function reseed(options: ReseedOptions): Promise<Reseeded> {
  const { keyspace, newStoreId, journal } = options;
  const boot = reseedBoot(newStoreId);
  await refuseOtherCommits(journal, boot);
  const client = createClient(options, keyspace);
  try {
    const done = await mendActors(options, createSession(client));
    await truncate(options, keyspace, ["marks"]);
    await beginLogs(journal, boot, Math.max(msOfStamp(done.lastStamp) + 1, options.clock.nowMs())); // reseed/first-commit
    await renameStore(client, keyspace, newStoreId);
    return done;
  } finally {
    await client.shutdown();
  }
}

/** reseed/empty-log */
async function refuseOtherCommits(journal: Pick<Journal, "read">, boot: string): Promise<void> {
  for (let shard = 0; shard < shardCount; shard++) {
    for (const { commit } of await journal.read(shard, 0, 2)) {
      if (bootOf(decodeCommit(commit).id) === boot) continue;
      throw new StorageError("failed", `The new journal is not empty: shard ${shard} holds commits of a host`);
    }
  }
}

/** reseed/gap, reseed/rows */
async function mendActors(options: ReseedOptions, session: Session): Promise<Reseeded & { lastStamp: number }> {
  const store = await openCassandraViews({ ...options, storeId: options.oldStoreId });
  const behaviours = new Map(options.behaviours(store.sends).map((behaviour) => [behaviour.contract.kind, behaviour]));
  const seen = new Set<string>();
  let rows: Row[] = [];
  let recordsDropped = 0;
  let newest = 0;
  const write = async () => {
    await store.views.write({ rows, marks: [] });
    rows = [];
  };
  try {
    for await (const page of session.pages(listAddresses, [])) {
      for (const { address, chunk } of page as unknown as { address: string; chunk: number }[]) {
        const slash = address.indexOf("/");
        const [kind, key] = [address.slice(0, slash) as Kind, address.slice(slash + 1)];
        newest = Math.max(newest, await lastStampOf(session, address, chunk));
        if (seen.has(address)) continue;
        seen.add(address);
        const snapshotN = (await store.views.snapshot(kind, key))?.n ?? 0;
        const records = (await store.views.records(kind, key, snapshotN)).map(parseRecord);
        const whole = records.filter(({ n }, i) => n === snapshotN + i + 1);
        const wholeN = whole.at(-1)?.n ?? snapshotN;
        recordsDropped += records.length - whole.length;
        await dropAfterGap(session, address, wholeN, records);
        const project = behaviours.get(kind)?.project;
        if (project) for (const { events, ...meta } of whole) rows.push(...project(events, { ...meta, key }));
        if (rows.length >= rowsPerWrite) await write();
      }
    }
    await write();
  } finally {
    await store.close();
  }
  return { actors: seen.size, recordsDropped, lastStamp: newest };
}

async function lastStampOf(session: Session, address: string, chunk: number): Promise<number> {
  const [row] = await session.rows(lastStamp, [text(address), int(chunk)]);
  return Number(row?.get("stamp") ?? 0);
}

/** reseed/gap */
async function dropAfterGap(
  session: Session,
  address: string,
  wholeN: number,
  records: readonly ActorRecord[],
): Promise<void> {
  const last = records.at(-1);
  if (!last || last.n <= wholeN) return;
  for (let chunk = chunkOf(wholeN + 1, recordsPerChunk); chunk <= chunkOf(last.n, recordsPerChunk); chunk++) {
    const params = [bigint(last.stamp), text(address), int(chunk), int(wholeN)];
    await session.write([{ query: dropRecords, params }], undefined);
  }
}

/** reseed/first-commit */
async function beginLogs(journal: Pick<Journal, "append">, boot: string, nowMs: number): Promise<void> {
  for (let shard = 0; shard < shardCount; shard++) {
    const header = { id: `${shard}/1/${boot}/1`, epoch: 1, stamp: new ShardClock(shard).next(nowMs), prev: 0 };
    const commit = encodeOwnership(header, "released", { host: "reseed", boot });
    // A conflict means that an interrupted run has appended this commit before.
    await journal.append(shard, 0, commit);
  }
}
