// The SQL statements that write views.db. The comparison of stamps is defined here once (views-writer/stamps in
// views-writer.ts).
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type PlainTableName, plainTableNames, plainTables } from "./plain-tables.ts";

export type ViewsStatements = ReturnType<typeof prepareViewsStatements>;

export function prepareViewsStatements(db: DatabaseSync) {
  const newer = (table: string): string => `WHERE excluded.stamp > ${table}.stamp`; // views-writer/stamps
  const upsert = (table: string, key: readonly string[], columns: readonly string[]): StatementSync => {
    const sets = columns.map((column) => `${column} = excluded.${column}`).join(", ");
    const holes = [...key, ...columns].map(() => "?").join(", ");
    return db.prepare(
      `INSERT INTO ${table} (${[...key, ...columns].join(", ")}) VALUES (${holes})
       ON CONFLICT (${key.join(", ")}) DO UPDATE SET ${sets} ${newer(table)}`,
    );
  };
  return {
    event: db.prepare(
      "INSERT INTO actor_events (address, first_n, last_n, records) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", // views-writer/records
    ),
    message: db.prepare(
      `INSERT INTO messages (conversation, bucket, seq, stamp, send_day, send_hash, message_id, sender_id, version, at_ms,
         content_type, terms, content, extra)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation, bucket, seq) DO UPDATE SET
         stamp = excluded.stamp, message_id = excluded.message_id, sender_id = excluded.sender_id,
         version = excluded.version, at_ms = excluded.at_ms, content_type = excluded.content_type, extra = excluded.extra,
         send_day = coalesce(excluded.send_day, send_day), send_hash = coalesce(excluded.send_hash, send_hash),
         status = iif(excluded.stamp > patch_stamp, 0, status),
         terms = iif(excluded.stamp > patch_stamp, excluded.terms, terms),
         content = iif(excluded.stamp > patch_stamp, excluded.content, content)
       ${newer("messages")}`,
    ),
    /** Overwrites the content in the row itself, so that a recalled text is not kept anywhere. */
    applyPatch: db.prepare(
      `UPDATE messages SET patch_stamp = p.stamp, status = p.status, patched_at_ms = p.at_ms, terms = p.terms,
         content = p.content
       FROM message_patches p
       WHERE messages.conversation = ?1 AND messages.bucket = ?2 AND messages.seq = ?3
         AND p.conversation = ?1 AND p.bucket = ?2 AND p.seq = ?3
         AND p.stamp > messages.stamp AND p.stamp > messages.patch_stamp`,
    ),
    patch: upsert(
      "message_patches",
      ["conversation", "bucket", "seq"],
      ["stamp", "status", "at_ms", "terms", "content"],
    ),
    dropPatch: db.prepare("DELETE FROM message_patches WHERE conversation = ? AND bucket = ? AND seq = ?"),
    anyPatch: db.prepare("SELECT 1 FROM message_patches LIMIT 1"),
    anyMessage: db.prepare("SELECT 1 FROM messages WHERE conversation = ? AND bucket = ? AND seq = ?"),
    send: upsert(
      "sends",
      ["conversation", "day", "sender_id", "client_msg_id"],
      ["message_id", "seq", "hash", "stamp"],
    ),
    snapshot: upsert("snapshots", ["address"], ["n", "stamp", "state"]),
    prune: db.prepare("DELETE FROM actor_events WHERE address = ? AND last_n <= ?"),
    plain: new Map(
      plainTableNames.map((table) => [table, upsert(table, plainTables[table].key, plainTables[table].others)]),
    ) as ReadonlyMap<PlainTableName, StatementSync>,
    mark: db.prepare(
      `INSERT INTO marks (shard, sequence, commit_id) VALUES (?, ?, ?)
       ON CONFLICT (shard) DO UPDATE SET sequence = excluded.sequence, commit_id = excluded.commit_id
       WHERE excluded.sequence > marks.sequence`,
    ),
  };
}
