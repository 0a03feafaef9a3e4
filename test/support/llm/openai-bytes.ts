// The bytes of OpenAI's format, for scripts of an upstream.
import type { Script } from "./script.ts";

const createdS = 1_700_000_000;

interface ChunkUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens?: number;
  [detail: string]: unknown;
}

export const event = (data: unknown): string => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
export const done = event("[DONE]");

/** A chunk of the chat completions; `delta` undefined: a choice without one. */
export function chunk(delta?: object, more: { finish?: string | null; usage?: ChunkUsage | null } = {}): object {
  return {
    id: "chatcmpl-up",
    object: "chat.completion.chunk",
    created: createdS,
    model: "up-model-1",
    choices: [{ index: 0, ...(delta && { delta }), finish_reason: more.finish ?? null }],
    ...(more.usage !== undefined && { usage: more.usage }),
  };
}
export const text = (content: string): string => event(chunk({ content }));
/** A piece of the tool call `index`. */
export const toolPiece = (index: number, call: object): string => event(chunk({ tool_calls: [{ index, ...call }] }));
export const role = event(chunk({ role: "assistant", content: "" }));
export const finish = (reason = "stop"): string => event(chunk({}, { finish: reason }));

export function usage(prompt: number, completion: number, details: object = {}): string {
  const counts = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  return event({ ...chunk(), choices: [], usage: { ...counts, ...details } });
}

/** A whole chat completion. */
export function completion(content: string, { prompt = 10, output = 5 } = {}): object {
  return {
    id: "chatcmpl-up",
    object: "chat.completion",
    created: createdS,
    model: "up-model-1",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output },
  };
}

/** Writes each of these at once, one write each, and ends. */
export function writes(...parts: (string | Uint8Array)[]): Script {
  return async (call) => {
    for (const part of parts) await call.write(part);
    call.end();
  };
}

/** Writes each of these, one write each, and cuts the connection. */
export function cutAfter(...parts: string[]): Script {
  return async (call) => {
    for (const part of parts) await call.write(part);
    call.cut();
  };
}

/** Writes each of these, one write each, and then nothing until the client leaves. */
export function stallAfter(...parts: string[]): Script {
  return async (call) => {
    for (const part of parts) await call.write(part);
    await call.left;
  };
}

/** A streamed answer that stands still behind its first pieces until the test lets it go on, or its client leaves. */
export function heldAfter(first: readonly string[], last: readonly string[] = []) {
  const gate = Promise.withResolvers<void>();
  const script: Script = async (call) => {
    await call.write(role);
    for (const piece of first) await call.write(text(piece));
    await Promise.race([gate.promise, call.left]);
    if (call.request.wasLeft) return;
    for (const piece of last) await call.write(text(piece));
    await writes(finish(), done)(call);
  };
  return { script, goOn: gate.resolve };
}

/** A whole streamed answer: role, the pieces, the reason, usage if it was asked for, [DONE]. */
export function stream(pieces: readonly string[], { everyMs = 0, prompt = 10 } = {}): Script {
  return async (call) => {
    await call.write(role);
    for (const piece of pieces) {
      if (everyMs > 0) await call.pause(everyMs);
      await call.write(text(piece));
    }
    await call.write(finish());
    const { stream_options: options } = call.request.json<{ stream_options?: { include_usage?: boolean } }>();
    if (options?.include_usage) await call.write(usage(prompt, pieces.length));
    await call.write(done);
    call.end();
  };
}

/** A JSON answer with its length. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Script {
  return async (call) => {
    const bytes = Buffer.from(JSON.stringify(body));
    call.head(status, { "content-type": "application/json", "content-length": String(bytes.length), ...headers });
    await call.write(bytes);
    call.end();
  };
}

export function refusal(status: number, headers: Record<string, string> = {}, error: object = {}): Script {
  return json({ error: { message: `status ${status}`, type: "upstream_error", ...error } }, status, headers);
}

/** Takes the request and never answers. */
export const silence: Script = (call) => call.left;
