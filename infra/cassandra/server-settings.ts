// How large a batch this Cassandra takes without complaint: it says so itself.
import type cassandra from "cassandra-driver";
import { type BatchLimits, defaultBatchLimits } from "./batches.ts";

/** Larger requests gain nothing more, and hold the server's other work up. */
const largest: BatchLimits = { maxBatchBytes: 120 * 1024, maxBatchStatements: 400 };
/** Of the server's limit: what it counts is a little more than what we count. */
const usedShare = 0.8;

/** The defaults where the server does not tell (a proxy, or rights that are missing). */
export async function readBatchLimits(client: cassandra.Client): Promise<BatchLimits> {
  try {
    const { rows } = await client.execute(
      "SELECT value FROM system_views.settings WHERE name = 'batch_size_fail_threshold'",
    );
    const bytes = parseSize(String(rows[0]?.value ?? ""));
    if (bytes === undefined || bytes * usedShare < largest.maxBatchBytes) return defaultBatchLimits;
    return largest;
  } catch {
    return defaultBatchLimits; // it is a matter of speed only
  }
}

const units: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

function parseSize(text: string): number | undefined {
  const match = /^(\d+)\s*(B|KiB|MiB|GiB)$/.exec(text.trim());
  const unit = units[match?.[2] ?? ""];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}
