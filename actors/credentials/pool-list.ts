// What this host knows of a pool: the list of its accounts, asked for at most once per `listFreshMs` and after each change.
import { type Credential, listFreshMs, Pool } from "../pool/contract.ts";
import type { Actors } from "../runtime/actors.ts";
import type { Clock } from "../runtime/ports.ts";

/** An older list is not used, even when the pool's actor does not answer. */
const usableMs = 60_000;
/** A request waits so long for a list when there is an older one that is still usable. */
const waitMs = 1_500;

export class PoolList {
  readonly #actors: Actors;
  readonly #clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly #pool: string;
  #credentials: readonly Credential[] = [];
  #version: number | undefined;
  /** When the question was asked that was answered last. */
  #askedMs = Number.NEGATIVE_INFINITY;
  /** How many changes were heard of, and how many of them had been when that question was asked. */
  #changes = 0;
  #seenChanges = 0;
  #asking: { changes: number; answer: Promise<void> } | undefined;

  constructor(deps: { actors: Actors; clock: Pick<Clock, "nowMs" | "monotonicMs"> }, pool: string) {
    this.#actors = deps.actors;
    this.#clock = deps.clock;
    this.#pool = pool;
  }

  /** Rejects when the pool's actor does not answer and the last list is too old. */
  async read(): Promise<readonly Credential[]> {
    const ageMs = this.#clock.monotonicMs() - this.#askedMs;
    if (this.#isOutdated || ageMs >= listFreshMs) {
      await this.#ask().catch((error) => {
        if (ageMs > usableMs) throw error;
      });
    }
    return this.#credentials;
  }

  /** Something changed: the next `read` asks, also when an answer from before the change is on its way. */
  outdate(): void {
    this.#changes += 1;
  }

  /** The account as it was read last; undefined when the list is outdated. */
  last(credentialId: string): Credential | undefined {
    return this.#isOutdated ? undefined : this.#credentials.find((each) => each.credentialId === credentialId);
  }

  get #isOutdated(): boolean {
    return this.#changes > this.#seenChanges;
  }

  /** One question at a time, for all who wait for the same changes. */
  #ask(): Promise<void> {
    const changes = this.#changes;
    if (this.#asking?.changes === changes) return this.#asking.answer;
    const asking = { changes, answer: this.#askActor(changes) };
    this.#asking = asking;
    const end = () => {
      if (this.#asking === asking) this.#asking = undefined;
    };
    asking.answer.then(end, end);
    return asking.answer;
  }

  async #askActor(changes: number): Promise<void> {
    const askedMs = this.#clock.monotonicMs();
    const isFirst = this.#version === undefined;
    const options = isFirst ? undefined : { deadlineMs: this.#clock.nowMs() + waitMs };
    const seenVersion = this.#version;
    const { version, credentials } = await this.#actors.get(Pool, this.#pool).list({ seenVersion }, options);
    // A later question may have been answered before this one.
    if (changes < this.#seenChanges || askedMs < this.#askedMs) return;
    this.#seenChanges = changes;
    this.#askedMs = askedMs;
    if (credentials) [this.#version, this.#credentials] = [version, credentials];
  }
}
