// The views, emptied, so that the next owners write them anew from the journal. With every host stopped.
// U1: only where the journal still begins at each shard's first commit: what was trimmed is in the views alone.
// U2: the marks go first: a host that starts in between begins from the journal's start, and repeats what is there.
import { decodeCommit } from "../../actors/runtime/commit.ts";
import type { Journal } from "../../actors/runtime/ports.ts";
import { StorageError } from "../storage-error.ts";
import { type CassandraAddress, createClient, failure } from "./client.ts";
import { viewTables } from "./schema.ts";

const truncateTimeoutMs = 70_000;

export async function emptyViews(
  options: CassandraAddress & { keyspace: string; journal: Pick<Journal, "lastSequences" | "read"> },
): Promise<void> {
  const { keyspace, journal } = options;
  for (const shard of (await journal.lastSequences()).keys()) {
    const [first] = await journal.read(shard, 0, 1);
    if (!first || decodeCommit(first.commit).prev === 0) continue; // U1
    throw new StorageError(
      "failed",
      `The journal of shard ${shard} begins at ${first.sequence}, after what was trimmed: emptied views would stay without it. Restore a copy of the keyspace instead.`,
    );
  }
  await truncate(options, keyspace, viewTables);
}

export async function truncate(address: CassandraAddress, keyspace: string, tables: readonly string[]): Promise<void> {
  const client = createClient(address, keyspace);
  try {
    for (const table of tables) {
      await client.execute(`TRUNCATE ${table}`, [], { prepare: false, readTimeout: truncateTimeoutMs }); // U2
    }
  } catch (cause) {
    throw failure("The views cannot be emptied", cause);
  } finally {
    await client.shutdown();
  }
}
