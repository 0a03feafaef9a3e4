// A relay on the real transport, with a ledger and a pool that write down what they were asked.
import type { Hold, Settle } from "../../../actors/account/contract.ts";
import type { Ledger } from "../../../actors/account/ledger.ts";
import type { Price } from "../../../actors/account/price.ts";
import type { Credentials, Grant, Seen, UpstreamTarget } from "../../../actors/llm/contract.ts";
import { retryAfterOf } from "../../../actors/pool/retry-after.ts";
import { defaultRelayLimits, type RelayLimits } from "../../../actors/relay/limits.ts";
import { createRelay, type RelayDeps } from "../../../actors/relay/relay.ts";
import { createRelayStats } from "../../../actors/relay/stats.ts";
import { createTransport } from "../../../infra/llm/transport.ts";
import { systemClock } from "../../../infra/system/clock.ts";

class LedgerBook implements Ledger {
  readonly holds: Omit<Hold, "boot">[] = [];
  readonly settles: Settle[] = [];
  /** Thrown by the next holds. */
  refusal: Error | undefined;
  maxOutputTokens: number | undefined;

  async hold(input: Omit<Hold, "boot">) {
    if (this.refusal) throw this.refusal;
    this.holds.push(input);
    return { amount: 0, ...(this.maxOutputTokens !== undefined && { maxOutputTokens: this.maxOutputTokens }) };
  }
  async release() {}
  async settle(_: string, input: Settle) {
    this.settles.push(input);
    return { cost: 0 };
  }
}

/** Accounts a, b, c … with the keys `key-a`, … in this order; one that failed cools until `warm`. */
class AccountBook implements Credentials {
  readonly seen: { credentialId: string; kind: Seen; retryAfterMs?: number }[] = [];
  readonly renewed: string[] = [];
  /** What a renewal gives; undefined: nothing newer. */
  newKey: ((credentialId: string) => string) | undefined;
  readonly #ids: readonly string[];
  readonly #cooling = new Map<string, number>();

  constructor(ids: readonly string[]) {
    this.#ids = ids;
  }
  async acquire({ pool, tried = [] }: Parameters<Credentials["acquire"]>[0]) {
    const left = this.#ids.filter((id) => !tried.includes(id));
    const id = left.find((each) => !this.#cooling.has(each));
    if (id !== undefined) {
      const grant: Grant = { pool, credentialId: id, accessToken: `key-${id}`, accountId: "", tokenVersion: 1 };
      return { kind: "granted", grant } as const;
    }
    if (this.#cooling.size === 0) return { kind: "none" } as const;
    return { kind: "cooling", retryAfterMs: Math.min(...this.#cooling.values()) } as const;
  }
  async report({ credentialId }: Grant, { kind, retryAfterMs }: Parameters<Credentials["report"]>[1]) {
    this.seen.push({ credentialId, kind, ...(retryAfterMs !== undefined && { retryAfterMs }) });
    if (kind !== "ok" && kind !== "server_error") this.#cooling.set(credentialId, retryAfterMs ?? 30_000);
  }
  async renew(grant: Grant) {
    this.renewed.push(grant.credentialId);
    const accessToken = this.newKey?.(grant.credentialId);
    return accessToken === undefined ? undefined : { ...grant, accessToken, tokenVersion: grant.tokenVersion + 1 };
  }
}

export function openRelay({
  accounts = [],
  limits = {},
  providers = {},
  prices = {},
}: {
  accounts?: readonly string[];
  limits?: Partial<RelayLimits>;
  providers?: RelayDeps["providers"];
  /** By the model's name at its upstream. */
  prices?: Record<string, Price>;
} = {}) {
  const ledger = new LedgerBook();
  const pool = new AccountBook(accounts);
  const transport = createTransport();
  const errors: string[] = [];
  const catalog = { find: ({ model }: UpstreamTarget) => ({ price: prices[model] }) };
  const clock = systemClock;
  const stats = createRelayStats();
  const relay = createRelay({
    transport,
    clock,
    limits: { ...defaultRelayLimits, firstTokenMs: 5_000, stallMs: 5_000, ...limits },
    retryAfterOf: (headers, body) =>
      retryAfterOf({ header: (name) => String(headers[name] ?? "") || undefined, body }, clock.nowMs()),
    ledger,
    credentials: pool,
    secrets: { seal: (plain) => plain, open: (sealed) => sealed },
    catalog,
    providers,
    stats,
    reportError: (message) => void errors.push(message),
  });
  return { relay, catalog, ledger, pool, errors, stats, close: () => transport.close() };
}

export function targetOf(baseUrl: string, more: Partial<UpstreamTarget> = {}): UpstreamTarget {
  const credential = { kind: "key", sealedKey: "system-key-1" } as const;
  return { provider: "openai", baseUrl, model: "up-model-1", credential, isUserUrl: false, ...more };
}
export const pooled = { credential: { kind: "pool", pool: "default" } } as const;
