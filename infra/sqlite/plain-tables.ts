// The tables of views.db whose rows are written one by one, just as they are. A new table of the views is one entry here;
// a row of the views without an entry does not compile.
import type { SQLInputValue } from "node:sqlite";
import type { Kind } from "../../actors/runtime/kinds.ts";
import type { Row, RowOf } from "../../actors/runtime/ports.ts";

/** These tables have writes of their own: see row-set.ts and views-writer.ts. */
type SpecialTable = "actor_events" | "snapshots" | "messages" | "message_patches" | "sends";
export type PlainTableName = Exclude<Row["table"], SpecialTable>;
export type PlainRow = RowOf<PlainTableName>;

/** The integer of an actor's address, see addresses.ts. */
type IdOf = (kind: Kind, key: string) => number;

interface PlainTable<R> {
  readonly create: string;
  /** The columns of the primary key, and the others. `stamp` is one of the others: the row with the higher stamp wins. */
  readonly key: readonly string[];
  readonly others: readonly string[];
  /** The fields of a row, in the order in which row-codec.ts sends them to the writer's thread. */
  readonly fields: readonly (keyof R)[];
  /** The values of `key` and `others`, in that order. */
  values(row: R, idOf: IdOf): SQLInputValue[];
}

export const plainTables: { readonly [Table in PlainTableName]: PlainTable<RowOf<Table>> } = {
  buckets: {
    create: `CREATE TABLE IF NOT EXISTS buckets (
      conversation INTEGER NOT NULL, bucket INTEGER NOT NULL, first_seq INTEGER NOT NULL, from_ms INTEGER NOT NULL,
      stamp INTEGER NOT NULL, PRIMARY KEY (conversation, bucket)
    ) STRICT, WITHOUT ROWID;`,
    key: ["conversation", "bucket"],
    others: ["first_seq", "from_ms", "stamp"],
    fields: ["conversationId", "bucket", "firstSeq", "fromMs", "stamp"],
    values: (row, idOf) => [idOf("conversation", row.conversationId), row.bucket, row.firstSeq, row.fromMs, row.stamp],
  },
  reactions: {
    create: `CREATE TABLE IF NOT EXISTS reactions (
      conversation INTEGER NOT NULL, bucket INTEGER NOT NULL, seq INTEGER NOT NULL, reactions TEXT NOT NULL,
      stamp INTEGER NOT NULL, PRIMARY KEY (conversation, bucket, seq)
    ) STRICT, WITHOUT ROWID;`,
    key: ["conversation", "bucket", "seq"],
    others: ["reactions", "stamp"],
    fields: ["conversationId", "bucket", "seq", "reactions", "stamp"],
    values: (row, idOf) => [idOf("conversation", row.conversationId), row.bucket, row.seq, row.reactions, row.stamp],
  },
  edits: {
    create: `CREATE TABLE IF NOT EXISTS edits (
      conversation INTEGER NOT NULL, bucket INTEGER NOT NULL, seq INTEGER NOT NULL, version INTEGER NOT NULL,
      at_ms INTEGER NOT NULL, content TEXT NOT NULL, stamp INTEGER NOT NULL, PRIMARY KEY (conversation, bucket, seq, version)
    ) STRICT, WITHOUT ROWID;`,
    key: ["conversation", "bucket", "seq", "version"],
    others: ["at_ms", "content", "stamp"],
    fields: ["conversationId", "bucket", "seq", "version", "atMs", "content", "stamp"],
    values: (row, idOf) => [
      ...[idOf("conversation", row.conversationId), row.bucket, row.seq, row.version],
      ...[row.atMs, row.content, row.stamp],
    ],
  },
  changes: {
    create: `CREATE TABLE IF NOT EXISTS changes (
      conversation INTEGER NOT NULL, version INTEGER NOT NULL, stamp INTEGER NOT NULL, change TEXT NOT NULL,
      PRIMARY KEY (conversation, version)
    ) STRICT, WITHOUT ROWID;`,
    key: ["conversation", "version"],
    others: ["stamp", "change"],
    fields: ["conversationId", "version", "change", "stamp"],
    values: (row, idOf) => [idOf("conversation", row.conversationId), row.version, row.stamp, row.change],
  },
  due: {
    create: `CREATE TABLE IF NOT EXISTS due (
      address INTEGER PRIMARY KEY, shard INTEGER NOT NULL, due_ms INTEGER NOT NULL, stamp INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS due_by_time ON due (shard, due_ms) WHERE due_ms > 0;`,
    key: ["address"],
    others: ["shard", "due_ms", "stamp"],
    fields: ["shard", "kind", "key", "dueMs", "stamp"],
    values: ({ kind, key, shard, dueMs, stamp }, idOf) => [idOf(kind, key), shard, dueMs, stamp],
  },
  directory: {
    create: `CREATE TABLE IF NOT EXISTS directory (
      user_id TEXT PRIMARY KEY, nickname TEXT NOT NULL, avatar TEXT NOT NULL, stamp INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;`,
    key: ["user_id"],
    others: ["nickname", "avatar", "stamp"],
    fields: ["userId", "nickname", "avatar", "stamp"],
    values: ({ userId, nickname, avatar, stamp }) => [userId, nickname, avatar, stamp],
  },
  user_names: {
    create: `CREATE TABLE IF NOT EXISTS user_names (
      user_id TEXT PRIMARY KEY, name TEXT NOT NULL, stamp INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;`,
    key: ["user_id"],
    others: ["name", "stamp"],
    fields: ["userId", "name", "stamp"],
    values: ({ userId, name, stamp }) => [userId, name, stamp],
  },
  member_names: {
    create: `CREATE TABLE IF NOT EXISTS member_names (
      conversation INTEGER NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL, is_member INTEGER NOT NULL,
      stamp INTEGER NOT NULL, PRIMARY KEY (conversation, user_id)
    ) STRICT, WITHOUT ROWID;`,
    key: ["conversation", "user_id"],
    others: ["name", "is_member", "stamp"],
    fields: ["conversationId", "userId", "name", "isMember", "stamp"],
    values: (row, idOf) => [
      ...[idOf("conversation", row.conversationId), row.userId, row.name, row.isMember],
      row.stamp,
    ],
  },
  requests: {
    create: `CREATE TABLE IF NOT EXISTS requests (
      id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, at_ms INTEGER NOT NULL, model TEXT NOT NULL, status INTEGER NOT NULL,
      is_failed INTEGER NOT NULL, row TEXT NOT NULL, stamp INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS requests_by_user ON requests (user_id, id);
    CREATE INDEX IF NOT EXISTS requests_failed ON requests (id) WHERE is_failed = 1;`,
    key: ["id"],
    others: ["user_id", "at_ms", "model", "status", "is_failed", "row", "stamp"],
    fields: ["userId", "day", "id", "atMs", "model", "status", "isFailed", "row", "stamp"],
    values: (row) => [row.id, row.userId, row.atMs, row.model, row.status, row.isFailed, row.row, row.stamp],
  },
  usage: {
    create: `CREATE TABLE IF NOT EXISTS usage (
      unit TEXT NOT NULL, period INTEGER NOT NULL, user_id TEXT NOT NULL, model TEXT NOT NULL, key_id TEXT NOT NULL,
      credential_id TEXT NOT NULL, sums TEXT NOT NULL, stamp INTEGER NOT NULL,
      PRIMARY KEY (unit, period, user_id, model, key_id, credential_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS usage_days_by_user ON usage (user_id, period) WHERE unit = 'day';`,
    key: ["unit", "period", "user_id", "model", "key_id", "credential_id"],
    others: ["sums", "stamp"],
    fields: ["unit", "period", "userId", "model", "keyId", "credentialId", "sums", "stamp"],
    values: ({ unit, period, userId, model, keyId, credentialId, sums, stamp }) => [
      ...[unit, period, userId, model, keyId, credentialId],
      ...[sums, stamp],
    ],
  },
};

export const plainTableNames = Object.keys(plainTables) as PlainTableName[];
