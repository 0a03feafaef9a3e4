// Settings that production accepts and warns of: a server reached without encryption or without a password (acceptable in a
// private network only), and a store that keeps one copy.
import type { Config } from "./config.ts";

export function warningsOf({ production, cluster, temporal, liveKit }: Config): string[] {
  if (!production) return [];
  const redis = cluster && URL.parse(cluster.redisUrl);
  const isClearNats = cluster?.nats.urls.some((url) => !url.startsWith("tls:"));
  const clear = [
    isClearNats && "NATS (NATS_URL=tls://…)",
    redis?.protocol === "redis:" && "Redis (REDIS_URL=rediss://…)",
    cluster && !cluster.cassandra.tls && "Cassandra (CASSANDRA_TLS=on)",
    temporal && !temporal.tls && "Temporal (TEMPORAL_TLS=on)",
    liveKit && /^(ws|http):/.test(liveKit.url) && "LiveKit, with users' tokens (LIVEKIT_URL=wss://…)",
  ].filter((each) => typeof each === "string");
  const open = [
    cluster && cluster.nats.user === undefined && "NATS (NATS_USER, NATS_PASSWORD)",
    redis?.password === "" && "Redis (REDIS_URL=rediss://:password@…)",
    cluster && cluster.cassandra.username === undefined && "Cassandra (CASSANDRA_USER, CASSANDRA_PASSWORD)",
  ].filter((each) => typeof each === "string");
  const warnings: string[] = [];
  if (clear.length > 0) warnings.push(`Not encrypted, so only for a private network: ${clear.join("; ")}.`);
  if (open.length > 0) warnings.push(`Reached without a password, so only for a private network: ${open.join("; ")}.`);
  if (cluster?.cassandra.replicas === 1) {
    warnings.push(
      "CASSANDRA_REPLICAS=1: history older than the journal is lost with the disk of one Cassandra server.",
    );
  }
  return warnings;
}
