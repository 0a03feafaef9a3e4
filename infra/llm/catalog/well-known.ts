// Models that are listed for a configured provider whose own list is not asked for: a choice for people. Every other name works,
// too. LLM_MODELS replaces this list.
import type { ProviderName } from "../../../actors/models/providers.ts";

export const wellKnownModels: Readonly<Partial<Record<ProviderName, readonly string[]>>> = {
  openai: ["gpt-5", "gpt-5-mini", "gpt-4.1", "gpt-4o", "gpt-4o-mini", "o3", "o4-mini", "gpt-image-1"],
  anthropic: ["claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5"],
  google: ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"],
  wenxin: ["ernie-4.5-turbo-128k", "ernie-x1-turbo-32k"],
  doubao: ["doubao-1-5-pro-32k-250115", "doubao-seed-1-6-250615"],
  qwen: ["qwen-max", "qwen-plus", "qwen-turbo", "qwen-vl-max"],
};
