// Applies rows to views.db, one transaction per call, in the worker thread.
// V1: of two writes of a cell the one with the higher stamp stands, in whatever order they come; a replay changes nothing.
// V2: marks only rise, and move in the transaction of the rows they stand for.
// V3: a record of an actor is the same whenever it is written (n is unique), so runs of records may overlap.
import type { DatabaseSync } from "node:sqlite";
import type { Mark, MessagePatchRow, MessageRow, Row } from "../../actors/runtime/ports.ts";
import { createAddresses } from "./addresses.ts";
import { gatherRows, type RowOf, type RowSet, type Run, type SentMessage } from "./row-set.ts";
import { statusNumber } from "./views-schema.ts";

export interface ViewsWriter {
  apply(rows: readonly Row[], marks: readonly Mark[]): void;
}

export function createViewsWriter(db: DatabaseSync): ViewsWriter {
  const statements = prepare(db);
  const addresses = createAddresses(db);
  const conversation = (id: string): number => addresses.idOf("conversation", id);
  let hasPatches = statements.anyPatch.get() !== undefined;

  const saveEvents = ({ kind, key, firstN, lastN, records }: Run): void => {
    statements.event.run(addresses.idOf(kind, key), firstN, lastN, records);
  };
  /** Neighbours in the file are written one after the other. */
  const saveMessages = (messages: readonly SentMessage[]): void => {
    const placed = messages.map((message) => ({ id: conversation(message.row.conversationId), message }));
    placed.sort(
      (a, b) => a.id - b.id || a.message.row.bucket - b.message.row.bucket || a.message.row.seq - b.message.row.seq,
    );
    for (const { id, message } of placed) saveMessage(id, message);
  };
  const saveMessage = (id: number, { row, send }: SentMessage): void => {
    const { changes } = statements.message.run(
      id,
      row.bucket,
      row.seq,
      row.stamp,
      send ? send.day : null,
      send ? send.hash : null,
      row.messageId,
      row.senderId,
      row.version,
      row.atMs,
      row.contentType,
      row.terms,
      row.content,
      row.extra,
    );
    // The message was there: this write of its send may be the first one.
    if (changes === 0 && send) saveSend(send);
    if (hasPatches) takePatch(id, row);
  };
  const takePatch = (id: number, { bucket, seq }: MessageRow): void => {
    statements.applyPatch.run(id, bucket, seq);
    statements.dropPatch.run(id, bucket, seq);
  };
  const savePatch = (row: MessagePatchRow): void => {
    const id = conversation(row.conversationId);
    statements.patch.run(
      id,
      row.bucket,
      row.seq,
      row.stamp,
      statusNumber(row.status),
      row.atMs,
      row.terms,
      row.content,
    );
    const { changes } = statements.applyPatch.run(id, row.bucket, row.seq);
    const isThere = changes > 0 || statements.anyMessage.get(id, row.bucket, row.seq) !== undefined;
    if (isThere) statements.dropPatch.run(id, row.bucket, row.seq);
    else hasPatches = true;
  };
  const saveSend = (row: RowOf<"sends">): void => {
    const { day, senderId, clientMsgId, messageId, seq, hash, stamp } = row;
    statements.send.run(conversation(row.conversationId), day, senderId, clientMsgId, messageId, seq, hash, stamp);
  };
  const saveSnapshot = ({ kind, key, n, stamp, state }: RowOf<"snapshots">): void => {
    const id = addresses.idOf(kind, key);
    statements.snapshot.run(id, n, stamp, state);
    // Activation reads a snapshot and what follows it: these records are done with.
    statements.prune.run(id, n);
  };
  const saveOthers = (set: RowSet): void => {
    for (const row of set.buckets) {
      statements.bucket.run(conversation(row.conversationId), row.bucket, row.firstSeq, row.fromMs, row.stamp);
    }
    for (const row of set.changes) {
      statements.change.run(conversation(row.conversationId), row.version, row.stamp, row.change);
    }
    for (const { shard, kind, key, dueMs, stamp } of set.due) {
      statements.due.run(addresses.idOf(kind, key), shard, dueMs, stamp);
    }
    for (const row of set.directory) statements.directory.run(row.userId, row.nickname, row.avatar, row.stamp);
  };
  const applyAll = (set: RowSet, marks: readonly Mark[]): void => {
    for (const run of set.runs) saveEvents(run);
    saveMessages(set.messages);
    for (const row of set.patches) savePatch(row);
    for (const row of set.sends) saveSend(row);
    for (const row of set.snapshots) saveSnapshot(row);
    saveOthers(set);
    for (const { shard, sequence, commitId } of marks) statements.mark.run(shard, sequence, commitId); // V2
    if (hasPatches) hasPatches = statements.anyPatch.get() !== undefined;
  };

  return {
    apply(rows, marks) {
      const set = gatherRows(rows);
      db.exec("BEGIN IMMEDIATE");
      try {
        applyAll(set, marks);
        db.exec("COMMIT");
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        addresses.forget();
        hasPatches = statements.anyPatch.get() !== undefined;
        throw error;
      }
    },
  };
}

function prepare(db: DatabaseSync) {
  const newer = (table: string): string => `WHERE excluded.stamp > ${table}.stamp`; // V1
  const upsert = (table: string, key: string, columns: readonly string[]): ReturnType<DatabaseSync["prepare"]> => {
    const keys = key.split(", ");
    const sets = columns.map((column) => `${column} = excluded.${column}`).join(", ");
    const holes = [...keys, ...columns].map(() => "?").join(", ");
    return db.prepare(
      `INSERT INTO ${table} (${[...keys, ...columns].join(", ")}) VALUES (${holes})
       ON CONFLICT (${key}) DO UPDATE SET ${sets} ${newer(table)}`,
    );
  };
  return {
    event: db.prepare(
      "INSERT INTO actor_events (address, first_n, last_n, records) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", // V3
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
    /** The content goes out of the row itself: a recalled text is not kept anywhere. */
    applyPatch: db.prepare(
      `UPDATE messages SET patch_stamp = p.stamp, status = p.status, patched_at_ms = p.at_ms, terms = p.terms,
         content = p.content
       FROM message_patches p
       WHERE messages.conversation = ?1 AND messages.bucket = ?2 AND messages.seq = ?3
         AND p.conversation = ?1 AND p.bucket = ?2 AND p.seq = ?3
         AND p.stamp > messages.stamp AND p.stamp > messages.patch_stamp`,
    ),
    patch: upsert("message_patches", "conversation, bucket, seq", ["stamp", "status", "at_ms", "terms", "content"]),
    dropPatch: db.prepare("DELETE FROM message_patches WHERE conversation = ? AND bucket = ? AND seq = ?"),
    anyPatch: db.prepare("SELECT 1 FROM message_patches LIMIT 1"),
    anyMessage: db.prepare("SELECT 1 FROM messages WHERE conversation = ? AND bucket = ? AND seq = ?"),
    send: upsert("sends", "conversation, day, sender_id, client_msg_id", ["message_id", "seq", "hash", "stamp"]),
    snapshot: upsert("snapshots", "address", ["n", "stamp", "state"]),
    prune: db.prepare("DELETE FROM actor_events WHERE address = ? AND last_n <= ?"),
    bucket: upsert("buckets", "conversation, bucket", ["first_seq", "from_ms", "stamp"]),
    change: upsert("changes", "conversation, version", ["stamp", "change"]),
    due: upsert("due", "address", ["shard", "due_ms", "stamp"]),
    directory: upsert("directory", "user_id", ["nickname", "avatar", "stamp"]),
    mark: db.prepare(
      `INSERT INTO marks (shard, sequence, commit_id) VALUES (?, ?, ?)
       ON CONFLICT (shard) DO UPDATE SET sequence = excluded.sequence, commit_id = excluded.commit_id
       WHERE excluded.sequence > marks.sequence`,
    ),
  };
}
