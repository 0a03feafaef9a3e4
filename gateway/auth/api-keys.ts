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
  /**
   * The active key of a Bearer token. Throws llm.key_invalid, for a disabled key, too. `beforeGuess` is called before the keyring
   * is asked for a key that this gateway does not know; it may throw.
   */
  find(bearer: string, beforeGuess?: () => void): Promise<ApiKey>;
}

const keyChars = 32;
const pattern = new RegExp(`^sk-[0-9A-Za-z]{${keyChars}}$`);
/** Keys that a gateway remembers, and as many guesses; then the oldest is forgotten and asked for again. */
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
  const known = new BoundedMap<string, { key: ApiKey; untilMs: number }>(maxRemembered);
  /** Until when each is known to be no key. Apart from the keys, so that guesses push no key out. */
  const guesses = new BoundedMap<string, number>(maxRemembered);
  const asked = new Map<string, Promise<ApiKey | undefined>>();

  async function ask(keyHash: string): Promise<ApiKey | undefined> {
    // Counted from before the question: the answer may be as old as that.
    const untilMs = clock.monotonicMs() + keyFreshMs;
    try {
      const key = await askKeyring(actors, keyHash);
      if (key) known.renew(keyHash, { key, untilMs });
      else {
        known.delete(keyHash);
        guesses.renew(keyHash, untilMs);
      }
      return key;
    } finally {
      asked.delete(keyHash);
    }
  }

  return {
    async find(bearer, beforeGuess) {
      if (!isApiKey(bearer)) throw new DomainError("llm.key_invalid");
      const keyHash = hashOf(bearer);
      const nowMs = clock.monotonicMs();
      const found = known.get(keyHash);
      let key = found?.key;
      if ((found?.untilMs ?? guesses.get(keyHash) ?? nowMs) <= nowMs) {
        let answer = asked.get(keyHash);
        if (!answer) {
          if (!found) beforeGuess?.();
          answer = ask(keyHash);
          asked.set(keyHash, answer);
        }
        key = await answer;
      }
      return requireActive(key);
    },
  };
}

/** The active key of a Bearer token as the keyring knows it now. Throws llm.key_invalid. */
export async function findKeyNow({ actors }: Pick<GatewayDeps, "actors">, bearer: string): Promise<ApiKey> {
  if (!isApiKey(bearer)) throw new DomainError("llm.key_invalid");
  return requireActive(await askKeyring(actors, hashOf(bearer)));
}

async function askKeyring(actors: GatewayDeps["actors"], keyHash: string): Promise<ApiKey | undefined> {
  return (await actors.get(Keyring, "system").findKey({ hash: keyHash })).key;
}

function requireActive(key: ApiKey | undefined): ApiKey {
  if (!key?.isActive) throw new DomainError("llm.key_invalid");
  return key;
}

function hashOf(key: string): string {
  return hash("sha256", key, "base64url");
}
