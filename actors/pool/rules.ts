// Limits of a pool: each with a unit and a defined result.

export interface PoolRules {
  /** An account that is refused without a time serves again after this. */
  coolDownMs: number;
  /** A longer wait that an upstream names is cut to this: then a probe finds out. */
  maxCoolDownMs: number;
  /** Server errors in a row, within `errorWindowMs`, after which an account cools down. */
  errorsToCool: number;
  errorWindowMs: number;
  /** A probe whose result no host reports ends after this. */
  probeMs: number;
  /** A refresh that its host does not end, ends after this. Longer than the token endpoint is waited for. */
  refreshMs: number;
  /** A token is refreshed this long before it expires, or when a fifth of its life is left. */
  refreshAheadMs: number;
  /** Between two tries at a token endpoint that is not reached: doubled each time, up to `maxCoolDownMs`. */
  refreshRetryMs: number;
  /** More accounts of an import are refused. */
  maxAccounts: number;
  /** Of all sealed tokens, because they stand in the actor's snapshot. */
  maxTokenChars: number;
}

export const defaultPoolRules: PoolRules = {
  coolDownMs: 30_000,
  maxCoolDownMs: 600_000,
  errorsToCool: 3,
  errorWindowMs: 60_000,
  probeMs: 60_000,
  refreshMs: 30_000,
  refreshAheadMs: 300_000,
  refreshRetryMs: 10_000,
  maxAccounts: 2_000,
  maxTokenChars: 8_000_000,
};

export const minWeight = 1;
export const maxWeight = 100;
