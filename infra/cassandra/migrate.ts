// Creates the keyspace and the tables and writes the store's id, once, however many hosts start at the same time. One host
// at a time migrates: it holds a lock row, taken by a light-weight transaction, that expires.
//
// migrate/table-ids: the id of a table is derived from its name, so that two hosts that create it at once create the same
//     table. This can happen: the lock's own tables are created without the lock, the driver may send a statement to a
//     second node when the first is slow, and the lock may expire too early.
// migrate/refusals: a schema that is newer than this program's, and the views of another store, are refused.
// migrate/transactions: a light-weight transaction that a busy node does not answer in time is repeated. The first attempt
//     may have succeeded, so the row that the repeat finds is compared with the wanted one.
import { createHash } from "node:crypto";
import cassandra from "cassandra-driver";
import { sleep } from "../../actors/shared/sleep.ts";
import { processTimer } from "../system/clock.ts";
import { StorageError } from "../views/storage-error.ts";
import { type CassandraAddress, createClient, failure, schemaTimeoutMs } from "./client.ts";
import { migrations } from "./schema.ts";

const { errors, types } = cassandra;

const lockS = 60;
/** About 10 s in all, because the server itself waits about 1 s each time. */
const transactionTriesMax = 6;
const transactionPauseMs = 500;
const lockPollMs = 250;
const migrateTimeoutMs = 180_000;
const keyspaceName = /^[a-z][a-z0-9_]{0,47}$/;

export async function migrate(
  address: CassandraAddress,
  deps: { keyspace: string; replicas: number; storeId: string; holder: string },
): Promise<void> {
  if (!keyspaceName.test(deps.keyspace)) {
    throw new StorageError(
      "format",
      `"${deps.keyspace}" is no valid name of a keyspace: use at most 48 small letters, digits and _`,
    );
  }
  const client = createClient(address, undefined, schemaTimeoutMs);
  try {
    await client.connect();
    await createKeyspace(client, address.dataCenter, deps);
    await applyAll(client, deps);
    await claimStore(client, deps);
  } catch (cause) {
    throw failure("The views in Cassandra cannot be opened", cause);
  } finally {
    await client.shutdown();
  }
}

async function createKeyspace(
  client: cassandra.Client,
  dataCenter: string,
  { keyspace, replicas }: { keyspace: string; replicas: number },
): Promise<void> {
  const known = await client.execute("SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?", [
    keyspace,
  ]);
  if (known.rowLength === 0) {
    const placing = `{'class': 'NetworkTopologyStrategy', '${dataCenter}': ${replicas}}`;
    await ddl(client, `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ${placing}`);
  }
  const table = (name: string, columns: string) =>
    ddl(client, `CREATE TABLE IF NOT EXISTS ${keyspace}.${name} (${columns}) WITH id = ${tableId(keyspace, name)}`);
  await table("schema_lock", "part int PRIMARY KEY, holder text");
  await table("schema_migrations", "part int, version int, applied_at_ms bigint, PRIMARY KEY (part, version)");
}

/** Resolves when all nodes agree on the schema; rejects when they do not. */
async function ddl(client: cassandra.Client, statement: string): Promise<void> {
  const { info } = await client.execute(statement, [], { prepare: false });
  if ((info as { isSchemaInAgreement?: boolean }).isSchemaInAgreement === false)
    throw new StorageError("failed", "The nodes of Cassandra do not agree on the schema");
}

/** The statement with the keyspace's name, and for a new table with the table's id (migrate/table-ids). */
function qualify(statement: string, keyspace: string): string {
  if (statement.startsWith("ALTER TABLE ")) return statement.replace("ALTER TABLE ", `ALTER TABLE ${keyspace}.`);
  const placed = statement.replace("IF NOT EXISTS ", `IF NOT EXISTS ${keyspace}.`);
  const [, table] = /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement) ?? [];
  if (table === undefined) return placed;
  return `${placed} ${/\)\s*WITH /.test(placed) ? "AND" : "WITH"} id = ${tableId(keyspace, table)}`;
}

function tableId(keyspace: string, name: string): string {
  const hex = createHash("md5").update(`${keyspace}.${name}`).digest("hex");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-3$3-8$4-$5");
}

async function applyAll(client: cassandra.Client, deps: { keyspace: string; holder: string }): Promise<void> {
  const { keyspace, holder } = deps;
  const endMs = performance.now() + migrateTimeoutMs;
  while ((await appliedVersion(client, keyspace)) < migrations.length) {
    const lock = `INSERT INTO ${keyspace}.schema_lock (part, holder) VALUES (0, ?) IF NOT EXISTS USING TTL ${lockS}`;
    if ((await holderAfter(client, lock, holder)) === holder) {
      await applyMissing(client, keyspace);
      await transact(client, `DELETE FROM ${keyspace}.schema_lock WHERE part = 0 IF holder = ?`, [holder]);
      continue;
    }
    if (performance.now() > endMs) throw new StorageError("locked", "Another host has been migrating for too long");
    await sleep(processTimer, lockPollMs);
  }
}

async function applyMissing(client: cassandra.Client, keyspace: string): Promise<void> {
  for (let version = (await appliedVersion(client, keyspace)) + 1; version <= migrations.length; version++) {
    for (const statement of migrations[version - 1]!) {
      await ddl(client, qualify(statement, keyspace));
    }
    await client.execute(
      `INSERT INTO ${keyspace}.schema_migrations (part, version, applied_at_ms) VALUES (0, ${version}, toUnixTimestamp(now()))`,
    );
  }
}

/** Refuses a newer schema (migrate/refusals). */
async function appliedVersion(client: cassandra.Client, keyspace: string): Promise<number> {
  const { rows } = await client.execute(
    `SELECT max(version) AS version FROM ${keyspace}.schema_migrations WHERE part = 0`,
  );
  const version = Number(rows[0]?.get("version") ?? 0);
  if (version <= migrations.length) return version;
  throw new StorageError(
    "format",
    `The keyspace ${keyspace} has schema ${version}; this program knows ${migrations.length}. Run a newer version.`,
  );
}

/** The first host writes the store's id, and every later host compares it with its own (migrate/refusals). */
async function claimStore(client: cassandra.Client, deps: { keyspace: string; storeId: string }): Promise<void> {
  const { keyspace, storeId } = deps;
  // The id is a row of the lock's table, because that table exists before every migration.
  const { rows } = await client.execute(`SELECT holder FROM ${keyspace}.schema_lock WHERE part = 1`);
  if (rows[0]?.get("holder") === storeId) return;
  const claim = `INSERT INTO ${keyspace}.schema_lock (part, holder) VALUES (1, ?) IF NOT EXISTS`;
  const held = await holderAfter(client, claim, storeId);
  if (held === storeId) return;
  throw new StorageError(
    "format",
    `The keyspace ${keyspace} holds the views of another store (${held}, not ${storeId}). Take another keyspace; or, if the journal was lost: npm run recover -- journal`,
  );
}

/** Returns the holder of the row after `insert`, which writes `holder` if the row is missing (migrate/transactions). */
async function holderAfter(client: cassandra.Client, insert: string, holder: string): Promise<unknown> {
  const answer = await transact(client, insert, [holder]);
  return answer.wasApplied() ? holder : answer.first()?.get("holder");
}

/** Repeats a light-weight transaction that was not answered in time (migrate/transactions). */
export async function transact(
  client: Pick<cassandra.Client, "execute">,
  statement: string,
  params: readonly string[],
  pauseMs = transactionPauseMs,
): Promise<cassandra.types.ResultSet> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.execute(statement, params as string[]);
    } catch (cause) {
      if (tries === transactionTriesMax || !isLate(cause)) throw cause;
    }
    await sleep(processTimer, tries * pauseMs);
  }
}

/** When the driver has tried several nodes, its error holds the error of each. */
function isLate(cause: unknown): boolean {
  if (cause instanceof errors.NoHostAvailableError) return Object.values(cause.innerErrors).some(isLate);
  return cause instanceof errors.ResponseError && lateCodes.has(cause.code);
}
const { writeTimeout, readTimeout, unavailableException } = types.responseErrorCodes;
const lateCodes: ReadonlySet<number> = new Set([writeTimeout, readTimeout, unavailableException]);

/** The id of the store whose views the keyspace holds; undefined when it holds none. */
export async function readStoreId(address: CassandraAddress, keyspace: string): Promise<string | undefined> {
  const client = createClient(address);
  try {
    const tables = await client.execute(
      "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'schema_lock'",
      [keyspace],
    );
    if (tables.rowLength === 0) return undefined;
    const { rows } = await client.execute(`SELECT holder FROM ${keyspace}.schema_lock WHERE part = 1`);
    return rows[0]?.get("holder") ?? undefined;
  } catch (cause) {
    throw failure("The views in Cassandra cannot be read", cause);
  } finally {
    await client.shutdown();
  }
}

/** For reseed.ts: from now on the keyspace belongs to the new journal. */
export async function renameStore(client: cassandra.Client, keyspace: string, storeId: string): Promise<void> {
  await client.execute(`UPDATE ${keyspace}.schema_lock SET holder = ? WHERE part = 1 IF EXISTS`, [storeId]);
}
