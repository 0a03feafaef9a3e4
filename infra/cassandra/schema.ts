// The tables, as numbered migrations: what was applied is never changed, only followed by a further one.
// T1: every cell is written with the stamp of its row as write time (marks: their sequence), so that the highest stamp
//     stands in whatever order writes come; also deletions name theirs, else they would hide what comes later.
// T2: a partition is bounded: by a bucket (10 000 messages), by a chunk of numbers, by what one actor keeps.

/** Records of an actor in one partition. Part of the format. */
export const recordsPerChunk = 4_096;
/** Versions of a conversation in one partition of its changes. Part of the format. */
export const versionsPerChunk = 32_768;
export const chunkOf = (number: number, perChunk: number): number => Math.floor(number / perChunk);

const dayS = 86_400;
/** Of rows whose return would harm nobody: they lie below a snapshot, or are checked against another table. */
const shortGraceS = dayS / 24;

const first = [
  // Runs of records: `records` holds those from first_n to last_n, one JSON a line.
  `CREATE TABLE IF NOT EXISTS actor_events (
     address text, chunk int, last_n int, first_n int, records text,
     PRIMARY KEY ((address, chunk), last_n, first_n)
   ) WITH gc_grace_seconds = ${shortGraceS}`,
  // A snapshot is there when all its parts are; "digest" keeps two encodings of one n apart.
  `CREATE TABLE IF NOT EXISTS snapshots (
     address text, n int, digest double, part int, parts int, stamp bigint, state blob,
     PRIMARY KEY (address, n, digest, part)
   ) WITH CLUSTERING ORDER BY (n DESC, digest ASC, part ASC) AND gc_grace_seconds = ${shortGraceS}`,
  // meta: what never changes. content: with the status in front, so that a patch replaces both at once. send: the key's
  // hash and the payload's. A row without meta is a patch that came before its message.
  `CREATE TABLE IF NOT EXISTS messages (
     conversation_id text, bucket int, seq int, meta text, content text, terms frozen<set<text>>, send blob,
     PRIMARY KEY ((conversation_id, bucket), seq)
   )`,
  `CREATE TABLE IF NOT EXISTS buckets (
     conversation_id text, bucket int, first_seq int, from_ms bigint, PRIMARY KEY (conversation_id, bucket)
   )`,
  // Sends that came without their message.
  `CREATE TABLE IF NOT EXISTS sends (
     conversation_id text, day int, sender_id text, client_msg_id text, sent text,
     PRIMARY KEY ((conversation_id, day), sender_id, client_msg_id)
   )`,
  `CREATE TABLE IF NOT EXISTS changes (
     conversation_id text, chunk int, version int, change text, PRIMARY KEY ((conversation_id, chunk), version)
   )`,
  // due_at is the truth; due_by_time finds the earliest and may hold entries that are true no more.
  `CREATE TABLE IF NOT EXISTS due_at (shard int, address text, due_ms bigint, PRIMARY KEY (shard, address))`,
  `CREATE TABLE IF NOT EXISTS due_by_time (
     shard int, due_ms bigint, address text, stamp bigint, PRIMARY KEY (shard, due_ms, address)
   ) WITH gc_grace_seconds = ${shortGraceS}`,
  `CREATE TABLE IF NOT EXISTS directory (user_id text PRIMARY KEY, card text)`,
  `CREATE TABLE IF NOT EXISTS marks (part int, shard int, mark text, PRIMARY KEY (part, shard))`,
];

/** Position + 1 is the version. */
export const migrations: readonly (readonly string[])[] = [first];

/** All that a rebuild makes anew; the marks go first. */
export const viewTables = [
  "marks",
  "actor_events",
  "snapshots",
  "messages",
  "buckets",
  "sends",
  "changes",
  "due_at",
  "due_by_time",
  "directory",
] as const;

export function addressOf(kind: string, key: string): string {
  return `${kind}/${key}`;
}
