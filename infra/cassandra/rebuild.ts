// Empties the views, so that the next owners of the shards write them again from the journal. Every host must be stopped.
// rebuild/whole-journal: the views are emptied only when the journal holds each shard's log from its first commit on.
//     Commits that were trimmed, and those of a lost journal that reseed.ts replaced, are in the views only.
// The marks are removed before the rows, so that a host that starts in between projects the whole journal again.
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
      `The journal of shard ${shard} ${lack}, so emptied views could not be rebuilt. Restore a copy of the keyspace instead.`,
    );
  }
  await truncate(options, keyspace, viewTables);
}

/** What the journal of a shard lacks (rebuild/whole-journal); undefined when it is whole. */
function lackOf(first: StoredCommit | undefined): string | undefined {
  if (!first) return "is empty, though the views have a mark of it";
  const { prev, id } = decodeCommit(first.commit);
  if (prev !== 0) return `begins at sequence ${first.sequence}, and the commits before it were trimmed`;
  return isReseeded(bootOf(id)) ? "replaced a lost journal, whose commits are in the views only" : undefined;
}

const reseedPrefix = "reseed-";
/** The boot in the first commits of a journal that reseed.ts created from the views. */
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
      await client.execute(`TRUNCATE ${table}`, [], { prepare: false, readTimeout: truncateTimeoutMs });
    }
  } catch (cause) {
    throw failure("The views cannot be emptied", cause);
  } finally {
    await client.shutdown();
  }
}
