// `sk-` keys at the edge: made here and shown once; only the SHA-256 goes to the keyring. A gateway keeps what it asked for
// `keyFreshMs`, so that a busy client costs the keyring one question a second.
import { hash } from "node:crypto";
import { type ApiKey, Keyring, keyFreshMs } from "../../actors/keyring/contract.ts";
import type { Random } from "../../actors/runtime/ports.ts";
import { BoundedMap } from "../../actors/shared/bounded-map.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { GatewayDeps } from "../ports.ts";
import { randomText } from "./random-text.ts";

interface NewApiKey {
  /** For its owner only, and once. */
  key: string;
  hash: string;
  hint: string;
}
export interface ApiKeys {
  /** The active key of a Bearer token. Throws llm.key_invalid, for a disabled key, too. */
  find(bearer: string): Promise<ApiKey>;
}

const keyChars = 32;
const pattern = new RegExp(`^sk-[0-9A-Za-z]{${keyChars}}$`);
/** Keys that a gateway remembers, unknown ones included; then the oldest is forgotten and asked for again. */
const maxRemembered = 10_000;

export function createApiKey(random: Random): NewApiKey {
  const key = `sk-${randomText(random, keyChars)}`;
  return { key, hash: hashOf(key), hint: `${key.slice(0, 5)}…${key.slice(-4)}` };
}

/** Is it a key by its form? Other Bearer tokens are no reason to ask the keyring. */
export function isApiKey(bearer: string): boolean {
  return pattern.test(bearer);
}

export function createApiKeys({ actors, clock }: Pick<GatewayDeps, "actors" | "clock">): ApiKeys {
  const remembered = new BoundedMap<string, { key: ApiKey | undefined; untilMs: number }>(maxRemembered);
  const asked = new Map<string, Promise<ApiKey | undefined>>();

  async function ask(keyHash: string): Promise<ApiKey | undefined> {
    // Counted from before the question: the answer may be as old as that.
    const untilMs = clock.monotonicMs() + keyFreshMs;
    try {
      const { key } = await actors.get(Keyring, "system").findKey({ hash: keyHash });
      remembered.renew(keyHash, { key, untilMs });
      return key;
    } finally {
      asked.delete(keyHash);
    }
  }

  return {
    async find(bearer) {
      if (!isApiKey(bearer)) throw new DomainError("llm.key_invalid");
      const keyHash = hashOf(bearer);
      const known = remembered.get(keyHash);
      let key = known?.key;
      if (!known || known.untilMs <= clock.monotonicMs()) {
        let answer = asked.get(keyHash);
        if (!answer) {
          answer = ask(keyHash);
          asked.set(keyHash, answer);
        }
        key = await answer;
      }
      if (!key?.isActive) throw new DomainError("llm.key_invalid");
      return key;
    },
  };
}

function hashOf(key: string): string {
  return hash("sha256", key, "base64url");
}
