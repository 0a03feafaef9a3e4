// Which upstream and which account the next try uses: the targets in their order, of a pool its accounts as the pool chooses
// them, and the same account again only where that makes sense.
import type { Credentials, Grant, Secrets, UpstreamTarget } from "../llm/contract.ts";
import { type Failure, seenOf } from "../llm/failure.ts";

export interface Access {
  readonly target: UpstreamTarget;
  readonly key: string;
  readonly grant?: Grant;
}

interface WalkRequest {
  readonly targets: readonly UpstreamTarget[];
  readonly path: string;
  readonly conversationId?: string;
  readonly affinity?: string;
  readonly preferred?: string;
  readonly isPaidJob: boolean;
  readonly repeats: boolean;
}

interface TargetWalk {
  /** Undefined: nothing is left to try. */
  next(): Promise<Access | undefined>;
  worked(access: Access): void;
  /** Learns from a failure. False: no other try may follow. `isOver`: content was seen. */
  failed(access: Access, failure: Failure, about: { isOver: boolean }): Promise<boolean>;
  /** What the client is answered when no try is left. */
  verdict(last: Failure | undefined): Failure;
}

/** ms that a client waits when no upstream named a time. */
const defaultWaitMs = 1_000;

export function createTargetWalk(
  { credentials, secrets }: { credentials: Credentials; secrets: Secrets },
  request: WalkRequest,
): TargetWalk {
  return new Walk(credentials, secrets, request);
}

class Walk implements TargetWalk {
  readonly #credentials: Credentials;
  readonly #secrets: Secrets;
  readonly #request: WalkRequest;
  #at = 0;
  /** Credential ids of the present target's pool. */
  #tried: string[] = [];
  /** The very same access once more. */
  #again: Access | undefined;
  #hasRenewed = false;
  /** The accounts of this target may be tried a second time. */
  #mayRepeat = false;
  #hasRepeated = false;
  #waitMs: number | undefined;

  constructor(credentials: Credentials, secrets: Secrets, request: WalkRequest) {
    this.#credentials = credentials;
    this.#secrets = secrets;
    this.#request = request;
  }

  async next(): Promise<Access | undefined> {
    const again = this.#again;
    this.#again = undefined;
    if (again) return again;
    for (; this.#at < this.#request.targets.length; this.#toNextTarget()) {
      const target = this.#request.targets[this.#at];
      const access = target && (await this.#accessTo(target));
      if (access) return access;
    }
    return undefined;
  }

  worked({ grant }: Access): void {
    if (grant) void this.#credentials.report(grant, { kind: "ok", capability: this.#request.path });
  }

  async failed(access: Access, failure: Failure, { isOver }: { isOver: boolean }): Promise<boolean> {
    const { grant } = access;
    if (failure.kind === "unauthorized" && grant && !isOver && !this.#hasRenewed) {
      const renewed = await this.#credentials.renew(grant);
      if (renewed) {
        this.#hasRenewed = true;
        this.#again = { ...access, key: renewed.accessToken, grant: renewed };
        return true;
      }
    }
    if (grant) {
      const seen = { kind: seenOf(failure), capability: this.#request.path, retryAfterMs: failure.retryAfterMs };
      await this.#credentials.report(grant, seen);
    }
    if (failure.kind === "client" || isOver) return false;
    // What may have been done, and is paid, is not done again without the client's will.
    if (this.#request.isPaidJob && isPerhapsDone(failure)) return false;
    this.#mayRepeat = !this.#hasRepeated && this.#isWorthRepeating(failure);
    if (grant) this.#tried.push(grant.credentialId);
    else if (!this.#mayRepeat) this.#toNextTarget();
    else {
      this.#hasRepeated = true;
      this.#again = access;
    }
    return true;
  }

  verdict(last: Failure | undefined): Failure {
    const isLimited = last === undefined || last.kind === "rate_limited";
    if (isLimited && this.#waitMs !== undefined) {
      const message = "Every account of the model's server is at its limit. Try again later.";
      return { kind: "rate_limited", status: 429, message, code: "rate_limit_exceeded", retryAfterMs: this.#waitMs };
    }
    if (last?.kind === "rate_limited") return { retryAfterMs: defaultWaitMs, ...last };
    if (last?.kind === "unauthorized" || last?.kind === "forbidden") {
      return { kind: last.kind, status: last.status, message: "The model's server refused this server's account." };
    }
    return last ?? { kind: "unreachable", status: 0, message: "No account of the model's server is left." };
  }

  async #accessTo(target: UpstreamTarget): Promise<Access | undefined> {
    const { credential } = target;
    if (credential.kind === "none") return { target, key: "" };
    if (credential.kind === "key") return { target, key: this.#secrets.open(credential.sealedKey) };
    const { path: capability, conversationId, affinity = conversationId, preferred } = this.#request;
    const question = {
      pool: credential.pool,
      capability,
      tried: this.#tried,
      ...(affinity !== undefined && { affinity }),
      ...(preferred !== undefined && { preferred }),
    };
    const answer = await this.#credentials.acquire(question);
    if (answer.kind === "granted") return { target, key: answer.grant.accessToken, grant: answer.grant };
    if (answer.kind === "cooling")
      this.#waitMs = Math.min(this.#waitMs ?? Number.POSITIVE_INFINITY, answer.retryAfterMs);
    if (answer.kind === "none" && this.#mayRepeat && this.#tried.length > 0) {
      this.#mayRepeat = false;
      this.#hasRepeated = true;
      this.#tried = [];
      return this.#accessTo(target);
    }
    return undefined;
  }

  /** A connection that the upstream had closed meanwhile; or an answer that can begin anew, where no other target is left. */
  #isWorthRepeating({ kind }: Failure): boolean {
    if (kind === "lost") return !this.#request.isPaidJob;
    const isLast = this.#at === this.#request.targets.length - 1;
    return (
      this.#request.repeats &&
      isLast &&
      (kind === "cut" || kind === "stalled" || kind === "garbled" || kind === "server_error")
    );
  }

  #toNextTarget(): void {
    this.#at += 1;
    this.#tried = [];
    this.#hasRenewed = false;
    this.#mayRepeat = false;
    this.#hasRepeated = false;
  }
}

export function isPerhapsDone({ kind }: Failure): boolean {
  return kind === "lost" || kind === "cut" || kind === "silent" || kind === "stalled" || kind === "garbled";
}
