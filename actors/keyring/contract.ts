// Secrets by which programs and guests come in: `sk-` keys and access codes. Only hashes are kept. One actor for the whole
// system (key `system`): an access code is redeemed exactly as often as it may be, and gateways keep the keys they have seen
// for `keyFreshMs`.
import { contract } from "../runtime/contract.ts";
import type { UserId } from "../shared/ids.ts";

export interface ApiKey {
  /** An integer as text: the admin pages show it as a number. */
  keyId: string;
  ownerId: UserId;
  name: string;
  /** The first and last characters, for people. */
  hint: string;
  isActive: boolean;
  createdAtMs: number;
  /** Requests and tokens per minute, requests at once, tokens over the key's life. */
  limits: { rpm?: number; tpm?: number; parallel?: number; quotaTokens?: number };
}
export interface AccessCode {
  codeId: string;
  isActive: boolean;
  createdBy: UserId;
  createdAtMs: number;
  expiresAtMs?: number;
  maxUsage: number;
  usageCount: number;
}

/** How long a gateway may use a key without asking again: a disabled key stops working within this time. */
export const keyFreshMs = 1_000;

interface KeyringCommands {
  addKey(input: { hash: string; hint: string; ownerId: UserId; name: string; limits: ApiKey["limits"] }): ApiKey;
  /** Throws llm.key_not_found. */
  changeKey(input: { keyId: string; name?: string; isActive?: boolean; limits?: ApiKey["limits"] }): ApiKey;
  removeKey(input: { keyId: string }): null;
  addCode(input: { hash: string; createdBy: UserId; maxUsage: number; expiresAtMs?: number }): AccessCode;
  changeCode(input: { codeId: string; isActive: boolean }): AccessCode;
  /** Throws llm.code_wrong, and llm.code_spent when it was used up or has expired. */
  redeem(input: { hash: string }): { codeId: string };
}
interface KeyringQueries {
  findKey(input: { hash: string }): { key?: ApiKey };
  keys(input: { ownerId?: UserId }): { keys: readonly ApiKey[] };
  codes(input: Record<string, never>): { codes: readonly AccessCode[] };
}
export const Keyring = contract<KeyringCommands, KeyringQueries>("keyring");
