// The servers of `npm run stack up`: their fixed ports, their data folders, and the variables that tell the application their
// addresses.
import { join } from "node:path";
import type { Env } from "../config/env.ts";
import { cassandraDataCenter, checkCassandra, obtainCassandra, planCassandra } from "./cassandra.ts";
import { checkHttp } from "./http-check.ts";
import { livekitKey, livekitSecret, obtainLiveKit, planLiveKit } from "./livekit.ts";
import { obtainNats, planNats, readInfo } from "./nats.ts";
import { checkRedis, obtainRedis, planRedis } from "./redis.ts";
import { obtainS3, planS3, s3AccessKey, s3Bucket, s3Region, s3SecretKey } from "./s3.ts";
import type { Program, ServerName, ServerPlan, Toolbox } from "./server-kind.ts";
import { checkTemporal, obtainTemporal, planTemporal } from "./temporal.ts";

export interface LocalServer {
  name: ServerName;
  obtain(tools: Toolbox): Promise<Program>;
  plan(program: Program, options: LocalOptions): ServerPlan[];
  /** When this variable is set, the server at its address is used and none is started. */
  addressVariable: string;
  /** Throws when the server at that address does not serve. */
  checkGiven(address: string, env: Env): Promise<void>;
  /** The variables that the application needs to use the server that we run. */
  variables(options: LocalOptions): Record<string, string>;
  /** Printed for the operator. */
  addresses(options: LocalOptions): string[];
}

export interface LocalOptions {
  /** Holds one folder per server. */
  folder: string;
  natsServers: 1 | 3;
  /** The application's HTTP port, to which LiveKit sends its webhooks. */
  appPort: number;
}

const natsClientPort = 4222;
const natsMonitorPort = 8222;
const natsClusterPort = 6222;
const redisPort = 6379;
const cassandraPorts = [9042, 7000];
const temporalPorts = [7233, 8233, 7243, 7253];
const livekitPorts = [7880, 7881, 7882];
const s3Port = 7070;
const s3Url = `http://127.0.0.1:${s3Port}`;

const natsUrls = ({ natsServers }: LocalOptions, scheme: string, first: number) =>
  Array.from({ length: natsServers }, (_, index) => `${scheme}://127.0.0.1:${first + index}`);

const nats: LocalServer = {
  name: "nats",
  obtain: obtainNats,
  plan(program, { folder, natsServers }) {
    const members = Array.from({ length: natsServers }, (_, index) => ({
      client: natsClientPort + index,
      monitor: natsMonitorPort + index,
      cluster: natsClusterPort + index,
      // One server cannot use the data of a cluster of three, nor a cluster the data of one server.
      dir: natsServers === 1 ? join(folder, "nats") : join(folder, `nats-cluster-${index + 1}`),
    }));
    return planNats(program, members, { syncAlways: true });
  },
  addressVariable: "NATS_URL",
  async checkGiven(address) {
    const { hostname, port } = new URL(firstOf(address));
    const { jetstream } = await readInfo(hostname, Number(port || natsClientPort));
    if (!jetstream) throw new Error("JetStream is off");
  },
  variables: (options) => ({
    NATS_URL: natsUrls(options, "nats", natsClientPort).join(","),
    NATS_MONITOR_URL: natsUrls(options, "http", natsMonitorPort).join(","),
    JOURNAL_REPLICAS: String(options.natsServers),
  }),
  addresses: (options) => [
    ...natsUrls(options, "nats", natsClientPort),
    ...natsUrls(options, "http", natsMonitorPort).slice(0, 1),
  ],
};

const redis: LocalServer = {
  name: "redis",
  obtain: obtainRedis,
  plan: (program, { folder }) => [planRedis(program, { dir: join(folder, "redis"), port: redisPort, keep: true })],
  addressVariable: "REDIS_URL",
  checkGiven(address) {
    const { hostname, port } = new URL(address);
    return checkRedis({ host: hostname, port: Number(port || redisPort) });
  },
  variables: () => ({ REDIS_URL: `redis://127.0.0.1:${redisPort}` }),
  addresses: () => [`redis://127.0.0.1:${redisPort}`],
};

const cassandra: LocalServer = {
  name: "cassandra",
  obtain: obtainCassandra,
  plan: (program, { folder }) => [
    planCassandra(program, { dir: join(folder, "cassandra"), ports: cassandraPorts, use: "stack" }),
  ],
  addressVariable: "CASSANDRA_HOSTS",
  checkGiven: (address, env) =>
    checkCassandra({
      contactPoints: address.split(",").map((each) => each.trim()),
      dataCenter: env.CASSANDRA_DATACENTER || cassandraDataCenter,
      username: env.CASSANDRA_USER,
      password: env.CASSANDRA_PASSWORD,
    }),
  variables: () => ({ CASSANDRA_HOSTS: `127.0.0.1:${cassandraPorts[0]}`, CASSANDRA_DATACENTER: cassandraDataCenter }),
  addresses: () => [`127.0.0.1:${cassandraPorts[0]}`],
};

const temporal: LocalServer = {
  name: "temporal",
  obtain: obtainTemporal,
  plan: (program, { folder }) => [
    planTemporal(program, { dir: join(folder, "temporal"), ports: temporalPorts, keep: true }),
  ],
  addressVariable: "TEMPORAL_ADDRESS",
  checkGiven: checkTemporal,
  variables: () => ({ TEMPORAL_ADDRESS: `127.0.0.1:${temporalPorts[0]}` }),
  addresses: () => [`127.0.0.1:${temporalPorts[0]}`, `http://127.0.0.1:${temporalPorts[1]}`],
};

const livekit: LocalServer = {
  name: "livekit",
  obtain: obtainLiveKit,
  plan: (program, { folder, appPort }) => [
    planLiveKit(program, {
      dir: join(folder, "livekit"),
      ports: livekitPorts,
      webhookUrl: `http://127.0.0.1:${appPort}/api/v1/livekit/webhook`,
    }),
  ],
  addressVariable: "LIVEKIT_URL",
  checkGiven: (address) => checkHttp(address.replace(/^ws/, "http")),
  variables: () => ({
    LIVEKIT_URL: `ws://127.0.0.1:${livekitPorts[0]}`,
    LIVEKIT_API_KEY: livekitKey,
    LIVEKIT_API_SECRET: livekitSecret,
  }),
  addresses: () => [`ws://127.0.0.1:${livekitPorts[0]}`],
};

const s3: LocalServer = {
  name: "s3",
  obtain: obtainS3,
  plan: (program, { folder }) => [planS3(program, { dir: join(folder, "s3"), port: s3Port })],
  addressVariable: "S3_ENDPOINT",
  checkGiven: checkHttp,
  variables: () => ({
    S3_ENDPOINT: s3Url,
    S3_REGION: s3Region,
    S3_BUCKET: s3Bucket,
    S3_ACCESS_KEY_ID: s3AccessKey,
    S3_SECRET_ACCESS_KEY: s3SecretKey,
  }),
  addresses: () => [s3Url],
};

export const localServers: readonly LocalServer[] = [cassandra, temporal, nats, redis, livekit, s3];

function firstOf(list: string): string {
  return list.split(",")[0]?.trim() ?? "";
}
