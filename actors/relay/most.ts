// What a request can use at most, for its hold, and what its prompt has probably: read from its body.
import { guessTokens } from "../llm/chunk.ts";
import type { Usage } from "../llm/usage.ts";
import { countOf } from "../llm/usage-of.ts";
import { DomainError } from "../shared/errors.ts";
import { utf8Length } from "../shared/utf8.ts";

/** The parts of a body that decide how much it can use. */
interface Measured {
  n?: unknown;
  max_tokens?: unknown;
  max_completion_tokens?: unknown;
  max_output_tokens?: unknown;
  [parameter: string]: unknown;
}

interface Measure {
  most: Usage;
  /** Answers that are asked for. */
  choices?: number;
  isFlexible: boolean;
  promptTokens: number;
}

/** Tokens of the longest answer of a model whose maximum is unknown. */
const defaultMaxOutputTokens = 16_384;
/** Tokens of a picture in a prompt: a large one in full detail, at the models that count the most. */
const maxImageTokens = 6_000;
const usualImageTokens = 800;
/** Pictures of a prompt are long texts; shorter ones are counted as text. */
const minDataUrlChars = 256;

/** No tokenizer makes more tokens than there are bytes, so a hold by bytes is never too small. */
export function measureChat(body: Measured, { maxOutputTokens }: { maxOutputTokens?: number } = {}): Measure {
  const text = { bytes: 0, guess: 0, images: 0 };
  for (const [name, value] of Object.entries(body)) if (!notPrompt.has(name)) weigh(value, text);
  const named = countOf(body.max_completion_tokens) ?? countOf(body.max_tokens) ?? countOf(body.max_output_tokens);
  const longest = named ?? maxOutputTokens ?? defaultMaxOutputTokens;
  const choices = Math.max(1, countOf(body.n) ?? 1);
  return {
    most: { inputTokens: text.bytes + text.images * maxImageTokens, outputTokens: longest * choices },
    ...(choices > 1 && { choices }),
    isFlexible: named === undefined,
    promptTokens: Math.ceil(text.guess + text.images * usualImageTokens),
  };
}
const notPrompt = new Set(["model", "stream", "stream_options", "temperature", "user", "metadata", "encoding_format"]);

/** Token ids are counted by their number. */
export function measureEmbedding({ input }: { input?: unknown }): Measure {
  const text = { bytes: 0, guess: 0, images: 0 };
  const count = tokenIdsIn(input);
  if (count === 0) weigh(input, text);
  return {
    most: { inputTokens: count > 0 ? count : text.bytes, outputTokens: 0 },
    isFlexible: false,
    promptTokens: count > 0 ? count : Math.ceil(text.guess),
  };
}

export function measureImages({ n, prompt }: { n?: unknown; prompt?: unknown }): Measure {
  const text = { bytes: 0, guess: 0, images: 0 };
  weigh(prompt, text);
  const images = Math.max(1, countOf(Number(n)) ?? 1);
  return {
    most: { inputTokens: text.bytes, outputTokens: 0, images },
    isFlexible: false,
    promptTokens: Math.ceil(text.guess),
  };
}

function tokenIdsIn(input: unknown): number {
  if (!Array.isArray(input)) return 0;
  let count = 0;
  for (const each of input) count += typeof each === "number" ? 1 : tokenIdsIn(each);
  return count;
}

/** Deeper bodies are refused; schemas of tools are nested. */
const maxDepth = 100;

function weigh(value: unknown, sum: { bytes: number; guess: number; images: number }, depth = 0): void {
  if (depth > maxDepth) throw new DomainError("gateway.malformed", { details: { reason: "the JSON is too deep" } });
  if (typeof value === "string") {
    if (value.length > minDataUrlChars && value.startsWith("data:")) sum.images += 1;
    else {
      sum.bytes += utf8Length(value) + 4;
      sum.guess += guessTokens(value) + 1;
    }
  } else if (Array.isArray(value)) for (const each of value) weigh(each, sum, depth + 1);
  else if (typeof value === "object" && value !== null) {
    if ((value as { type?: unknown }).type === "image_url") sum.images += 1;
    else {
      for (const [name, each] of Object.entries(value)) {
        sum.bytes += name.length;
        weigh(each, sum, depth + 1);
      }
    }
  } else sum.bytes += 4;
}
