// Reads messages. A bucket of messages is one partition, read in pages. A row without `meta` is a patch that was written
// before its message; no reader returns it.
import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { MessageReader } from "../../actors/reading/ports.ts";
import { clampInt, int, text } from "./cells.ts";
import type { Session } from "./client.ts";
import { editOf, type MessageColumns, messageOf } from "./message-cells.ts";

const columns = "SELECT seq, meta, content, reactions FROM messages WHERE conversation_id = ? AND bucket = ?";
const range = `${columns} AND seq >= ? AND seq <= ?`;
const edits = "SELECT version, edit FROM edits WHERE conversation_id = ? AND bucket = ? AND seq = ?";
const newestFirst = "ORDER BY seq DESC";
/** The server filters by this many terms of a search; this process filters by the others. */
const serverTermsMax = 8;
const pageRowsMax = 200;
/** Rows read in each step of a search by id. */
const stepRows = 8;

type Search = Parameters<MessageReader["search"]>[2];
type Row = MessageColumns & { readonly terms?: string[] };

export function createMessageReader(session: Session): MessageReader {
  const collect = async (
    [conversationId, bucket]: [string, number],
    query: string,
    params: Buffer[],
    max: number,
    isWanted: (message: StoredMessage, row: Row) => boolean = () => true,
  ): Promise<StoredMessage[]> => {
    const found: StoredMessage[] = [];
    if (max <= 0) return found;
    for await (const rows of session.pages(query, params, Math.min(max, pageRowsMax))) {
      for (const row of rows as unknown as Row[]) {
        if (row.meta === null) continue;
        const message = messageOf(conversationId, bucket, row);
        if (isWanted(message, row)) found.push(message);
        if (found.length >= max) return found;
      }
    }
    return found;
  };
  return {
    async page(conversationId, bucket, { fromSeq, toSeq, order }, max) {
      const params = [text(conversationId), int(bucket), clampInt(fromSeq), clampInt(toSeq)];
      const query = order === "ascending" ? range : `${range} ${newestFirst}`;
      const found = await collect([conversationId, bucket], query, params, max);
      return order === "ascending" ? found : found.reverse();
    },
    find: (conversationId, bucket, messageId) => findById(session, conversationId, bucket, messageId),
    async edits(conversationId, bucket, seq) {
      const rows = await session.rows(edits, [text(conversationId), int(bucket), int(seq)]);
      return (rows as unknown as { version: number; edit: string }[]).flatMap(({ version, edit }) => {
        const kept = editOf(edit);
        return kept ? [{ version, ...kept }] : [];
      });
    },
    search(conversationId, bucket, query, max) {
      const served = query.terms.slice(0, serverTermsMax);
      const rest = query.terms.slice(serverTermsMax);
      const filter = served.length > 0 ? `${" AND terms CONTAINS ?".repeat(served.length)}` : "";
      const select = rest.length > 0 ? range.replace("reactions", "reactions, terms") : range;
      const allowed = served.length > 0 ? " ALLOW FILTERING" : "";
      const params = [text(conversationId), int(bucket), clampInt(query.fromSeq), clampInt(query.beforeSeq - 1)];
      return collect(
        [conversationId, bucket],
        `${select}${filter} ${newestFirst}${allowed}`,
        [...params, ...served.map(text)],
        max,
        (message, row) => isNarrowed(message, query) && rest.every((term) => row.terms?.includes(term)),
      );
    },
  };
}

function isNarrowed({ senderId, contentType, atMs }: StoredMessage, query: Search): boolean {
  const { fromMs = 0, toMs = Number.POSITIVE_INFINITY } = query;
  if (query.senderId !== undefined && senderId !== query.senderId) return false;
  if (query.contentType !== undefined && contentType !== query.contentType) return false;
  return atMs >= fromMs && atMs <= toMs;
}

/**
 * Finds a message by its id. Ids rise with seq, and evenly so when messages are sent evenly. The search alternates between an
 * interpolated position and the middle of the range: about 6 small reads in a full bucket of 10 000, and 24 in the worst case.
 */
async function findById(
  session: Session,
  conversationId: string,
  bucket: number,
  messageId: string,
): Promise<StoredMessage | undefined> {
  const partition = [text(conversationId), int(bucket)];
  const read = async (query: string, params: Buffer[]) => {
    const rows = (await session.rows(query, [...partition, ...params])) as unknown as Row[];
    const there = rows.filter(({ meta }) => meta !== null);
    return Object.assign(there, { isBlind: there.length === 0 && rows.length === stepRows });
  };
  // A patch without its message may be the first or the last row, so a few rows are read at each end.
  const [first, last] = await Promise.all([
    read(`${columns} ORDER BY seq ASC LIMIT ${stepRows}`, []),
    read(`${columns} ORDER BY seq DESC LIMIT ${stepRows}`, []),
  ]);
  const held = [...first, ...last].find((row) => idOf(row) === messageId);
  if (held) return messageOf(conversationId, bucket, held);
  const wanted = Number(messageId);
  let low = first.at(-1);
  let high = last.at(-1);
  for (let isGuess = true; low && high && high.seq - low.seq > 1; isGuess = !isGuess) {
    if (wanted <= Number(idOf(low)) || wanted >= Number(idOf(high))) return undefined;
    const share = isGuess ? (wanted - Number(idOf(low))) / (Number(idOf(high)) - Number(idOf(low))) : 0.5;
    const middle = low.seq + Math.floor((high.seq - low.seq) * share);
    const from = Math.max(low.seq + 1, Math.min(high.seq - 1, middle - stepRows / 2));
    const rows = await read(`${range} LIMIT ${stepRows}`, [int(from), int(high.seq - 1)]);
    if (rows.isBlind) return scanForId(session, [conversationId, bucket], [from, high.seq], messageId);
    const hit = rows.find((row) => idOf(row) === messageId);
    if (hit) return messageOf(conversationId, bucket, hit);
    const below = rows.filter((row) => Number(idOf(row)) < wanted).at(-1);
    const above = rows.find((row) => Number(idOf(row)) > wanted);
    if (below && above) return undefined;
    if (below) low = below;
    else if (above) high = { ...above, seq: from };
    else high = { ...high, seq: from };
    // `high` may be below its row's seq, because no row between `from` and that row has the wanted id.
    if (high.seq <= low.seq) return undefined;
  }
  return undefined;
}

/** For a step that contains only patches without their messages, which have no ids: reads the range row by row. */
async function scanForId(
  session: Session,
  [conversationId, bucket]: [string, number],
  [from, to]: [number, number],
  messageId: string,
): Promise<StoredMessage | undefined> {
  for await (const rows of session.pages(range, [text(conversationId), int(bucket), int(from), int(to)])) {
    const hit = (rows as unknown as Row[]).find((row) => row.meta !== null && idOf(row) === messageId);
    if (hit) return messageOf(conversationId, bucket, hit);
  }
  return undefined;
}

function idOf({ meta }: Row): string {
  return meta.slice(0, meta.indexOf("\n"));
}
