// The readers of the runtime: marks, snapshots, records, the due-index.
import type { Kind } from "../../actors/runtime/kinds.ts";
import { msOfStamp } from "../../actors/runtime/log/stamp.ts";
import type { Mark, Views } from "../../actors/runtime/ports.ts";
import { bigint, int, text } from "./cells.ts";
import type { Session, Statement } from "./client.ts";
import { recordsOf } from "./runs.ts";
import { addressOf, chunkOf, recordsPerChunk } from "./schema.ts";
import { readSnapshot } from "./snapshots.ts";

/** Runs in one page, at most 1 MiB of text. */
const runsPerPage = 64;
const duePerPage = 200;
/**
 * An entry of `due_by_time` without its row in `due_at` is kept for this long, because the write of both may still be
 * repeated.
 */
const halfWrittenMsMax = 600_000;
const cql = {
  marks: "SELECT shard, mark FROM marks WHERE part = ?",
  runs: "SELECT first_n, last_n, records FROM actor_events WHERE address = ? AND chunk = ? AND last_n > ?",
  dueByTime: "SELECT due_ms, address, stamp FROM due_by_time WHERE shard = ? AND due_ms <= ?",
  dueAt: "SELECT address, due_ms, WRITETIME(due_ms) AS stamp FROM due_at WHERE shard = ? AND address IN ?",
  dropDue: "DELETE FROM due_by_time USING TIMESTAMP ? WHERE shard = ? AND due_ms = ? AND address = ?",
} as const;

export function createRuntimeReads(session: Session): Omit<Views, "write"> {
  return {
    async marks(): Promise<Mark[]> {
      const rows = await session.rows(cql.marks, [int(0)]);
      return rows.map((row) => {
        const [sequence, commitId = ""] = String(row.get("mark")).split(" ");
        return { shard: Number(row.get("shard")), sequence: Number(sequence), commitId };
      });
    },
    snapshot: (kind, key) => readSnapshot(session, kind, key),
    records: (kind, key, afterN) => readRecords(session, addressOf(kind, key), afterN),
    due: (shard, untilMs, max) => readDue(session, shard, untilMs, max),
  };
}

async function readRecords(session: Session, address: string, afterN: number): Promise<string[]> {
  const found = new Map<number, string>();
  for (let chunk = chunkOf(afterN + 1, recordsPerChunk); ; chunk++) {
    for await (const rows of session.pages(cql.runs, [text(address), int(chunk), int(afterN)], runsPerPage)) {
      for (const row of rows as unknown as { first_n: number; last_n: number; records: string }[]) {
        // The runs of a replay may overlap others; a record that occurs twice is the same.
        for (const [n, record] of recordsOf(row.first_n, row.last_n, row.records)) if (n > afterN) found.set(n, record);
      }
    }
    // Numbers are dense: the next chunk holds something only when this one is full.
    if (!found.has((chunk + 1) * recordsPerChunk - 1)) break;
  }
  return [...found].sort(([a], [b]) => a - b).map(([, record]) => record);
}

interface DueEntry {
  readonly due_ms: bigint;
  readonly address: string;
  readonly stamp: bigint;
}

/**
 * Reads `due_by_time` and skips entries that do not match `due_at`. Such an entry is outdated, or its row in `due_at` is
 * still being written. So it is deleted only when `due_at` holds a later write, or after `halfWrittenMsMax`.
 */
async function readDue(session: Session, shard: number, untilMs: number, max: number): ReturnType<Views["due"]> {
  const found: Awaited<ReturnType<Views["due"]>> = [];
  const seen = new Set<string>();
  for await (const rows of session.pages(cql.dueByTime, [int(shard), bigint(untilMs)], duePerPage)) {
    const entries = rows as unknown as DueEntry[];
    const dueAt = await readDueAt(session, shard, entries);
    const outdated: DueEntry[] = [];
    for (const entry of entries) {
      const { address, due_ms } = entry;
      const at = dueAt.get(address);
      if (at?.due_ms !== due_ms) {
        if (at ? at.stamp > entry.stamp : msOfStamp(Number(entry.stamp)) < Date.now() - halfWrittenMsMax)
          outdated.push(entry);
      } else if (found.length < max && !seen.has(address)) {
        seen.add(address);
        const slash = address.indexOf("/");
        found.push({ kind: address.slice(0, slash) as Kind, key: address.slice(slash + 1), dueMs: Number(due_ms) });
      }
    }
    if (outdated.length > 0)
      await session.write(
        outdated.map((entry) => dropDue(shard, entry)),
        int(shard),
      );
    if (found.length >= max) break;
  }
  return found;
}

async function readDueAt(
  session: Session,
  shard: number,
  entries: readonly DueEntry[],
): Promise<Map<string, DueEntry>> {
  const addresses = [...new Set(entries.map(({ address }) => address))].map(text);
  const rows = await session.rows(cql.dueAt, [int(shard), listOf(addresses)]);
  return new Map((rows as unknown as DueEntry[]).map((entry) => [entry.address, entry]));
}

/** Deletes with the entry's own write time, so that an entry that is written again meanwhile stays. */
function dropDue(shard: number, { due_ms, address, stamp }: DueEntry): Statement {
  const params = [bigint(Number(stamp)), int(shard), bigint(Number(due_ms)), text(address)];
  return { query: cql.dropDue, params };
}

/** Encodes a list of cells for `IN ?`. */
export function listOf(cells: readonly Buffer[]): Buffer {
  return Buffer.concat([int(cells.length), ...cells.flatMap((cell) => [int(cell.length), cell])]);
}
