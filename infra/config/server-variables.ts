// Environment variables with the addresses and credentials of the servers: those of a cluster, of calls, and
// of files.
import type { Variable } from "./variable.ts";

const mib = 1_024 * 1_024;

export const clusterVariables = {
  NATS_URL: {
    text: "NATS servers, comma-separated nats://host:port, or tls://host:port for encrypted connections. When this is set, the host joins a cluster, and CASSANDRA_HOSTS and REDIS_URL are required.",
    unit: "urls",
    default: "",
  },
  NATS_USER: { text: "User name for NATS.", unit: "text", default: "" },
  NATS_PASSWORD: { text: "Password for NATS.", unit: "text", default: "", isSecret: true },
  NATS_MONITOR_URL: {
    text: "Monitoring addresses of the NATS servers, comma-separated http://host:port. They show whether the servers sync every write, which /ready reports.",
    unit: "urls",
    default: "",
  },
  JOURNAL_STREAMS: {
    text: "Streams that share the 256 logs of the journal. Fixed when the cluster is created; a host with another value refuses to start.",
    unit: "streams",
    default: "4",
    min: 1,
    max: 64,
  },
  JOURNAL_REPLICAS: {
    text: "Copies of the journal on NATS servers. With 3 copies the journal survives the loss of one server.",
    unit: "copies",
    default: "1",
    min: 1,
    max: 5,
  },
  JOURNAL_MAX_MIB: {
    text: "Size of the whole journal. When it is 90 % full, users' commands are refused (overloaded) until it is trimmed.",
    unit: "MiB",
    default: "16384",
    min: 64,
    max: 64 * mib,
  },
  CASSANDRA_HOSTS: { text: "Contact points of Cassandra, comma-separated host:port.", unit: "addresses", default: "" },
  CASSANDRA_DATACENTER: { text: "Name of the local data centre.", unit: "name", default: "datacenter1" },
  CASSANDRA_KEYSPACE: { text: "Name of the keyspace. The first start creates it.", unit: "name", default: "parley" },
  CASSANDRA_REPLICAS: {
    text: "Copies of each row in the data centre. Used when the keyspace is created.",
    unit: "copies",
    default: "1",
    min: 1,
    max: 9,
  },
  CASSANDRA_USER: { text: "User name for Cassandra.", unit: "text", default: "" },
  CASSANDRA_PASSWORD: { text: "Password for Cassandra.", unit: "text", default: "", isSecret: true },
  CASSANDRA_TLS: {
    text: "on: connections to Cassandra use TLS. This host must trust the server's certificate (NODE_EXTRA_CA_CERTS).",
    unit: "on|off",
    default: "off",
    oneOf: ["on", "off"],
  },
  REDIS_URL: {
    text: "Redis, redis://[user:password@]host:port[/db] or rediss://… for an encrypted connection.",
    unit: "url",
    default: "",
    isSecret: true,
  },
  LEASE_MS: {
    text: "A host that could not renew its lease for this time stops serving, and other hosts take over its shards.",
    unit: "ms",
    default: "700",
    min: 100,
    max: 60_000,
  },
} as const satisfies Record<string, Variable>;

export const callVariables = {
  TEMPORAL_ADDRESS: {
    text: "Temporal's frontend, host:port. Without it calls are refused.",
    unit: "address",
    default: "",
  },
  TEMPORAL_NAMESPACE: { text: "Temporal namespace of all workflows.", unit: "name", default: "default" },
  TEMPORAL_API_KEY: {
    text: "API key for Temporal, sent as a bearer token over TLS.",
    unit: "text",
    default: "",
    isSecret: true,
  },
  TEMPORAL_TLS: {
    text: "on: connections to Temporal use TLS. Default: on with an API key, off without.",
    unit: "on|off",
    default: "",
    oneOf: ["on", "off"],
  },
  LIVEKIT_URL: {
    text: "LiveKit's address for clients, ws://host:port or wss://…. Without it calls are refused (100110). In LiveKit's own configuration, webhook.urls must contain <this server>/api/v1/livekit/webhook.",
    unit: "url",
    default: "",
  },
  LIVEKIT_API_KEY: { text: "API key for LiveKit.", unit: "text", default: "" },
  LIVEKIT_API_SECRET: { text: "API secret for LiveKit.", unit: "text", default: "", isSecret: true },
  CALL_RING_MS: {
    text: "A call that nobody answers within this time ends as missed.",
    unit: "ms",
    default: "60000",
    min: 500,
    max: 600_000,
  },
} as const satisfies Record<string, Variable>;

export const objectVariables = {
  OBJECTS_DIR: {
    text: "Folder of the bytes of files, for this process alone. Default: DATA_DIR/objects. Not used with S3_ENDPOINT.",
    unit: "path",
    default: "",
  },
  S3_ENDPOINT: {
    text: "S3 server for the bytes of files, http://host:port or https://…. A cluster without it takes no files.",
    unit: "url",
    default: "",
  },
  S3_BUCKET: { text: "Bucket of the bytes of files. It must exist.", unit: "name", default: "" },
  S3_REGION: { text: "Region of the bucket.", unit: "name", default: "us-east-1" },
  S3_ACCESS_KEY_ID: { text: "Access key for S3.", unit: "text", default: "" },
  S3_SECRET_ACCESS_KEY: { text: "Secret key for S3.", unit: "text", default: "", isSecret: true },
} as const satisfies Record<string, Variable>;
