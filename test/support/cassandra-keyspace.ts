// Gives a test file its own keyspace on the Cassandra server that all files share.
import { createClient } from "../../infra/cassandra/client.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { useCassandra } from "./stack.ts";

export function freshKeyspace(name: string): string {
  return `test_${name}_${systemRandom.hex(32)}`;
}

export async function dropKeyspace(keyspace: string): Promise<void> {
  const client = createClient(await useCassandra());
  await client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`, [], { prepare: false, readTimeout: 30_000 });
  await client.shutdown();
}
