// Responses for clients whose model's server speaks chat completions alone: the request goes up converted, and the answer comes down
// as the events of a response.
import { chunkOfAnswer } from "../../actors/llm/answer.ts";
import type { ChatRequest } from "../../actors/llm/chat.ts";
import { chatOfResponses, NoChatForm } from "../../actors/llm/chat-of-responses.ts";
import { type Chunk, createDeltaReader } from "../../actors/llm/chunk.ts";
import type { UpstreamTarget } from "../../actors/llm/contract.ts";
import type { Failure } from "../../actors/llm/failure.ts";
import { createChatReader } from "../../actors/llm/reader.ts";
import { createResponsesWriter, type ResponsesEvent } from "../../actors/llm/responses-writer.ts";
import { writeEvent } from "../../actors/llm/sse.ts";
import {
  type BodyTerms,
  type ChatForm,
  type RelayEnd,
  type RelaySink,
  type UpstreamBody,
  usageOption,
} from "../../actors/relay/contract.ts";
import { lengthFieldOf } from "./body.ts";
import { failureOfToolCalls } from "./errors.ts";

interface OverChat {
  form: ChatForm;
  /** The end of the request, and the response where the last try was converted. */
  finish(end: RelayEnd): Promise<{ end: RelayEnd; body?: object }>;
}

/** `opening`: the response before it has anything. */
export function overChat({
  value,
  isStream,
  opening,
}: {
  value: Record<string, unknown>;
  isStream: boolean;
  opening: { id: string };
}): OverChat {
  const base = { ...echoOf(value), ...opening };
  let made: ReturnType<typeof createConversion> | undefined;
  const { chat, refusal } = chatOf(value);
  return {
    form: {
      ...{ path: "/chat/completions", chat, refusal, createReader: createChatReader },
      bodyFor: (target, terms) => bodyOf(chat, target, { isStream, terms, longest: value.max_output_tokens }),
      sinkFor(sink) {
        const conversion = createConversion(base, sink);
        made = conversion;
        return {
          alive: () => sink.alive?.(),
          event: (_, chunk) => chunk && conversion.take(chunk),
          flush: () => sink.flush?.(),
        };
      },
      dropped() {
        made = undefined;
      },
    },
    async finish(end) {
      if (!made || end.kind !== "complete") return { end };
      if (end.whole) await made.take(chunkOfAnswer(end.whole.json as object));
      try {
        return { end, body: await made.finish(end) };
      } catch (error) {
        return { end: { ...end, kind: "failed", failure: failureOfToolCalls(error) } };
      }
    },
  };
}

function createConversion(base: { id: string }, sink: RelaySink) {
  const writer = createResponsesWriter(base);
  const deltas = createDeltaReader();
  const give = (events: readonly ResponsesEvent[]): Promise<void> | undefined => {
    let wait: Promise<void> | undefined;
    for (const event of events) {
      const data = JSON.stringify(event);
      const made = { data, name: event.type, bytes: writeEvent({ name: event.type, data }) };
      wait = sink.event(made, event as unknown as Chunk) ?? wait;
    }
    return wait;
  };
  return {
    take: (chunk: Chunk) => give(deltas.read(chunk).flatMap((delta) => writer.add(delta))),
    async finish({ reason, usage }: RelayEnd): Promise<object> {
      await give(writer.finish({ reason, usage, calls: deltas.toolCalls() }));
      return writer.body;
    },
  };
}

function chatOf(value: Record<string, unknown>): { chat: ChatRequest; refusal?: Failure } {
  try {
    return { chat: chatOfResponses(value) };
  } catch (error) {
    if (!(error instanceof NoChatForm)) throw error;
    const { message, param } = error;
    const refusal: Failure = { kind: "client", status: 400, message, param, code: "unsupported_parameter" };
    return { chat: { model: "", messages: [] }, refusal };
  }
}

function bodyOf(
  chat: ChatRequest,
  target: UpstreamTarget,
  { isStream, terms, longest }: { isStream: boolean; terms: BodyTerms; longest: unknown },
): UpstreamBody {
  const withUsage = isStream && !terms.isRefused("stream_options");
  const most = terms.maxOutputTokens ?? longest;
  const body = {
    ...chat,
    model: target.model,
    ...(isStream && { stream: true }),
    ...(withUsage && { stream_options: { include_usage: true } }),
    ...(typeof most === "number" && { [lengthFieldOf(target)]: most }),
  };
  return {
    bytes: JSON.stringify(body),
    contentType: "application/json",
    ...(withUsage && { optional: usageOption }),
  };
}

/** Fields of the request that a response repeats. */
function echoOf(value: Record<string, unknown>): object {
  const { instructions = null, max_output_tokens = null, temperature = 1, top_p = 1, tools = [] } = value;
  const {
    tool_choice = "auto",
    parallel_tool_calls = true,
    metadata = {},
    text = { format: { type: "text" } },
  } = value;
  return {
    ...{ instructions, max_output_tokens, temperature, top_p, tools, tool_choice, parallel_tool_calls, metadata, text },
    previous_response_id: null,
  };
}
