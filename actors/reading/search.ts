// Search over the caller's conversations, the most recently active first, a bounded number of buckets per page. It finds
// messages that the viewer may see now, by their present content. A page ends exactly where its cursor goes on. A conversation
// with messages newer than the search is searched last: otherwise its new place could be one that the cursor has passed.
import { searchableText } from "../conversation/chat/content.ts";
import type { StoredMessage } from "../conversation/contract.ts";
import type { Head } from "../runtime/head.ts";
import { DomainError } from "../shared/errors.ts";
import type { ConversationId } from "../shared/ids.ts";
import { holdsPieces, queryTerms, searchTerms, wholePieces } from "../shared/tokenize.ts";
import { sizeOf } from "./budget.ts";
import type { Reading, VisibleMessage } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import type { ReadHeads } from "./known-heads.ts";
import { withNames } from "./names.ts";
import { applyTail } from "./overlay.ts";
import { withQuotes } from "./quotes.ts";
import { type Bucket, listBuckets, readRange } from "./rows.ts";
import { encodeCursor, parseCursor, type SearchCursor } from "./search-cursor.ts";
import { readLists } from "./user-lists.ts";
import { canSee, openView, show, unlessGone, type View, withoutSecrets } from "./view.ts";

type SearchInput = Parameters<Reading["search"]>[0];
interface Place {
  conversationId: ConversationId;
  activityMs: number;
  /** Matches below this seq are not answered yet. */
  beforeSeq: number;
}
interface Search extends SearchInput {
  terms: readonly string[];
  pieces: readonly string[];
  partitionsLeft: number;
}

export async function searchMessages(
  deps: ReadingDeps,
  readHeads: ReadHeads,
  input: SearchInput,
): ReturnType<Reading["search"]> {
  const search: Search = {
    ...input,
    terms: queryTerms(input.query),
    pieces: wholePieces(input.query),
    partitionsLeft: deps.limits.maxSearchPartitions,
  };
  const { conversationId, senderId, contentType, fromMs, toMs } = input;
  const isWordless = input.query.trim() === "";
  if (isWordless && [conversationId, senderId, contentType, fromMs, toMs].every((value) => value === undefined)) {
    throw new DomainError("common.invalid", {
      message: "Search for at least one word, sender, type, time or conversation.",
    });
  }
  // What no term stands for stands in no message: without this it would match every message.
  if (!isWordless && search.terms.length === 0) return { messages: [] };
  const from = input.cursor === undefined ? undefined : parseCursor(input.cursor);
  const startedMs = from?.startedMs ?? deps.clock.nowMs();
  const limit = Math.max(1, Math.min(input.limit, deps.limits.maxSearchMessages));
  const found: VisibleMessage[] = [];
  let bytesLeft = input.maxBytes ?? Number.POSITIVE_INFINITY;
  for (const place of await listPlaces(deps, readHeads, input, startedMs, from)) {
    const done = { conversationId: place.conversationId, activityMs: place.activityMs, startedMs };
    if (found.length >= limit || search.partitionsLeft <= 0) {
      return { messages: found, cursor: encodeCursor({ ...done, beforeSeq: place.beforeSeq }) };
    }
    const view = await unlessGone(openView(deps, input.userId, place.conversationId));
    if (!view) continue;
    const { messages, beforeSeq } = await searchConversation(deps, view, search, place.beforeSeq, limit - found.length);
    let shownDownTo = place.beforeSeq;
    const all = (await withNames(deps, messages)).map((message) => show(view, message));
    for (const shown of await withQuotes(deps, view, all, "now")) {
      bytesLeft -= sizeOf(shown);
      if (bytesLeft < 0 && found.length > 0) {
        return { messages: found, cursor: encodeCursor({ ...done, beforeSeq: shownDownTo }) };
      }
      found.push(shown);
      shownDownTo = shown.seq;
    }
    if (beforeSeq > 0) return { messages: found, cursor: encodeCursor({ ...done, beforeSeq }) };
  }
  return { messages: found };
}

/** Conversations in the order of the search, from the cursor on. */
async function listPlaces(
  deps: ReadingDeps,
  readHeads: ReadHeads,
  { userId, conversationId }: SearchInput,
  startedMs: number,
  from: SearchCursor | undefined,
): Promise<Place[]> {
  if (conversationId !== undefined) {
    return [{ conversationId, activityMs: 0, beforeSeq: from?.beforeSeq ?? Number.MAX_SAFE_INTEGER }];
  }
  const ids = [...(await readLists(deps, userId)).entries.keys()];
  const heads = await readHeads(
    userId,
    ids.filter((id) => id !== from?.conversationId),
  );
  const places = ids.map((id): Place => {
    if (from?.conversationId === id)
      return { conversationId: id, activityMs: from.activityMs, beforeSeq: from.beforeSeq };
    const activityMs = activityUpTo(heads.get(id)?.head, startedMs);
    return { conversationId: id, activityMs, beforeSeq: Number.MAX_SAFE_INTEGER };
  });
  places.sort(byActivity);
  return from ? places.filter((place) => byActivity(place, from) >= 0) : places;
}

function activityUpTo(head: Head | undefined, startedMs: number): number {
  const atMs = head?.last?.atMs ?? 0;
  return atMs <= startedMs ? atMs : 0;
}

function byActivity(
  a: { activityMs: number; conversationId: string },
  b: { activityMs: number; conversationId: string },
): number {
  return (
    b.activityMs - a.activityMs ||
    (a.conversationId < b.conversationId ? -1 : Number(a.conversationId > b.conversationId))
  );
}

/** Matches below `beforeSeq`, newest first; the `beforeSeq` answered is 0 when the conversation is done. */
async function searchConversation(
  deps: ReadingDeps,
  view: View,
  search: Search,
  beforeSeq: number,
  limit: number,
): Promise<{ messages: StoredMessage[]; beforeSeq: number }> {
  const timely = (await listBuckets(deps, view)).filter((bucket, i, all) => mayHoldTime(bucket, all[i + 1], search));
  const parts =
    search.terms.length > 0 ? timely : timely.flatMap((bucket) => slicesOf(bucket, deps.limits.maxSearchRows));
  const buckets = parts.filter(({ firstSeq, lastSeq }) => firstSeq < beforeSeq && lastSeq >= view.fromSeq);
  const messages: StoredMessage[] = [];
  // At least one bucket is searched, so that every page makes progress.
  for (const bucket of buckets.reverse()) {
    if (search.partitionsLeft <= 0) return { messages, beforeSeq: Math.min(beforeSeq, bucket.lastSeq + 1) };
    search.partitionsLeft -= 1;
    const room = limit - messages.length;
    const matches = await searchBucket(deps, { view, search, bucket, beforeSeq, room });
    messages.push(...matches.messages);
    if (matches.nextBeforeSeq > 0) return { messages, beforeSeq: matches.nextBeforeSeq };
    if (messages.length >= limit) {
      const isDone = bucket.firstSeq <= view.fromSeq || bucket === buckets.at(-1);
      return { messages, beforeSeq: isDone ? 0 : bucket.firstSeq };
    }
  }
  search.partitionsLeft -= buckets.length === 0 ? 1 : 0;
  return { messages, beforeSeq: 0 };
}

function slicesOf(bucket: Bucket, maxRows: number): Bucket[] {
  const slices: Bucket[] = [];
  for (let { firstSeq } = bucket; firstSeq <= bucket.lastSeq; firstSeq += maxRows) {
    slices.push({ ...bucket, firstSeq, lastSeq: Math.min(bucket.lastSeq, firstSeq + maxRows - 1) });
  }
  return slices;
}

function mayHoldTime(bucket: Bucket, next: Bucket | undefined, { fromMs, toMs }: Search): boolean {
  if (toMs && bucket.fromMs !== undefined && bucket.fromMs > toMs) return false;
  return !(fromMs && next?.fromMs !== undefined && next.fromMs < fromMs);
}

async function searchBucket(
  deps: ReadingDeps,
  {
    view,
    search,
    bucket,
    beforeSeq,
    room,
  }: { view: View; search: Search; bucket: Bucket; beforeSeq: number; room: number },
): Promise<{ messages: StoredMessage[]; nextBeforeSeq: number }> {
  const { overlay, conversationId } = view;
  const { terms, senderId, contentType, fromMs, toMs } = search;
  // One row more than fits shows whether the next page has to come back to this bucket.
  const range = {
    beforeSeq: Math.min(beforeSeq, bucket.lastSeq + 1),
    fromSeq: Math.max(view.fromSeq, bucket.firstSeq),
  };
  const query = { terms, ...range, senderId, contentType, fromMs, toMs };
  const rows = await deps.messages.search(conversationId, bucket.bucket, query, room + 1);
  const lowestSeq = rows.length > room ? rows.at(-1)!.seq : 0;
  const bySeq = new Map<number, StoredMessage>();
  for (const row of rows) bySeq.set(row.seq, applyTail(overlay, row));
  // The rows' words may be older than the tail: its sends, and messages that it edited, are matched by their content.
  for (const seq of overlay.patches.keys()) {
    if (bySeq.has(seq) || overlay.messages.has(seq) || seq < bucket.firstSeq || seq > bucket.lastSeq) continue;
    if (canSee(view, seq)) for (const message of await readRange(deps, view, seq, seq)) bySeq.set(seq, message);
  }
  for (const [seq, message] of overlay.messages) {
    if (seq >= bucket.firstSeq && seq <= bucket.lastSeq) bySeq.set(seq, message);
  }
  const matches = [...bySeq.values()]
    .filter((message) => message.seq < beforeSeq && message.seq >= lowestSeq && isMatch(view, message, search))
    .sort((a, b) => b.seq - a.seq);
  if (matches.length > room) return { messages: matches.slice(0, room), nextBeforeSeq: matches[room - 1]!.seq };
  return { messages: matches, nextBeforeSeq: lowestSeq };
}

/** The message, as the viewer sees it now, meets all conditions. */
function isMatch(view: View, message: StoredMessage, search: Search): boolean {
  const { senderId, contentType, fromMs = 0, toMs } = search;
  if (!canSee(view, message.seq) || withoutSecrets(view, message).content === null) return false;
  if (senderId && message.senderId !== senderId) return false;
  if (contentType && message.contentType !== contentType) return false;
  if (message.atMs < fromMs || (toMs && message.atMs > toMs)) return false;
  if (search.terms.length === 0) return true;
  const text = searchableText(message.contentType, message.content);
  const words = searchTerms(text);
  return search.terms.every((term) => words.includes(` ${term} `)) && holdsPieces(text, search.pieces);
}
