// Applies rows to views.db, one transaction per call. Runs in the writer's worker thread.
//
// views-writer/stamps: of two writes of a row the higher stamp wins, in whatever order they arrive. So a replay changes
//     nothing.
// views-writer/marks: a mark only rises, and it is written in the transaction of its rows.
// views-writer/records: the record n of an actor is the same in every write, so the runs of records may overlap.
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Mark, MessagePatchRow, Row, RowOf } from "../../actors/runtime/ports.ts";
import { type Addresses, createAddresses } from "./addresses.ts";
import { type PlainRow, plainTables } from "./plain-tables.ts";
import { gatherRows, type RowSet, type Run, type SentMessage } from "./row-set.ts";
import { statusNumber } from "./views-schema.ts";
import { prepareViewsStatements, type ViewsStatements } from "./views-statements.ts";

export class ViewsWriter {
  #db: DatabaseSync;
  #statements: ViewsStatements;
  #addresses: Addresses;
  /** Patches without their message exist. While there are none, no message has to look for one. */
  #hasPatches: boolean;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#statements = prepareViewsStatements(db);
    this.#addresses = createAddresses(db);
    this.#hasPatches = this.#findPatches();
  }

  apply(rows: readonly Row[], marks: readonly Mark[]): void {
    const set = gatherRows(rows);
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      this.#applyAll(set, marks);
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#addresses.forget();
      this.#hasPatches = this.#findPatches();
      throw error;
    }
  }

  #applyAll(set: RowSet, marks: readonly Mark[]): void {
    for (const run of set.runs) this.#saveRun(run);
    this.#saveMessages(set.messages);
    for (const row of set.patches) this.#savePatch(row);
    for (const row of set.sends) this.#saveSend(row);
    for (const row of set.snapshots) this.#saveSnapshot(row);
    for (const rows of set.plain.values()) for (const row of rows) this.#savePlain(row);
    for (const { shard, sequence, commitId } of marks) this.#statements.mark.run(shard, sequence, commitId); // views-writer/marks
    if (this.#hasPatches) this.#hasPatches = this.#findPatches();
  }

  #saveRun({ kind, key, firstN, lastN, records }: Run): void {
    this.#statements.event.run(this.#addresses.idOf(kind, key), firstN, lastN, records);
  }

  /** Writes the messages in the order of the file, because neighbours share pages. */
  #saveMessages(messages: readonly SentMessage[]): void {
    const placed = messages.map((message) => ({ id: this.#conversation(message.row.conversationId), message }));
    placed.sort(
      (a, b) => a.id - b.id || a.message.row.bucket - b.message.row.bucket || a.message.row.seq - b.message.row.seq,
    );
    for (const { id, message } of placed) this.#saveMessage(id, message);
  }

  #saveMessage(id: number, { row, send }: SentMessage): void {
    const { changes } = this.#statements.message.run(
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
    // The message was written before, perhaps without its send.
    if (changes === 0 && send) this.#saveSend(send);
    if (!this.#hasPatches) return;
    this.#statements.applyPatch.run(id, row.bucket, row.seq);
    this.#statements.dropPatch.run(id, row.bucket, row.seq);
  }

  #savePatch(row: MessagePatchRow): void {
    const { bucket, seq, stamp, status, atMs, terms, content } = row;
    const id = this.#conversation(row.conversationId);
    this.#statements.patch.run(id, bucket, seq, stamp, statusNumber(status), atMs, terms, content);
    const { changes } = this.#statements.applyPatch.run(id, bucket, seq);
    const isThere = changes > 0 || this.#statements.anyMessage.get(id, bucket, seq) !== undefined;
    if (isThere) this.#statements.dropPatch.run(id, bucket, seq);
    else this.#hasPatches = true;
  }

  #saveSend(row: RowOf<"sends">): void {
    const { day, senderId, clientMsgId, messageId, seq, hash, stamp } = row;
    const id = this.#conversation(row.conversationId);
    this.#statements.send.run(id, day, senderId, clientMsgId, messageId, seq, hash, stamp);
  }

  #saveSnapshot({ kind, key, n, stamp, state }: RowOf<"snapshots">): void {
    const id = this.#addresses.idOf(kind, key);
    this.#statements.snapshot.run(id, n, stamp, state);
    // An activation reads the snapshot and the records after it; the older records are not needed any more.
    this.#statements.prune.run(id, n);
  }

  #savePlain(row: PlainRow): void {
    const { values } = plainTables[row.table] as { values(row: PlainRow, idOf: Addresses["idOf"]): SQLInputValue[] };
    this.#statements.plain.get(row.table)?.run(...values(row, this.#addresses.idOf));
  }

  #conversation(id: string): number {
    return this.#addresses.idOf("conversation", id);
  }

  #findPatches(): boolean {
    return this.#statements.anyPatch.get() !== undefined;
  }
}
