// Opening a data file: what it is checked for before anybody relies on it.
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { logFormat } from "../../actors/runtime/record.ts";
import { StorageError } from "../views/storage-error.ts";

/** How long an opener waits for a server that is just ending. */
const lockTimeoutMs = 500;
/** Smaller files are checked page by page at opening (about 2 ms per MiB); larger ones as they are read. */
const quickCheckBytesMax = 64 * 1024 * 1024;
const shardCount = 256;

export interface DatabaseOptions {
  readonly path: string;
  readonly pageBytes: number;
  /** Pragmas that must stand before the file is first touched. */
  readonly pragmas: string;
  readonly schema: string;
  /** The file's kind and version: files of another are refused. */
  readonly format: string;
  /** Undefined: a new file draws one, an old one keeps its own. Given: a file of another store is refused. */
  readonly storeId?: string;
}

export interface OpenDatabase {
  readonly db: DatabaseSync;
  readonly storeId: string;
}

export function openDatabase(options: DatabaseOptions): OpenDatabase {
  const db = new DatabaseSync(options.path, { timeout: lockTimeoutMs });
  try {
    db.exec(`PRAGMA page_size = ${options.pageBytes}; ${options.pragmas}`);
    // A write transaction takes the lock now, not at the first commit.
    db.exec("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT");
    const storeId = checkMeta(db, options);
    db.exec(options.schema);
    db.exec("COMMIT");
    checkPages(db, options.path);
    return { db, storeId };
  } catch (error) {
    db.close();
    throw error;
  }
}

function checkMeta(db: DatabaseSync, options: DatabaseOptions): string {
  const rows = db.prepare("SELECT name, value FROM meta").all() as unknown as { name: string; value: string }[];
  const meta = new Map(rows.map((row) => [row.name, row.value]));
  const expected = { format: options.format, shards: String(shardCount), logFormat: String(logFormat) };
  if (meta.size === 0)
    return createMeta(db, { ...expected, storeId: options.storeId ?? randomBytes(16).toString("hex") });
  for (const [name, value] of Object.entries(expected)) {
    if (meta.get(name) === value) continue;
    const message = `${options.path} was written with ${name} ${meta.get(name)}, this server has ${value}`;
    throw new StorageError("format", message);
  }
  const storeId = meta.get("storeId")!;
  if (options.storeId !== undefined && storeId !== options.storeId) {
    throw new StorageError("format", `${options.path} belongs to store ${storeId}, not to ${options.storeId}`);
  }
  return storeId;
}

function createMeta(db: DatabaseSync, values: { storeId: string; [name: string]: string }): string {
  const insert = db.prepare("INSERT INTO meta VALUES (?, ?)");
  for (const [name, value] of Object.entries(values)) insert.run(name, value);
  return values.storeId;
}

function checkPages(db: DatabaseSync, path: string): void {
  if (statSync(path).size > quickCheckBytesMax) return;
  const found = db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
  if (found.quick_check !== "ok") throw new StorageError("damaged", `${path} is damaged: ${found.quick_check}`);
}
