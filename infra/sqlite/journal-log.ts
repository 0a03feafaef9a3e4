// The logs of all shards in one file. Runs in the journal's worker thread.
//
// journal-log/compare-and-set: an append is accepted if and only if its shard's last sequence is the expected one. The
//     appends of one call are one transaction: all accepted ones are stored, or none.
// journal-log/sequences: sequences rise over the whole file, and no sequence is used twice, because the newest commit of a
//     shard is never removed.
// journal-log/chain: the commits of a shard form a chain by `prev`, which readers walk from the newest commit. An index by
//     shard would dirty a page per shard in every transaction.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { StorageError } from "../views/storage-error.ts";
import { type OpenDatabase, openDatabase } from "./database.ts";

const pageBytes = 8_192;
/** A checkpoint begins at so many pages (4 MiB), after the answer was sent. */
const checkpointPages = 512;
/** A longer chain is not cached for the next page of a read (8 bytes per commit). */
const chainLengthMax = 1_000_000;
/** Steps of a trim between two requests of other callers; they take about 3 ms. */
const trimSliceSteps = 1_000;
const shardCount = 256;

const pragmas = `
PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0`;
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

export interface JournalUsage {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

export class JournalLog {
  readonly store: Omit<OpenDatabase, "db">;
  #path: string;
  #db: DatabaseSync;
  readonly #maxFileBytes: number;
  #statements: Record<"insert" | "saveLasts" | "link" | "body" | "remove" | "frames", StatementSync>;
  /** The last sequence of every shard; 0 = none. */
  #lasts: Float64Array;
  #newest: number;
  /** The chain that was walked last: the shard's sequences ≥ `from`. */
  #chain: { shard: number; from: number; sequences: number[] } | undefined;
  #checkpointError: unknown;

  constructor(path: string, maxFileBytes: number) {
    this.#path = path;
    this.#maxFileBytes = maxFileBytes;
    const { db, ...store } = openDatabase({ path, pageBytes, pragmas, schema, format: "parley-journal-1" });
    this.store = store;
    this.#db = db;
    db.exec(`PRAGMA max_page_count = ${Math.max(64, Math.floor(maxFileBytes / pageBytes))}`);
    this.#statements = {
      insert: db.prepare("INSERT INTO commits VALUES (?, ?, ?, ?, ?)"),
      saveLasts: db.prepare("UPDATE lasts SET sequences = ? WHERE id = 1"),
      link: db.prepare("SELECT shard, prev FROM commits WHERE sequence = ?"),
      body: db.prepare("SELECT shard, crc, body FROM commits WHERE sequence = ?"),
      remove: db.prepare("DELETE FROM commits WHERE sequence = ?"),
      frames: db.prepare("PRAGMA wal_checkpoint(NOOP)"),
    };
    const { sequences } = db.prepare("SELECT sequences FROM lasts").get() as { sequences: Uint8Array };
    this.#lasts = new Float64Array(sequences.slice().buffer);
    this.#newest = Math.max(...this.#lasts);
    this.#verify();
  }

  get lastSequences(): readonly number[] {
    return [...this.#lasts];
  }

  /** The outcomes in the order of the requests: a sequence, or -1 - lastSequence for a conflict. One transaction, one fsync. */
  append(requests: readonly AppendRequest[]): Float64Array {
    this.#throwCheckpointError();
    const outcomes = new Float64Array(requests.length);
    const lasts = this.#lasts.slice();
    let sequence = this.#newest;
    this.#transaction(() => {
      for (const [index, { shard, expectedSequence, body }] of requests.entries()) {
        const last = lasts[shard]!;
        if (last !== expectedSequence) {
          outcomes[index] = -1 - last; // journal-log/compare-and-set
          continue;
        }
        this.#statements.insert.run(++sequence, shard, last, crc32(body), body);
        lasts[shard] = sequence;
        outcomes[index] = sequence;
      }
      if (sequence !== this.#newest) this.#statements.saveLasts.run(new Uint8Array(lasts.buffer));
    });
    this.#lasts = lasts;
    this.#newest = sequence;
    return outcomes;
  }

  read(shard: number, fromSequence: number, maxCommits: number): { sequence: number; body: Uint8Array }[] {
    const sequences = this.#walk(shard, fromSequence).slice(0, maxCommits);
    return sequences.map((sequence) => {
      const row = this.#statements.body.get(sequence) as CommitRow | undefined;
      if (row?.shard !== shard) throw this.#damaged(`commit ${sequence} of shard ${shard} is missing`);
      if (crc32(row.body) !== row.crc) throw this.#damaged(`commit ${sequence} does not match its checksum`);
      return { sequence, body: row.body };
    });
  }

  /** Removes the oldest commits first, so that a crash leaves no gap. The worker serves other requests between two steps. */
  *trim(shard: number, upTo: number): Generator<void> {
    const doomed: number[] = [];
    let steps = 0;
    for (let at = this.#lasts[shard]!; at !== 0; ) {
      const row = this.#link(at);
      if (!row) break;
      if (at <= upTo && at !== this.#lasts[shard]) doomed.push(at); // journal-log/sequences
      at = row.prev;
      if (++steps % trimSliceSteps === 0) yield;
    }
    while (doomed.length > 0) {
      const slice = doomed.splice(-trimSliceSteps).reverse();
      this.#transaction(() => {
        for (const sequence of slice) this.#statements.remove.run(sequence);
      });
      this.#chain = undefined;
      yield;
    }
  }

  /** Copies the write-ahead log into the file when it is long enough. An error rejects the next append. */
  checkpoint(): void {
    if (!this.#db.isOpen) return;
    const { log, checkpointed } = this.#statements.frames.get() as { log: number; checkpointed: number };
    if (log - checkpointed < checkpointPages) return;
    try {
      this.#db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (error) {
      this.#checkpointError = error;
    }
  }

  /** Pages that trims have freed count as free, although the file does not shrink. */
  usage(): JournalUsage {
    const pages = (what: "page_count" | "freelist_count"): number =>
      (this.#db.prepare(`PRAGMA ${what}`).get() as Record<typeof what, number>)[what];
    return { usedBytes: (pages("page_count") - pages("freelist_count")) * pageBytes, maxBytes: this.#maxFileBytes };
  }

  close(): void {
    this.#db.close();
  }

  #throwCheckpointError(): void {
    const error = this.#checkpointError;
    this.#checkpointError = undefined; // the checkpoint is tried again after the next append
    if (error !== undefined) throw error;
  }

  #transaction(work: () => void): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** The shard's sequences ≥ `from`, ascending (journal-log/chain). */
  #walk(shard: number, from: number): number[] {
    const known = this.#chain?.shard === shard && this.#chain.from <= from ? this.#chain : undefined;
    const top = known?.sequences.at(-1) ?? 0;
    const found: number[] = [];
    for (let at = this.#lasts[shard]!; at !== 0 && at >= from && at > top; ) {
      const row = this.#link(at);
      if (!row) break; // trimmed
      if (row.shard !== shard || row.prev >= at) throw this.#damaged(`the chain of shard ${shard} breaks at ${at}`);
      found.push(at);
      at = row.prev;
    }
    const sequences = (known?.sequences ?? []).concat(found.reverse());
    this.#chain = sequences.length <= chainLengthMax ? { shard, from: known?.from ?? from, sequences } : undefined;
    const start = sequences.findIndex((sequence) => sequence >= from);
    return start < 0 ? [] : sequences.slice(start);
  }

  #link(sequence: number): { shard: number; prev: number } | undefined {
    return this.#statements.link.get(sequence) as { shard: number; prev: number } | undefined;
  }

  #verify(): void {
    const { max } = this.#db.prepare("SELECT max(sequence) AS max FROM commits").get() as { max: number | null };
    if ((max ?? 0) !== this.#newest)
      throw this.#damaged(`the last commit is ${max}, and the table of last sequences names ${this.#newest}`);
    for (const [shard, sequence] of this.#lasts.entries()) {
      if (sequence === 0 || this.#link(sequence)?.shard === shard) continue;
      throw this.#damaged(`the last commit of shard ${shard} is missing`);
    }
  }

  #damaged(what: string): StorageError {
    return new StorageError("damaged", `${this.#path} is damaged: ${what}`);
  }
}

interface CommitRow {
  shard: number;
  crc: number;
  body: Uint8Array;
}
