// Reads two settings of the server: how large a batch may be, and how soon accepted writes are synced to disk.
import type cassandra from "cassandra-driver";
import { type BatchLimits, defaultBatchLimits } from "./batches.ts";

export interface ServerSettings {
  readonly batchLimits: BatchLimits;
  /** A node that dies loses the writes that it accepted in the last `unsyncedMs`. 0 when it loses none. */
  readonly unsyncedMs: number;
}

/** Larger requests save nothing more, and delay the server's other work. */
const largest: BatchLimits = { maxBatchBytes: 120 * 1024, maxBatchStatements: 400 };
/** The share of the server's limit that is used, because the server counts a few bytes more than batches.ts. */
const usedShare = 0.8;
/** The period that `npm run stack` sets and the README recommends. */
const defaultSyncPeriodMs = 10;

const names = ["batch_size_fail_threshold", "commitlog_sync", "commitlog_sync_period"] as const;

/** Returns defaults when the settings cannot be read (behind a proxy, or without the permission). */
export async function readServerSettings(client: cassandra.Client): Promise<ServerSettings> {
  try {
    const [batch, sync, period] = await Promise.all(names.map((name) => readSetting(client, name)));
    const isPeriodic = sync === "" || sync === "periodic";
    return {
      batchLimits: batchLimitsOf(parseSize(batch ?? "")),
      unsyncedMs: isPeriodic ? (parseDuration(period ?? "") ?? defaultSyncPeriodMs) : 0,
    };
  } catch {
    return { batchLimits: defaultBatchLimits, unsyncedMs: defaultSyncPeriodMs };
  }
}

async function readSetting(client: cassandra.Client, name: string): Promise<string> {
  const { rows } = await client.execute(`SELECT value FROM system_views.settings WHERE name = '${name}'`);
  return String(rows[0]?.value ?? "");
}

function batchLimitsOf(bytes: number | undefined): BatchLimits {
  return bytes === undefined || bytes * usedShare < largest.maxBatchBytes ? defaultBatchLimits : largest;
}

const sizes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
const durations: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

function parseSize(text: string): number | undefined {
  return parseQuantity(/^(\d+)\s*(B|KiB|MiB|GiB)$/, sizes, text);
}

function parseDuration(text: string): number | undefined {
  return parseQuantity(/^(\d+)\s*(ms|s|m)$/, durations, text);
}

function parseQuantity(pattern: RegExp, units: Readonly<Record<string, number>>, text: string): number | undefined {
  const match = pattern.exec(text.trim());
  const unit = units[match?.[2] ?? ""];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}
