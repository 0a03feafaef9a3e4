// The servers of one scenario. Cassandra is slow to start and to warm up: all scenarios share one, with a keyspace each.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cassandraDataCenter,
  cassandraPortCount,
  obtainCassandra,
  planCassandra,
} from "../../../infra/stack/cassandra.ts";
import { findFreePorts } from "../../../infra/stack/ports.ts";
import { type OwnServer, startOwn } from "../../../infra/stack/process.ts";
import { obtainRedis, planRedis } from "../../../infra/stack/redis.ts";
import { startNats, type TestNats } from "../../support/stack.ts";

export interface Servers {
  readonly nats: TestNats;
  readonly redis: OwnServer;
  readonly cassandra: OwnServer;
  readonly replicas: 1 | 3;
  /** What every host is told of them. */
  readonly env: Readonly<Record<string, string>>;
  /** All but Cassandra. */
  close(): Promise<void>;
}

const tools = { env: process.env, say: (line: string) => void process.stderr.write(`${line}\n`) };
let cassandra: Promise<OwnServer> | undefined;
let cassandraFolder: string | undefined;

export async function startServers(options: { replicas: 1 | 3; syncAlways: boolean }): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
  cassandra ??= startCassandra();
  const { replicas, syncAlways } = options;
  const [nats, redis, storage] = await Promise.all([
    startNats({ servers: replicas, syncAlways }),
    startRedis(folder),
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
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function closeCassandra(): Promise<void> {
  await (await cassandra?.catch(() => undefined))?.kill9();
  if (cassandraFolder) rmSync(cassandraFolder, { recursive: true, force: true });
}

async function startCassandra(): Promise<OwnServer> {
  const program = await obtainCassandra(tools);
  cassandraFolder = mkdtempSync(join(tmpdir(), "parley-bench-cassandra-"));
  const ports = await findFreePorts(cassandraPortCount);
  // As an operator starts it: compiled for speed.
  return startOwn(planCassandra(program, { dir: cassandraFolder, ports, use: "stack" }), { dirIsOurs: true });
}

async function startRedis(folder: string): Promise<OwnServer> {
  const program = await obtainRedis(tools);
  const [port = 0] = await findFreePorts(1);
  return startOwn(planRedis(program, { dir: join(folder, "redis"), port, keep: false }), { dirIsOurs: false });
}
