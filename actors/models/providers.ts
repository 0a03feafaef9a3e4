// The providers that this system knows: where each one is, how it speaks, and which models are its own.
import type { UpstreamTarget } from "../llm/contract.ts";

interface KnownProvider {
  /** Absent: every customer has an address of their own. */
  readonly baseUrl?: string;
  readonly format?: UpstreamTarget["format"];
  readonly keyHeader?: UpstreamTarget["keyHeader"];
  /** The beginnings of its models' names. */
  readonly models?: RegExp;
  /** Other names that clients use, in small letters without spaces. */
  readonly alsoCalled: readonly string[];
}

const known = {
  openai: {
    baseUrl: "https://api.openai.com/v1",
    models: /^(gpt-|chatgpt-|o[1-9](-|$)|text-embedding-(3|ada)|dall-e|codex|omni-moderation|tts-|whisper-|sora-)/,
    alsoCalled: [],
  },
  azure: { keyHeader: "api-key", alsoCalled: ["azureopenai", "azure-openai", "azure_openai"] },
  google: {
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    format: "google",
    models: /^(gemini|gemma|imagen)/,
    alsoCalled: ["gemini", "googlegemini"],
  },
  anthropic: {
    baseUrl: "https://api.anthropic.com/v1",
    format: "anthropic",
    models: /^claude/,
    alsoCalled: ["claude"],
  },
  wenxin: {
    baseUrl: "https://qianfan.baidubce.com/v2",
    models: /^ernie/,
    alsoCalled: ["baidu", "qianfan", "ernie"],
  },
  doubao: {
    baseUrl: "https://ark.cn-beijing.volces.com/api/v3",
    models: /^(doubao|ep-)/,
    alsoCalled: ["bytedance", "ark", "volcengine"],
  },
  qwen: {
    baseUrl: "https://dashscope.aliyuncs.com/compatible-mode/v1",
    models: /^(qwen|qwq|qvq)/,
    alsoCalled: ["alibaba", "dashscope", "tongyi"],
  },
} as const satisfies Record<string, KnownProvider>;

export type ProviderName = keyof typeof known;

export const providerNames = Object.keys(known) as readonly ProviderName[];
const providers: Readonly<Record<ProviderName, KnownProvider>> = known;

export function providerFacts(name: ProviderName): KnownProvider {
  return providers[name];
}

/** The provider that a client names, in whatever spelling; undefined for an unknown name. */
export function providerCalled(text: string): ProviderName | undefined {
  const name = text.toLowerCase().replaceAll(" ", "");
  return providerNames.find((each) => each === name || providers[each].alsoCalled.includes(name));
}

/** The provider whose own model this is; undefined for an unknown name. */
export function providerOfModel(model: string): ProviderName | undefined {
  const name = model.toLowerCase();
  return providerNames.find((each) => providers[each].models?.test(name));
}
