// What this system knows of a model: what it can do, how much it reads and writes, what it costs.
import type { Price } from "../account/price.ts";
import type { UpstreamTarget } from "../llm/contract.ts";
import { providerOfModel } from "./providers.ts";

export interface Capabilities {
  /** Reads pictures. */
  vision: boolean;
  tools: boolean;
  /** Thinks before it answers. */
  reasoning: boolean;
  /** Makes or edits pictures instead of a chat. */
  images: boolean;
  embeddings: boolean;
}

export interface ModelFacts {
  /** Absent: unpriced. */
  price?: Price;
  /** Prompt and answer together. */
  contextTokens?: number;
  maxOutputTokens?: number;
  capabilities: Capabilities;
}

export interface ListedModel extends ModelFacts {
  /** The name that requests use. */
  id: string;
  provider: string;
  ownedBy: string;
  /** Seconds since 1970; 0: unknown. */
  createdS: number;
}

export interface Catalog {
  /** Loads what `find` answers from; before it, every model is unknown. */
  ready(): Promise<void>;
  find(target: Pick<UpstreamTarget, "provider" | "baseUrl" | "model">): ModelFacts;
  /** The models that the system offers to all users. Never rejects: what cannot be listed now is left out. */
  list(): Promise<readonly ListedModel[]>;
}

const none: Capabilities = { vision: false, tools: false, reasoning: false, images: false, embeddings: false };
const chat: Capabilities = { ...none, tools: true };

/** By the name, for models of which no list says more. Unknown names count as chat models with tools. */
export function capabilitiesByName(model: string): Capabilities {
  const name = model.toLowerCase();
  if (/embed|^bge-|^text-embedding/.test(name)) return { ...none, embeddings: true };
  if (/(^|-)image(-|$)|^dall-e|^imagen|^wanx|seedream|^flux|stable-diffusion/.test(name)) {
    return { ...none, images: true, vision: true };
  }
  if (/whisper|(^|-)tts(-|$)|transcribe|^sora|^veo|moderation/.test(name)) return none;
  const isVision =
    /vision|-vl|^qvq|omni|^gemini|^claude-(3|sonnet|opus|haiku)|^gpt-(4o|4\.|5)|^o[1-9]($|-)|llava|pixtral/;
  const isReasoning =
    /^o[1-9]($|-)|^gpt-5|^qwq|^qvq|reason|think|-r1|^gemini-(2\.5|[3-9])|^claude-(3-7|sonnet-4|opus-4|haiku-4)/;
  return { ...chat, vision: isVision.test(name), reasoning: isReasoning.test(name) };
}

/** The maker of a model, as lists show it. */
export function makerOf(model: string, provider: string): string {
  return providerOfModel(model) ?? provider;
}
