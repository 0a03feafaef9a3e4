// POST /v1/responses: passed through like chats. A response that runs in the background belongs to this server: it goes on without
// its client, and its events are kept.
import type { UpstreamTarget } from "../../actors/llm/contract.ts";
import { createResponsesReader } from "../../actors/llm/responses-reader.ts";
import type { RelayEnd, RelayRequest, RelaySink, UpstreamBody } from "../../actors/relay/contract.ts";
import { measureChat } from "../../actors/relay/most.ts";
import { type ResponseStatus, StoredResponse, type UpstreamPlace } from "../../actors/response/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import type { UserFeed } from "../kit/user-feed.ts";
import type { V1Deps } from "../v1-ports.ts";
import { checkCount, checkFlag, type JsonBody, maxOf, modelOf, parseBody } from "./body.ts";
import type { V1Caller } from "./caller.ts";
import { bodyForModel } from "./edit-body.ts";
import { type Exchange, invalid } from "./exchange.ts";
import { responseFormat } from "./response-format.ts";
import { finishResponse, ResponseJournal } from "./response-journal.ts";
import { overChat } from "./responses-over-chat.ts";
import { answerFailure, StreamSink } from "./stream-sink.ts";

export type ResponsesDeps = V1Deps & {
  clock: Clock;
  actors: Actors;
  boot: string;
  feed: UserFeed;
  reportError(message: string, cause: unknown): void;
};

/** Only the caller who made a response sees it. */
export function ownerOf({ payer: { userId, keyId } }: V1Caller): string {
  return `${userId}/${keyId ?? ""}`;
}

interface Asked {
  id: string;
  owner: string;
  body: JsonBody;
  isStream: boolean;
  isBackground: boolean;
  isStored: boolean;
  /** Where the response lives that this one goes on from. */
  previous: UpstreamPlace | undefined;
}

export async function createResponse(
  deps: ResponsesDeps,
  exchange: Exchange,
  caller: V1Caller,
  bytes: Buffer,
): Promise<void> {
  const asked = await read(deps, exchange, caller, bytes);
  const { id, isBackground, isStream } = asked;
  const model = modelOf(asked.body.value);
  const targets = await deps.directory.resolve({ payer: caller.payer, surface: "v1", model });
  let reader = createResponsesReader();
  const stop = new AbortController();
  if (!isBackground) exchange.gone.addEventListener("abort", () => stop.abort());
  const journal = isBackground
    ? new ResponseJournal(deps, { key: id, owner: asked.owner, onOver: () => stop.abort() })
    : undefined;
  const format = responseFormat(
    id,
    () => reader,
    ({ seq, bytes }) => journal?.add({ seq, text: Buffer.from(bytes).toString("utf8") }),
  );
  const opening = inProgress(asked, model, deps.clock.nowMs());
  const shown = JSON.stringify(opening);
  if (journal) {
    await journal.begin(deps.boot, shown);
    exchange.detach();
    if (!isStream) exchange.json(200, shown);
  }
  const stream = isStream ? new StreamSink(exchange, { ...deps, format }) : undefined;
  const silent: RelaySink = {
    event: (event, chunk) => void format.rewrite(event, chunk),
    attempt: (n) => exchange.asked(n),
  };
  const chat = overChat({ value: asked.body.value, isStream: isStream || isBackground, opening });
  const first = targets[0];
  const request: RelayRequest = {
    ...{
      requestId: exchange.requestId,
      payer: caller.payer,
      surface: "v1",
      endpoint: "/v1/responses",
      path: "/responses",
    },
    ...{ model, targets, chatForm: chat.form },
    ...(caller.keyLimits && { keyLimits: caller.keyLimits }),
    ...(asked.previous?.credentialId !== undefined && { preferred: asked.previous.credentialId }),
    ...measureChat(asked.body.value, first && deps.catalog.find(first)),
    ...{ isStream: isStream || isBackground, isPaidJob: false, repeats: false },
    bodyFor: (target) => bodyFor(asked, target),
    createReader: () => {
      reader = createResponsesReader();
      return reader;
    },
    signal: stop.signal,
  };
  let end: RelayEnd;
  let converted: object | undefined;
  try {
    end = await deps.relay.run(request, stream ?? silent);
    ({ end, body: converted } = await chat.finish(end));
  } catch (error) {
    await journal?.finish("failed", failedBody(shown, "The request was refused."), undefined);
    throw error;
  } finally {
    stream?.stop();
  }
  const { upstreamId, body = converted } = reader;
  const text = body && format.named(JSON.stringify(body));
  await store(deps, asked, { end, upstreamId, isIncomplete: isIncomplete(body), text, shown, journal });
  answer(exchange, stream, { end, isBackground, body: text });
}

async function read(deps: ResponsesDeps, exchange: Exchange, caller: V1Caller, bytes: Buffer): Promise<Asked> {
  const body = parseBody(bytes);
  const { input, previous_response_id: previousId, store: isStored } = body.value;
  modelOf(body.value);
  if (input === undefined || input === null || (Array.isArray(input) && input.length === 0))
    throw invalid("input", "a text or items");
  checkCount(body.value, "max_output_tokens", maxOf.tokens);
  const owner = ownerOf(caller);
  let previous: UpstreamPlace | undefined;
  if (previousId !== undefined && previousId !== null) {
    if (typeof previousId !== "string") throw invalid("previous_response_id", "the id of a response");
    previous = (await deps.actors.get(StoredResponse, previousId).read({ owner, afterSeq: Number.MAX_SAFE_INTEGER }))
      .place;
  }
  return {
    ...{ id: `resp_${exchange.requestId}`, owner, body, previous },
    isStream: checkFlag(body.value, "stream"),
    isBackground: checkFlag(body.value, "background"),
    isStored: isStored !== false,
  };
}

function bodyFor({ body, isBackground, previous }: Asked, target: UpstreamTarget): UpstreamBody {
  const changes: Record<string, unknown> = {};
  if (isBackground) Object.assign(changes, { background: undefined, stream: true });
  if (previous) changes.previous_response_id = previous.upstreamId;
  return bodyForModel(body, target.model, changes);
}

async function store(
  { actors, reportError }: ResponsesDeps,
  { id, owner, isStored }: Asked,
  run: {
    end: RelayEnd;
    upstreamId: string | undefined;
    isIncomplete: boolean;
    /** Of the whole response. */
    text: string | undefined;
    shown: string;
    journal: ResponseJournal | undefined;
  },
): Promise<void> {
  const { end, upstreamId, text, shown, journal } = run;
  const place = upstreamId === undefined ? undefined : { upstreamId, credentialId: end.credentialId };
  const status = statusOf(end, run.isIncomplete);
  const body = text ?? failedBody(shown, end.failure?.message ?? "It was ended.");
  try {
    if (journal) await journal.finish(status, body, place);
    else if (isStored && end.kind === "complete") await finishResponse(actors, { key: id, owner, status, body, place });
  } catch (error) {
    reportError("v1: a response is not kept", error);
  }
}

function statusOf({ kind }: RelayEnd, isIncomplete: boolean): ResponseStatus {
  if (kind === "left") return "cancelled";
  if (kind === "failed") return "failed";
  return isIncomplete ? "incomplete" : "completed";
}

function isIncomplete(body: object | undefined): boolean {
  return (body as { status?: unknown } | undefined)?.status === "incomplete";
}

function answer(
  exchange: Exchange,
  stream: StreamSink | undefined,
  { end, isBackground, body }: { end: RelayEnd; isBackground: boolean; body: string | undefined },
): void {
  if (end.failure) answerFailure(exchange, { failure: end.failure, stream });
  else if (end.kind === "left" && !isBackground) exchange.leave();
  else if (stream) stream.complete();
  else if (body !== undefined) exchange.json(200, body);
}

function inProgress({ id, isBackground }: Asked, model: string, nowMs: number) {
  const created_at = Math.floor(nowMs / 1_000);
  return {
    id,
    object: "response",
    created_at,
    status: "in_progress",
    background: isBackground,
    model,
    output: [],
    error: null,
  };
}

function failedBody(shown: string, message: string): string {
  return JSON.stringify({
    ...(JSON.parse(shown) as object),
    status: "failed",
    error: { code: "server_error", message },
  });
}
