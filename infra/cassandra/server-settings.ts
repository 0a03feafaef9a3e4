// What this Cassandra says of itself: how large a batch it takes without complaint, and how soon what it took is on the disk.
import type cassandra from "cassandra-driver";
import { type BatchLimits, defaultBatchLimits } from "./batches.ts";

export interface ServerSettings {
  readonly batchLimits: BatchLimits;
  /** A node that dies loses what it took in the last so many ms. 0: nothing. */
  readonly unsyncedMs: number;
}

/** Larger requests gain nothing more, and hold the server's other work up. */
const largest: BatchLimits = { maxBatchBytes: 120 * 1024, maxBatchStatements: 400 };
/** Of the server's limit: what it counts is a little more than what we count. */
const usedShare = 0.8;
/** What `npm run stack` sets, and the README asks for. */
const defaultSyncPeriodMs = 10;

const names = ["batch_size_fail_threshold", "commitlog_sync", "commitlog_sync_period"] as const;

/** The defaults where the server does not tell (a proxy, or rights that are missing). */
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
