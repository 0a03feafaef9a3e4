// The logs of all shards in one file, as the worker thread holds them.
// L1: an append is in if and only if its shard's last sequence is the one expected; a group is in entirely or not at all.
// L2: sequences rise over the whole file and are never used twice: a shard's newest commit is never removed.
// L3: commits of a shard form a chain by `prev`, walked from the newest: no index, which would dirty a page per shard.
import { crc32 } from "node:zlib";
import { type OpenDatabase, openDatabase } from "./database.ts";
import { StorageError } from "./errors.ts";

/** Checkpoints copy this much at once, after the answer has left. */
const checkpointPages = 512;
const pageBytes = 8_192;
/** A walked chain longer than this is not kept for the next page (8 bytes each). */
const chainLengthMax = 1_000_000;
/** Steps of a trim between two requests: about 3 ms. */
const trimSliceSteps = 1_000;
const shardCount = 256;

const schema = `
CREATE TABLE IF NOT EXISTS commits (
  sequence INTEGER PRIMARY KEY, shard INTEGER NOT NULL, prev INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS lasts (id INTEGER PRIMARY KEY CHECK (id = 1), sequences BLOB NOT NULL) STRICT;
INSERT OR IGNORE INTO lasts VALUES (1, zeroblob(${shardCount * 8}));`;

export interface AppendRequest {
  readonly shard: number;
  readonly expectedSequence: number;
  readonly body: Uint8Array;
}
interface CommitRow {
  shard: number;
  crc: number;
  body: Uint8Array;
}

export function openJournalLog(path: string, fileBytesMax: number) {
  const { db, storeId }: OpenDatabase = openDatabase({
    path,
    pageBytes,
    pragmas:
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0",
    schema,
    format: "parley-journal-1",
  });
  db.exec(`PRAGMA max_page_count = ${Math.max(64, Math.floor(fileBytesMax / pageBytes))}`);
  const insert = db.prepare("INSERT INTO commits VALUES (?, ?, ?, ?, ?)");
  const saveLasts = db.prepare("UPDATE lasts SET sequences = ? WHERE id = 1");
  const link = db.prepare("SELECT shard, prev FROM commits WHERE sequence = ?");
  const body = db.prepare("SELECT shard, crc, body FROM commits WHERE sequence = ?");
  const removeOne = db.prepare("DELETE FROM commits WHERE sequence = ?");
  const frames = db.prepare("PRAGMA wal_checkpoint(NOOP)");

  let lasts = loadLasts();
  let newest = lasts.reduce((max, sequence) => Math.max(max, sequence), 0);
  /** The shard's sequences ≥ `from`, as last walked. */
  let chain: { shard: number; from: number; sequences: number[] } | undefined;
  let checkpointError: unknown;
  verify();

  function loadLasts(): Float64Array {
    const row = db.prepare("SELECT sequences FROM lasts").get() as { sequences: Uint8Array };
    return new Float64Array(row.sequences.slice().buffer);
  }

  function verify(): void {
    const row = db.prepare("SELECT max(sequence) AS max FROM commits").get() as { max: number | null };
    if ((row.max ?? 0) !== newest) throw damaged(`ends at ${row.max}, its index says ${newest}`);
    lasts.forEach((sequence, shard) => {
      if (sequence !== 0 && find(sequence)?.shard !== shard) throw damaged(`the last commit of shard ${shard} is gone`);
    });
  }

  function damaged(what: string): StorageError {
    return new StorageError("damaged", `${path} is damaged: ${what}`);
  }

  function find(sequence: number): { shard: number; prev: number } | undefined {
    return link.get(sequence) as { shard: number; prev: number } | undefined;
  }

  /** Outcomes in order: a sequence, or -1 - lastSequence for a conflict. One transaction, one fsync. */
  function append(requests: readonly AppendRequest[]): Float64Array {
    if (checkpointError !== undefined) {
      const cause = checkpointError;
      checkpointError = undefined; // tried again after the next append
      throw cause;
    }
    const outcomes = new Float64Array(requests.length);
    const after = lasts.slice();
    let sequence = newest;
    transaction(() => {
      requests.forEach((request, index) => {
        const last = after[request.shard]!;
        if (last !== request.expectedSequence) {
          outcomes[index] = -1 - last; // L1
          return;
        }
        insert.run(++sequence, request.shard, last, crc32(request.body), request.body);
        after[request.shard] = sequence;
        outcomes[index] = sequence;
      });
      if (sequence !== newest) saveLasts.run(new Uint8Array(after.buffer));
    });
    lasts = after;
    newest = sequence;
    return outcomes;
  }

  function transaction(work: () => void): void {
    db.exec("BEGIN IMMEDIATE");
    try {
      work();
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Sequences of the shard's commits ≥ `from`, ascending. */
  function walk(shard: number, from: number): number[] {
    const known = chain?.shard === shard && chain.from <= from ? chain.sequences : [];
    const top = known.at(-1) ?? 0;
    const found: number[] = [];
    for (let at = lasts[shard]!; at !== 0 && at >= from && at > top; ) {
      const row = find(at);
      if (!row) break; // trimmed
      if (row.shard !== shard || row.prev >= at) throw damaged(`the chain of shard ${shard} breaks at ${at}`);
      found.push(at);
      at = row.prev;
    }
    const sequences = known.concat(found.reverse());
    const walkedFrom = known.length > 0 ? chain!.from : from;
    chain = sequences.length <= chainLengthMax ? { shard, from: walkedFrom, sequences } : undefined;
    const start = sequences.findIndex((sequence) => sequence >= from);
    return start < 0 ? [] : sequences.slice(start);
  }

  function read(shard: number, fromSequence: number, maxCommits: number): { sequence: number; body: Uint8Array }[] {
    return walk(shard, fromSequence)
      .slice(0, maxCommits)
      .map((sequence) => {
        const row = body.get(sequence) as CommitRow | undefined;
        if (!row || row.shard !== shard) throw damaged(`commit ${sequence} of shard ${shard} is gone`);
        if (crc32(row.body) !== row.crc)
          throw damaged(`commit ${sequence} of shard ${shard} does not match its checksum`);
        return { sequence, body: row.body };
      });
  }

  /** Removes oldest first, so that a crash leaves no gap. A generator: the worker serves others between its slices. */
  function* trim(shard: number, upTo: number): Generator<void> {
    const doomed: number[] = [];
    let steps = 0;
    for (let at = lasts[shard]!; at !== 0; ) {
      const row = find(at);
      if (!row) break;
      if (at <= upTo && at !== lasts[shard]) doomed.push(at); // L2
      at = row.prev;
      if (++steps % trimSliceSteps === 0) yield;
    }
    while (doomed.length > 0) {
      const slice = doomed.splice(-trimSliceSteps).reverse();
      transaction(() => {
        for (const sequence of slice) removeOne.run(sequence);
      });
      chain = undefined;
      yield;
    }
  }

  /** Copies the write-ahead log into the file when that is worth it. What goes wrong is told to the next append. */
  function checkpoint(): void {
    if (!db.isOpen) return;
    const { log: logged, checkpointed } = frames.get() as { log: number; checkpointed: number };
    if (logged - checkpointed < checkpointPages) return;
    try {
      db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (error) {
      checkpointError = error;
    }
  }

  return {
    storeId,
    append,
    read,
    trim,
    lastSequences: () => lasts,
    checkpoint,
    close: () => db.close(),
  };
}
export type JournalLog = ReturnType<typeof openJournalLog>;
