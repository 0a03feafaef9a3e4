// The part of the AI SDK's models that is used here, by its own types.
import type { createAnthropic } from "@ai-sdk/anthropic";

export type SdkModel = ReturnType<ReturnType<typeof createAnthropic>["languageModel"]>;
export type CallOptions = Parameters<SdkModel["doStream"]>[0];
export type Prompt = CallOptions["prompt"];
export type StreamPart =
  Awaited<ReturnType<SdkModel["doStream"]>>["stream"] extends ReadableStream<infer Part> ? Part : never;
