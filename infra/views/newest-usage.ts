// Sums of the ledger are absolute, and each settle writes them anew: of one write only the newest of a cell has to be stored.
import type { Row, RowOf } from "../../actors/runtime/ports.ts";

/** The rows without those sums that a later row of them replaces. */
export function withoutOlderUsage(rows: readonly Row[]): readonly Row[] {
  const newest = new Map<string, RowOf<"usage">>();
  let count = 0;
  for (const row of rows) {
    if (row.table !== "usage") continue;
    count += 1;
    const key = keyOf(row);
    const known = newest.get(key);
    if (!known || row.stamp >= known.stamp) newest.set(key, row);
  }
  if (newest.size === count) return rows;
  const kept = new Set<Row>(newest.values());
  return rows.filter((row) => row.table !== "usage" || kept.has(row));
}

function keyOf({ unit, period, userId, keyId, credentialId, model }: RowOf<"usage">): string {
  return `${unit} ${period} ${userId} ${keyId} ${credentialId} ${model}`;
}
