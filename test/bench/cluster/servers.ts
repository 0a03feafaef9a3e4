// The servers of one scenario. All scenarios share one Cassandra, with a keyspace each, because it is slow to start and to warm
// up.
import { randomBytes } from "node:crypto";
import { cassandraDataCenter } from "../../../infra/stack/cassandra.ts";
import type { OwnServer } from "../../../infra/stack/process.ts";
import { startNats, startOwnCassandra, startRedis, type TestNats } from "../../support/stack.ts";

export interface Servers {
  readonly nats: TestNats;
  readonly redis: OwnServer;
  readonly cassandra: OwnServer;
  readonly replicas: 1 | 3;
  /** The variables that tell hosts the servers' addresses. */
  readonly env: Readonly<Record<string, string>>;
  /** Closes all servers except Cassandra. */
  close(): Promise<void>;
}

let cassandra: Promise<OwnServer> | undefined;

export async function startServers(options: { replicas: 1 | 3; syncAlways: boolean }): Promise<Servers> {
  cassandra ??= startOwnCassandra();
  const { replicas, syncAlways } = options;
  const [nats, redis, storage] = await Promise.all([
    startNats({ servers: replicas, syncAlways }),
    startRedis({ keep: false }),
    cassandra,
  ]);
  return {
    nats,
    redis,
    cassandra: storage,
    replicas,
    env: {
      NATS_URL: nats.urls.join(),
      JOURNAL_REPLICAS: String(replicas),
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      CASSANDRA_HOSTS: `127.0.0.1:${storage.port}`,
      CASSANDRA_DATACENTER: cassandraDataCenter,
      CASSANDRA_KEYSPACE: `bench_${randomBytes(6).toString("hex")}`,
    },
    async close() {
      await Promise.all([nats.close(), redis.close()]);
    },
  };
}

export async function closeCassandra(): Promise<void> {
  const server = await cassandra?.catch(() => undefined);
  await server?.kill9();
  await server?.close();
}
