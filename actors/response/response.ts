import { stopSubject } from "../reply/contract.ts";
import { defineActor, type Query, type RecordMeta } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { Notification } from "../shared/notification.ts";
import { utf8Length } from "../shared/utf8.ts";
import {
  maxEventsBytes,
  type ResponseStatus,
  type ResponseView,
  responseKeptMs,
  responseLostMs,
  type StoredEvent,
  StoredResponse,
  type UpstreamPlace,
} from "./contract.ts";

interface ResponseFacts {
  owner: string;
  /** Of the process that runs it; absent: it ran with its client. */
  boot?: string;
  status: ResponseStatus;
  body: string;
  place?: UpstreamPlace;
  events: StoredEvent[];
  eventsBytes: number;
  /** While it runs: the last sign of life; else the end. */
  atMs: number;
}
interface ResponseState {
  current: ResponseFacts | undefined;
}
type ResponseEvent =
  | { type: "began"; owner: string; boot: string; body: string }
  | { type: "appended"; events: StoredEvent[] }
  | { type: "ended"; owner: string; status: ResponseStatus; body: string; place?: UpstreamPlace }
  | { type: "removed" };

interface ResponseRules {
  isClosed(boot: string): boolean;
}

export function createResponse({ isClosed }: ResponseRules) {
  return defineActor(StoredResponse, {
    initial: (): ResponseState => ({ current: undefined }),

    apply(state, event: ResponseEvent, { atMs }): void {
      const { current } = state;
      if (event.type === "removed") state.current = undefined;
      else if (event.type === "began") {
        const { owner, boot, body } = event;
        state.current = { owner, boot, body, status: "in_progress", events: [], eventsBytes: 0, atMs };
      } else if (event.type === "ended") {
        const { owner, status, body, place } = event;
        const begun = current ?? { events: [], eventsBytes: 0 };
        state.current = { ...begun, owner, status, body, ...(place && { place }), atMs };
      } else if (current) {
        current.atMs = atMs;
        for (const each of event.events) {
          current.events.push(each);
          current.eventsBytes += utf8Length(each.text);
        }
      }
    },

    notify: stopsOf,

    commands: {
      begin(turn, { owner, boot, body }) {
        if (!turn.state.current) turn.emit({ type: "began", owner, boot, body });
        return null;
      },

      append(turn, { events }) {
        const { current } = turn.state;
        if (current?.status !== "in_progress") return { isOver: true };
        const kept = current.eventsBytes > maxEventsBytes ? [] : [...events];
        turn.emit({ type: "appended", events: kept });
        return { isOver: false };
      },

      finish(turn, { owner, status, body, place }) {
        const { current } = turn.state;
        if (current && current.status !== "in_progress") return null;
        turn.emit({ type: "ended", owner, status, body, ...(place && { place }) });
        return null;
      },

      cancel(turn, { owner }): ResponseView {
        const current = ownedBy(turn, owner);
        if (current.boot === undefined) throw new DomainError("common.conflict");
        if (current.status !== "in_progress") return viewOf(current);
        const body = withStatus(current.body, "cancelled");
        turn.emit({ type: "ended", owner, status: "cancelled", body });
        return { ...viewOf(current), status: "cancelled", body };
      },

      remove(turn, { owner }) {
        ownedBy(turn, owner);
        turn.emit({ type: "removed" });
        return null;
      },
    },

    queries: {
      read: (query, { owner, afterSeq }) => viewOf(ownedBy(query, owner), afterSeq),
    },

    due: ({ current }) =>
      current && current.atMs + (current.status === "in_progress" ? responseLostMs : responseKeptMs),

    onDue(turn) {
      const { current } = turn.state;
      if (!current) return;
      const isRunning = current.status === "in_progress";
      const isLost = isRunning && (current.atMs + responseLostMs <= turn.nowMs || isClosed(current.boot ?? ""));
      if (isLost) {
        const error = { code: "server_error", message: "The host that ran this response is gone." };
        const body = withStatus(current.body, "failed", { error });
        turn.emit({ type: "ended", owner: current.owner, status: "failed", body });
      } else if (!isRunning && current.atMs + responseKeptMs <= turn.nowMs) turn.emit({ type: "removed" });
    },

    encode: ({ current }) => current ?? null,
    decode: (plain) => ({ current: (plain as ResponseFacts | null) ?? undefined }),
  });
}

/** For the host that runs the response. */
function stopsOf(_: ResponseState, event: ResponseEvent, { key, atMs }: RecordMeta): Notification[] {
  if (event.type !== "removed" && !(event.type === "ended" && event.status === "cancelled")) return [];
  const target = { users: [stopSubject(key)] };
  return [{ type: "reply.stop", target, atMs, frame: "NOTIFICATION", data: { replyId: key, timestamp: atMs } }];
}

function ownedBy({ state: { current } }: Pick<Query<ResponseState>, "state">, owner: string): ResponseFacts {
  if (current?.owner !== owner) throw new DomainError("llm.response_not_found");
  return current;
}

function viewOf({ status, boot, body, events, place }: ResponseFacts, afterSeq?: number): ResponseView {
  return {
    ...{ status, body, isBackground: boot !== undefined },
    events: afterSeq === undefined ? [] : events.filter(({ seq }) => seq > afterSeq),
    ...(place && { place }),
  };
}

function withStatus(body: string, status: ResponseStatus, more: object = {}): string {
  return JSON.stringify({ ...(JSON.parse(body) as object), ...more, status });
}
