// POST /v1/chat/completions: a pass-through. The body goes up as it came but for the model's name, and the usage that this
// server asks for; the answer comes down as the upstream wrote it.

import { chunkOfAnswer } from "../../actors/llm/answer.ts";
import type { ChatRequest } from "../../actors/llm/chat.ts";
import type { Surface, UpstreamTarget } from "../../actors/llm/contract.ts";
import { createChatReader } from "../../actors/llm/reader.ts";
import { writeEvent } from "../../actors/llm/sse.ts";
import {
  type BodyTerms,
  type RelayEnd,
  type RelayRequest,
  type UpstreamBody,
  usageOption,
} from "../../actors/relay/contract.ts";
import { measureChat } from "../../actors/relay/most.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import type { V1Deps } from "../v1-ports.ts";
import { checkCount, checkFlag, type JsonBody, lengthFieldOf, maxOf, modelOf, parseBody } from "./body.ts";
import type { V1Caller } from "./caller.ts";
import { bodyForModel } from "./edit-body.ts";
import { failureOfToolCalls } from "./errors.ts";
import { type Exchange, invalid } from "./exchange.ts";
import { answerFailure, plainFormat, type StreamFormat, StreamSink } from "./stream-sink.ts";
import { WholeSink } from "./whole-sink.ts";

/** How a surface passes requests through. */
interface PassThrough {
  surface: Surface;
  /** Of the ledger's rows. */
  endpoint: string;
  /** Whatever the body says. */
  isStream?: boolean;
  provider?: string;
  /** Fields of the body that are this server's, and not sent up. */
  ownFields?: readonly string[];
}
const ofV1: PassThrough = { surface: "v1", endpoint: "/v1/chat/completions" };

export async function completeChat(
  deps: V1Deps & { clock: Clock },
  exchange: Exchange,
  caller: V1Caller,
  bytes: Buffer,
  as: PassThrough = ofV1,
): Promise<void> {
  const { relay, limits, clock } = deps;
  const { showsUsage, ...request } = await chatRequestOf(deps, caller, bytes, as);
  const sinkOptions = { clock, limits, format: chatFormat(showsUsage) };
  const stream = request.isStream ? new StreamSink(exchange, sinkOptions) : undefined;
  const sink = stream ?? new WholeSink(exchange);
  let end: RelayEnd;
  try {
    end = await relay.run({ ...request, requestId: exchange.requestId, signal: exchange.gone }, sink);
  } finally {
    stream?.stop();
  }
  if (end.kind === "left") exchange.leave();
  else if (end.failure) answerFailure(exchange, { failure: end.failure, stream });
  else if (stream) endStream(stream, end);
  else endWhole(exchange, sink as WholeSink, end);
}

type ChatPassThrough = Omit<RelayRequest, "requestId" | "signal"> & { showsUsage: boolean };

/** Throws common.invalid, gateway.malformed, and what the directory throws. */
export async function chatRequestOf(
  { directory, catalog }: Pick<V1Deps, "directory" | "catalog">,
  { payer, keyLimits }: V1Caller,
  bytes: Buffer,
  { surface, endpoint, provider, ownFields = [], ...as }: PassThrough,
): Promise<ChatPassThrough> {
  const body = parseBody(bytes);
  const model = modelOf(body.value);
  const isAsked = check(body.value);
  const isStream = as.isStream ?? isAsked;
  const targets = await directory.resolve({ payer, surface, model, ...(provider !== undefined && { provider }) });
  const [first] = targets;
  const { prompt_cache_key: affinity } = body.value;
  return {
    ...{ payer, surface, endpoint, path: "/chat/completions", model, targets },
    ...(keyLimits && { keyLimits }),
    ...(typeof affinity === "string" && { affinity }),
    ...measureChat(body.value, first && catalog.find(first)),
    ...{ isStream, isPaidJob: false, repeats: false },
    bodyFor: (target, terms) => bodyFor(body, target, { isStream, terms, ownFields }),
    chat: body.value as unknown as ChatRequest,
    createReader: createChatReader,
    showsUsage: asksForUsage(body.value),
  };
}

/** A client that did not ask for the usage does not see it. */
function chatFormat(showsUsage: boolean): StreamFormat {
  return {
    ...plainFormat,
    needsDone: true,
    rewrite({ bytes }, chunk) {
      if (showsUsage || !chunk?.usage) return bytes;
      if (!chunk.choices?.length) return undefined;
      const { usage: _, ...rest } = chunk;
      return writeEvent({ data: JSON.stringify(rest) });
    },
  };
}

function check(body: Record<string, unknown>): boolean {
  const { messages } = body;
  const areMessages = Array.isArray(messages) && messages.every((each) => typeof each === "object" && each !== null);
  if (!areMessages || messages.length === 0) throw invalid("messages", "at least one message");
  checkCount(body, "n", maxOf.choices);
  checkCount(body, "max_tokens", maxOf.tokens);
  checkCount(body, "max_completion_tokens", maxOf.tokens);
  return checkFlag(body, "stream");
}

function asksForUsage({ stream_options: options }: Record<string, unknown>): boolean {
  return typeof options === "object" && options !== null && (options as Record<string, unknown>).include_usage === true;
}

function bodyFor(
  body: JsonBody,
  target: UpstreamTarget,
  { isStream, terms, ownFields }: { isStream: boolean; terms: BodyTerms; ownFields: readonly string[] },
): UpstreamBody {
  const { value } = body;
  const changes: Record<string, unknown> = {};
  for (const field of ownFields) if (field in value) changes[field] = undefined;
  if ((value.stream === true) !== isStream) changes.stream = isStream;
  if (terms.maxOutputTokens !== undefined) changes[lengthFieldOf(target)] = terms.maxOutputTokens;
  const withoutUsage = terms.isRefused("stream_options");
  const isAsked = asksForUsage(value);
  if (isStream && withoutUsage && value.stream_options !== undefined) changes.stream_options = undefined;
  else if (isStream && !withoutUsage && !isAsked) {
    changes.stream_options = { ...(value.stream_options as object | undefined), include_usage: true };
  }
  return { ...bodyForModel(body, target.model, changes), ...(isStream && !withoutUsage && { optional: usageOption }) };
}

function endStream(stream: StreamSink, { whole }: RelayEnd): void {
  if (whole) {
    const chunk = chunkOfAnswer(whole.json as object);
    const data = JSON.stringify(chunk);
    void stream.event({ data, bytes: writeEvent({ data }), name: undefined }, chunk);
  }
  stream.complete();
}

function endWhole(exchange: Exchange, sink: WholeSink, { whole }: RelayEnd): void {
  if (whole) return void exchange.json(200, whole.bytes);
  try {
    exchange.json(200, sink.built());
  } catch (error) {
    answerFailure(exchange, { failure: failureOfToolCalls(error) });
  }
}
