// Upstreams that speak Anthropic's or Google's format, by the AI SDK's packages. One call is one try: the packages' retries stand
// above the models that are used here. Packages are loaded with the first request.
import { Agent, fetch } from "undici";
import type { ProviderChat, ProviderEvent, UpstreamTarget } from "../../../actors/llm/contract.ts";
import type { Fetched } from "../guard/fetch.ts";
import { EventReader } from "./events-of.ts";
import type { SdkModel, StreamPart } from "./model.ts";
import { optionsOf } from "./options-of.ts";
import { type PictureAt, promptOf, refusal } from "./prompt-of.ts";
import { errorOf } from "./refusal.ts";

type ProviderRequest = Parameters<ProviderChat["stream"]>[0];

/** How long an idle connection is kept. */
const keptMs = 30_000;

interface ProviderChats extends ProviderChat {
  close(): Promise<void>;
}

/** `fetchPicture`: what an address in a message leads to, through the guard; for a provider that takes no addresses. */
export function createProviderChat(
  fetchPicture: (url: string, signal: AbortSignal) => Promise<Fetched>,
): ProviderChats {
  // No limit of time is undici's own: a model may think for longer than its usual 300 s.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: keptMs, keepAliveMaxTimeout: keptMs });
  // A redirect would take the key to another address.
  const send: typeof globalThis.fetch = (input, init) =>
    fetch(input as string, {
      ...(init as object),
      dispatcher: agent,
      redirect: "error",
    }) as unknown as Promise<Response>;

  return {
    async *stream(request) {
      const stop = new AbortController();
      const signal = AbortSignal.any([request.signal, stop.signal]);
      try {
        yield* events(request, { send, signal, fetchPicture });
      } catch (error) {
        request.signal.throwIfAborted();
        throw errorOf(error, request.key);
      } finally {
        // The caller may end the iteration at any event: nobody reads the connection any more.
        stop.abort();
      }
    },
    close: () => agent.destroy(),
  };
}

async function* events(
  { target, key, body }: ProviderRequest,
  parts: {
    send: typeof globalThis.fetch;
    signal: AbortSignal;
    fetchPicture: Parameters<typeof createProviderChat>[0];
  },
): AsyncGenerator<ProviderEvent> {
  const { format } = target;
  if (format === undefined || target.isUserUrl) throw refusal("its format is not known here");
  const pictureAt: PictureAt = async (url) => (format === "anthropic" ? { url: new URL(url) } : fetchImage(url, parts));
  const prompt = await promptOf(body.messages, pictureAt);
  const model = await modelOf(target, key, parts.send);
  const { stream } = await model.doStream({ ...optionsOf(body, format), prompt, abortSignal: parts.signal });
  const reader = new EventReader(key);
  for await (const part of stream as AsyncIterable<StreamPart> & typeof stream) yield* reader.read(part);
}

async function fetchImage(
  url: string,
  { fetchPicture, signal }: { fetchPicture: Parameters<typeof createProviderChat>[0]; signal: AbortSignal },
): Promise<{ bytes: Uint8Array; mime: string }> {
  const { fileTypeFromBuffer } = await import("file-type");
  let bytes: Uint8Array;
  try {
    ({ bytes } = await fetchPicture(url, signal));
  } catch {
    signal.throwIfAborted();
    throw refusal("a picture's address cannot be reached");
  }
  const mime = (await fileTypeFromBuffer(bytes))?.mime ?? "";
  if (!mime.startsWith("image/")) throw refusal("what a picture's address leads to is no picture");
  return { bytes, mime };
}

async function modelOf(
  { format, baseUrl: baseURL, model }: UpstreamTarget,
  apiKey: string,
  send: typeof globalThis.fetch,
): Promise<SdkModel> {
  if (format === "anthropic") {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    return createAnthropic({ baseURL, apiKey, fetch: send }).languageModel(model);
  }
  const { createGoogle } = await import("@ai-sdk/google");
  return createGoogle({ baseURL, apiKey, fetch: send }).languageModel(model);
}
