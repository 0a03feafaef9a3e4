// `sk-` keys of programs: the key ring keeps their hashes, and a gateway remembers the keys that it has seen for a moment.
import { hash } from "node:crypto";
import { type ApiKey, Keyring, keyFreshMs } from "../../actors/keyring/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import { DomainError } from "../../actors/shared/errors.ts";

export interface ApiKeys {
  /** Throws llm.key_invalid. */
  verify(secret: string): Promise<ApiKey>;
}

/** The one key ring of the system. */
export const keyringId = "system";

const keyForm = /^sk-[\w-]{16,200}$/;
const maxCachedKeys = 10_000; // then the oldest one is forgotten, and its next request asks the key ring

export function isApiKey(text: string): boolean {
  return text.startsWith("sk-");
}

export function hashApiKey(secret: string): string {
  return hash("sha256", secret, "base64url");
}

export function createApiKeys({ actors, clock }: { actors: Actors; clock: Pick<Clock, "nowMs"> }): ApiKeys {
  const seen = new Map<string, { key: ApiKey; untilMs: number }>();
  return {
    async verify(secret) {
      if (!keyForm.test(secret)) throw new DomainError("llm.key_invalid");
      const keyHash = hashApiKey(secret);
      const cached = seen.get(keyHash);
      if (cached && cached.untilMs > clock.nowMs()) return cached.key;
      seen.delete(keyHash);
      const askedMs = clock.nowMs();
      const { key } = await actors.get(Keyring, keyringId).findKey({ hash: keyHash });
      if (!key?.isActive) throw new DomainError("llm.key_invalid");
      if (seen.size >= maxCachedKeys) seen.delete(seen.keys().next().value ?? "");
      seen.set(keyHash, { key, untilMs: askedMs + keyFreshMs });
      return key;
    },
  };
}
