// The views of one process: an SQLite file with one worker thread that writes and another that reads. Reads have a thread of
// their own, because a page of 50 messages takes 0.1 ms, and a transaction under load 40 ms (measured).
import type { RequestRow } from "../../actors/account/rows.ts";
import type { StoredMessage } from "../../actors/conversation/contract.ts";
import { withoutOlderUsage } from "../views/newest-usage.ts";
import type { StorageError } from "../views/storage-error.ts";
import { storedMessage } from "../views/stored-message.ts";
import type { ViewReaders, ViewStore } from "../views/view-store.ts";
import { encodeMarks, encodeRows } from "./row-codec.ts";
import type { MessageColumns } from "./views-reader.ts";
import type { ViewsReaderOperations } from "./views-reader-worker.ts";
import { statuses } from "./views-schema.ts";
import type { ViewsWriterData, ViewsWriterOperations } from "./views-writer-worker.ts";
import { openWorker, type WorkerLink } from "./worker-link.ts";

interface SqliteViewsOptions {
  readonly path: string;
  /** Called when a worker thread ends by itself; from then on every call is refused. */
  readonly onDeath?: (error: StorageError) => void;
  /** The journal's: views of another store are refused. */
  readonly storeId: string;
  /** Views of these are taken over. */
  readonly formerStoreIds?: readonly string[];
  /**
   * So many waiting rows are written at once; under load fewer rows wait for more, at most `maxHoldMs` (default 250). Must
   * be below the projector's rows per write; otherwise its largest writes wait, too. Default 2 500.
   */
  readonly gatherRows?: number;
  readonly maxHoldMs?: number;
}

type SqliteViews = ViewStore & {
  /** Why the newest write failed; undefined after a success. For /ready. */
  failure(): string | undefined;
};

export async function openSqliteViews(options: SqliteViewsOptions): Promise<SqliteViews> {
  const { path, storeId, formerStoreIds = [], gatherRows = 2_500, maxHoldMs = 250 } = options;
  const writer = await openWorker<ViewsWriterOperations>(new URL("./views-writer-worker.ts", import.meta.url), {
    name: "views writer",
    onDeath: options.onDeath,
    data: { path, storeId, formerStoreIds, gatherRows, maxHoldMs } satisfies ViewsWriterData,
  });
  const reader = await openReader(options, writer);
  let failure: string | undefined;
  return {
    failure: () => failure,
    views: {
      async write({ rows, marks }) {
        try {
          await writer.call("write", { rows: encodeRows(withoutOlderUsage(rows)), marks: encodeMarks(marks) });
          failure = undefined;
        } catch (error) {
          failure = error instanceof Error ? error.message : String(error);
          throw error;
        }
      },
      marks: () => reader.call("marks", undefined),
      snapshot: (kind, key) => reader.call("snapshot", { kind, key }),
      records: (kind, key, afterN) => reader.call("records", { kind, key, afterN }),
      past: (kind, key) => reader.call("past", { kind, key }),
      due: (shard, untilMs, max) => reader.call("due", { shard, untilMs, max }),
    },
    ...createReaders(reader),
    durableMarks: () => writer.call("durableMarks", undefined),
    async close() {
      await reader.close();
      await writer.close();
    },
  };
}

async function openReader(
  { path, onDeath }: SqliteViewsOptions,
  writer: WorkerLink<ViewsWriterOperations>,
): Promise<WorkerLink<ViewsReaderOperations>> {
  try {
    const script = new URL("./views-reader-worker.ts", import.meta.url);
    const options = { name: "views reader", data: { path }, hasOneBatch: true, onDeath } as const;
    return await openWorker<ViewsReaderOperations>(script, options);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

function createReaders(reader: WorkerLink<ViewsReaderOperations>): ViewReaders {
  return {
    messages: {
      async page(conversationId, bucket, { fromSeq, toSeq, order }, max) {
        const rows = await reader.call("page", { conversationId, bucket, fromSeq, toSeq, order, max });
        return rows.map((row) => messageOf(conversationId, bucket, row));
      },
      async find(conversationId, bucket, messageId) {
        const row = await reader.call("findMessage", { conversationId, bucket, messageId });
        return row && messageOf(conversationId, bucket, row);
      },
      async edits(conversationId, bucket, seq) {
        const rows = await reader.call("edits", { conversationId, bucket, seq });
        return rows.map(({ content, ...edit }) => ({ ...edit, content: JSON.parse(content) }));
      },
      async search(conversationId, bucket, query, max) {
        const rows = await reader.call("search", { conversationId, bucket, query, max });
        return rows.map((row) => messageOf(conversationId, bucket, row));
      },
    },
    buckets: { list: (conversationId) => reader.call("buckets", { conversationId }) },
    changes: {
      async range(conversationId, after, upTo, max) {
        const rows = await reader.call("changes", { conversationId, after, upTo, max });
        return rows.map(({ version, change }) => ({ version, change: JSON.parse(change) }));
      },
    },
    directory: {
      async findMany(userIds) {
        if (userIds.length === 0) return new Map();
        const cards = await reader.call("cards", { userIds });
        return new Map(cards.map(({ userId, nickname, avatar }) => [userId, { nickname, avatar }]));
      },
      searchMembers: (conversationId, query) => reader.call("searchMembers", { conversationId, ...query }),
    },
    sends: {
      find: (conversationId, day, senderId, clientMsgId) =>
        reader.call("send", { conversationId, day, senderId, clientMsgId }),
    },
    usage: {
      log: async (query, max) => (await reader.call("requestLog", { query, max })).map(requestOf),
      ofUser: async (userId, query, max) =>
        (await reader.call("requestsOfUser", { userId, query, max })).map(requestOf),
      daysOf: (userId, from, to) => reader.call("usageDays", { userId, from, to }),
      totals: (query) => reader.call("usageTotals", query),
    },
  };
}

function requestOf(row: string): RequestRow {
  return JSON.parse(row);
}

function messageOf(conversationId: string, bucket: number, row: MessageColumns): StoredMessage {
  const [seq, messageId, senderId, version, atMs, contentType, statusNumber, patchedAtMs, content, extra, reactions] =
    row;
  const status = statuses[statusNumber]!;
  const patch = status === "normal" ? undefined : { status, atMs: patchedAtMs, content };
  const fields = { conversationId, bucket, seq, messageId, senderId, version, atMs, contentType, content, extra };
  return storedMessage(fields, patch, reactions);
}
