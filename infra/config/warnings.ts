// Settings that production accepts with a warning: a connection to a server without encryption or without a password, which is
// acceptable in a private network only, and a keyspace with one copy of each row.
import type { Config } from "./config.ts";

export function warningsOf({ production, cluster, temporal, liveKit, pool }: Config): string[] {
  if (!production) return [];
  const redis = cluster && URL.parse(cluster.redisUrl);
  const isClearNats = cluster?.nats.urls.some((url) => !url.startsWith("tls:"));
  const clear = [
    isClearNats && "NATS (NATS_URL=tls://…)",
    redis?.protocol === "redis:" && "Redis (REDIS_URL=rediss://…)",
    cluster && !cluster.cassandra.tls && "Cassandra (CASSANDRA_TLS=on)",
    temporal && !temporal.tls && "Temporal (TEMPORAL_TLS=on)",
    liveKit && /^(ws|http):/.test(liveKit.url) && "LiveKit, with users' tokens (LIVEKIT_URL=wss://…)",
    pool.tokenUrl?.startsWith("http:") && "the pool's refreshes (POOL_TOKEN_URL=https://…)",
    pool.upstreamUrl?.startsWith("http:") && "the pool's requests (POOL_UPSTREAM_URL=https://…)",
  ].filter((each) => typeof each === "string");
  const open = [
    cluster && cluster.nats.user === undefined && "NATS (NATS_USER, NATS_PASSWORD)",
    redis?.password === "" && "Redis (REDIS_URL=rediss://:password@…)",
    cluster && cluster.cassandra.username === undefined && "Cassandra (CASSANDRA_USER, CASSANDRA_PASSWORD)",
  ].filter((each) => typeof each === "string");
  const warnings: string[] = [];
  if (clear.length > 0) {
    warnings.push(`Not encrypted, which is acceptable in a private network only: ${clear.join("; ")}.`);
  }
  if (open.length > 0) {
    warnings.push(`Used without a password, which is acceptable in a private network only: ${open.join("; ")}.`);
  }
  if (cluster?.cassandra.replicas === 1) {
    warnings.push(
      "CASSANDRA_REPLICAS=1: the loss of one Cassandra server's disk loses the history that is older than the journal.",
    );
  }
  return warnings;
}
