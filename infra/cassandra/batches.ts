// Packs the writes of partitions into requests. A request costs the server 60 µs and more, each partition in it 20 to 40 µs,
// each further row of a partition 10 to 20 µs. So the rows of a partition are sent together, and small partitions share a
// request. A request stays below `maxBatchBytes` and `maxBatchStatements`; a row that alone is larger is sent in a request
// of its own.
// batches/placing: partitions share a request only when one server is a replica of all of them, and coordinates the request.
import { routingKey } from "./cells.ts";
import type { Statement } from "./client.ts";
import type { PartitionWrites } from "./row-writes.ts";

interface WriteRequest {
  readonly statements: Statement[];
  readonly routing: Buffer;
}
export interface BatchLimits {
  /** Below the server's `batch_size_fail_threshold`, which is 50 KiB by default. */
  readonly maxBatchBytes: number;
  readonly maxBatchStatements: number;
}
export const defaultBatchLimits: BatchLimits = { maxBatchBytes: 40 * 1024, maxBatchStatements: 100 };
/** Bytes of a statement without its values. */
const statementBytes = 48;

/** `placeOf` names a server that is a replica of the partition; partitions with the same name may share a request. */
export function packRequests(
  partitions: Iterable<PartitionWrites>,
  limits: BatchLimits,
  placeOf: (routing: Buffer) => string,
): WriteRequest[] {
  const requests: WriteRequest[] = [];
  const open = new Map<string, { request: WriteRequest; bytes: number }>();
  for (const { key, statements } of partitions) {
    const routing = routingKey(key);
    const place = placeOf(routing); // batches/placing
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
      if (bytes < limits.maxBatchBytes) open.set(place, { request, bytes }); // a larger row stays alone
    }
  }
  return requests;
}

function sizeOf({ params }: Statement): number {
  let bytes = statementBytes;
  for (const { length } of params) bytes += length + 4;
  return bytes;
}
