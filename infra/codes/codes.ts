// The rules of verification codes. The store is in memory for one gateway, or in Redis for all gateways. A code is stored as a
// hash only, is valid for 5 minutes, is void after 5 wrong tries, and works once. The store is bounded; a store that is full or
// unavailable answers common.unavailable.
//
// codes/sending: a target is sent one code a minute and five an hour, over all purposes. Failed sendings count too, so that
//     nobody can flood a mail server that fails.
// codes/key: hashes are made with a secret key, because six digits could be guessed from any plain hash. The names of targets
//     are hashed in the same way, so that a store outside this process contains no address.
import { createHmac, hkdfSync, randomBytes, randomInt } from "node:crypto";
import type { Clock } from "../../actors/runtime/ports.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { CodePurpose, Log, VerificationCodes } from "../../gateway/ports.ts";
import { createMemoryCodeStore } from "./memory-store.ts";
import type { CodeSender } from "./sender.ts";
import type { CodeRules, CodeStore } from "./store.ts";

const hourMs = 60 * 60_000;
const rules: CodeRules = {
  lifeMs: 5 * 60_000,
  maxTries: 5,
  pauseMs: 60_000,
  maxPerWindow: 5,
  windowMs: hourMs,
};
const keyBytes = 32;

export interface CodesDeps {
  readonly sender: CodeSender;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: in memory, for one gateway. */
  readonly store?: CodeStore;
  /** codes/key. Gateways with a common store need the same key: `codeKeyOf`. Default: a random key. */
  readonly key?: Uint8Array;
  /** A code that is accepted for every target, in addition to the sent one. Never in production. */
  readonly devCode?: string;
  /** For benchmarks only: codes/sending is off. */
  readonly unlimited?: boolean;
}

/** Derives the key of the codes from a secret that every gateway already has. */
export function codeKeyOf(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, "", "parley verification codes", keyBytes));
}

export function createCodes(deps: CodesDeps): VerificationCodes {
  const { sender, clock, log, key = randomBytes(keyBytes), store = createMemoryCodeStore(clock) } = deps;
  const applied = deps.unlimited ? { ...rules, pauseMs: 0, maxPerWindow: Number.MAX_SAFE_INTEGER } : rules;

  const nameOf = (target: string): string => macOf(key, `target\n${target.trim().toLowerCase()}`);
  const hashOf = (target: string, purpose: CodePurpose, code: string): string =>
    macOf(key, `code\n${target}\n${purpose}\n${code}`);

  return {
    async send(input) {
      const { purpose } = input;
      const target = nameOf(input.target);
      const code = String(randomInt(1_000_000)).padStart(6, "0");
      const hash = hashOf(target, purpose, code);
      const waitMs = await store.keep({ target, purpose, hash }, applied);
      if (waitMs > 0) throw new DomainError("common.too_many", { details: { retryAfterMs: waitMs } });
      try {
        await sender.send({ target: input.target, purpose, code, expiresInMs: rules.lifeMs });
      } catch (error) {
        await store.drop(target, purpose, hash);
        if (error instanceof DomainError) throw error;
        log.error("codes: verification code not sent", { channel: sender.name, purpose, error });
        throw new DomainError("common.unavailable", { cause: error });
      }
      return { expiresInMs: rules.lifeMs };
    },

    async verify({ target: given, purpose, code }) {
      const target = nameOf(given);
      if (deps.devCode !== undefined && code === deps.devCode) {
        await store.drop(target, purpose);
        return;
      }
      const outcome = await store.answer({ target, purpose, hash: hashOf(target, purpose, code) });
      if (outcome === "expired") throw new DomainError("auth.code_expired");
      if (outcome === "wrong") throw new DomainError("auth.code_wrong");
    },
  };
}

function macOf(key: Uint8Array, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}
