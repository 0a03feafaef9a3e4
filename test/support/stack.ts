// Starts the real servers for tests, fault runs and benchmarks; no other file starts one. A test file starts the small servers
// itself. Cassandra and Temporal are started once for a whole `npm test`, or by the process that uses them. Every server ends
// with the process that started it, even after kill -9. A test file that did not declare a server with needs(…) is refused.
import { join } from "node:path";
import {
  type CassandraAddress,
  cassandraDataCenter,
  cassandraPortCount,
  obtainCassandra,
  planCassandra,
} from "../../infra/stack/cassandra.ts";
import { livekitKey, livekitPortCount, livekitSecret, obtainLiveKit, planLiveKit } from "../../infra/stack/livekit.ts";
import { type NatsOptions, natsPortCount, obtainNats, planNats } from "../../infra/stack/nats.ts";
import { findFreePorts } from "../../infra/stack/ports.ts";
import { type OwnServer, startOwn } from "../../infra/stack/process.ts";
import { obtainRedis, planRedis } from "../../infra/stack/redis.ts";
import { obtainS3, planS3, s3AccessKey, s3Bucket, s3Region, s3SecretKey } from "../../infra/stack/s3.ts";
import { PortTakenError, type Toolbox } from "../../infra/stack/server-kind.ts";
import { obtainTemporal, planTemporal, temporalPortCount } from "../../infra/stack/temporal.ts";
import { readGivenStack } from "./given-stack.ts";
import { checkNeed } from "./said-needs.ts";
import { createTempFolder } from "./temp-folder.ts";

/** See OwnServer in infra/stack/process.ts. */
export type TestServer = OwnServer & { readonly url: string };

export interface TestNats {
  urls: string[];
  monitorUrls: string[];
  servers: TestServer[];
  close(): Promise<void>;
}

interface TemporalAddress {
  /** `host:port`. */
  address: string;
  uiUrl: string;
}

const portTriesMax = 3;
const tools: Toolbox = { env: process.env, say: (line) => void process.stderr.write(`${line}\n`) };

/**
 * When all three servers have ended, restart them together, because none becomes ready without a leader.
 * `dir`: the folder of the data, which stays. Default: a temporary folder.
 */
export async function startNats(options: NatsOptions & { servers?: 1 | 3; dir?: string } = {}): Promise<TestNats> {
  checkNeed("nats");
  const program = await obtainNats(tools);
  const count = options.servers ?? 1;
  const { members, servers } = await onFreePorts(natsPortCount * count, async (ports) => {
    const members = Array.from({ length: count }, (_, index) => {
      const [client = 0, monitor = 0, cluster = 0] = ports.slice(natsPortCount * index);
      const dir = options.dir ? join(options.dir, String(index + 1)) : temporaryFolder("nats");
      return { client, monitor, cluster, dir };
    });
    // Started together, because a server of a cluster becomes ready only with the others.
    const starting = planNats(program, members, options).map((plan) => startOwn(plan, { dirIsOurs: !options.dir }));
    return { members, servers: await allOrNone(starting) };
  });
  return {
    urls: members.map(({ client }) => `nats://127.0.0.1:${client}`),
    monitorUrls: members.map(({ monitor }) => `http://127.0.0.1:${monitor}`),
    servers: servers.map((server) => withUrl(server, `nats://127.0.0.1:${server.port}`)),
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** With `keep: false` Redis loses everything when it ends, so that a test sees how hosts take the loss. */
export async function startRedis({ keep = true }: { keep?: boolean } = {}): Promise<TestServer> {
  checkNeed("redis");
  const program = await obtainRedis(tools);
  const server = await onFreePorts(1, ([port = 0]) =>
    startOwn(planRedis(program, { dir: temporaryFolder("redis"), port, keep }), { dirIsOurs: true }),
  );
  return withUrl(server, `redis://127.0.0.1:${server.port}`);
}

/** LiveKit reports rooms and participants that come and go to `webhookUrl`, signed with its key. */
export async function startLiveKit(
  options: { webhookUrl?: string } = {},
): Promise<TestServer & { apiKey: string; apiSecret: string }> {
  checkNeed("livekit");
  const program = await obtainLiveKit(tools);
  const server = await onFreePorts(livekitPortCount, (ports) =>
    startOwn(planLiveKit(program, { dir: temporaryFolder("livekit"), ports, ...options }), { dirIsOurs: true }),
  );
  return Object.assign(withUrl(server, `ws://127.0.0.1:${server.port}`), {
    apiKey: livekitKey,
    apiSecret: livekitSecret,
  });
}

export async function startS3(): Promise<
  TestServer & { accessKey: string; secretKey: string; region: string; bucket: string }
> {
  checkNeed("s3");
  const program = await obtainS3(tools);
  const server = await onFreePorts(1, ([port = 0]) =>
    startOwn(planS3(program, { dir: temporaryFolder("s3"), port }), { dirIsOurs: true }),
  );
  return Object.assign(withUrl(server, `http://127.0.0.1:${server.port}`), {
    accessKey: s3AccessKey,
    secretKey: s3SecretKey,
    region: s3Region,
    bucket: s3Bucket,
  });
}

let ownCassandra: Promise<CassandraAddress> | undefined;
let ownTemporal: Promise<TemporalAddress> | undefined;

/** The Cassandra that all running tests share: use a new keyspace. */
export function useCassandra(): Promise<CassandraAddress> {
  checkNeed("cassandra");
  const { cassandra, missing, broken } = readGivenStack();
  if (cassandra) return Promise.resolve(cassandra);
  const problem = missing?.cassandra ?? broken?.cassandra;
  if (problem) return Promise.reject(new Error(problem));
  ownCassandra ??= startCassandra();
  return ownCassandra;
}

/** The Temporal that all running tests share: use new workflow ids. */
export function useTemporal(): Promise<TemporalAddress> {
  checkNeed("temporal");
  const { temporal, missing, broken } = readGivenStack();
  if (temporal) return Promise.resolve(temporal);
  const problem = missing?.temporal ?? broken?.temporal;
  if (problem) return Promise.reject(new Error(problem));
  ownTemporal ??= startTemporal();
  return ownTemporal;
}

/**
 * A separate Cassandra, which the caller may pause and kill. It has the settings of the local stack: acknowledged writes
 * survive a crash, and it runs fast under load.
 */
export async function startOwnCassandra(): Promise<TestServer & CassandraAddress> {
  checkNeed("cassandra");
  const program = await obtainCassandra(tools);
  const server = await onFreePorts(cassandraPortCount, (ports) =>
    startOwn(planCassandra(program, { dir: temporaryFolder("cassandra"), ports, use: "stack" }), { dirIsOurs: true }),
  );
  const address = { contactPoints: [`127.0.0.1:${server.port}`], dataCenter: cassandraDataCenter };
  return Object.assign(withUrl(server, `127.0.0.1:${server.port}`), address);
}

/** A separate Temporal on given ports, which keeps its workflows over a kill and a restart. */
export async function startOwnTemporal(ports: number[]): Promise<OwnServer> {
  checkNeed("temporal");
  const program = await obtainTemporal(tools);
  return startOwn(planTemporal(program, { dir: temporaryFolder("temporal"), ports, keep: true }), { dirIsOurs: true });
}

export async function startCassandra(say = tools.say): Promise<CassandraAddress & { close(): Promise<void> }> {
  const program = await obtainCassandra({ ...tools, say });
  const server = await onFreePorts(cassandraPortCount, (ports) =>
    startOwn(planCassandra(program, { dir: temporaryFolder("cassandra"), ports, use: "test" }), { dirIsOurs: true }),
  );
  return {
    contactPoints: [`127.0.0.1:${server.port}`],
    dataCenter: cassandraDataCenter,
    async close() {
      await server.kill9(); // nothing that it would write out is wanted
      await server.close();
    },
  };
}

export async function startTemporal(say = tools.say): Promise<TemporalAddress & { close(): Promise<void> }> {
  const program = await obtainTemporal({ ...tools, say });
  let uiPort = 0;
  const server = await onFreePorts(temporalPortCount, (ports) => {
    uiPort = ports[1] ?? 0;
    return startOwn(planTemporal(program, { dir: temporaryFolder("temporal"), ports, keep: false }), {
      dirIsOurs: true,
    });
  });
  return {
    address: `127.0.0.1:${server.port}`,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    async close() {
      await server.kill9(); // nothing that it would write out is wanted
      await server.close();
    },
  };
}

/** Retries with other ports, because another process may take a port between finding and using it. */
async function onFreePorts<Started>(count: number, start: (ports: number[]) => Promise<Started>): Promise<Started> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(await findFreePorts(count));
    } catch (error) {
      if (!(error instanceof PortTakenError) || tries === portTriesMax) throw error;
    }
  }
}

async function allOrNone(starting: Promise<OwnServer>[]): Promise<OwnServer[]> {
  const settled = await Promise.allSettled(starting);
  const failed = settled.find((each) => each.status === "rejected");
  const started = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (!failed) return started;
  await Promise.all(started.map((server) => server.close()));
  throw failed.reason;
}

function temporaryFolder(name: string): string {
  return createTempFolder(`test-${name}`);
}

function withUrl(server: OwnServer, url: string): TestServer {
  return Object.defineProperty(server, "url", { value: url, enumerable: true }) as TestServer;
}
