// A pool of accounts at one upstream: whose turn it is, who cools down, who is refreshed. Key: the pool's name (`default`).
// Secrets stand sealed in its records. Gateways choose by a snapshot of at most `snapshotFreshMs` of age and report what they
// saw; the actor alone decides what a credential's state is.
import { contract } from "../runtime/contract.ts";

export type CredentialStatus = "active" | "cooling" | "probing" | "expired" | "refresh_failed" | "disabled";

export interface Credential {
  /** An integer, as the admin pages show it. */
  credentialId: string;
  name: string;
  email: string;
  accountId: string;
  weight: number;
  status: CredentialStatus;
  /** Why it is not active, for people; without secrets. */
  reason?: string;
  coolsUntilMs?: number;
  expiresAtMs?: number;
  lastRefreshAtMs?: number;
  createdAtMs: number;
  sealedAccessToken: string;
  hasRefreshToken: boolean;
}

/** One imported account; tokens are sealed by the edge. `identity`: what tells two accounts apart. */
export interface ImportedAccount {
  identity: string;
  name: string;
  email: string;
  accountId: string;
  sealedAccessToken: string;
  sealedRefreshToken?: string;
  sealedIdToken?: string;
  expiresAtMs?: number;
  lastRefreshAtMs?: number;
}

export const snapshotFreshMs = 1_000;

interface PoolCommands {
  /** The newer of two of one identity wins. */
  add(input: { accounts: readonly ImportedAccount[] }): { credentialIds: readonly string[] };
  change(input: { credentialId: string; isActive?: boolean; weight?: number; name?: string }): Credential;
  remove(input: { credentialId: string }): null;
  /** What a request saw. `capability`: the endpoint, as an upstream may refuse one and serve others. */
  report(input: {
    credentialId: string;
    kind: "ok" | "rate_limited" | "unauthorized" | "forbidden" | "server_error" | "unreachable";
    capability: string;
    retryAfterMs?: number;
  }): null;
  /** Leave to refresh: one host at a time; the others wait for its result. Undefined: nothing to refresh, read again. */
  beginRefresh(input: { credentialId: string; seenAccessToken: string; force?: boolean }):
    | {
        refreshId: string;
        sealedRefreshToken: string;
      }
    | undefined;
  endRefresh(input: {
    credentialId: string;
    refreshId: string;
    result:
      | { kind: "renewed"; sealedAccessToken: string; sealedRefreshToken?: string; expiresAtMs?: number }
      | { kind: "refused"; reason: string }
      | { kind: "unreachable"; reason: string };
  }): Credential;
}
interface PoolQueries {
  list(input: Record<string, never>): { version: number; credentials: readonly Credential[] };
}
export const Pool = contract<PoolCommands, PoolQueries>("pool");
