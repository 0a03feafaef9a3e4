// Shows a test an empty part of a shared store of views: ids and shards get the tenant's number on their way in, and lose it on
// their way out. So many tests share one keyspace.
import type { RequestRow } from "../../actors/account/rows.ts";
import type { Mark, Row } from "../../actors/runtime/ports.ts";
import type { ViewStore } from "../../infra/views/view-store.ts";

const shardsPerTenant = 1_000;
const daysPerTenant = 1_000;

export function tenantOf(store: ViewStore, tenant: number): ViewStore {
  const mark = `${tenant}~`;
  const inId = (id: string) => mark + id;
  const outId = (id: string) => id.slice(mark.length);
  const inShard = (shard: number) => tenant * shardsPerTenant + shard;
  const own = (marks: Mark[]) =>
    marks
      .filter(({ shard }) => Math.floor(shard / shardsPerTenant) === tenant)
      .map((found) => ({ ...found, shard: found.shard % shardsPerTenant }));
  /** The ledger is read by time: each tenant has years of its own. */
  const shift = (unit: "hour" | "day") => tenant * daysPerTenant * (unit === "day" ? 1 : 24);
  const shiftMs = shift("day") * 86_400_000;
  const requestIn = (row: RequestRow) => ({ ...row, userId: inId(row.userId), atMs: row.atMs + shiftMs });
  const requestOut = (row: RequestRow) => ({ ...row, userId: outId(row.userId), atMs: row.atMs - shiftMs });
  const inTimes = <Q extends { fromMs: number; toMs: number }>(query: Q): Q => ({
    ...query,
    fromMs: query.fromMs + shiftMs,
    toMs: query.toMs + shiftMs,
  });
  const inRow = (row: Row): Row => {
    if (row.table === "due") return { ...row, shard: inShard(row.shard), key: inId(row.key) };
    if (row.table === "member_names") {
      return { ...row, conversationId: inId(row.conversationId), userId: inId(row.userId) };
    }
    if ("conversationId" in row) return { ...row, conversationId: inId(row.conversationId) };
    if (row.table === "usage") return { ...row, userId: inId(row.userId), period: row.period + shift(row.unit) };
    if (row.table === "requests") {
      const shifted = requestIn(JSON.parse(row.row));
      const { userId, atMs } = shifted;
      return { ...row, userId, atMs, day: row.day + shift("day"), row: JSON.stringify(shifted) };
    }
    if ("userId" in row) return { ...row, userId: inId(row.userId) };
    return { ...row, key: inId(row.key) };
  };
  const outMessage = <M extends { conversationId: string }>(message: M): M => ({
    ...message,
    conversationId: outId(message.conversationId),
  });
  const { views, messages, buckets, changes, directory, sends, usage } = store;
  return {
    views: {
      write: ({ rows, marks }) =>
        views.write({ rows: rows.map(inRow), marks: marks.map((one) => ({ ...one, shard: inShard(one.shard) })) }),
      marks: async () => own(await views.marks()),
      snapshot: (kind, key) => views.snapshot(kind, inId(key)),
      records: (kind, key, afterN) => views.records(kind, inId(key), afterN),
      async due(shard, untilMs, max) {
        const found = await views.due(inShard(shard), untilMs, max);
        return found.map((one) => ({ ...one, key: outId(one.key) }));
      },
    },
    messages: {
      page: async (id, bucket, range, max) => (await messages.page(inId(id), bucket, range, max)).map(outMessage),
      async find(id, bucket, messageId) {
        const found = await messages.find(inId(id), bucket, messageId);
        return found && outMessage(found);
      },
      edits: (id, bucket, seq) => messages.edits(inId(id), bucket, seq),
      search: async (id, bucket, query, max) => (await messages.search(inId(id), bucket, query, max)).map(outMessage),
    },
    buckets: { list: (id) => buckets.list(inId(id)) },
    changes: { range: (id, after, upTo, max) => changes.range(inId(id), after, upTo, max) },
    directory: {
      async findMany(userIds) {
        const found = await directory.findMany(userIds.map(inId));
        return new Map([...found].map(([id, card]) => [outId(id), card]));
      },
      async searchMembers(id, query) {
        const found = await directory.searchMembers(inId(id), { ...query, except: query.except.map(inId) });
        return { ...found, userIds: found.userIds.map(outId) };
      },
    },
    sends: { find: (id, day, senderId, clientMsgId) => sends.find(inId(id), day, senderId, clientMsgId) },
    usage: {
      log: async (query, max) => (await usage.log(inTimes(query), max)).map(requestOut),
      ofUser: async (userId, query, max) => (await usage.ofUser(inId(userId), inTimes(query), max)).map(requestOut),
      async daysOf(userId, from, to) {
        const by = shift("day");
        const found = await usage.daysOf(inId(userId), from + by, to + by);
        return found.map((cell) => ({ ...cell, period: cell.period - by }));
      },
      async totals({ from, to, ...query }) {
        const by = shift(query.unit);
        const found = await usage.totals({ ...query, from: from + by, to: to + by });
        return found.map((total) => ({ ...total, period: total.period - by }));
      },
    },
    durableMarks: async () => own(await store.durableMarks()),
    close: async () => {},
  };
}
