// Turns rows into statements, grouped by partition. The write time of every statement is the stamp of its row
// (schema/write-time).
import type { MessageRow, Row, RowOf } from "../../actors/runtime/ports.ts";
import { withoutOlderUsage } from "../views/newest-usage.ts";
import { bigint, int, termSet, text } from "./cells.ts";
import type { Statement } from "./client.ts";
import { contentCell, editCell, metaCell, patchCell, sendCell } from "./message-cells.ts";
import { Runs } from "./runs.ts";
import { addressOf, chunkOf, memberPartOf, requestParts, usageChunkOf, versionsPerChunk } from "./schema.ts";

/** The writes of one partition, in any order. */
export interface PartitionWrites {
  /** The cells of the partition key. */
  readonly key: readonly Buffer[];
  readonly statements: Statement[];
}

export type SnapshotRow = RowOf<"snapshots">;

export interface RowWrites {
  readonly partitions: Iterable<PartitionWrites>;
  /** snapshots.ts writes these in parts and removes what they replace. */
  readonly snapshots: SnapshotRow[];
}

const inMessages = "WHERE conversation_id = ? AND bucket = ? AND seq = ?";
const cql = {
  run: "UPDATE actor_events USING TIMESTAMP ? SET records = ? WHERE address = ? AND chunk = ? AND last_n = ? AND first_n = ?",
  message: `UPDATE messages USING TIMESTAMP ? SET meta = ?, content = ?, terms = ? ${inMessages}`,
  sentMessage: `UPDATE messages USING TIMESTAMP ? SET meta = ?, content = ?, terms = ?, send = ? ${inMessages}`,
  patch: `UPDATE messages USING TIMESTAMP ? SET content = ?, terms = ? ${inMessages}`,
  reactions: `UPDATE messages USING TIMESTAMP ? SET reactions = ? ${inMessages}`,
  edit: "UPDATE edits USING TIMESTAMP ? SET edit = ? WHERE conversation_id = ? AND bucket = ? AND seq = ? AND version = ?",
  bucket: "UPDATE buckets USING TIMESTAMP ? SET first_seq = ?, from_ms = ? WHERE conversation_id = ? AND bucket = ?",
  send: "UPDATE sends USING TIMESTAMP ? SET sent = ? WHERE conversation_id = ? AND day = ? AND sender_id = ? AND client_msg_id = ?",
  change: "UPDATE changes USING TIMESTAMP ? SET change = ? WHERE conversation_id = ? AND chunk = ? AND version = ?",
  dueAt: "UPDATE due_at USING TIMESTAMP ? SET due_ms = ? WHERE shard = ? AND address = ?",
  notDue: "DELETE FROM due_at USING TIMESTAMP ? WHERE shard = ? AND address = ?",
  dueByTime: "UPDATE due_by_time USING TIMESTAMP ? SET stamp = ? WHERE shard = ? AND due_ms = ? AND address = ?",
  request: "UPDATE requests USING TIMESTAMP ? SET row = ? WHERE day = ? AND part = ? AND id = ?",
  requestByUser: "UPDATE requests_by_user USING TIMESTAMP ? SET row = ? WHERE user_id = ? AND chunk = ? AND id = ?",
  usage:
    "UPDATE usage USING TIMESTAMP ? SET sums = ? WHERE unit = ? AND period = ? AND user_id = ? AND model = ? AND key_id = ? AND credential_id = ?",
  userName: "UPDATE user_names USING TIMESTAMP ? SET name = ? WHERE user_id = ?",
  memberName:
    "UPDATE member_names USING TIMESTAMP ? SET name = ? WHERE conversation_id = ? AND part = ? AND user_id = ?",
  noMember: "DELETE FROM member_names USING TIMESTAMP ? WHERE conversation_id = ? AND part = ? AND user_id = ?",
  card: "UPDATE directory USING TIMESTAMP ? SET card = ? WHERE user_id = ?",
} as const;

/** Throws when a row cannot be encoded; then nothing of the write is sent. */
export function encodeRows(rows: readonly Row[]): RowWrites {
  const gathering = new Gathering();
  for (const row of withoutOlderUsage(rows)) gathering.add(row);
  return gathering.finish();
}

class Gathering {
  #partitions = new Map<string, PartitionWrites>();
  #runs = new Runs();
  #snapshots: SnapshotRow[] = [];
  /** The last row, if it is a message: its send may be the next row, because projectors write them in that order. */
  #last: MessageRow | undefined;

  add(row: Row): void {
    const last = this.#last;
    this.#last = undefined;
    if (last) {
      const isItsSend = row.table === "sends" && fits(last, row);
      this.#addMessage(last, isItsSend ? row : undefined);
      if (isItsSend) return;
    }
    if (row.table === "messages") this.#last = row;
    else if (row.table === "actor_events") this.#runs.add(row);
    else if (row.table === "snapshots") this.#snapshots.push(row);
    else this.#addOther(row);
  }

  finish(): RowWrites {
    if (this.#last) this.#addMessage(this.#last, undefined);
    for (const { kind, key, chunk, firstN, lastN, stamp, records } of this.#runs.all) {
      const address = addressOf(kind, key);
      const at = this.#at(`e/${address}`, chunk, address);
      const params = [bigint(stamp), text(records), ...at.key, int(lastN), int(firstN)];
      at.statements.push({ query: cql.run, params });
    }
    return { partitions: this.#partitions.values(), snapshots: this.#snapshots };
  }

  #addMessage(row: MessageRow, send: RowOf<"sends"> | undefined): void {
    const { conversationId, bucket, stamp, seq } = row;
    const at = this.#at(`m/${conversationId}`, bucket, conversationId);
    const params = [bigint(stamp), metaCell(row), contentCell(row.content), termSet(row.terms)];
    if (send) params.push(sendCell(send));
    params.push(...at.key, int(seq));
    at.statements.push({ query: send ? cql.sentMessage : cql.message, params });
  }

  #addOther(row: Exclude<Row, { table: "messages" | "actor_events" | "snapshots" }>): void {
    const stamp = bigint(row.stamp);
    switch (row.table) {
      case "message_patches": {
        const at = this.#at(`m/${row.conversationId}`, row.bucket, row.conversationId);
        const params = [stamp, patchCell(row), termSet(row.terms), ...at.key, int(row.seq)];
        at.statements.push({ query: cql.patch, params });
        return;
      }
      case "reactions": {
        const at = this.#at(`m/${row.conversationId}`, row.bucket, row.conversationId);
        at.statements.push({ query: cql.reactions, params: [stamp, text(row.reactions), ...at.key, int(row.seq)] });
        return;
      }
      case "edits": {
        const at = this.#at(`v/${row.conversationId}`, row.bucket, row.conversationId);
        const params = [stamp, editCell(row), ...at.key, int(row.seq), int(row.version)];
        at.statements.push({ query: cql.edit, params });
        return;
      }
      case "buckets": {
        const { statements, key } = this.#alone(`b/${row.conversationId}`, row.conversationId);
        const params = [stamp, int(row.firstSeq), bigint(row.fromMs), ...key, int(row.bucket)];
        statements.push({ query: cql.bucket, params });
        return;
      }
      case "sends": {
        const at = this.#at(`s/${row.conversationId}`, row.day, row.conversationId);
        const sent = text(`${row.messageId} ${row.seq} ${row.hash}`);
        const params = [stamp, sent, ...at.key, text(row.senderId), text(row.clientMsgId)];
        at.statements.push({ query: cql.send, params });
        return;
      }
      case "changes": {
        const chunk = chunkOf(row.version, versionsPerChunk);
        const at = this.#at(`c/${row.conversationId}`, chunk, row.conversationId);
        at.statements.push({ query: cql.change, params: [stamp, text(row.change), ...at.key, int(row.version)] });
        return;
      }
      case "due":
        this.#addDue(row, stamp);
        return;
      case "directory": {
        const { statements, key } = this.#alone(`u/${row.userId}`, row.userId);
        statements.push({ query: cql.card, params: [stamp, text(JSON.stringify([row.nickname, row.avatar])), ...key] });
        return;
      }
      case "user_names": {
        const { statements, key } = this.#alone(`n/${row.userId}`, row.userId);
        statements.push({ query: cql.userName, params: [stamp, text(row.name), ...key] });
        return;
      }
      case "member_names": {
        const at = this.#at(`g/${row.conversationId}`, memberPartOf(row.userId), row.conversationId);
        const who = [...at.key, text(row.userId)];
        at.statements.push(
          row.isMember === 1
            ? { query: cql.memberName, params: [stamp, text(row.name), ...who] }
            : { query: cql.noMember, params: [stamp, ...who] },
        );
        return;
      }
      case "requests":
        this.#addRequest(row, stamp);
        return;
      case "usage": {
        const { statements, key } = this.#partition(`t/${row.unit}/${row.period}`, () => [
          text(row.unit),
          int(row.period),
        ]);
        const cell = [row.userId, row.model, row.keyId, row.credentialId].map(text);
        statements.push({ query: cql.usage, params: [stamp, text(row.sums), ...key, ...cell] });
        return;
      }
      default:
        row satisfies never; // a row without a case does not compile
    }
  }

  /** In the log of its day, and among the requests of its payer. */
  #addRequest({ userId, day, id, row }: RowOf<"requests">, stamp: Buffer): void {
    const part = id % requestParts;
    const log = this.#partition(`l/${day}/${part}`, () => [int(day), int(part)]);
    log.statements.push({ query: cql.request, params: [stamp, text(row), ...log.key, bigint(id)] });
    const own = this.#at(`r/${userId}`, usageChunkOf(day), userId);
    own.statements.push({ query: cql.requestByUser, params: [stamp, text(row), ...own.key, bigint(id)] });
  }

  #addDue({ shard, kind, key, dueMs }: RowOf<"due">, stamp: Buffer): void {
    const at = this.#partition(`d/${shard}`, () => [int(shard)]);
    const address = text(addressOf(kind, key));
    if (dueMs === 0) {
      at.statements.push({ query: cql.notDue, params: [stamp, ...at.key, address] });
      return;
    }
    at.statements.push(
      { query: cql.dueAt, params: [stamp, bigint(dueMs), ...at.key, address] },
      { query: cql.dueByTime, params: [stamp, stamp, ...at.key, bigint(dueMs), address] },
    );
  }

  #at(name: string, number: number, id: string): PartitionWrites {
    return this.#partition(`${name}/${number}`, () => [text(id), int(number)]);
  }

  #alone(place: string, id: string): PartitionWrites {
    return this.#partition(place, () => [text(id)]);
  }

  #partition(place: string, makeKey: () => readonly Buffer[]): PartitionWrites {
    let partition = this.#partitions.get(place);
    if (!partition) {
      partition = { key: makeKey(), statements: [] };
      this.#partitions.set(place, partition);
    }
    return partition;
  }
}

/** The row of a message can hold one send: that of the message itself. */
function fits(row: MessageRow, { conversationId, seq, messageId, senderId }: RowOf<"sends">): boolean {
  if (row.seq !== seq || row.messageId !== messageId) return false;
  return row.senderId === senderId && row.conversationId === conversationId;
}
