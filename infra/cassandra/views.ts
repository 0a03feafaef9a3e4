// The views of the cluster: Cassandra. Many hosts write at once; the stamp of a row decides what stands (T1 of schema.ts).
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
import { ViewsWriter } from "./views-writer.ts";

export interface CassandraViewsOptions extends CassandraAddress {
  readonly keyspace: string;
  readonly replicas: number;
  /** The journal's: views of another store are refused. */
  readonly storeId: string;
  readonly log: Log;
  /** Rows that are written without waiting for more; below the projector's rows per write. Default 18 000. */
  readonly gatherRows?: number;
  /** The longest wait of a write for company under load, ms. Default 2 000. */
  readonly maxHoldMs?: number;
  readonly batchLimits?: BatchLimits;
}

export type CassandraViews = ViewStore & {
  /** Why the newest write failed; undefined once one went in. For /ready. */
  failure(): string | undefined;
};

const defaultGatherRows = 18_000;
const defaultMaxHoldMs = 2_000;
/** Cassandra warns of every batch above its threshold: one a minute tells as much. */
const warnEveryMs = 60_000;

/** Rejects with a StorageError when Cassandra cannot be reached, or holds another store or a newer schema. */
export async function openCassandraViews(options: CassandraViewsOptions): Promise<CassandraViews> {
  const { keyspace, replicas, storeId, log } = options;
  await migrate(options, { keyspace, replicas, storeId, holder: systemRandom.hex(128) });
  const client = createClient(options, keyspace);
  listen(client, log);
  const session = createSession(client);
  const callers = createCallersSession(client);
  const { marks } = createRuntimeReads(session); // a host that takes shards waits for no caller
  const reads = { ...createRuntimeReads(callers), marks };
  try {
    await client.connect();
    await rehearse(reads);
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
  let trouble: string | undefined;
  return {
    failure: () => trouble,
    views: {
      ...reads,
      hurry: (forMs) => writer.hurry(forMs),
      async write({ rows, marks }) {
        try {
          await writer.write(rows, marks);
          trouble = undefined;
        } catch (error) {
          trouble = error instanceof Error ? error.message : String(error);
          throw error;
        }
      },
    },
    messages: createMessageReader(callers),
    buckets,
    changes: createChangeReader(callers),
    directory: createDirectory(callers),
    sends: createSendReader(callers, buckets),
    durableMarks: marks,
    async close() {
      await writer.close();
      await client.shutdown();
    },
  };
}

/** Of so many replicas one has what another loses. */
const replicasEnough = 3;
/** A sync that begins late is over by then. */
const agingPeriods = 2;
const agingMsMax = 100;

/** W4 of views-writer.ts */
function agingMsOf({ unsyncedMs }: ServerSettings, replicas: number, log: Log): number {
  if (replicas >= replicasEnough) return 0;
  if (unsyncedMs * agingPeriods > agingMsMax) {
    // With fewer replicas a node that dies takes acknowledged rows with it, and a mark may already stand for them.
    log.warn("cassandra: commit log synced too seldom, rows may be lost; set commitlog_sync_period to 10ms", {
      unsyncedMs,
      replicas,
    });
  }
  return Math.min(unsyncedMs * agingPeriods, agingMsMax);
}

/** The first time each takes several times as long: a host that takes over shards has callers waiting. */
async function rehearse({ snapshot, records, due }: ReturnType<typeof createRuntimeReads>): Promise<void> {
  await Promise.all([snapshot("user", ""), records("user", "", 0), due(0, 0, 1)]);
}

function listen(client: cassandra.Client, log: Log): void {
  let quietUntilMs = 0;
  client.on("log", (level: string, _source: string, message: string) => {
    if (level === "error") log.error("cassandra: driver error", { detail: message });
    if (level !== "warning" || performance.now() < quietUntilMs) return;
    quietUntilMs = performance.now() + warnEveryMs;
    log.warn("cassandra: driver warning", { detail: message });
  });
}
