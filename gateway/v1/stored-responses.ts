// GET, POST …/cancel and DELETE of /v1/responses/{id}: from what is kept here, at any gateway. No upstream is asked.
import { StoredResponse } from "../../actors/response/contract.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { V1Caller } from "./caller.ts";
import { type Exchange, invalid } from "./exchange.ts";
import { ownerOf, type ResponsesDeps } from "./responses.ts";
import { plainFormat, StreamSink } from "./stream-sink.ts";

/** ms between two looks at a response that runs. */
const lookEveryMs = 100;

export async function showResponse(
  deps: ResponsesDeps,
  exchange: Exchange,
  caller: V1Caller,
  { id, query }: { id: string; query: URLSearchParams },
): Promise<void> {
  const owner = ownerOf(caller);
  const response = deps.actors.get(StoredResponse, id);
  if (query.get("stream") !== "true") {
    const { body } = await response.read({ owner });
    exchange.json(200, body);
    return;
  }
  let afterSeq = startingAfter(query.get("starting_after"));
  const stream = new StreamSink(exchange, { ...deps, format: plainFormat });
  try {
    for (;;) {
      const { events, status } = await response.read({ owner, afterSeq });
      if (afterSeq === -1 || events.length > 0) stream.alive();
      for (const { seq, text } of events) {
        await stream.event({ data: text, bytes: Buffer.from(text), name: undefined }, undefined);
        afterSeq = seq;
      }
      stream.flush();
      if (status !== "in_progress") break;
      if (exchange.gone.aborted) return;
      await sleep(deps.clock, lookEveryMs);
    }
    stream.complete();
  } finally {
    stream.stop();
  }
}

/** −1: from the beginning. */
function startingAfter(text: string | null): number {
  if (text === null) return -1;
  if (!/^\d{1,15}$/.test(text)) throw invalid("starting_after", "the sequence number of an event");
  return Number(text);
}

export async function cancelResponse(
  deps: ResponsesDeps,
  exchange: Exchange,
  caller: V1Caller,
  id: string,
): Promise<void> {
  const { body } = await deps.actors.get(StoredResponse, id).cancel({ owner: ownerOf(caller) });
  exchange.json(200, body);
}

export async function removeResponse(
  deps: ResponsesDeps,
  exchange: Exchange,
  caller: V1Caller,
  id: string,
): Promise<void> {
  await deps.actors.get(StoredResponse, id).remove({ owner: ownerOf(caller) });
  exchange.json(200, JSON.stringify({ id, object: "response", deleted: true }));
}
