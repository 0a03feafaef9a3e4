// A pool of accounts at one upstream: who serves, who cools down, who is refreshed. Key: the pool's name (`default`).
// Tokens stand sealed in its records. Hosts choose by a list of at most `listFreshMs` of age and report what they saw; the actor
// alone decides what an account's state is.
import type { Seen } from "../llm/contract.ts";
import { contract } from "../runtime/contract.ts";

/** The pool of the pass-through surface. */
export const defaultPool = "default";

/** How long a host chooses by the same list. */
export const listFreshMs = 1_000;

/** An account does not serve until then; afterwards one request probes whether it works again. */
export interface Cooling {
  untilMs: number;
  seen: Exclude<Seen, "ok">;
  /** Times in a row that a probe ended in the same refusal. */
  strikes: number;
  /** A host probes the account; until then no other host gets leave to probe. */
  probeUntilMs?: number;
}

/** The facts of an account, without its tokens. `status.ts` says what follows from them. */
export interface Credential {
  /** An integer, as the admin pages show it. */
  credentialId: string;
  name: string;
  email: string;
  accountId: string;
  weight: number;
  isActive: boolean;
  createdAtMs: number;
  /** Counts the access tokens. */
  tokenVersion: number;
  /** Absent: unknown, then the token counts as valid until the upstream refuses it. */
  expiresAtMs?: number;
  obtainedAtMs: number;
  lastRefreshAtMs?: number;
  hasRefreshToken: boolean;
  /** The token replaced a refused one, and no request has succeeded with it: when it is refused, too, a refresh does not help. */
  isUnproven: boolean;
  /** A refresh runs; until then no host gets leave to begin another. */
  refreshUntilMs?: number;
  /** The last refresh failed. Without `retryAtMs` the token endpoint has refused for good. */
  refreshFailure?: { reason: string; tries: number; retryAtMs?: number };
  /** Server errors in a row. */
  errors?: { count: number; firstAtMs: number };
  /** By capability; `wholeAccount`: all of them. */
  cooling: Readonly<Record<string, Cooling>>;
}
export const wholeAccount = "*";

/** One account to import; tokens are sealed by the edge. `identity`: what tells two accounts apart. */
export interface ImportedAccount {
  identity: string;
  name: string;
  email: string;
  accountId: string;
  sealedAccessToken: string;
  sealedRefreshToken?: string;
  expiresAtMs?: number;
  lastRefreshAtMs?: number;
}

/** Why a refresh is asked for: the token's date, an upstream that refuses the token, or an administrator. */
export type RefreshCause = "date" | "refused" | "manual";

export type RefreshLeave =
  | { kind: "begun"; refreshId: string; sealedRefreshToken: string }
  /** Another host refreshes, until then at the latest. */
  | { kind: "running"; untilMs: number }
  /** There is a newer token. */
  | { kind: "newer" }
  /** A refresh is not possible, or not before `retryAtMs`. */
  | { kind: "refused"; reason: string; retryAtMs?: number };

export type RefreshResult =
  | { kind: "renewed"; sealedAccessToken: string; sealedRefreshToken?: string; expiresAtMs?: number }
  /** The token endpoint refuses the refresh token. */
  | { kind: "refused"; reason: string }
  | { kind: "unreachable"; reason: string };

interface PoolCommands {
  /** The newer of two of one identity wins, and keeps its id. `credentialId` is absent where the pool is full. */
  add(input: { accounts: readonly ImportedAccount[] }): { credentialIds: readonly (string | undefined)[] };
  /** Throws llm.credential_not_found. To enable an account forgets why it did not serve. */
  change(input: { credentialId: string; isActive?: boolean; weight?: number; name?: string }): null;
  remove(input: { credentialId: string }): null;
  report(input: {
    credentialId: string;
    tokenVersion: number;
    kind: Seen;
    capability: string;
    /** Absent: `coolDownMs` of the rules. */
    retryAfterMs?: number;
  }): null;
  /** Leave to send one request to an account whose cooling has ended: one host at a time. */
  probe(input: { credentialId: string; capability: string }): { isGranted: boolean };
  /** Leave to refresh: one host at a time. Throws llm.credential_not_found. */
  beginRefresh(input: { credentialId: string; tokenVersion: number; cause: RefreshCause }): RefreshLeave;
  /** The tokens of a late host count as long as they are the newest. Throws llm.credential_not_found. */
  endRefresh(input: { credentialId: string; refreshId: string; result: RefreshResult }): null;
}
interface PoolQueries {
  /** `credentials` is absent when the pool is as the caller has seen it. */
  list(input: { seenVersion?: number }): { version: number; credentials?: readonly Credential[] };
  /** Throws llm.credential_not_found. */
  token(input: { credentialId: string }): { tokenVersion: number; sealedAccessToken: string };
}
export const Pool = contract<PoolCommands, PoolQueries>("pool");
