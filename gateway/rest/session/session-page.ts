// Pages of the conversation list: by a cursor as fine as the order, or by `updatedBefore`.
import type { SessionView } from "../../../actors/reading/contract.ts";
import { msOfWireTime } from "../../input/times.ts";
import { encodeCursor, type Place, parseCursor } from "../kit/cursor.ts";

export interface PageQuery {
  updatedBefore?: number;
  limit?: number;
  cursor?: string;
}

/**
 * Without `limit` and cursor the whole list, as shown: pinned entries first. A page goes by time, newest first, and entries
 * of one time by id. An empty cursor asks for the first page. Without a cursor a page also holds all entries that tie with
 * its last one: `updatedBefore` of the next page could not name them.
 */
export function pageOfSessions(
  views: readonly SessionView[],
  { updatedBefore, limit, cursor }: PageQuery,
): { page: readonly SessionView[]; total: number; nextCursor: string | null } {
  const beforeMs = updatedBefore === undefined ? Number.POSITIVE_INFINITY : msOfWireTime(updatedBefore);
  const from = cursor === undefined ? undefined : parseCursor(cursor);
  const asked = views.filter((view) => view.updatedAtMs < beforeMs && (!from || byTime(placeOf(view), from) > 0));
  if (limit === undefined && cursor === undefined) return { page: asked, total: asked.length, nextCursor: null };
  const sorted = asked.toSorted((a, b) => byTime(placeOf(a), placeOf(b)));
  let count = Math.min(limit ?? sorted.length, sorted.length);
  if (cursor === undefined) {
    while (count > 0 && count < sorted.length && sorted[count]!.updatedAtMs === sorted[count - 1]!.updatedAtMs)
      count += 1;
  }
  const page = sorted.slice(0, count);
  const last = page.at(-1);
  return { page, total: asked.length, nextCursor: last && count < sorted.length ? encodeCursor(placeOf(last)) : null };
}

function placeOf({ updatedAtMs, entry }: SessionView): Place {
  return { atMs: updatedAtMs, id: entry.id };
}

function byTime(a: Place, b: Place): number {
  return b.atMs - a.atMs || (a.id < b.id ? -1 : Number(a.id > b.id));
}
