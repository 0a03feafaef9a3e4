// Environment variables of the models: the providers that the system pays for, routing, prices, and the guard on users' addresses.
import type { Variable } from "./variable.ts";

const mib = 1_024 * 1_024;

const addressOf = (provider: string, usual: string): Variable => ({
  text: `Address of ${provider}. Default: ${usual}, once a key is set.`,
  unit: "url",
  default: "",
});
const keyOf = (provider: string): Variable => ({
  text: `The system's key for ${provider}.`,
  unit: "text",
  default: "",
  isSecret: true,
});

export const modelVariables = {
  OPENAI_BASE_URL: {
    text: "The system's provider: any OpenAI-compatible address, mostly ending in /v1. Names of models that belong to no other configured provider go there as they are. Default: https://api.openai.com/v1, once a key is set.",
    unit: "url",
    default: "",
  },
  OPENAI_API_KEY: {
    text: "The system's key for OPENAI_BASE_URL. An address without a key is asked without one.",
    unit: "text",
    default: "",
    isSecret: true,
  },
  ANTHROPIC_BASE_URL: addressOf("Anthropic (Claude)", "https://api.anthropic.com/v1"),
  ANTHROPIC_API_KEY: keyOf("Anthropic"),
  GOOGLE_BASE_URL: addressOf("Google (Gemini)", "https://generativelanguage.googleapis.com/v1beta"),
  GOOGLE_API_KEY: keyOf("Google"),
  AZURE_BASE_URL: {
    text: "Azure OpenAI's resource, https://<name>.openai.azure.com.",
    unit: "url",
    default: "",
  },
  AZURE_API_KEY: keyOf("Azure OpenAI"),
  AZURE_API_VERSION: {
    text: "Version of Azure's API, 2024-10-21 for example: models are then names of deployments. Default: the v1 API, which needs no version.",
    unit: "text",
    default: "",
  },
  QIANFAN_BASE_URL: addressOf("Baidu Qianfan (ERNIE, Wenxin)", "https://qianfan.baidubce.com/v2"),
  QIANFAN_API_KEY: keyOf("Baidu Qianfan"),
  ARK_BASE_URL: addressOf("Volcengine Ark (Doubao)", "https://ark.cn-beijing.volces.com/api/v3"),
  ARK_API_KEY: keyOf("Volcengine Ark"),
  DASHSCOPE_BASE_URL: addressOf("Alibaba DashScope (Qwen)", "https://dashscope.aliyuncs.com/compatible-mode/v1"),
  DASHSCOPE_API_KEY: keyOf("Alibaba DashScope"),
  DEFAULT_MODEL_URL: {
    text: "OpenAI-compatible address for users of the one-to-one chat who have configured none. Needs DEFAULT_MODEL_NAME. Default: such users are asked to configure one.",
    unit: "url",
    default: "",
  },
  DEFAULT_MODEL_NAME: { text: "The model's name at DEFAULT_MODEL_URL.", unit: "text", default: "" },
  DEFAULT_MODEL_API_KEY: {
    text: "The key for DEFAULT_MODEL_URL. Default: OPENAI_API_KEY when the address is OPENAI_BASE_URL, else none.",
    unit: "text",
    default: "",
    isSecret: true,
  },
  LLM_DEFAULT_MODEL: {
    text: "The model of conversations that name none.",
    unit: "text",
    default: "gpt-4o-mini",
  },
  LLM_IMAGE_MODEL: { text: "The model of image edits that name none.", unit: "text", default: "gpt-image-1" },
  LLM_MODELS: {
    text: "Models that are listed, comma-separated. Default: what the system's provider lists, and the well-known models of the other configured providers.",
    unit: "list",
    default: "",
  },
  LLM_ALIASES: {
    text: "Other names of models, comma-separated alias:model (alias=model where a name has a colon).",
    unit: "list",
    default: "",
  },
  LLM_FALLBACKS: {
    text: "Models that answer when a model's upstream fails before its first content, comma-separated model:fallback (model=fallback where a name has a colon). Several fallbacks of one model are tried in this order.",
    unit: "list",
    default: "",
  },
  LLM_PRICES: {
    text: 'Own prices in dollars per million tokens: JSON, or a path of a JSON file: {"<model>": {"input": 2.5, "cachedInput": 1.25, "cacheWrite": 2.5, "output": 10, "image": 0.04}}. They come before the built-in list.',
    unit: "json|path",
    default: "",
  },
  OUTBOUND_ALLOW: {
    text: "What addresses given by users may reach although it is closed (loopback, private and link-local networks, unusual ports): host, host:port, address, [v6]:port or CIDR, comma-separated.",
    unit: "list",
    default: "",
  },
  OUTBOUND_MAX_BYTES: {
    text: "Size of what is fetched from an address in a message, an image for example. More is refused.",
    unit: "bytes",
    default: String(20 * mib),
    min: 1_024,
    max: 256 * mib,
  },
  OUTBOUND_TIMEOUT_MS: {
    text: "Time for fetching what an address in a message leads to, redirects included.",
    unit: "ms",
    default: "15000",
    min: 100,
    max: 600_000,
  },
} as const satisfies Record<string, Variable>;
