// What a request has used, and how it ended: the facts that the ledger prices.

/** Tokens, each counted in one class only. */
export interface Usage {
  /** Not from a cache, and not written into one. */
  inputTokens: number;
  cachedInputTokens?: number;
  cacheWriteTokens?: number;
  audioInputTokens?: number;
  /** Text, and reasoning. */
  outputTokens: number;
  audioOutputTokens?: number;
  /** Of `outputTokens`. */
  reasoningTokens?: number;
  /** Pictures that were made. */
  images?: number;
  /** Counted here, because the upstream reported none. */
  isEstimated?: true;
}

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0 };

/** The whole prompt, in whatever class its tokens are. */
export function promptTokensOf(usage: Usage): number {
  const { inputTokens, cachedInputTokens = 0, cacheWriteTokens = 0, audioInputTokens = 0 } = usage;
  return inputTokens + cachedInputTokens + cacheWriteTokens + audioInputTokens;
}

export function answerTokensOf({ outputTokens, audioOutputTokens = 0 }: Usage): number {
  return outputTokens + audioOutputTokens;
}

export function tokensOf(usage: Usage): number {
  return promptTokensOf(usage) + answerTokensOf(usage);
}

/** Why an answer ended: as the upstream said, or as this system saw it. */
export type EndReason =
  | "stop"
  | "length"
  | "tool_calls"
  | "content_filter"
  /** The upstream's end mark came without a reason. */
  | "unknown"
  /** The connection closed without an end mark. */
  | "cut"
  /** Nothing came within the limit: before the first content, or between two pieces. */
  | "silent"
  | "stalled"
  /** The upstream answered with an error, with a status or inside a stream. */
  | "refused"
  /** No connection, no name, no credential. */
  | "unreachable"
  /** A user stopped it, or the client of a pass-through left. */
  | "stopped"
  | "client_left"
  /** The host that ran it died. */
  | "host_lost";
