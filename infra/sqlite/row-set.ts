// The rows of one transaction, put in the order in which they are cheapest to write.
import type { MessagePatchRow, MessageRow, Row } from "../../actors/runtime/ports.ts";
import { addressOf } from "./views-schema.ts";

export type RowOf<Table extends Row["table"]> = Extract<Row, { table: Table }>;

/** Consecutive records of one actor: one row of the file. */
export interface Run {
  readonly address: string;
  readonly firstN: number;
  lastN: number;
  /** JSON texts, one a line. */
  records: string;
}

export interface RowSet {
  readonly runs: Run[];
  /** By conversation, bucket, seq; with the send of the same message where it came along. */
  readonly messages: { row: MessageRow; send: RowOf<"sends"> | undefined }[];
  readonly patches: MessagePatchRow[];
  /** Those without their message. */
  readonly sends: RowOf<"sends">[];
  readonly snapshots: RowOf<"snapshots">[];
  readonly buckets: RowOf<"buckets">[];
  readonly changes: RowOf<"changes">[];
  readonly due: RowOf<"due">[];
  readonly directory: RowOf<"directory">[];
}

/** A run is ended at this length: activation reads runs whole. */
const runCharsMax = 32 * 1024;

export function gatherRows(rows: readonly Row[]): RowSet {
  const set: RowSet = {
    runs: [],
    messages: [],
    patches: [],
    sends: [],
    snapshots: [],
    buckets: [],
    changes: [],
    due: [],
    directory: [],
  };
  const openRuns = new Map<string, Run>();
  const sends = new Map<string, RowOf<"sends">>();
  for (const row of rows) {
    switch (row.table) {
      case "actor_events":
        addRecord(set.runs, openRuns, row);
        break;
      case "messages":
        set.messages.push({ row, send: undefined });
        break;
      case "sends":
        addSend(set.sends, sends, row);
        break;
      case "message_patches":
        set.patches.push(row);
        break;
      case "snapshots":
        set.snapshots.push(row);
        break;
      case "buckets":
        set.buckets.push(row);
        break;
      case "changes":
        set.changes.push(row);
        break;
      case "due":
        set.due.push(row);
        break;
      case "directory":
        set.directory.push(row);
        break;
    }
  }
  joinSends(set, sends);
  // Neighbours in the file are written one after the other.
  set.messages.sort((a, b) => byKey(a.row, b.row));
  return set;
}

function addRecord(runs: Run[], openRuns: Map<string, Run>, { kind, key, n, record }: RowOf<"actor_events">): void {
  const address = addressOf(kind, key);
  const open = openRuns.get(address);
  // A text with line breaks of its own would not come apart again.
  const isLine = !record.includes("\n");
  if (open && isLine && open.lastN + 1 === n && open.records.length + record.length < runCharsMax) {
    open.lastN = n;
    open.records += `\n${record}`;
    return;
  }
  const run: Run = { address, firstN: n, lastN: n, records: record };
  runs.push(run);
  if (isLine) openRuns.set(address, run);
  else openRuns.delete(address);
}

function addSend(all: RowOf<"sends">[], bySeq: Map<string, RowOf<"sends">>, row: RowOf<"sends">): void {
  const key = `${row.conversationId}/${row.seq}`;
  // Two writes of one seq: only one of them fits into the message's row.
  if (bySeq.has(key)) all.push(row);
  else bySeq.set(key, row);
}

/** A message's row has room for its send: the same conversation, seq, sender and id. */
function joinSends(set: RowSet, bySeq: Map<string, RowOf<"sends">>): void {
  if (bySeq.size === 0) return;
  for (const message of set.messages) {
    const { conversationId, seq, messageId, senderId } = message.row;
    const key = `${conversationId}/${seq}`;
    const send = bySeq.get(key);
    if (send?.messageId !== messageId || send.senderId !== senderId) continue;
    message.send = send;
    bySeq.delete(key);
  }
  set.sends.push(...bySeq.values());
}

function byKey(a: MessageRow, b: MessageRow): number {
  if (a.conversationId !== b.conversationId) return a.conversationId < b.conversationId ? -1 : 1;
  return a.bucket - b.bucket || a.seq - b.seq;
}
