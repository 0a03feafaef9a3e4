// The accounts of pools, as requests use them. A request chooses by a list that this host has: it waits for an actor only when
// something is to be found out, by a probe, a refresh or after a failure.
import type { Credentials, Grant } from "../llm/contract.ts";
import { choose, Turns } from "../pool/choose.ts";
import { type Credential, Pool } from "../pool/contract.ts";
import type { DueRefresh } from "../pool/refreshes.ts";
import { availabilityOf, isExpired } from "../pool/status.ts";
import type { Clock } from "../runtime/ports.ts";
import { DomainError } from "../shared/errors.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import { withTimeout } from "../shared/with-timeout.ts";
import { AccessTokens } from "./access-tokens.ts";
import { PoolList } from "./pool-list.ts";
import { type RenewalDeps, Renewals } from "./renewals.ts";

type Deps = RenewalDeps & { clock: Pick<Clock, "nowMs" | "monotonicMs" | "after"> };

/** A request waits so long for a new token; the refresh goes on. Longer than a token endpoint is waited for. */
const renewWaitMs = 25_000;
/** A report is waited for so long, and is lost then. */
const reportWaitMs = 2_000;
const maxRefreshesAtOnce = 4;

export class PoolCredentials implements Credentials {
  readonly #deps: Deps;
  readonly #renewals: Renewals;
  readonly #tokens: AccessTokens;
  readonly #pools = new Map<string, { list: PoolList; turns: Turns }>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#renewals = new Renewals(deps);
    this.#tokens = new AccessTokens(deps);
  }

  async acquire({ pool, ...question }: Parameters<Credentials["acquire"]>[0]): ReturnType<Credentials["acquire"]> {
    const { list, turns } = this.#pool(pool);
    const tried = [...(question.tried ?? [])];
    let failure: { cause: unknown } | undefined;
    for (;;) {
      const choice = choose(await list.read(), { ...question, tried }, turns, this.#deps.clock.nowMs());
      if (choice.kind === "none" || choice.kind === "cooling") {
        // An account that could not be asked about is not an account that does not serve.
        if (failure) throw failure.cause;
        return choice;
      }
      const { credential, kind } = choice;
      tried.push(credential.credentialId);
      try {
        const isUsable = kind === "serves" || (await this.#probe(pool, credential, question.capability));
        const grant = isUsable ? await this.#grant(pool, credential) : undefined;
        if (grant) return { kind: "granted", grant };
      } catch (error) {
        list.outdate();
        if (error instanceof DomainError) continue;
        this.#deps.reportError("pool: an account cannot be used", error);
        failure = { cause: error };
      }
    }
  }

  async report(
    { pool, credentialId, tokenVersion }: Grant,
    { kind, capability, retryAfterMs }: Parameters<Credentials["report"]>[1],
  ): Promise<void> {
    const { list } = this.#pool(pool);
    const nowMs = this.#deps.clock.nowMs();
    if (kind === "ok") {
      const last = list.last(credentialId);
      if (last && !isWatched(last, capability, nowMs)) return;
    }
    const report = { credentialId, tokenVersion, kind, capability, retryAfterMs };
    try {
      await this.#deps.actors.get(Pool, pool).report(report, { deadlineMs: nowMs + reportWaitMs });
    } catch (error) {
      this.#deps.reportError("pool: a report is lost", error);
    }
    list.outdate();
  }

  async renew({ pool, credentialId, accountId, tokenVersion }: Grant): Promise<Grant | undefined> {
    try {
      const known = this.#pool(pool).list.last(credentialId)?.tokenVersion ?? 0;
      const isRenewed = known > tokenVersion || (await this.#renew(pool, { credentialId, tokenVersion }, "refused"));
      if (!isRenewed) return undefined;
      return { pool, credentialId, accountId, ...(await this.#tokens.open(pool, credentialId, tokenVersion + 1)) };
    } catch (error) {
      this.#explain("pool: an access token cannot be renewed", error);
      return undefined;
    }
  }

  /** For an administrator. Throws llm.credential_not_found, common.conflict beside another refresh, llm.refresh_failed. */
  async refreshNow(pool: string, credentialId: string): Promise<void> {
    const { tokenVersion } = await this.#deps.actors.get(Pool, pool).token({ credentialId });
    const renewal = await this.#renewals.renewNow({ pool, credentialId, tokenVersion });
    this.#pool(pool).list.outdate();
    if (renewal.kind === "running") throw new DomainError("common.conflict", { message: "A refresh runs already." });
    if (renewal.kind === "failed") {
      const message = `The account could not be refreshed: ${renewal.reason}`;
      throw new DomainError("llm.refresh_failed", { message, details: { reason: renewal.reason } });
    }
  }

  /** The pool was changed by an administrator at this host. */
  changed(pool: string): void {
    this.#pool(pool).list.outdate();
  }

  /** For the timer of a pool. Never rejects: the timer asks again. */
  async refreshDue(pool: string, due: readonly DueRefresh[]): Promise<void> {
    await mapBounded(due, maxRefreshesAtOnce, async (stale) => {
      try {
        await this.#renew(pool, stale, "date");
      } catch (error) {
        this.#explain("pool: an account is not refreshed", error);
      }
    });
  }

  /** For the end of the host: resolves when no refresh runs any more. */
  drain(): Promise<void> {
    return this.#renewals.drain();
  }

  close(): void {
    this.#renewals.close();
  }

  #pool(name: string) {
    const known = this.#pools.get(name);
    if (known) return known;
    const created = { list: new PoolList(this.#deps, name), turns: new Turns() };
    this.#pools.set(name, created);
    return created;
  }

  async #probe(pool: string, { credentialId }: Credential, capability: string): Promise<boolean> {
    const { isGranted } = await this.#deps.actors.get(Pool, pool).probe({ credentialId, capability });
    this.#pool(pool).list.outdate();
    return isGranted;
  }

  /** Undefined: its token has expired, and there is no newer one. */
  async #grant(pool: string, credential: Credential): Promise<Grant | undefined> {
    const { credentialId, accountId } = credential;
    let { tokenVersion } = credential;
    if (isExpired(credential, this.#deps.clock.nowMs())) {
      if (!(await this.#renew(pool, credential, "date"))) return undefined;
      tokenVersion += 1;
    }
    return { pool, credentialId, accountId, ...(await this.#tokens.open(pool, credentialId, tokenVersion)) };
  }

  async #renew(pool: string, { credentialId, tokenVersion }: DueRefresh, cause: "date" | "refused"): Promise<boolean> {
    const late = () => new DomainError("common.timeout");
    const renewal = this.#renewals.renew({ pool, credentialId, tokenVersion }, cause);
    try {
      return (await withTimeout(this.#deps.clock, renewWaitMs, renewal, late)).kind === "renewed";
    } finally {
      this.#pool(pool).list.outdate();
    }
  }

  #explain(message: string, error: unknown): void {
    if (!(error instanceof DomainError)) this.#deps.reportError(message, error);
  }
}

/** Whether a success says something new about the account. */
function isWatched(credential: Credential, capability: string, nowMs: number): boolean {
  const { isUnproven, errors } = credential;
  return isUnproven || errors !== undefined || availabilityOf(credential, capability, nowMs).kind !== "serves";
}
