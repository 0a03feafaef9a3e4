// Partitions packed into requests. A request costs the server 60 µs and more, a partition in one 20 to 40, a further row of
// the same partition 10 to 20: so rows of a partition go together, and small partitions share a request.
// B1: a request stays under `maxBatchBytes` and `maxBatchStatements`; a row that is larger alone goes without a batch.
// B2: partitions share a request only where its coordinator is a replica of all of them.
import { routingKey } from "./cells.ts";
import type { Statement } from "./client.ts";
import type { PartitionWrites } from "./row-writes.ts";

interface WriteRequest {
  readonly statements: Statement[];
  readonly routing: Buffer;
}
export interface BatchLimits {
  /** Below the server's `batch_size_fail_threshold` (50 KiB as it comes). */
  readonly maxBatchBytes: number;
  readonly maxBatchStatements: number;
}
export const defaultBatchLimits: BatchLimits = { maxBatchBytes: 40 * 1024, maxBatchStatements: 100 };
/** Of a statement, beside its values. */
const statementBytes = 48;

/** `placeOf`: names the host that has all partitions of the same answer. */
export function packRequests(
  partitions: Iterable<PartitionWrites>,
  limits: BatchLimits,
  placeOf: (routing: Buffer) => string,
): WriteRequest[] {
  const requests: WriteRequest[] = [];
  const open = new Map<string, { request: WriteRequest; bytes: number }>();
  for (const { key, statements } of partitions) {
    const routing = routingKey(key);
    const place = placeOf(routing); // B2
    for (const statement of statements) {
      const bytes = sizeOf(statement);
      const current = open.get(place);
      const isFull =
        !current ||
        current.bytes + bytes > limits.maxBatchBytes ||
        current.request.statements.length >= limits.maxBatchStatements;
      if (!isFull) {
        current.request.statements.push(statement);
        current.bytes += bytes;
        continue;
      }
      const request = { statements: [statement], routing };
      requests.push(request);
      if (bytes < limits.maxBatchBytes) open.set(place, { request, bytes }); // B1
    }
  }
  return requests;
}

function sizeOf({ params }: Statement): number {
  let bytes = statementBytes;
  for (const { length } of params) bytes += length + 4;
  return bytes;
}
