// Reports to session actors that must arrive though the actor is away for a while. A report is repeated until it is
// accepted: a socket at another gateway may wait for it.

import type { Clock } from "../../../actors/runtime/ports.ts";
import { Backoff } from "../../../actors/shared/backoff.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { waitAtMost } from "../../../actors/shared/with-timeout.ts";
import type { Log } from "../../ports.ts";

interface ReportDeps {
  readonly clock: Pick<Clock, "after">;
  readonly log: Pick<Log, "warn">;
}

const pauseMsMin = 100;
const pauseMsMax = 5_000;
/** When the gateway stops. Without a report the session actor learns of the closed boot (J5). */
const endMsMax = 2_000;
/** Reports that are repeated; a further one gets one try, and its caller requests it again. */
const maxRepeated = 50_000;

export class Reports {
  #deps: ReportDeps;
  #underWay = new Map<string, Promise<void>>();
  #pauses = new Set<() => void>();
  #isEnding = false;

  constructor(deps: ReportDeps) {
    this.#deps = deps;
  }

  /** One report per key is under way. `fields` name it in the log when it is given up. */
  repeat(key: string, fields: Record<string, unknown>, call: () => Promise<unknown>): void {
    if (this.#underWay.has(key)) return;
    const done = this.#repeat(fields, call, this.#underWay.size < maxRepeated);
    this.#underWay.set(key, done);
    void done.then(() => this.#underWay.delete(key));
  }

  /** The gateway stops: each report gets one more try. Resolves when all are done, or after `endMsMax`. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const goOn of [...this.#pauses]) goOn();
    await waitAtMost(this.#deps.clock, endMsMax, Promise.all(this.#underWay.values()));
  }

  async #repeat(fields: Record<string, unknown>, call: () => Promise<unknown>, mayRepeat: boolean): Promise<void> {
    const backoff = new Backoff({ minMs: pauseMsMin, maxMs: pauseMsMax });
    for (;;) {
      try {
        await call();
        return;
      } catch (thrown) {
        if (!mayRepeat || this.#isEnding || thrown instanceof DomainError) {
          this.#deps.log.warn("reports: not accepted", { ...fields, cause: String(thrown) });
          return;
        }
      }
      await this.#pause(backoff.next());
    }
  }

  /** Ends early when the gateway stops. */
  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const goOn = () => {
        this.#pauses.delete(goOn);
        cancel();
        resolve();
      };
      const cancel = this.#deps.clock.after(pauseMs, goOn);
      this.#pauses.add(goOn);
    });
  }
}
