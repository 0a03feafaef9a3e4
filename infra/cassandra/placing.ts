// Which partitions may share a request (B2 of batches.ts).
import type cassandra from "cassandra-driver";

/** Where every node has every row, any coordinator will do; else partitions go with their first replica. */
export function createPlacing(client: cassandra.Client, keyspace: string, replicas: number): (key: Buffer) => string {
  return (key) => {
    if (client.hosts.length <= replicas) return "";
    return client.getReplicas(keyspace, key)[0]?.address ?? "";
  };
}
