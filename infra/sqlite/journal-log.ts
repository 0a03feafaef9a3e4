// The logs of all shards in one file, as the worker thread holds them.
// L1: an append is in if and only if its shard's last sequence is the one expected; a group is in entirely or not at all.
// L2: sequences rise over the whole file and are never used twice: a shard's newest commit is never removed.
// L3: commits of a shard form a chain by `prev`, walked from the newest: no index, which would dirty a page per shard.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { StorageError } from "../views/storage-error.ts";
import { type OpenDatabase, openDatabase } from "./database.ts";

const pageBytes = 8_192;
/** A checkpoint copies so much (4 MiB), after the answer has left. */
const checkpointPages = 512;
/** A walked chain longer than this is not kept for the next page (8 bytes each). */
const chainLengthMax = 1_000_000;
/** Steps of a trim between two requests: about 3 ms. */
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
  /** The shard's sequences ≥ `from`, as last walked. */
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

  /** Outcomes in order: a sequence, or -1 - lastSequence for a conflict. One transaction, one fsync. */
  append(requests: readonly AppendRequest[]): Float64Array {
    this.#throwCheckpointError();
    const outcomes = new Float64Array(requests.length);
    const lasts = this.#lasts.slice();
    let sequence = this.#newest;
    this.#transaction(() => {
      for (const [index, { shard, expectedSequence, body }] of requests.entries()) {
        const last = lasts[shard]!;
        if (last !== expectedSequence) {
          outcomes[index] = -1 - last; // L1
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
      if (row?.shard !== shard) throw this.#damaged(`commit ${sequence} of shard ${shard} is gone`);
      if (crc32(row.body) !== row.crc) throw this.#damaged(`commit ${sequence} does not match its checksum`);
      return { sequence, body: row.body };
    });
  }

  /** Removes oldest first, so that a crash leaves no gap. A generator: the worker serves others between its slices. */
  *trim(shard: number, upTo: number): Generator<void> {
    const doomed: number[] = [];
    let steps = 0;
    for (let at = this.#lasts[shard]!; at !== 0; ) {
      const row = this.#link(at);
      if (!row) break;
      if (at <= upTo && at !== this.#lasts[shard]) doomed.push(at); // L2
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

  /** Copies the write-ahead log into the file when that is worth it. What goes wrong is told to the next append. */
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

  /** What trims freed counts as free, though the file does not shrink. */
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
    this.#checkpointError = undefined; // tried again after the next append
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

  /** Sequences of the shard's commits ≥ `from`, ascending (L3). */
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
    if ((max ?? 0) !== this.#newest) throw this.#damaged(`ends at ${max}, its index says ${this.#newest}`);
    for (const [shard, sequence] of this.#lasts.entries()) {
      if (sequence === 0 || this.#link(sequence)?.shard === shard) continue;
      throw this.#damaged(`the last commit of shard ${shard} is gone`);
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
