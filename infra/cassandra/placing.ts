// Decides which partitions may share a request (batches/placing in batches.ts).
import type cassandra from "cassandra-driver";

/** When every node holds every row, all partitions share one place; otherwise the place of a partition is its first replica. */
export function createPlacing(client: cassandra.Client, keyspace: string, replicas: number): (key: Buffer) => string {
  return (key) => {
    if (client.hosts.length <= replicas) return "";
    return client.getReplicas(keyspace, key)[0]?.address ?? "";
  };
}
