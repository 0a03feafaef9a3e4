// Models as replies use them: an answer as deltas, one listener that is waited for.
import { chunkOfAnswer } from "../llm/answer.ts";
import { type Chunk, createDeltaReader, type DeltaReader } from "../llm/chunk.ts";
import type { ChatEnd, ChatListener, ModelRequest, Models } from "../llm/contract.ts";
import { type Failure, statusOf } from "../llm/failure.ts";
import { createChatReader } from "../llm/reader.ts";
import type { SseEvent } from "../llm/sse.ts";
import { type BodyTerms, type Relay, type RelayEnd, type RelaySink, usageOption } from "./contract.ts";
import { measureChat } from "./most.ts";
import type { Catalog } from "./ports.ts";

export function createModels({ relay, catalog }: { relay: Relay; catalog: Catalog }): Models {
  return {
    async chat(request, listener) {
      const answer = new ListenedAnswer(listener);
      const [first] = request.targets;
      const end = await relay.run(
        {
          requestId: request.requestId,
          payer: request.payer,
          surface: request.surface,
          endpoint: request.endpoint,
          path: "/chat/completions",
          model: request.body.model,
          targets: request.targets,
          ...(request.conversationId !== undefined && { conversationId: request.conversationId }),
          ...measureChat(request.body, first && catalog.find(first)),
          isStream: true,
          isPaidJob: false,
          repeats: true,
          bodyFor: (target, terms) => bodyOf(request, target.model, terms),
          chat: { ...request.body, stream: true },
          createReader: createChatReader,
          signal: request.signal,
        },
        answer,
      );
      if (end.whole) await answer.event(undefined, chunkOfAnswer(end.whole.json as object));
      return chatEnd(end, answer.text);
    },
  };
}

function bodyOf({ body }: ModelRequest, model: string, { isRefused, maxOutputTokens }: BodyTerms) {
  const { stream_options: _, ...rest } = body;
  const withoutUsage = isRefused("stream_options");
  const sent = {
    ...rest,
    model,
    stream: true,
    ...(!withoutUsage && { stream_options: { include_usage: true } }),
    ...(maxOutputTokens !== undefined && { max_tokens: maxOutputTokens }),
  };
  return {
    bytes: JSON.stringify(sent),
    contentType: "application/json",
    ...(!withoutUsage && { optional: usageOption }),
  };
}

/** The listener gets deltas one after another: a delta that it takes time for holds the upstream. */
class ListenedAnswer implements RelaySink {
  text = "";
  readonly canReset = true;
  readonly #listener: ChatListener;
  #reader: DeltaReader = createDeltaReader();

  constructor(listener: ChatListener) {
    this.#listener = listener;
  }

  attempt(number: number): Promise<void> | void {
    this.text = "";
    this.#reader = createDeltaReader();
    return this.#listener.attempt(number);
  }

  event(_: SseEvent | undefined, chunk: Chunk | undefined): Promise<void> | undefined {
    if (!chunk) return undefined;
    let wait: Promise<void> | undefined;
    for (const delta of this.#reader.read(chunk)) {
      if (delta.type === "text") this.text += delta.text;
      if (wait) wait = wait.then(() => this.#listener.delta(delta));
      else wait = this.#listener.delta(delta) || undefined;
    }
    return wait;
  }
}

function chatEnd(end: RelayEnd, text: string): ChatEnd {
  const { kind, reason, usage, attempts, model, provider, failure } = end;
  return {
    status: kind === "complete" ? "completed" : kind === "left" ? "stopped" : "failed",
    reason: kind === "left" ? "stopped" : reason,
    ...(failure && { error: errorOf(failure) }),
    text,
    usage,
    attempts,
    model,
    provider,
  };
}

function errorOf(failure: Failure): NonNullable<ChatEnd["error"]> {
  const status = statusOf(failure);
  return { code: failure.code ?? failure.type ?? failure.kind, message: failure.message, status };
}
