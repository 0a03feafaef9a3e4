// The views of a cluster, in Cassandra. Many hosts write at once; of two writes of a cell the higher stamp wins
// (schema/write-time).
import type cassandra from "cassandra-driver";
import type { Log } from "../../gateway/ports.ts";
import { systemRandom } from "../system/random.ts";
import type { ViewStore } from "../views/view-store.ts";
import type { BatchLimits } from "./batches.ts";
import { type CassandraAddress, createCallersSession, createClient, createSession, failure } from "./client.ts";
import { createBucketReader, createChangeReader, createDirectory } from "./lists.ts";
import { createMessageReader } from "./message-reader.ts";
import { migrate } from "./migrate.ts";
import { createPlacing } from "./placing.ts";
import { createRuntimeReads } from "./runtime-reads.ts";
import { createSendReader } from "./send-reader.ts";
import { readServerSettings, type ServerSettings } from "./server-settings.ts";
import { createUsageReader } from "./usage-reader.ts";
import { ViewsWriter } from "./views-writer.ts";

export interface CassandraViewsOptions extends CassandraAddress {
  readonly keyspace: string;
  readonly replicas: number;
  /** The id of the journal's store; views of another store are refused. */
  readonly storeId: string;
  readonly log: Log;
  /** So many waiting rows are written at once. Must be below the projector's rows per write. Default 18 000. */
  readonly gatherRows?: number;
  /** The longest time, in ms, that a write waits for further rows under load. Default 2 000. */
  readonly maxHoldMs?: number;
  readonly batchLimits?: BatchLimits;
}

export type CassandraViews = ViewStore & {
  /** Why the newest write failed; undefined when it succeeded. For /ready. */
  failure(): string | undefined;
};

const defaultGatherRows = 18_000;
const defaultMaxHoldMs = 2_000;
/** Cassandra warns of every batch above its threshold; one warning a minute is logged. */
const warnEveryMs = 60_000;

/** Rejects with a StorageError when Cassandra cannot be reached, or holds the views of another store or a newer schema. */
export async function openCassandraViews(options: CassandraViewsOptions): Promise<CassandraViews> {
  const { keyspace, replicas, storeId, log } = options;
  await migrate(options, { keyspace, replicas, storeId, holder: systemRandom.hex(128) });
  const client = createClient(options, keyspace);
  logDriverEvents(client, log);
  const session = createSession(client);
  const callers = createCallersSession(client);
  const { marks } = createRuntimeReads(session); // a host that takes shards must not wait for reads of callers
  const reads = { ...createRuntimeReads(callers), marks };
  try {
    await client.connect();
    await prepareReads(reads);
  } catch (cause) {
    await client.shutdown();
    throw failure("The views in Cassandra cannot be opened", cause);
  }
  const settings = await readServerSettings(client);
  const writer = new ViewsWriter(session, {
    ...(options.batchLimits ?? settings.batchLimits),
    agingMs: agingMsOf(settings, replicas, log),
    gatherRows: options.gatherRows ?? defaultGatherRows,
    maxHoldMs: options.maxHoldMs ?? defaultMaxHoldMs,
    placeOf: createPlacing(client, keyspace, replicas),
  });
  const buckets = createBucketReader(callers);
  let lastFailure: string | undefined;
  return {
    failure: () => lastFailure,
    views: {
      ...reads,
      hurry: (forMs) => writer.hurry(forMs),
      async write({ rows, marks }) {
        try {
          await writer.write(rows, marks);
          lastFailure = undefined;
        } catch (error) {
          lastFailure = error instanceof Error ? error.message : String(error);
          throw error;
        }
      },
    },
    messages: createMessageReader(callers),
    buckets,
    changes: createChangeReader(callers),
    directory: createDirectory(callers),
    sends: createSendReader(callers, buckets),
    usage: createUsageReader(callers),
    durableMarks: marks,
    async close() {
      await writer.close();
      await client.shutdown();
    },
  };
}

/** With three replicas another node holds the writes that a dying node loses. */
const replicasEnough = 3;
/** After two periods a sync that began late is over, too. */
const agingPeriods = 2;
const agingMsMax = 100;

/** views-writer/aging */
function agingMsOf({ unsyncedMs }: ServerSettings, replicas: number, log: Log): number {
  if (replicas >= replicasEnough) return 0;
  if (unsyncedMs * agingPeriods > agingMsMax) {
    // With fewer replicas a node that dies may lose acknowledged rows whose mark is already written.
    log.warn("cassandra: commit log synced too seldom, rows may be lost; set commitlog_sync_period to 10ms", {
      unsyncedMs,
      replicas,
    });
  }
  return Math.min(unsyncedMs * agingPeriods, agingMsMax);
}

/**
 * Runs each read once, because the first run prepares the statement and takes several times as long. When a host takes over
 * shards, callers wait for these reads.
 */
async function prepareReads({ snapshot, records, due }: ReturnType<typeof createRuntimeReads>): Promise<void> {
  await Promise.all([snapshot("user", ""), records("user", "", 0), due(0, 0, 1)]);
}

function logDriverEvents(client: cassandra.Client, log: Log): void {
  let quietUntilMs = 0;
  client.on("log", (level: string, _source: string, message: string) => {
    if (level === "error") log.error("cassandra: driver error", { detail: message });
    if (level !== "warning" || performance.now() < quietUntilMs) return;
    quietUntilMs = performance.now() + warnEveryMs;
    log.warn("cassandra: driver warning", { detail: message });
  });
}
