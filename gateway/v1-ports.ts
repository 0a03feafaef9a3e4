// What the surface of OpenAI's format needs of the rest.
import type { ModelDirectory } from "../actors/llm/contract.ts";
import type { Catalog } from "../actors/models/catalog.ts";
import type { Relay } from "../actors/relay/contract.ts";

export interface V1Deps {
  relay: Relay;
  directory: ModelDirectory;
  catalog: Catalog;
  limits: V1Limits;
}

export interface V1Limits {
  /** Larger bodies get 413, before they are sent where their size is announced. */
  maxBodyBytes: number;
  /** A stream on which nothing went out for so long gets a comment. */
  keepAliveMs: number;
  /** A client that takes nothing for so long is taken for gone. */
  writeStallMs: number;
}

export const defaultV1Limits: V1Limits = {
  maxBodyBytes: 32 * 1024 * 1024,
  keepAliveMs: 15_000,
  writeStallMs: 60_000,
};
