// The tables, as numbered migrations. A migration that was released is never changed; a further one follows it.
//
// schema/write-time: every cell is written with the stamp of its row as its write time (a mark with its sequence), so that
//     the highest stamp wins in whatever order the writes arrive. Deletions name a write time, too; otherwise they would
//     hide later writes.
// Every partition is bounded: by a bucket (10 000 messages), by a chunk of numbers, or by what one actor keeps.

import { hashText } from "../../actors/shared/hash.ts";

/** Records of an actor in one partition. Part of the format. */
export const recordsPerChunk = 4_096;
/** Versions of a conversation in one partition of its changes. Part of the format. */
export const versionsPerChunk = 32_768;
export const chunkOf = (number: number, perChunk: number): number => Math.floor(number / perChunk);

const dayS = 86_400;
/** For rows that do no harm when a deleted one reappears: they lie below a snapshot, or are compared with another table. */
const shortGraceS = dayS / 24;

const first = [
  // Runs of records: `records` holds the records from first_n to last_n, one JSON text per line.
  `CREATE TABLE IF NOT EXISTS actor_events (
     address text, chunk int, last_n int, first_n int, records text,
     PRIMARY KEY ((address, chunk), last_n, first_n)
   ) WITH gc_grace_seconds = ${shortGraceS}`,
  // A snapshot counts when all its parts are written; "digest" separates two encodings of the same n.
  `CREATE TABLE IF NOT EXISTS snapshots (
     address text, n int, digest double, part int, parts int, stamp bigint, state blob,
     PRIMARY KEY (address, n, digest, part)
   ) WITH CLUSTERING ORDER BY (n DESC, digest ASC, part ASC) AND gc_grace_seconds = ${shortGraceS}`,
  // meta: the fields that never change. content: the status and the content, so that a patch replaces both at once. send:
  // the hash of the send's key and the hash of its payload. A row without meta is a patch that was written before its
  // message.
  `CREATE TABLE IF NOT EXISTS messages (
     conversation_id text, bucket int, seq int, meta text, content text, terms frozen<set<text>>, send blob,
     PRIMARY KEY ((conversation_id, bucket), seq)
   )`,
  `CREATE TABLE IF NOT EXISTS buckets (
     conversation_id text, bucket int, first_seq int, from_ms bigint, PRIMARY KEY (conversation_id, bucket)
   )`,
  // Sends that were written without their message.
  `CREATE TABLE IF NOT EXISTS sends (
     conversation_id text, day int, sender_id text, client_msg_id text, sent text,
     PRIMARY KEY ((conversation_id, day), sender_id, client_msg_id)
   )`,
  `CREATE TABLE IF NOT EXISTS changes (
     conversation_id text, chunk int, version int, change text, PRIMARY KEY ((conversation_id, chunk), version)
   )`,
  // due_at holds the due time of each actor; due_by_time is its index by time and may hold outdated entries.
  `CREATE TABLE IF NOT EXISTS due_at (shard int, address text, due_ms bigint, PRIMARY KEY (shard, address))`,
  `CREATE TABLE IF NOT EXISTS due_by_time (
     shard int, due_ms bigint, address text, stamp bigint, PRIMARY KEY (shard, due_ms, address)
   ) WITH gc_grace_seconds = ${shortGraceS}`,
  `CREATE TABLE IF NOT EXISTS directory (user_id text PRIMARY KEY, card text)`,
  `CREATE TABLE IF NOT EXISTS marks (part int, shard int, mark text, PRIMARY KEY (part, shard))`,
];

/** The requests of one UTC day lie in so many partitions. Part of the format. */
export const requestParts = 8;
/** Days of one user's requests in one partition. Part of the format. */
const daysPerUsageChunk = 32;
export const usageChunkOf = (day: number): number => chunkOf(day, daysPerUsageChunk);

const ledger = [
  `CREATE TABLE IF NOT EXISTS requests (
     day int, part int, id bigint, row text, PRIMARY KEY ((day, part), id)
   ) WITH CLUSTERING ORDER BY (id DESC)`,
  `CREATE TABLE IF NOT EXISTS requests_by_user (
     user_id text, chunk int, id bigint, row text, PRIMARY KEY ((user_id, chunk), id)
   ) WITH CLUSTERING ORDER BY (id DESC)`,
  `CREATE TABLE IF NOT EXISTS usage (
     unit text, period int, user_id text, model text, key_id text, credential_id text, sums text,
     PRIMARY KEY ((unit, period), user_id, model, key_id, credential_id)
   )`,
];

/** All reactions to the message, in a cell of their own: a patch replaces `content`. */
const reactions = ["ALTER TABLE messages ADD IF NOT EXISTS reactions text"];

// The contents of edited messages: the time and the content, empty when its message is gone. Version 0 is the original.
const edits = [
  `CREATE TABLE IF NOT EXISTS edits (
     conversation_id text, bucket int, seq int, version int, edit text,
     PRIMARY KEY ((conversation_id, bucket), seq, version)
   )`,
];

/** The members of one group lie in so many partitions. Part of the format. */
export const memberParts = 16;
export const memberPartOf = (userId: string): number => hashText(userId) % memberParts;

/** Names in their canonical form. A user who left a group has no row there. */
const names = [
  "CREATE TABLE IF NOT EXISTS user_names (user_id text PRIMARY KEY, name text)",
  `CREATE TABLE IF NOT EXISTS member_names (
     conversation_id text, part int, user_id text, name text, PRIMARY KEY ((conversation_id, part), user_id)
   )`,
];

/** A migration's position + 1 is its version. */
export const migrations: readonly (readonly string[])[] = [first, ledger, reactions, edits, names];

/** The tables that rebuild.ts empties: all of them, the marks first. */
export const viewTables: readonly string[] = [
  "marks",
  ...migrations
    .flat()
    .flatMap((statement) => /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1] ?? [])
    .filter((table) => table !== "marks"),
];

export function addressOf(kind: string, key: string): string {
  return `${kind}/${key}`;
}
