// Messages of a conversation: rows of its buckets with the owner's tail over them (J7).
// Every seq of a range is answered, in its state at the view's version or later. The tail is a suffix of the records, so all
// messages before its first send are in the rows: a missing row is lost data, and fails the read.
import type { StoredMessage } from "../conversation/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import type { ReadingDeps } from "./deps.ts";
import { applyTail } from "./overlay.ts";
import type { View } from "./view.ts";

export interface Bucket {
  readonly bucket: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Undefined while the bucket's row is not written yet. */
  readonly fromMs: number | undefined;
}

/** All messages with fromSeq ≤ seq ≤ toSeq, ascending, unfiltered. */
export async function readRange(
  deps: ReadingDeps,
  view: View,
  fromSeq: number,
  toSeq: number,
): Promise<StoredMessage[]> {
  const { overlay, conversationId } = view;
  const messages: StoredMessage[] = [];
  const rowsToSeq = Math.min(toSeq, overlay.firstSeq - 1);
  if (fromSeq <= rowsToSeq) {
    const buckets = await bucketsBetween(deps, view, fromSeq, rowsToSeq);
    const pages = await mapBounded(buckets, deps.limits.maxConcurrentAsks, ({ bucket, firstSeq, lastSeq }) => {
      const range = { fromSeq: Math.max(fromSeq, firstSeq), toSeq: Math.min(rowsToSeq, lastSeq) };
      const count = range.toSeq - range.fromSeq + 1;
      return deps.messages.page(conversationId, bucket, { ...range, order: "ascending" }, count);
    });
    for (const page of pages) for (const row of page) messages.push(applyTail(overlay, row));
  }
  for (let seq = Math.max(fromSeq, overlay.firstSeq); seq <= toSeq; seq += 1) {
    const message = overlay.messages.get(seq);
    if (message) messages.push(message);
  }
  assertDense(conversationId, messages, fromSeq, toSeq);
  return messages;
}

/** Throws when a message of the range is missing: an answer with a hole would look complete. */
function assertDense(conversationId: string, messages: readonly StoredMessage[], fromSeq: number, toSeq: number): void {
  const count = Math.max(0, toSeq - fromSeq + 1);
  if (messages.length === count && (count === 0 || messages[count - 1]!.seq === toSeq)) return;
  const message = `Messages ${fromSeq}–${toSeq} of ${conversationId}: only ${messages.length} could be read`;
  throw new DomainError("common.unavailable", { message });
}

async function bucketsBetween(deps: ReadingDeps, view: View, fromSeq: number, toSeq: number): Promise<Bucket[]> {
  const { bucket, bucketFirstSeq, head } = view.window;
  // The ordinary page lies in the current bucket, which needs no list of buckets.
  if (fromSeq >= bucketFirstSeq) {
    return [{ bucket, firstSeq: bucketFirstSeq, lastSeq: head.seq, fromMs: undefined }];
  }
  const all = await listBuckets(deps, view);
  return all.filter(({ firstSeq, lastSeq }) => firstSeq <= toSeq && lastSeq >= fromSeq);
}

/** Every bucket, oldest first: those with a row, and those that only the tail or the window names. */
export async function listBuckets(deps: ReadingDeps, view: View): Promise<Bucket[]> {
  const { window, overlay } = view;
  const byId = new Map<number, { bucket: number; firstSeq: number; fromMs: number | undefined }>();
  for (const row of await deps.buckets.list(view.conversationId)) byId.set(row.bucket, row);
  for (const message of overlay.messages.values()) {
    if (byId.has(message.bucket)) continue;
    byId.set(message.bucket, { bucket: message.bucket, firstSeq: message.seq, fromMs: message.atMs });
  }
  if (!byId.has(window.bucket)) {
    byId.set(window.bucket, { bucket: window.bucket, firstSeq: window.bucketFirstSeq, fromMs: undefined });
  }
  const sorted = [...byId.values()].filter(({ firstSeq }) => firstSeq <= window.head.seq);
  sorted.sort((a, b) => a.firstSeq - b.firstSeq);
  return sorted.map((bucket, i) => ({ ...bucket, lastSeq: (sorted[i + 1]?.firstSeq ?? window.head.seq + 1) - 1 }));
}
