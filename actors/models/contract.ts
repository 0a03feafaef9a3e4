// What a user brought for talking to models: the address and key of an own upstream, keys of providers, assistants of their
// own. Key: the user's id, or `system` for what all users may use and the settings that clients ask for.
import { contract } from "../runtime/contract.ts";
import type { UserId } from "../shared/ids.ts";

/** The key of what all users may use. */
export const systemModels = "system";

/** The one upstream of a user of the one-to-one chat. */
export interface OwnUpstream {
  modelUrl: string;
  modelName: string;
  sealedKey: string;
  configuredAtMs: number;
}
export interface ProviderKey {
  keyId: string;
  provider: string;
  displayName: string;
  sealedKey: string;
  keyHash: string;
  isActive: boolean;
  createdAtMs: number;
  expiresAtMs?: number;
  lastUsedAtMs?: number;
  usageCount: number;
}
export interface Assistant {
  /** A stamp, or `model-…` of a system model, or `own` of the user's own upstream: the last two are never stored. */
  assistantId: string;
  ownerId: UserId;
  name: string;
  avatar: string;
  model: string;
  provider?: string;
  systemPrompt: string;
}

interface ModelsCommands {
  /** Refuses what is no plain http(s) address; the guard judges where it leads when it is used. */
  setUpstream(input: Omit<OwnUpstream, "configuredAtMs">): OwnUpstream;
  /** Throws llm.list_full. */
  addKey(input: Pick<ProviderKey, "provider" | "displayName" | "sealedKey" | "keyHash" | "expiresAtMs">): ProviderKey;
  /** Both throw llm.key_not_found. */
  setKeyActive(input: { keyId: string; isActive: boolean }): ProviderKey;
  removeKey(input: { keyId: string }): null;
  /** Counted for the list of keys; callers gather a minute's uses. An unknown key is ignored. */
  keyUsed(input: { keyId: string; count: number }): null;
  /** Without an id: a new one. Throws llm.assistant_not_found, llm.list_full. */
  putAssistant(input: Omit<Assistant, "assistantId" | "ownerId"> & { assistantId?: string }): Assistant;
  removeAssistant(input: { assistantId: string }): null;
  /** Of `system` only: a merge of the settings that clients and administrators see. Null removes a setting. */
  changeSettings(input: { patch: Readonly<Record<string, unknown>> }): { settings: Readonly<Record<string, unknown>> };
}
interface ModelsQueries {
  upstream(input: Record<string, never>): { upstream?: OwnUpstream };
  keys(input: Record<string, never>): { keys: readonly ProviderKey[] };
  assistants(input: Record<string, never>): { assistants: readonly Assistant[] };
  settings(input: Record<string, never>): { settings: Readonly<Record<string, unknown>> };
}
export const ModelSettings = contract<ModelsCommands, ModelsQueries>("models");
