// Refreshes of access tokens: one per account at a time, in this host by a promise that all share, over the hosts by the leave of
// the pool's actor.
import type { Secrets } from "../llm/contract.ts";
import { Pool, type RefreshCause, type RefreshResult } from "../pool/contract.ts";
import type { Actors } from "../runtime/actors.ts";
import type { Clock } from "../runtime/ports.ts";
import { Backoff } from "../shared/backoff.ts";
import { DomainError } from "../shared/errors.ts";
import { sleep } from "../shared/sleep.ts";
import type { Refreshed, TokenEndpoint } from "./token-endpoint.ts";

interface Stale {
  pool: string;
  credentialId: string;
  /** Of the token that is not good any more. */
  tokenVersion: number;
}

type Renewal =
  /** There is a newer token. */
  | { kind: "renewed" }
  /** Another caller or host refreshes; only answered to those who do not wait. */
  | { kind: "running" }
  | { kind: "failed"; reason: string };

export interface RenewalDeps {
  actors: Actors;
  clock: Pick<Clock, "nowMs" | "after">;
  secrets: Secrets;
  endpoint: TokenEndpoint;
  reportError: (message: string, cause: unknown) => void;
}

/** Between two looks at a refresh of another host. */
const lookEveryMs = 100;
/** New tokens that cannot be stored are lost with their account, as the old ones are spent: the host tries for so long. */
const storeForMs = 120_000;

export class Renewals {
  readonly #deps: RenewalDeps;
  readonly #running = new Map<string, Promise<Renewal>>();
  #isClosed = false;

  constructor(deps: RenewalDeps) {
    this.#deps = deps;
  }

  /** Waits for a refresh that runs already. Rejects when the pool's actor does not answer. */
  renew(stale: Stale, cause: Exclude<RefreshCause, "manual">): Promise<Renewal> {
    return this.#runOnce(keyOf(stale), async () => {
      for (;;) {
        const renewal = await this.#run(stale, cause);
        if (renewal.kind !== "running") return renewal;
        await sleep(this.#deps.clock, lookEveryMs);
      }
    });
  }

  /** By an administrator: also of a token that is still good, but not beside another refresh. */
  async renewNow(stale: Stale): Promise<Renewal> {
    // Requests wait for a token, an administrator does not wait: so they do not share a promise.
    const key = `${keyOf(stale)}/now`;
    if (this.#running.has(key) || this.#running.has(keyOf(stale))) return { kind: "running" };
    return this.#runOnce(key, () => this.#run(stale, "manual"));
  }

  /** Resolves when the refreshes that run have stored their tokens. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  /** New tokens that are not stored by now are given up. */
  close(): void {
    this.#isClosed = true;
  }

  #runOnce(key: string, run: () => Promise<Renewal>): Promise<Renewal> {
    const running = this.#running.get(key);
    if (running) return running;
    const renewal = run().finally(() => this.#running.delete(key));
    this.#running.set(key, renewal);
    return renewal;
  }

  async #run({ pool, credentialId, tokenVersion }: Stale, cause: RefreshCause): Promise<Renewal> {
    const actor = this.#deps.actors.get(Pool, pool);
    const leave = await actor.beginRefresh({ credentialId, tokenVersion, cause });
    if (leave.kind === "newer") return { kind: "renewed" };
    if (leave.kind === "running") return { kind: "running" };
    if (leave.kind === "refused") return { kind: "failed", reason: leave.reason };
    const refreshed = await this.#refresh(leave.sealedRefreshToken);
    await this.#store(pool, { credentialId, refreshId: leave.refreshId, result: this.#seal(refreshed) });
    if (refreshed.kind === "renewed") return { kind: "renewed" };
    // Another host, or an import, may have brought newer tokens while this one was refused.
    const { tokenVersion: newest } = await actor.token({ credentialId });
    return newest > tokenVersion ? { kind: "renewed" } : { kind: "failed", reason: refreshed.reason };
  }

  async #refresh(sealedRefreshToken: string): Promise<Refreshed> {
    let refreshToken: string;
    try {
      refreshToken = this.#deps.secrets.open(sealedRefreshToken);
    } catch (cause) {
      this.#deps.reportError("pool: a refresh token cannot be decrypted", cause);
      return { kind: "unreachable", reason: "The refresh token cannot be decrypted here." };
    }
    return this.#deps.endpoint.refresh(refreshToken);
  }

  #seal(refreshed: Refreshed): RefreshResult {
    if (refreshed.kind !== "renewed") return refreshed;
    const { kind, accessToken, refreshToken, expiresAtMs } = refreshed;
    const { secrets } = this.#deps;
    return {
      kind,
      sealedAccessToken: secrets.seal(accessToken),
      ...(refreshToken !== undefined && { sealedRefreshToken: secrets.seal(refreshToken) }),
      ...(expiresAtMs !== undefined && { expiresAtMs }),
    };
  }

  async #store(pool: string, end: { credentialId: string; refreshId: string; result: RefreshResult }): Promise<void> {
    const { actors, clock, reportError } = this.#deps;
    const untilMs = clock.nowMs() + (end.result.kind === "renewed" ? storeForMs : 0);
    const pause = new Backoff({ minMs: 100, maxMs: 5_000 });
    for (;;) {
      try {
        await actors.get(Pool, pool).endRefresh(end);
        return;
      } catch (error) {
        if (error instanceof DomainError || clock.nowMs() >= untilMs || this.#isClosed) throw error;
        reportError("pool: new tokens are not stored yet", error);
        await sleep(clock, pause.next());
      }
    }
  }
}

function keyOf({ pool, credentialId, tokenVersion }: Stale): string {
  return `${pool}/${credentialId}/${tokenVersion}`;
}
