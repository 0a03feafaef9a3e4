// Gathers consecutive records of one actor into one row (a run), because no reader needs a single record, and a row per
// record costs the server 15 µs.
import type { Kind } from "../../actors/runtime/kinds.ts";
import type { Row } from "../../actors/runtime/ports.ts";
import { chunkOf, recordsPerChunk } from "./schema.ts";

interface Run {
  readonly kind: Kind;
  readonly key: string;
  readonly chunk: number;
  readonly firstN: number;
  lastN: number;
  /** The stamp of the last record. A snapshot at `lastN` or later may delete the run by this write time. */
  stamp: number;
  /** One JSON text per line. */
  records: string;
}

/** A run ends at this length, so that it fits into a batch. */
const runCharsMax = 16 * 1024;

export class Runs {
  readonly all: Run[] = [];
  #open = new Map<string, Run>();

  add({ kind, key, n, stamp, record }: Extract<Row, { table: "actor_events" }>): void {
    const chunk = chunkOf(n, recordsPerChunk);
    const open = this.#open.get(key);
    // A record with a line break could not be split from the others again, so it gets a run of its own.
    const isLine = !record.includes("\n");
    const fitsOn = open && isLine && open.kind === kind && open.lastN + 1 === n && open.chunk === chunk;
    if (fitsOn && open.records.length + record.length < runCharsMax) {
      open.lastN = n;
      open.stamp = stamp;
      open.records += `\n${record}`;
      return;
    }
    const run: Run = { kind, key, chunk, firstN: n, lastN: n, stamp, records: record };
    this.all.push(run);
    if (isLine) this.#open.set(key, run);
    else this.#open.delete(key);
  }
}

/** The records of a run, each with its n. */
export function recordsOf(firstN: number, lastN: number, records: string): [n: number, record: string][] {
  if (firstN === lastN) return [[firstN, records]];
  return records.split("\n").map((record, i) => [firstN + i, record]);
}
