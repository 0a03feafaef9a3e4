// Views in memory, for tests and the simulation: one map per table, by the row's key. Marks only rise.
//
// memory-views/stamp: of two writes of a cell the one with the higher stamp stays, whatever their order.
import type { UsageReader } from "../../actors/account/ports.ts";
import type { RequestRow } from "../../actors/account/rows.ts";
import { sumCells } from "../../actors/account/sums.ts";
import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { Mark, MessagePatchRow, MessageRow, Row, RowOf, Views } from "../../actors/runtime/ports.ts";
import { storedMessage } from "../../infra/views/stored-message.ts";
import type { ViewReaders, ViewStore } from "../../infra/views/view-store.ts";

type Tables = { [Table in Row["table"]]: Map<string, RowOf<Table>> };

export function createMemoryViews(): ViewStore {
  const tables = Object.fromEntries(Object.keys(keys).map((table) => [table, new Map()])) as Tables;
  const marks = new Map<number, Mark>();
  const listMarks = async (): Promise<Mark[]> => [...marks.values()];
  return {
    views: createViews(tables, marks, listMarks),
    ...createReaders(tables),
    durableMarks: listMarks,
    close: async () => {},
  };
}

function createViews(tables: Tables, marks: Map<number, Mark>, listMarks: () => Promise<Mark[]>): Views {
  return {
    async write(batch) {
      for (const row of batch.rows) save(tables[row.table] as Map<string, Row>, row);
      for (const mark of batch.marks) {
        if (mark.sequence > (marks.get(mark.shard)?.sequence ?? 0)) marks.set(mark.shard, mark);
      }
    },
    marks: listMarks,
    async snapshot(kind, key) {
      const row = tables.snapshots.get(`${kind}/${key}`);
      return row && { n: row.n, state: row.state };
    },
    async records(kind, key, afterN) {
      const rows = select(tables.actor_events, (row) => row.key === key && row.kind === kind && row.n > afterN);
      return rows.sort((a, b) => a.n - b.n).map(({ record }) => record);
    },
    async due(shard, untilMs, max) {
      const rows = select(tables.due, (row) => row.shard === shard && row.dueMs > 0 && row.dueMs <= untilMs);
      const sorted = rows.sort((a, b) => a.dueMs - b.dueMs).slice(0, max);
      return sorted.map(({ kind, key, dueMs }) => ({ kind, key, dueMs }));
    },
  };
}

/** See memory-views/stamp. */
function save(table: Map<string, Row>, row: Row): void {
  const key = keyOf(row);
  const known = table.get(key);
  if (!known || row.stamp > known.stamp) table.set(key, row);
}

/** What tells the rows of a table apart. */
const keys: { readonly [Table in Row["table"]]: (row: RowOf<Table>) => string } = {
  actor_events: ({ kind, key, n }) => `${kind}/${key}/${n}`,
  snapshots: ({ kind, key }) => `${kind}/${key}`,
  due: ({ kind, key }) => `${kind}/${key}`,
  messages: ({ conversationId, bucket, seq }) => `${conversationId}/${bucket}/${seq}`,
  message_patches: ({ conversationId, bucket, seq }) => `${conversationId}/${bucket}/${seq}`,
  reactions: ({ conversationId, bucket, seq }) => `${conversationId}/${bucket}/${seq}`,
  edits: ({ conversationId, bucket, seq, version }) => `${conversationId}/${bucket}/${seq}/${version}`,
  buckets: ({ conversationId, bucket }) => `${conversationId}/${bucket}`,
  sends: ({ conversationId, day, senderId, clientMsgId }) => sendKey(conversationId, day, senderId, clientMsgId),
  changes: ({ conversationId, version }) => `${conversationId}/${version}`,
  directory: ({ userId }) => userId,
  user_names: ({ userId }) => userId,
  member_names: ({ conversationId, userId }) => `${conversationId}/${userId}`,
  requests: ({ id, userId }) => `${userId}/${id}`,
  usage: ({ unit, period, userId, model, keyId, credentialId }) =>
    JSON.stringify([unit, period, userId, model, keyId, credentialId]),
};

function keyOf(row: Row): string {
  return (keys[row.table] as (row: Row) => string)(row);
}

function sendKey(...parts: [conversationId: string, day: number, senderId: string, clientMsgId: string]): string {
  return JSON.stringify(parts);
}

function select<R>(table: Map<string, R>, matches: (row: R) => boolean): R[] {
  return [...table.values()].filter(matches);
}

function createReaders(tables: Tables): ViewReaders {
  const bucketOf = (conversationId: string, bucket: number): Patched[] => {
    const rows = select(tables.messages, (row) => row.conversationId === conversationId && row.bucket === bucket);
    return rows
      .sort((a, b) => a.seq - b.seq)
      .map((row) => patched(row, tables.message_patches.get(keyOf(row)), tables.reactions.get(keyOf(row))));
  };
  return {
    messages: {
      async page(conversationId, bucket, { fromSeq, toSeq, order }, maxMessages) {
        const rows = bucketOf(conversationId, bucket).filter(({ row }) => row.seq >= fromSeq && row.seq <= toSeq);
        const kept = order === "ascending" ? rows.slice(0, maxMessages) : rows.slice(-maxMessages);
        return kept.map(({ message }) => message);
      },
      async find(conversationId, bucket, messageId) {
        return bucketOf(conversationId, bucket).find(({ row }) => row.messageId === messageId)?.message;
      },
      async edits(conversationId, bucket, seq) {
        const rows = select(
          tables.edits,
          (row) =>
            row.conversationId === conversationId && row.bucket === bucket && row.seq === seq && row.content !== "",
        );
        const sorted = rows.sort((a, b) => a.version - b.version);
        return sorted.map(({ version, atMs, content }) => ({ version, atMs, content: JSON.parse(content) }));
      },
      async search(conversationId, bucket, query, maxMessages) {
        const { terms, beforeSeq, fromSeq, senderId, contentType, fromMs = 0, toMs = Number.POSITIVE_INFINITY } = query;
        const found = bucketOf(conversationId, bucket).filter(
          ({ row, terms: held }) =>
            terms.every((term) => held.includes(` ${term} `)) &&
            row.seq < beforeSeq &&
            row.seq >= fromSeq &&
            (senderId === undefined || row.senderId === senderId) &&
            (contentType === undefined || row.contentType === contentType) &&
            row.atMs >= fromMs &&
            row.atMs <= toMs,
        );
        return found
          .reverse()
          .slice(0, maxMessages)
          .map(({ message }) => message);
      },
    },
    buckets: {
      async list(conversationId) {
        const rows = select(tables.buckets, (row) => row.conversationId === conversationId);
        const sorted = rows.sort((a, b) => a.bucket - b.bucket);
        return sorted.map(({ bucket, firstSeq, fromMs }) => ({ bucket, firstSeq, fromMs }));
      },
    },
    changes: {
      async range(conversationId, afterVersion, upToVersion, maxChanges) {
        const rows = select(
          tables.changes,
          (row) => row.conversationId === conversationId && row.version > afterVersion && row.version <= upToVersion,
        );
        const sorted = rows.sort((a, b) => a.version - b.version).slice(0, maxChanges);
        return sorted.map(({ version, change }) => ({ version, change: JSON.parse(change) }));
      },
    },
    directory: {
      async findMany(userIds) {
        const rows = userIds.flatMap((userId) => tables.directory.get(userId) ?? []);
        return new Map(rows.map(({ userId, nickname, avatar }) => [userId, { nickname, avatar }]));
      },
      async searchMembers(conversationId, { part, except, offset, max }) {
        const held = select(tables.member_names, (row) => row.conversationId === conversationId && row.isMember === 1);
        const named = held.filter(({ userId }) => tables.user_names.has(userId));
        const found = named
          .filter(({ userId, name }) => name.includes(part) || tables.user_names.get(userId)!.name.includes(part))
          .map(({ userId }) => userId)
          .filter((userId) => !except.includes(userId))
          .sort();
        return { known: named.length, total: found.length, userIds: found.slice(offset, offset + max) };
      },
    },
    sends: {
      async find(conversationId, day, senderId, clientMsgId) {
        const row = tables.sends.get(sendKey(conversationId, day, senderId, clientMsgId));
        return row && { messageId: row.messageId, seq: row.seq, hash: row.hash };
      },
    },
    usage: createUsageReader(tables),
  };
}

function createUsageReader({ requests, usage }: Tables): UsageReader {
  const newest = (matches: (row: RowOf<"requests">) => boolean, maxRows: number): RequestRow[] =>
    select(requests, matches)
      .sort((a, b) => b.id - a.id)
      .slice(0, maxRows)
      .map(({ row }) => JSON.parse(row));
  return {
    log: async ({ beforeId, fromMs, toMs, model, status, isFailed }, maxRows) =>
      newest(
        (row) =>
          row.id < beforeId &&
          row.atMs >= fromMs &&
          row.atMs < toMs &&
          (model === undefined || row.model === model) &&
          (status === undefined || row.status === status) &&
          (isFailed === undefined || row.isFailed === Number(isFailed)),
        maxRows,
      ),
    ofUser: async (userId, { beforeId, fromMs, toMs }, maxRows) =>
      newest((row) => row.userId === userId && row.id < beforeId && row.atMs >= fromMs && row.atMs < toMs, maxRows),
    daysOf: async (userId, from, to) =>
      select(usage, (row) => row.unit === "day" && row.userId === userId && row.period >= from && row.period <= to),
    totals: async ({ unit, from, to, by }) =>
      sumCells(
        select(usage, (row) => row.unit === unit && row.period >= from && row.period <= to),
        by,
      ),
  };
}

interface Patched {
  row: MessageRow;
  terms: string;
  message: StoredMessage;
}
/** A patch that is older than its message does not apply to that message. */
function patched(
  row: MessageRow,
  patch: MessagePatchRow | undefined,
  reactions: RowOf<"reactions"> | undefined,
): Patched {
  const last = patch && patch.stamp > row.stamp ? patch : undefined;
  return { row, terms: last ? last.terms : row.terms, message: storedMessage(row, last, reactions?.reactions) };
}
