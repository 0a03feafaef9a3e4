// Groups the rows of one transaction by table, because they are cheapest to write in that order, and gathers consecutive
// records into runs.
import type { Kind } from "../../actors/runtime/kinds.ts";
import type { MessagePatchRow, MessageRow, Row, RowOf } from "../../actors/runtime/ports.ts";
import { type PlainRow, type PlainTableName, plainTableNames } from "./plain-tables.ts";

/** Consecutive records of one actor, stored as one row. */
export interface Run {
  readonly kind: Kind;
  readonly key: string;
  readonly firstN: number;
  lastN: number;
  /** One JSON text per line. */
  records: string;
}

export interface RowSet {
  readonly runs: Run[];
  /** Each with the send of the message, when that is the next row, as projectors write it. */
  readonly messages: SentMessage[];
  readonly patches: MessagePatchRow[];
  /** Sends that do not follow their message. */
  readonly sends: RowOf<"sends">[];
  readonly snapshots: RowOf<"snapshots">[];
  readonly plain: ReadonlyMap<PlainTableName, PlainRow[]>;
}

export interface SentMessage {
  readonly row: MessageRow;
  send: RowOf<"sends"> | undefined;
}

/** A run ends at this length, because an activation reads whole runs. */
const runCharsMax = 32 * 1024;

export function gatherRows(rows: readonly Row[]): RowSet {
  const set: RowSet = {
    runs: [],
    messages: [],
    patches: [],
    sends: [],
    snapshots: [],
    plain: new Map(plainTableNames.map((table) => [table, []])),
  };
  const openRuns = new Map<string, Run>();
  let last: SentMessage | undefined;
  for (const row of rows) {
    switch (row.table) {
      case "actor_events":
        addRecord(set.runs, openRuns, row);
        break;
      case "messages":
        last = { row, send: undefined };
        set.messages.push(last);
        break;
      case "sends":
        if (last && fits(last, row)) last.send = row;
        else set.sends.push(row);
        break;
      case "message_patches":
        set.patches.push(row);
        break;
      case "snapshots":
        set.snapshots.push(row);
        break;
      default:
        set.plain.get(row.table)?.push(row);
    }
  }
  return set;
}

function addRecord(runs: Run[], openRuns: Map<string, Run>, { kind, key, n, record }: RowOf<"actor_events">): void {
  const open = openRuns.get(key);
  // A record with a line break could not be split from the others again, so it gets a run of its own.
  const isLine = !record.includes("\n");
  const fitsOn = open && isLine && open.kind === kind && open.lastN + 1 === n;
  if (fitsOn && open.records.length + record.length < runCharsMax) {
    open.lastN = n;
    open.records += `\n${record}`;
    return;
  }
  const run: Run = { kind, key, firstN: n, lastN: n, records: record };
  runs.push(run);
  if (isLine) openRuns.set(key, run);
  else openRuns.delete(key);
}

/** The row of a message can hold one send: that of the message itself. */
function fits({ row, send }: SentMessage, { conversationId, seq, messageId, senderId }: RowOf<"sends">): boolean {
  if (send !== undefined || row.seq !== seq || row.messageId !== messageId) return false;
  return row.senderId === senderId && row.conversationId === conversationId;
}
