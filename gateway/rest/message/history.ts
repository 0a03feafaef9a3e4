// Reading messages: missed ones, pages of history, search.

import type { Reading } from "../../../actors/reading/contract.ts";
import { defaultReadingLimits } from "../../../actors/reading/limits.ts";
import {
  conversationId,
  need,
  optionalCount,
  optionalId,
  optionalSeq,
  optionalText,
  optionalTime,
} from "../../input/rules.ts";
import { msOfWireTime } from "../../input/times.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { addressOnWire, messageOnWire } from "../../wire/message.ts";
import { contextShape, messagePage } from "../../wire/shapes/message.ts";
import { offlineShape, searchShape } from "../../wire/shapes/sync.ts";
import { cutPage } from "../kit/pages.ts";
import { type Route, route } from "../kit/route.ts";
import { askedOf, type WhereQuery } from "./locate.ts";

interface OfflineQuery {
  lastSeq?: number;
  limit?: number;
}
interface HistoryQuery {
  sessionId?: string;
  conversationId?: string;
  sessionType?: string;
  startSeq?: number;
  limit?: number;
  direction?: "forward" | "backward";
}
interface SearchQuery {
  keyword?: string;
  query?: string;
  sessionId?: string;
  senderId?: string;
  contentType?: string;
  startTime?: number;
  endTime?: number;
  limit?: number;
  cursor?: string;
}
interface ContextQuery extends WhereQuery {
  before?: number;
  after?: number;
}
const neighbours = { ...optionalCount(100), min: 0 };
const firstCursor = 1e12; // cursors are stamps and never smaller: a smaller number comes from a client that counts from 0

export const historyRoutes: Route[] = [
  route({
    method: "GET",
    path: "/messages/offline",
    auth: "user",
    limit: limits.sync,
    summary: "The messages that this device missed since `lastSeq`, the last `nextSeq` it got; 0 is the beginning",
    query: schema<OfflineQuery>({ lastSeq: optionalSeq, limit: optionalCount(1_000) }),
    answers: offlineShape,
    errors: ["sync.failed"],
    async handle({ caller, query, edge }) {
      const { userId, deviceId } = caller;
      const cursor = (query.lastSeq ?? 0) < firstCursor ? 0 : (query.lastSeq ?? 0);
      const { maxPageBytes: maxBytes, maxPageMessages } = edge.limits;
      const maxMessages = Math.min(query.limit ?? 100, maxPageMessages);
      // A client that follows `nextSeq` asks for nothing else, so it must get every message.
      const asked = { userId, deviceId, from: { cursor }, maxMessages, maxBytes, everyMessage: true as const };
      const synced = await edge.reading.sync(asked);
      const missed = synced.changes.flatMap((change) => (change.type === "conversation" ? change.messages : []));
      const messages = missed.toSorted((a, b) => a.atMs - b.atMs || a.seq - b.seq);
      return {
        messages: messages.map(messageOnWire),
        hasMore: synced.hasMore,
        nextSeq: synced.cursor,
        full: synced.full,
        storeId: synced.storeId,
      };
    },
  }),

  route({
    method: "GET",
    path: "/messages/history",
    auth: "user",
    summary: "A page of a conversation from `startSeq` on, towards older (backward) or newer messages",
    query: schema<HistoryQuery>({
      sessionId: optionalId,
      conversationId: optionalId,
      sessionType: optionalText(16),
      startSeq: optionalSeq,
      limit: optionalCount(1_000),
      direction: { type: "string", enum: ["forward", "backward"], optional: true },
    }),
    answers: messagePage,
    does: ["conversation.view"],
    async handle({ caller, query, edge }) {
      const { direction = "backward" } = query;
      const { messages, hasMore } = await edge.reading.history({
        userId: caller.userId,
        conversationId: conversationId(need("sessionId", query.sessionId, query.conversationId)),
        startSeq: query.startSeq ?? 0,
        limit: Math.min(query.limit ?? 20, edge.limits.maxPageMessages),
        direction,
      });
      // Sorted by seq in both directions. Messages farthest from the start of the page are cut.
      const { page, cut } = cutPage(messages, edge.limits.maxPageBytes, direction === "forward" ? "first" : "last");
      return { messages: page.map(messageOnWire), hasMore: hasMore || cut };
    },
  }),

  route({
    method: "GET",
    path: "/messages/:id/context",
    auth: "user",
    summary: "A message between its neighbours, oldest first: to jump to a message that was quoted or found",
    query: schema<ContextQuery>({ sessionId: optionalId, before: neighbours, after: neighbours }),
    answers: contextShape,
    errors: ["message.not_found", "session.not_found"],
    async handle({ caller, params, query, edge }) {
      const { before = 20, after = 20 } = query;
      const asked = askedOf(caller.userId, params.id, query);
      const { messageId } = asked;
      const around = await edge.reading.context({ ...asked, before, after });
      return {
        ...addressOnWire(around.conversationId),
        messageId,
        ...cutContext(around, messageId, edge.limits.maxPageBytes),
      };
    },
  }),

  route({
    method: "GET",
    path: "/messages/search",
    auth: "user",
    limit: limits.searchMessages,
    summary: "Finds messages by words, sender, type, time and conversation: any of them, in any combination",
    query: schema<SearchQuery>({
      keyword: optionalText(100),
      query: optionalText(100),
      sessionId: optionalId,
      senderId: optionalId,
      contentType: optionalText(32),
      startTime: optionalTime,
      endTime: optionalTime,
      limit: optionalCount(defaultReadingLimits.maxSearchMessages),
      cursor: optionalText(512),
    }),
    answers: searchShape,
    errors: ["session.not_found"],
    async handle({ caller, query, edge }) {
      const { messages, cursor } = await edge.reading.search({
        userId: caller.userId,
        query: query.keyword ?? query.query ?? "",
        limit: query.limit ?? 20,
        maxBytes: edge.limits.maxPageBytes,
        ...(query.sessionId !== undefined && { conversationId: conversationId(query.sessionId) }),
        ...(query.senderId !== undefined && { senderId: query.senderId }),
        ...(query.contentType !== undefined && { contentType: query.contentType }),
        ...(query.startTime !== undefined && { fromMs: msOfWireTime(query.startTime) }),
        ...(query.endTime !== undefined && { toMs: msOfWireTime(query.endTime) }),
        ...(query.cursor !== undefined && { cursor: query.cursor }),
      });
      return { messages: messages.map(messageOnWire), cursor: cursor ?? null, hasMore: cursor !== undefined };
    },
  }),
];

/** Half of the page for each side, the message itself in both: what does not fit is left out at the far ends. */
function cutContext(
  { messages, hasBefore, hasAfter }: Awaited<ReturnType<Reading["context"]>>,
  messageId: string,
  maxPageBytes: number,
) {
  const at = messages.findIndex((message) => message.messageId === messageId);
  const older = cutPage(messages.slice(0, at + 1), maxPageBytes / 2, "last");
  const newer = cutPage(messages.slice(at), maxPageBytes / 2, "first");
  return {
    messages: [...older.page, ...newer.page.slice(1)].map(messageOnWire),
    hasBefore: hasBefore || older.cut,
    hasAfter: hasAfter || newer.cut,
  };
}
