// Writes rows and marks to Cassandra. Under load a write waits a little, so that more rows of a partition share a request.
//
// views-writer/marks-last: the marks of a write are sent after Cassandra has accepted all its rows.
// At most `maxRequestsInFlight` requests are under way. The promise of `write` is the back-pressure; rows wait nowhere else.
// A write that fails rejects within a bounded time (client/time-outs), and some of its rows may be written.
// views-writer/aging: when the death of one node may lose writes that it acknowledged, a write counts as done, and its marks
//     are sent, only after its rows are certainly on the disk. Otherwise a mark could name rows that were lost with the
//     node.

import type { Mark, Row } from "../../actors/runtime/ports.ts";
import { mapBounded } from "../../actors/shared/map-bounded.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import { processTimer } from "../system/clock.ts";
import { StorageError } from "../views/storage-error.ts";
import { type BatchLimits, packRequests } from "./batches.ts";
import { bigint, int, text } from "./cells.ts";
import type { Session, Statement } from "./client.ts";
import { encodeRows, type RowWrites } from "./row-writes.ts";
import { writeSnapshot } from "./snapshots.ts";

interface WriterOptions extends BatchLimits {
  /** So many waiting rows are written at once; fewer wait under load. Must be below the projector's rows per write. */
  readonly gatherRows: number;
  /** The longest time, in ms, that a write waits for further rows. */
  readonly maxHoldMs: number;
  readonly placeOf: (routing: Buffer) => string;
  /** The pause, in ms, between the rows and their marks (views-writer/aging). */
  readonly agingMs: number;
}

const maxRequestsInFlight = 24;
/** After a write of 1 000 statements the next one waits a second, which allows a host about 1 000 partitions a second. */
const holdMsPerStatement = 1;
/**
 * The pause after a small write, because the rows of a tenth of a second cost little more than those of one message. Readers
 * use the tail meanwhile.
 */
const minHoldMs = 100;
const putMark = "UPDATE marks USING TIMESTAMP ? SET mark = ? WHERE part = ? AND shard = ?";
const markPart = int(0);
/** An answer shows that the node did not die meanwhile, because no node restarts within the pause (views-writer/aging). */
const aliveCheck = "SELECT key FROM system.local";

interface WaitingWrite {
  readonly rows: readonly Row[];
  readonly marks: readonly Mark[];
  resolve(): void;
  reject(cause: unknown): void;
}

export class ViewsWriter {
  #session: Session;
  #options: WriterOptions;
  #waiting: WaitingWrite[] = [];
  #waitingRows = 0;
  #isWriting = false;
  #notBeforeMs = 0;
  #hurriedUntilMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  #isClosed = false;

  constructor(session: Session, options: WriterOptions) {
    this.#session = session;
    this.#options = options;
  }

  write(rows: readonly Row[], marks: readonly Mark[]): Promise<void> {
    if (this.#isClosed) return Promise.reject(new StorageError("closed", "The views are closed"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, marks, resolve, reject });
      this.#waitingRows += rows.length;
      this.#schedule();
    });
  }

  hurry(forMs: number): void {
    this.#hurriedUntilMs = performance.now() + forMs;
    this.#schedule();
  }

  /** Resolves when every write has succeeded or failed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#notBeforeMs = 0;
    this.#schedule();
    while (this.#isWriting || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  #schedule(): void {
    if (this.#isWriting || this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    const isFull = this.#waitingRows >= this.#options.gatherRows || nowMs < this.#hurriedUntilMs || this.#isClosed;
    const waitMs = isFull ? 0 : Math.max(0, this.#notBeforeMs - nowMs);
    this.#timer = setTimeout(() => void this.#writeAll(), waitMs);
  }

  async #writeAll(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#waitingRows = 0;
    const statements = await this.#writeTogether(batch);
    const holdMs = Math.max(minHoldMs, statements * holdMsPerStatement);
    this.#notBeforeMs = performance.now() + Math.min(this.#options.maxHoldMs, holdMs);
    this.#isWriting = false;
    this.#schedule();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #writeTogether(batch: readonly WaitingWrite[]): Promise<number> {
    const [first] = batch;
    if (!first) return 0;
    let writes: RowWrites;
    try {
      writes = encodeRows(batch.length === 1 ? first.rows : batch.flatMap(({ rows }) => rows));
    } catch (cause) {
      // A row that cannot be encoded must fail only its own write.
      if (batch.length > 1) {
        let statements = 0;
        for (const one of batch) statements += await this.#writeTogether([one]);
        return statements;
      }
      first.reject(cause);
      return 0;
    }
    try {
      const statements = await this.#send(
        writes,
        batch.flatMap(({ marks }) => marks),
      );
      for (const { resolve } of batch) resolve();
      return statements;
    } catch (cause) {
      for (const { reject } of batch) reject(cause);
      return 0;
    }
  }

  async #send({ partitions, snapshots }: RowWrites, marks: readonly Mark[]): Promise<number> {
    const session = this.#session;
    const requests = packRequests(partitions, this.#options, this.#options.placeOf);
    const tasks = requests.map(
      ({ statements, routing }) =>
        () =>
          session.write(statements, routing),
    );
    for (const row of snapshots) tasks.push(() => writeSnapshot(session, row));
    await mapBounded(tasks, maxRequestsInFlight, (task) => task());
    const moved = newestMarks(marks);
    const { agingMs } = this.#options;
    if (agingMs > 0 && tasks.length > 0) {
      await sleep(processTimer, agingMs); // views-writer/aging
      if (moved.length === 0) await session.rows(aliveCheck, []);
    }
    if (moved.length > 0) await session.write(moved.map(markStatement), markPart); // views-writer/marks-last
    return requests.reduce((count, { statements }) => count + statements.length, 0);
  }
}

function newestMarks(marks: readonly Mark[]): Mark[] {
  const byShard = new Map<number, Mark>();
  for (const mark of marks) if (mark.sequence > (byShard.get(mark.shard)?.sequence ?? 0)) byShard.set(mark.shard, mark);
  return [...byShard.values()];
}

/** The write time is the mark's sequence, so a mark only rises. */
function markStatement({ shard, sequence, commitId }: Mark): Statement {
  return { query: putMark, params: [bigint(sequence), text(`${sequence} ${commitId}`), markPart, int(shard)] };
}
