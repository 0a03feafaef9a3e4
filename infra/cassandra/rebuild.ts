// The views, emptied, so that the next owners write them anew from the journal. With every host stopped.
// U1: only where the journal holds everything from each shard's first commit on: what was trimmed, or was there before a
//     journal was begun anew, is in the views alone.
// U2: the marks go first: a host that starts in between begins from the journal's start, and repeats what is there.
import { bootOf, decodeCommit } from "../../actors/runtime/log/commit.ts";
import type { Journal, StoredCommit } from "../../actors/runtime/ports.ts";
import { StorageError } from "../views/storage-error.ts";
import { type CassandraAddress, createClient, failure } from "./client.ts";
import { viewTables } from "./schema.ts";

const truncateTimeoutMs = 70_000;

export async function emptyViews(
  options: CassandraAddress & { keyspace: string; journal: Pick<Journal, "lastSequences" | "read"> },
): Promise<void> {
  const { keyspace, journal } = options;
  const shards = new Set([...(await journal.lastSequences()).keys(), ...(await readMarkedShards(options, keyspace))]);
  for (const shard of shards) {
    const [first] = await journal.read(shard, 0, 1);
    const lack = lackOf(first);
    if (lack === undefined) continue;
    throw new StorageError(
      "failed",
      `The journal of shard ${shard} ${lack}: emptied views would stay without it. Restore a copy of the keyspace instead.`,
    );
  }
  await truncate(options, keyspace, viewTables);
}

/** U1. What the journal does not hold; undefined: nothing. */
function lackOf(first: StoredCommit | undefined): string | undefined {
  if (!first) return "is empty, though the views have been further";
  const { prev, id } = decodeCommit(first.commit);
  if (prev !== 0) return `begins at ${first.sequence}, after what was trimmed`;
  return isReseeded(bootOf(id)) ? "was begun anew from the views, which hold what was before" : undefined;
}

const reseedPrefix = "reseed-";
/** Who writes the first commits of a journal that goes on from the views. */
export const reseedBoot = (storeId: string): string => `${reseedPrefix}${storeId}`;
const isReseeded = (boot: string): boolean => boot.startsWith(reseedPrefix);

async function readMarkedShards(address: CassandraAddress, keyspace: string): Promise<number[]> {
  const client = createClient(address, keyspace);
  try {
    const { rows } = await client.execute("SELECT shard FROM marks WHERE part = 0");
    return rows.map((row) => Number(row.get("shard")));
  } catch (cause) {
    throw failure("The marks cannot be read", cause);
  } finally {
    await client.shutdown();
  }
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
