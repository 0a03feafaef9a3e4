// One try at an upstream of another format, by its adapter. What the adapter gives becomes events of OpenAI's format, so that
// everything behind it reads one format.

import type { ChatRequest } from "../llm/chat.ts";
import { type ProviderChat, type ProviderEvent, ProviderRefusal, type UpstreamTarget } from "../llm/contract.ts";
import { type Failure, failureOf } from "../llm/failure.ts";
import type { AnswerReader } from "../llm/reader.ts";
import { writeEvent } from "../llm/sse.ts";
import type { EndReason } from "../llm/usage.ts";
import { writeUsage } from "../llm/usage-of.ts";
import type { TryDeps, TryResult } from "./http-try.ts";
import { Intake, type Sink, type TryEnd } from "./intake.ts";
import { watchSilence } from "./silence.ts";

interface ProviderCall {
  provider: ProviderChat;
  target: UpstreamTarget;
  key: string;
  body: ChatRequest;
  /** Id of the chunks. */
  id: string;
}

export async function tryProvider(
  deps: TryDeps,
  { provider, target, key, body, id }: ProviderCall,
  { reader, sink, signal }: { reader: AnswerReader; sink: Sink; signal: AbortSignal },
): Promise<TryResult> {
  const intake = new Intake(reader, sink, deps.limits);
  const stop = new AbortController();
  const leave = () => stop.abort();
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  let how: Failure | undefined;
  let silence: Failure | undefined;
  const watch = watchSilence(
    { clock: deps.clock, limits: deps.limits, isSinkWaiting: () => intake.isWaiting },
    (failure) => {
      silence = failure;
      stop.abort();
    },
  );
  const write = createChunkWriter({ id, model: target.model, atS: Math.floor(deps.clock.nowMs() / 1_000) });
  let status = 0;
  let firstMs: number | undefined;
  try {
    for await (const event of provider.stream({ target, key, body, signal: stop.signal })) {
      if (status === 0) sink.alive?.();
      status = 200;
      watch.piece();
      for (const data of write(event)) intake.take({ data, bytes: writeEvent({ data }), name: undefined });
      if (intake.hasBegun) firstMs ??= deps.clock.monotonicMs();
      if (intake.isWaiting) {
        await intake.free();
        watch.piece(); // the upstream was not read meanwhile
      } else intake.flush();
      if (intake.end || stop.signal.aborted) break;
    }
  } catch (error) {
    if (error instanceof ProviderRefusal) {
      status = error.status;
      const fields = { message: error.message, code: error.code || undefined };
      how = failureOf(error.status, fields, deps.retryAfterOf(error.headers, undefined));
    } else
      how = {
        kind: status === 0 ? "lost" : "cut",
        status: 0,
        message: "The connection to the model's server broke off.",
      };
  } finally {
    watch.cancel();
    signal.removeEventListener("abort", leave);
  }
  const end: TryEnd = signal.aborted && !intake.end ? { kind: "left" } : intake.close(silence ?? how);
  if (intake.isWaiting) await intake.free();
  return { end, status, hasBegun: intake.hasBegun, firstMs };
}

function createChunkWriter({ id, model, atS }: { id: string; model: string; atS: number }) {
  const head = { id, object: "chat.completion.chunk", created: atS, model };
  const chunk = (delta: object, finish: string | null = null): string =>
    JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
  let isFirst = true;
  return function* write(event: ProviderEvent): Generator<string> {
    if (isFirst) yield chunk({ role: "assistant", content: "" });
    isFirst = false;
    if (event.type === "usage") yield JSON.stringify({ ...head, choices: [], usage: writeUsage(event.usage) });
    else if (event.type === "finish") {
      yield chunk({}, finishReasonOf(event.reason));
      yield "[DONE]";
    } else yield chunk(deltaOf(event.delta));
  };
}

function deltaOf(delta: Extract<ProviderEvent, { type: "delta" }>["delta"]): object {
  if (delta.type === "text") return { content: delta.text };
  if (delta.type === "reasoning") return { reasoning_content: delta.text };
  const { index, id, name, arguments: args = "" } = delta;
  const call = {
    index,
    ...(id !== undefined && { id, type: "function" }),
    function: { ...(name !== undefined && { name }), arguments: args },
  };
  return { tool_calls: [call] };
}

function finishReasonOf(reason: EndReason): string {
  return reason === "length" || reason === "tool_calls" || reason === "content_filter" ? reason : "stop";
}
