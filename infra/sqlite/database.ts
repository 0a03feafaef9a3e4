// Opens a data file, and checks its lock, its format, its store and its pages before it is used.
import { randomBytes } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { logFormat } from "../../actors/runtime/record.ts";
import { StorageError } from "../views/storage-error.ts";
import { decodeIdentity, encodeIdentity, type FileIdentity, isAnotherFile, readIdentity } from "./file-identity.ts";

/** How long the opening waits for another server that is about to end. */
const lockTimeoutMs = 500;
/** Smaller files are checked page by page at opening (about 2 ms per MiB); larger ones as they are read. */
const quickCheckBytesMax = 64 * 1024 * 1024;
const shardCount = 256;
/** Former ids of a store; of more the oldest are forgotten, and a file of that time is then refused. */
const maxFormerIds = 100;

interface DatabaseOptions {
  readonly path: string;
  readonly pageBytes: number;
  /** Executed before anything else touches the file. */
  readonly pragmas: string;
  readonly schema: string;
  /** The file's kind and version; a file of another format is refused. */
  readonly format: string;
  /**
   * Undefined for the journal: a new file draws an id, and an existing one keeps its id unless it was restored from a copy.
   * Given for the views: a file with another id is refused, unless that id is a former one of this store.
   */
  readonly storeId?: string;
  readonly formerStoreIds?: readonly string[];
}

export interface OpenDatabase extends StoreIds {
  readonly db: DatabaseSync;
  /** This opening found that the file was restored from a copy, and gave the store a new id. */
  readonly isRestored: boolean;
}
interface StoreIds {
  readonly storeId: string;
  /** Ids that the store had before it was restored from a copy, oldest first. */
  readonly formerStoreIds: readonly string[];
}

export function openDatabase(options: DatabaseOptions): OpenDatabase {
  const db = new DatabaseSync(options.path, { timeout: lockTimeoutMs });
  try {
    db.exec(`PRAGMA page_size = ${options.pageBytes}; ${options.pragmas}`);
    // A write transaction takes the file's lock now, not only at the first commit.
    db.exec("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT");
    const ids = checkMeta(db, options);
    db.exec(options.schema);
    db.exec("COMMIT");
    checkPages(db, options.path);
    if (options.storeId === undefined) rmSync(restoredMarker(options.path), { force: true });
    return { db, ...ids };
  } catch (error) {
    db.close();
    throw error;
  }
}

function checkMeta(db: DatabaseSync, options: DatabaseOptions): Omit<OpenDatabase, "db"> {
  const rows = db.prepare("SELECT name, value FROM meta").all() as unknown as { name: string; value: string }[];
  const meta = new Map(rows.map((row) => [row.name, row.value]));
  const expected = { format: options.format, shards: String(shardCount), logFormat: String(logFormat) };
  const put = db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)");
  const write = (ids: StoreIds, isRestored = false) => {
    put.run("storeId", ids.storeId);
    put.run("formerStoreIds", ids.formerStoreIds.join(" "));
    return { ...ids, isRestored };
  };
  const file = readIdentity(options.path);
  const text = file && encodeIdentity(file);
  if (text !== undefined && text !== meta.get("file")) put.run("file", text);
  if (meta.size === 0) {
    for (const [name, value] of Object.entries(expected)) put.run(name, value);
    return write({ storeId: options.storeId ?? newStoreId(), formerStoreIds: [] });
  }
  for (const [name, value] of Object.entries(expected)) {
    if (meta.get(name) === value) continue;
    const message = `${options.path} was written with ${name} ${meta.get(name)}, this server has ${value}`;
    throw new StorageError("format", message);
  }
  const storeId = meta.get("storeId")!;
  const formerStoreIds = meta.get("formerStoreIds")?.split(" ").filter(Boolean) ?? [];
  if (options.storeId === undefined) {
    if (!wasRestored(options.path, meta.get("file"), file)) return { storeId, formerStoreIds, isRestored: false };
    return write({ storeId: newStoreId(), formerStoreIds: [...formerStoreIds, storeId].slice(-maxFormerIds) }, true);
  }
  if (storeId === options.storeId) return { storeId, formerStoreIds, isRestored: false };
  if (options.formerStoreIds?.includes(storeId)) {
    return write({ storeId: options.storeId, formerStoreIds: options.formerStoreIds });
  }
  throw new StorageError("format", `${options.path} belongs to store ${storeId}, not to ${options.storeId}`);
}

/**
 * A restored store has another history than its clients know, so it gets a new id, and the clients fetch everything again. A
 * copy that cannot be recognized (a snapshot of the disk, a copy over the old file) is named by the operator: by an empty file
 * `<path>.restored` beside it.
 */
function wasRestored(path: string, known: string | undefined, now: FileIdentity | undefined): boolean {
  if (statSync(restoredMarker(path), { throwIfNoEntry: false })) return true;
  return known !== undefined && now !== undefined && isAnotherFile(decodeIdentity(known), now);
}

function restoredMarker(path: string): string {
  return `${path}.restored`;
}

function newStoreId(): string {
  return randomBytes(16).toString("hex");
}

function checkPages(db: DatabaseSync, path: string): void {
  if (statSync(path).size > quickCheckBytesMax) return;
  const found = db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
  if (found.quick_check !== "ok") throw new StorageError("damaged", `${path} is damaged: ${found.quick_check}`);
}
