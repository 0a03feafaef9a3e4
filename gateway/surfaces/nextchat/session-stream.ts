// The answer of a session as a stream of chunks. The id of an event is the number of its piece, so a reader that comes back says
// which one it saw last.
import { writeEvent } from "../../../actors/llm/sse.ts";
import { every } from "../../../actors/shared/sleep.ts";
import { invalidField } from "../../input/rules.ts";
import type { Http } from "../kit/route.ts";
import { type Follower, lookEveryMs } from "./follow-reply.ts";
import type { SessionAnswer } from "./session-answer.ts";
import { errorChunk, writeAnswer } from "./session-chunks.ts";

const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Resolves when the answer is written, or when its reader has left: the reply goes on without them. */
export function streamAnswer(
  { edge, userId, http: { request, response } }: Follower & { http: Http },
  asked: SessionAnswer,
  afterSeq: number,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  request.socket.setTimeout(0);
  response.writeHead(200, headers);
  response.flushHeaders();
  const write = (text: string | Uint8Array): void => {
    if (response.writableLength > edge.limits.maxOutboundBytes) response.destroy();
    else response.write(text);
  };
  const event = (data: object | string, id?: number): void => {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    write(`${id === undefined ? "" : `id: ${id}\n`}data: ${text}\n\n`);
  };
  const stop = writeAnswer({ edge, userId }, asked, afterSeq, {
    chunk: event,
    reset: () => write(writeEvent({ name: "reset", data: JSON.stringify({ type: "reset" }) })),
    fail(code, message) {
      event(errorChunk(code, message));
      response.end();
    },
    complete() {
      event("[DONE]");
      response.end();
    },
  });
  const cancelPings = every(edge.clock, lookEveryMs, () => write(": keep-alive\n\n"));
  response.once("close", () => {
    stop();
    cancelPings();
    resolve();
  });
  return promise;
}

/** How many events a reader has seen. Throws common.invalid. */
export function offsetIn(given: string | string[] | undefined): number {
  const text = Array.isArray(given) ? given[0] : given;
  if (text === undefined || text === "") return 0;
  if (!/^\d{1,15}$/.test(text)) throw invalidField("offset", "the number of an event");
  return Number(text);
}
