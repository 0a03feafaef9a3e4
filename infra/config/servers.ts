// Reads the settings of the servers that a host uses: NATS, Cassandra, Redis, Temporal, LiveKit, S3.
import type { ConfigReader } from "./reader.ts";

export interface ClusterConfig {
  nats: { urls: string[]; user?: string; password?: string; monitorUrls: string[] };
  journal: { streams: number; replicas: number; maxBytes: number };
  cassandra: {
    contactPoints: string[];
    dataCenter: string;
    keyspace: string;
    replicas: number;
    username?: string;
    password?: string;
    tls: boolean;
  };
  redisUrl: string;
  leaseMs: number;
}
export interface TemporalConfig {
  address: string;
  namespace: string;
  apiKey?: string;
  tls: boolean;
}
export interface LiveKitConfig {
  url: string;
  apiKey: string;
  apiSecret: string;
}
export interface S3Config {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

const mib = 1_024 * 1_024;

export function readCluster(read: ConfigReader): ClusterConfig | undefined {
  const urls = read.list("NATS_URL");
  if (urls.length === 0) return undefined;
  const contactPoints = read.list("CASSANDRA_HOSTS");
  for (const url of urls) {
    const { protocol, username, password } = URL.parse(url.includes("://") ? url : `nats://${url}`) ?? {};
    if (protocol !== "nats:" && protocol !== "tls:") {
      read.problems.push("NATS_URL has an address that does not start with nats:// or tls://.");
    }
    // Addresses are logged, so they must not contain a password.
    if (username || password) read.problems.push("NATS_URL carries credentials: set NATS_USER and NATS_PASSWORD.");
  }
  const redisUrl = read.url("REDIS_URL", ["redis:", "rediss:"]);
  if (contactPoints.length === 0) read.problems.push("NATS_URL is set: a cluster needs CASSANDRA_HOSTS, too.");
  if (redisUrl === undefined) read.problems.push("NATS_URL is set: a cluster needs REDIS_URL, too.");
  const keyspace = read.text("CASSANDRA_KEYSPACE");
  // CQL takes no parameter for a keyspace, so the name becomes a part of statements.
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(keyspace)) read.refuse("CASSANDRA_KEYSPACE");
  return {
    nats: {
      urls,
      user: read.optional("NATS_USER"),
      password: read.optional("NATS_PASSWORD"),
      monitorUrls: read.list("NATS_MONITOR_URL"),
    },
    journal: {
      streams: read.number("JOURNAL_STREAMS"),
      replicas: read.number("JOURNAL_REPLICAS"),
      maxBytes: read.number("JOURNAL_MAX_MIB") * mib,
    },
    cassandra: {
      contactPoints,
      dataCenter: read.text("CASSANDRA_DATACENTER"),
      keyspace,
      replicas: read.number("CASSANDRA_REPLICAS"),
      username: read.optional("CASSANDRA_USER"),
      password: read.optional("CASSANDRA_PASSWORD"),
      tls: read.name("CASSANDRA_TLS") === "on",
    },
    redisUrl: redisUrl ?? "",
    leaseMs: read.number("LEASE_MS"),
  };
}

export function readTemporal(read: ConfigReader): TemporalConfig | undefined {
  const address = read.text("TEMPORAL_ADDRESS");
  if (address === "") return undefined;
  const apiKey = read.optional("TEMPORAL_API_KEY");
  const tlsSetting = read.name("TEMPORAL_TLS");
  if (apiKey !== undefined && tlsSetting === "off") {
    read.problems.push("TEMPORAL_TLS=off with TEMPORAL_API_KEY would send the key in the clear.");
  }
  const tls = tlsSetting === "on" || apiKey !== undefined;
  return { address, namespace: read.text("TEMPORAL_NAMESPACE"), apiKey, tls };
}

export function readLiveKit(read: ConfigReader): LiveKitConfig | undefined {
  const url = read.url("LIVEKIT_URL", ["ws:", "wss:", "http:", "https:"]);
  const [apiKey, apiSecret] = [read.text("LIVEKIT_API_KEY"), read.text("LIVEKIT_API_SECRET")];
  if (url !== undefined && (apiKey === "" || apiSecret === "")) {
    read.problems.push("LIVEKIT_URL is set: it needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET, too.");
  }
  return url === undefined ? undefined : { url, apiKey, apiSecret };
}

export function readS3(read: ConfigReader): S3Config | undefined {
  const endpoint = read.url("S3_ENDPOINT", ["http:", "https:"]);
  if (endpoint === undefined) return undefined;
  const [accessKeyId, secretAccessKey] = [read.text("S3_ACCESS_KEY_ID"), read.text("S3_SECRET_ACCESS_KEY")];
  const bucket = read.text("S3_BUCKET");
  if (bucket === "" || accessKeyId === "" || secretAccessKey === "") {
    read.problems.push("S3_ENDPOINT is set: it needs S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, too.");
  }
  return { endpoint, region: read.text("S3_REGION"), bucket, accessKeyId, secretAccessKey };
}
