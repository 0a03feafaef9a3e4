// Variables that say where the servers are: those of a cluster, and those of calls.
import type { Variable } from "./variable.ts";

const mib = 1_024 * 1_024;

export const clusterVariables = {
  NATS_URL: {
    text: "NATS servers, comma-separated nats://host:port or tls://… (then nothing goes in the clear). Set: this host is one of a cluster, and CASSANDRA_HOSTS and REDIS_URL are needed, too.",
    unit: "urls",
    default: "",
  },
  NATS_USER: { text: "User on NATS.", unit: "text", default: "" },
  NATS_PASSWORD: { text: "Password on NATS.", unit: "text", default: "", isSecret: true },
  NATS_MONITOR_URL: {
    text: "Monitoring addresses of the NATS servers, comma-separated http://host:port: tells /ready whether they sync every write.",
    unit: "urls",
    default: "",
  },
  JOURNAL_STREAMS: {
    text: "Streams that share the 256 logs of the journal. Written when the cluster is made; a host that differs refuses to start.",
    unit: "streams",
    default: "4",
    min: 1,
    max: 64,
  },
  JOURNAL_REPLICAS: {
    text: "Copies of the journal on NATS servers; 3 survives the loss of one.",
    unit: "copies",
    default: "1",
    min: 1,
    max: 5,
  },
  JOURNAL_MAX_MIB: {
    text: "Size of the whole journal. At 90 % users' commands are refused (overloaded) until it is trimmed.",
    unit: "MiB",
    default: "16384",
    min: 64,
    max: 64 * mib,
  },
  CASSANDRA_HOSTS: { text: "Contact points, comma-separated host:port.", unit: "addresses", default: "" },
  CASSANDRA_DATACENTER: { text: "The local data centre.", unit: "name", default: "datacenter1" },
  CASSANDRA_KEYSPACE: { text: "Keyspace; made at the first start.", unit: "name", default: "parley" },
  CASSANDRA_REPLICAS: {
    text: "Copies in the data centre, for a keyspace that is made.",
    unit: "copies",
    default: "1",
    min: 1,
    max: 9,
  },
  CASSANDRA_USER: { text: "User on Cassandra.", unit: "text", default: "" },
  CASSANDRA_PASSWORD: { text: "Password on Cassandra.", unit: "text", default: "", isSecret: true },
  CASSANDRA_TLS: {
    text: "Cassandra is spoken to over TLS, and shows a certificate that this host trusts (NODE_EXTRA_CA_CERTS).",
    unit: "on|off",
    default: "off",
    oneOf: ["on", "off"],
  },
  REDIS_URL: {
    text: "redis://[user:password@]host:port[/db] or rediss://….",
    unit: "url",
    default: "",
    isSecret: true,
  },
  LEASE_MS: {
    text: "A host that could not renew its lease for so long serves nobody, and another may take its place.",
    unit: "ms",
    default: "700",
    min: 100,
    max: 60_000,
  },
} as const satisfies Record<string, Variable>;

export const callVariables = {
  TEMPORAL_ADDRESS: { text: "Temporal's frontend, host:port. Not set: no calls.", unit: "address", default: "" },
  TEMPORAL_NAMESPACE: { text: "Namespace of all workflows.", unit: "name", default: "default" },
  TEMPORAL_API_KEY: {
    text: "Sent as a bearer token, over TLS, when set.",
    unit: "text",
    default: "",
    isSecret: true,
  },
  TEMPORAL_TLS: {
    text: "Temporal is spoken to over TLS. Not set: when there is an API key.",
    unit: "on|off",
    default: "",
    oneOf: ["on", "off"],
  },
  LIVEKIT_URL: {
    text: "LiveKit as clients reach it, ws://host:port or wss://…. Not set: calls answer 100110. Its own configuration tells it whom to report to: webhook.urls, with <this server>/api/v1/livekit/webhook.",
    unit: "url",
    default: "",
  },
  LIVEKIT_API_KEY: { text: "Key of LiveKit's API.", unit: "text", default: "" },
  LIVEKIT_API_SECRET: { text: "Its secret.", unit: "text", default: "", isSecret: true },
  CALL_RING_MS: {
    text: "A call that nobody answers ends as missed after this.",
    unit: "ms",
    default: "60000",
    min: 500,
    max: 600_000,
  },
} as const satisfies Record<string, Variable>;
