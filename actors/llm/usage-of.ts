// Usage as upstreams write it → tokens, each counted in one class.
import { answerTokensOf, promptTokensOf, tokensOf, type Usage } from "./usage.ts";

interface RawUsage {
  /** Chat completions. */
  prompt_tokens?: unknown;
  completion_tokens?: unknown;
  prompt_tokens_details?: InputDetails | null;
  completion_tokens_details?: OutputDetails | null;
  /** DeepSeek. */
  prompt_cache_hit_tokens?: unknown;
  /** Responses and images. */
  input_tokens?: unknown;
  output_tokens?: unknown;
  input_tokens_details?: InputDetails | null;
  output_tokens_details?: OutputDetails | null;
}
interface InputDetails {
  cached_tokens?: unknown;
  cache_write_tokens?: unknown;
  audio_tokens?: unknown;
}
interface OutputDetails {
  reasoning_tokens?: unknown;
  audio_tokens?: unknown;
}

/** Undefined when it counts nothing. OpenAI's prompt count includes cached tokens, and its completion count reasoning. */
export function usageOf(raw: unknown): Usage | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const usage = raw as RawUsage;
  const input = countOf(usage.prompt_tokens) ?? countOf(usage.input_tokens);
  const output = countOf(usage.completion_tokens) ?? countOf(usage.output_tokens);
  if (input === undefined && output === undefined) return undefined;
  const inputDetails = usage.prompt_tokens_details ?? usage.input_tokens_details;
  const outputDetails = usage.completion_tokens_details ?? usage.output_tokens_details;
  // A detail above its whole is wrong: no token is counted twice.
  let left = input ?? 0;
  const ofInput = (count: unknown) => {
    const taken = Math.min(countOf(count) ?? 0, left);
    left -= taken;
    return taken;
  };
  const cached = ofInput(inputDetails?.cached_tokens ?? usage.prompt_cache_hit_tokens);
  const written = ofInput(inputDetails?.cache_write_tokens);
  const audioIn = ofInput(inputDetails?.audio_tokens);
  const audioOut = Math.min(countOf(outputDetails?.audio_tokens) ?? 0, output ?? 0);
  const text = (output ?? 0) - audioOut;
  const reasoning = Math.min(countOf(outputDetails?.reasoning_tokens) ?? 0, text);
  return {
    inputTokens: left,
    ...(cached > 0 && { cachedInputTokens: cached }),
    ...(written > 0 && { cacheWriteTokens: written }),
    ...(audioIn > 0 && { audioInputTokens: audioIn }),
    outputTokens: text,
    ...(audioOut > 0 && { audioOutputTokens: audioOut }),
    ...(reasoning > 0 && { reasoningTokens: reasoning }),
  };
}

/** A number of tokens or of answers, as an upstream or a client wrote it; undefined when it is none. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** OpenAI's form of a usage. */
export function writeUsage(usage: Usage): object {
  const { cachedInputTokens = 0 } = usage;
  return {
    prompt_tokens: promptTokensOf(usage),
    completion_tokens: answerTokensOf(usage),
    total_tokens: tokensOf(usage),
    ...(cachedInputTokens > 0 && { prompt_tokens_details: { cached_tokens: cachedInputTokens } }),
    ...(usage.reasoningTokens && { completion_tokens_details: { reasoning_tokens: usage.reasoningTokens } }),
  };
}
