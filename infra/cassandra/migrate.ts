// Keyspace, tables and the store's id, made once however many hosts start at once.
// M1: one host at a time migrates: it holds a lock row (a light-weight transaction) that ends by itself.
// M2: tables are made with ids that follow from their names: two makers make the same ones. The lock's own tables are made
//     without a lock; of the others the driver may ask a second node when the first is slow, or the lock may end too soon.
// M3: a newer schema than this program's, or views of another store, are refused.
// M4: a light-weight transaction of which a busy node says nothing in time is asked again: it may have been done, so what it
//     leaves is compared with what was wanted.
import { createHash } from "node:crypto";
import cassandra from "cassandra-driver";
import { StorageError } from "../views/storage-error.ts";
import { type CassandraAddress, createClient, failure, schemaTimeoutMs } from "./client.ts";
import { migrations } from "./schema.ts";

const { errors, types } = cassandra;

const lockS = 60;
/** M4: some 10 s in all; the server itself waits about 1 s each time. */
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
      `"${deps.keyspace}" is no name of a keyspace: small letters, digits and _, at most 48`,
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
    ddl(client, `CREATE TABLE IF NOT EXISTS ${keyspace}.${name} (${columns}) WITH id = ${tableId(keyspace, name)}`); // M2
  await table("schema_lock", "part int PRIMARY KEY, holder text");
  await table("schema_migrations", "part int, version int, applied_at_ms bigint, PRIMARY KEY (part, version)");
}

/** Agreed on by all nodes when it resolves, or else an error. */
async function ddl(client: cassandra.Client, statement: string): Promise<void> {
  const { info } = await client.execute(statement, [], { prepare: false });
  if ((info as { isSchemaInAgreement?: boolean }).isSchemaInAgreement === false)
    throw new StorageError("failed", "The nodes of Cassandra do not agree on the schema");
}

/** In its keyspace; M2. */
function named(statement: string, keyspace: string): string {
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
    await new Promise((resolve) => setTimeout(resolve, lockPollMs));
  }
}

async function applyMissing(client: cassandra.Client, keyspace: string): Promise<void> {
  for (let version = (await appliedVersion(client, keyspace)) + 1; version <= migrations.length; version++) {
    for (const statement of migrations[version - 1]!) {
      await ddl(client, named(statement, keyspace));
    }
    await client.execute(
      `INSERT INTO ${keyspace}.schema_migrations (part, version, applied_at_ms) VALUES (0, ${version}, toUnixTimestamp(now()))`,
    );
  }
}

/** M3 */
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

/** M3: the first host writes the id down, whoever comes later compares. */
async function claimStore(client: cassandra.Client, deps: { keyspace: string; storeId: string }): Promise<void> {
  const { keyspace, storeId } = deps;
  // A row of the lock's table: it is there before every migration.
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

/** M4: who holds the row after `insert`, which gives it to `holder` if it is nobody's. */
async function holderAfter(client: cassandra.Client, insert: string, holder: string): Promise<unknown> {
  const answer = await transact(client, insert, [holder]);
  return answer.wasApplied() ? holder : answer.first()?.get("holder");
}

/** M4 */
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
    await new Promise((resolve) => setTimeout(resolve, tries * pauseMs));
  }
}

/** The driver has tried the next node meanwhile, if there is one: then it tells what each of them said. */
function isLate(cause: unknown): boolean {
  if (cause instanceof errors.NoHostAvailableError) return Object.values(cause.innerErrors).some(isLate);
  return cause instanceof errors.ResponseError && lateCodes.has(cause.code);
}
const { writeTimeout, readTimeout, unavailableException } = types.responseErrorCodes;
const lateCodes: ReadonlySet<number> = new Set([writeTimeout, readTimeout, unavailableException]);

/** Of the store whose views the keyspace holds; undefined when there are none. */
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

/** After a re-seed: the keyspace belongs to the new journal from here on. */
export async function renameStore(client: cassandra.Client, keyspace: string, storeId: string): Promise<void> {
  await client.execute(`UPDATE ${keyspace}.schema_lock SET holder = ? WHERE part = 1 IF EXISTS`, [storeId]);
}
