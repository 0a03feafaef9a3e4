// The queries on views.db, which run in the reader's worker thread. Inputs and outputs are plain data.
import type { DatabaseSync } from "node:sqlite";
import type { Directory, MessageReader } from "../../actors/reading/ports.ts";
import type { Kind } from "../../actors/runtime/kinds.ts";
import type { ActorPast, Mark, StoredSnapshot } from "../../actors/runtime/ports.ts";
import { createUsageReads } from "./usage-reads.ts";
import { addressId, addressOf, conversationAddress } from "./views-schema.ts";

/** The columns of a message in the file; views.ts makes a StoredMessage of them. */
export type MessageColumns = [
  seq: number,
  messageId: string,
  senderId: string,
  version: number,
  atMs: number,
  contentType: string,
  status: number,
  patchedAtMs: number,
  content: string,
  extra: string,
  reactions: string | null,
];
const columns = `seq, message_id, sender_id, version, at_ms, content_type, status, patched_at_ms, content, extra,
  (SELECT reactions FROM reactions r
   WHERE r.conversation = messages.conversation AND r.bucket = messages.bucket AND r.seq = messages.seq)`;
const inBucket = `conversation = ${addressId} AND bucket = ?`;

interface InBucket {
  conversationId: string;
  bucket: number;
}
type SearchQuery = Parameters<MessageReader["search"]>[2];

export type ViewsReader = ReturnType<typeof createViewsReader>;

export function createViewsReader(db: DatabaseSync) {
  return {
    ...createRuntimeReads(db),
    ...createMessageReads(db),
    ...createConversationReads(db),
    ...createUsageReads(db),
  };
}

function createRuntimeReads(db: DatabaseSync) {
  const marks = db.prepare('SELECT shard, sequence, commit_id AS "commitId" FROM marks');
  const snapshot = db.prepare(`SELECT n, state FROM snapshots WHERE address = ${addressId}`);
  const runs = db.prepare(
    `SELECT first_n, last_n, records FROM actor_events WHERE address = ${addressId} AND last_n > ? ORDER BY first_n, last_n`,
  );
  const due = db.prepare(
    `SELECT addresses.address, due_ms FROM due JOIN addresses ON addresses.id = due.address
     WHERE shard = ? AND due_ms > 0 AND due_ms <= ? ORDER BY due_ms LIMIT ?`,
  );
  const snapshotOf = (address: string) => snapshot.get(address) as StoredSnapshot | undefined;
  const recordsOf = (address: string, afterN: number): string[] => {
    const found: string[] = [];
    let lastN = afterN;
    for (const { first_n, last_n, records } of runs.all(address, afterN) as unknown as RunRow[]) {
      // The runs of a replay may overlap others; a record that occurs twice is the same.
      const texts = first_n === last_n ? [records] : records.split("\n");
      for (let n = Math.max(first_n, lastN + 1); n <= last_n; n++) found.push(texts[n - first_n]!);
      lastN = Math.max(lastN, last_n);
    }
    return found;
  };
  return {
    marks: (_: undefined): Mark[] => marks.all() as unknown as Mark[],
    snapshot: ({ kind, key }: { kind: Kind; key: string }) => snapshotOf(addressOf(kind, key)),
    records: ({ kind, key, afterN }: { kind: Kind; key: string; afterN: number }) =>
      recordsOf(addressOf(kind, key), afterN),
    past({ kind, key }: { kind: Kind; key: string }): ActorPast {
      const address = addressOf(kind, key);
      const snapshot = snapshotOf(address);
      return { snapshot, records: recordsOf(address, snapshot?.n ?? 0) };
    },
    due({ shard, untilMs, max }: { shard: number; untilMs: number; max: number }) {
      const rows = due.all(shard, untilMs, max) as unknown as { address: string; due_ms: number }[];
      return rows.map(({ address, due_ms }) => {
        const slash = address.indexOf("/");
        return { kind: address.slice(0, slash) as Kind, key: address.slice(slash + 1), dueMs: due_ms };
      });
    },
  };
}
interface RunRow {
  first_n: number;
  last_n: number;
  records: string;
}

function createMessageReads(db: DatabaseSync) {
  const page = (order: "ASC" | "DESC") =>
    db.prepare(
      `SELECT ${columns} FROM messages WHERE ${inBucket} AND seq BETWEEN ? AND ? ORDER BY seq ${order} LIMIT ?`,
    );
  const [ascending, descending] = [page("ASC"), page("DESC")];
  const edits = db.prepare(
    `SELECT version, at_ms AS "atMs", content FROM edits WHERE ${inBucket} AND seq = ? AND content <> '' ORDER BY version`,
  );
  const firstFrom = db.prepare(`SELECT ${columns} FROM messages WHERE ${inBucket} AND seq >= ? ORDER BY seq LIMIT 1`);
  const lastSeq = db.prepare(`SELECT max(seq) FROM messages WHERE ${inBucket}`);
  const search = db.prepare(
    `SELECT ${columns} FROM messages WHERE ${inBucket} AND seq < ? AND seq >= ?
       AND (?5 IS NULL OR sender_id = ?5) AND (?6 IS NULL OR content_type = ?6) AND at_ms >= ?7 AND at_ms <= ?8
       AND NOT EXISTS (SELECT 1 FROM json_each(?9) WHERE instr(terms, value) = 0)
     ORDER BY seq DESC LIMIT ?10`,
  );
  for (const statement of [ascending, descending, firstFrom, lastSeq, search]) statement.setReturnArrays(true);
  const first = (address: string, bucket: number, fromSeq: number): MessageColumns | undefined =>
    firstFrom.get(address, bucket, fromSeq) as unknown as MessageColumns | undefined;

  return {
    page(input: InBucket & { fromSeq: number; toSeq: number; order: "ascending" | "descending"; max: number }) {
      const { conversationId, bucket, fromSeq, toSeq, order, max } = input;
      const statement = order === "ascending" ? ascending : descending;
      const rows = statement.all(conversationAddress(conversationId), bucket, fromSeq, toSeq, max);
      return (order === "ascending" ? rows : rows.reverse()) as unknown as MessageColumns[];
    },
    /** A binary search in the bucket, because ids rise with seq: about 14 steps in a full bucket. */
    findMessage({ conversationId, bucket, messageId }: InBucket & { messageId: string }): MessageColumns | undefined {
      const address = conversationAddress(conversationId);
      const wanted = Number(messageId);
      const last = lastSeq.get(address, bucket) as unknown as [number | null];
      let low = first(address, bucket, 0)?.[0] ?? 1;
      let high = last[0] ?? 0;
      while (low <= high) {
        const middle = low + Math.floor((high - low) / 2);
        const row = first(address, bucket, middle);
        if (!row) return undefined;
        if (row[1] === messageId) return row;
        if (Number(row[1]) < wanted) low = row[0] + 1;
        else high = middle - 1;
      }
      return undefined;
    },
    edits({ conversationId, bucket, seq }: InBucket & { seq: number }) {
      const rows = edits.all(conversationAddress(conversationId), bucket, seq);
      return rows as unknown as { version: number; atMs: number; content: string }[];
    },
    search({ conversationId, bucket, query, max }: InBucket & { query: SearchQuery; max: number }): MessageColumns[] {
      const terms = JSON.stringify(query.terms.map((term) => ` ${term} `));
      return search.all(
        ...[conversationAddress(conversationId), bucket, query.beforeSeq, query.fromSeq],
        ...[query.senderId ?? null, query.contentType ?? null],
        ...[query.fromMs ?? 0, query.toMs ?? Number.MAX_SAFE_INTEGER, terms, max],
      ) as unknown as MessageColumns[];
    },
  };
}

function createConversationReads(db: DatabaseSync) {
  const buckets = db.prepare(
    `SELECT bucket, first_seq AS "firstSeq", from_ms AS "fromMs" FROM buckets WHERE conversation = ${addressId} ORDER BY bucket`,
  );
  const changes = db.prepare(
    `SELECT version, change FROM changes WHERE conversation = ${addressId} AND version > ? AND version <= ?
     ORDER BY version LIMIT ?`,
  );
  const cards = db.prepare(
    'SELECT user_id AS "userId", nickname, avatar FROM directory WHERE user_id IN (SELECT value FROM json_each(?))',
  );
  return {
    buckets: ({ conversationId }: { conversationId: string }) =>
      buckets.all(conversationAddress(conversationId)) as unknown as {
        bucket: number;
        firstSeq: number;
        fromMs: number;
      }[],
    changes: (input: { conversationId: string; after: number; upTo: number; max: number }) =>
      changes.all(conversationAddress(input.conversationId), input.after, input.upTo, input.max) as unknown as {
        version: number;
        change: string;
      }[],
    cards: ({ userIds }: { userIds: readonly string[] }) =>
      cards.all(JSON.stringify(userIds)) as unknown as { userId: string; nickname: string; avatar: string }[],
    searchMembers: createMemberSearch(db),
    send: createSendRead(db),
  };
}

type MemberQuery = { conversationId: string } & Parameters<Directory["searchMembers"]>[1];

/**
 * One pass over the group's rows, each with a look-up of the user's name. The ids come as one text: a step of the statement per
 * member took twice the time.
 */
function createMemberSearch(db: DatabaseSync) {
  const search = db.prepare(
    `SELECT count(*) AS known, group_concat(iif(instr(u.name, ?2) > 0 OR instr(m.name, ?2) > 0, m.user_id, NULL), ' ') AS ids
     FROM member_names m JOIN user_names u ON u.user_id = m.user_id
     WHERE m.conversation = (SELECT id FROM addresses WHERE address = ?1) AND m.is_member = 1`,
  );
  return ({ conversationId, part, except, offset, max }: MemberQuery) => {
    const row = search.get(conversationAddress(conversationId), part) as { known: number; ids: string | null };
    const left = new Set(except);
    const found = row.ids === null ? [] : row.ids.split(" ").filter((userId) => !left.has(userId));
    return { known: row.known, total: found.length, userIds: found.slice(offset, offset + max) };
  };
}

interface SendKey {
  conversationId: string;
  day: number;
  senderId: string;
  clientMsgId: string;
}

/**
 * Finds a send by its key. Sends are stored in the rows of their messages, which have no index by clientMsgId, so this scans
 * the buckets of that day, newest first (about 3 ms for a full bucket of 10 000). It is called only when the day's filter
 * says that there may be a send.
 */
function createSendRead(db: DatabaseSync) {
  const alone = db.prepare(
    `SELECT message_id AS "messageId", seq, hash FROM sends
     WHERE conversation = ${addressId} AND day = ? AND sender_id = ? AND client_msg_id = ?`,
  );
  const bucketBefore = db.prepare(
    `SELECT bucket FROM messages WHERE conversation = ${addressId} AND bucket < ? ORDER BY bucket DESC LIMIT 1`,
  );
  const firstDay = db.prepare(
    `SELECT send_day AS day FROM messages WHERE ${inBucket} AND send_day IS NOT NULL ORDER BY seq LIMIT 1`,
  );
  const scan = db.prepare(
    `SELECT message_id AS "messageId", seq, send_hash AS hash FROM messages WHERE ${inBucket}
       AND send_day = ? AND sender_id = ? AND extra ->> '$.clientMsgId' = ? ORDER BY seq LIMIT 1`,
  );
  type Found = { messageId: string; seq: number; hash: number } | undefined;
  return ({ conversationId, day, senderId, clientMsgId }: SendKey): Found => {
    const address = conversationAddress(conversationId);
    const found = alone.get(address, day, senderId, clientMsgId) as Found;
    if (found) return found;
    for (let bucket = Number.MAX_SAFE_INTEGER; ; ) {
      const row = bucketBefore.get(address, bucket) as { bucket: number } | undefined;
      if (!row) return undefined;
      bucket = row.bucket;
      const first = firstDay.get(address, bucket) as { day: number } | undefined;
      if (first && first.day > day) continue;
      const held = scan.get(address, bucket, day, senderId, clientMsgId) as Found;
      if (held) return held;
      // Days rise with seq, except that a clock may have been set back by less than a day.
      if (first && first.day < day - 1) return undefined;
    }
  };
}
