// Reports closed sockets to the session actor, which counts them until it knows. A report is repeated until it is
// accepted, as a newer socket of the device may wait for it, here or at another gateway.

import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import { Session, type Vector } from "../../../actors/session/contract.ts";
import { Backoff } from "../../../actors/shared/backoff.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { waitAtMost } from "../../../actors/shared/with-timeout.ts";
import type { Log } from "../../ports.ts";

export interface ClosedSocket {
  connectionId: string;
  deviceId: string;
  /** What its device had acknowledged. */
  progress?: Partial<Vector> | undefined;
}

export interface CloseReportDeps {
  readonly actors: Actors;
  readonly clock: Pick<Clock, "after">;
  readonly log: Pick<Log, "warn">;
}

const pauseMsMin = 100;
const pauseMsMax = 5_000;
/** When the gateway stops. Without a report the session actor learns of the closed boot (J5). */
const endMsMax = 2_000;
/** Reports that are repeated; a further one gets one try, and whoever waits for that socket asks for it again. */
const maxRepeated = 50_000;

export class CloseReports {
  #deps: CloseReportDeps;
  /** By connection: one report per socket. */
  #underWay = new Map<string, Promise<void>>();
  #pauses = new Set<() => void>();
  #isEnding = false;

  constructor(deps: CloseReportDeps) {
    this.#deps = deps;
  }

  report(userId: UserId, socket: ClosedSocket): void {
    const { connectionId } = socket;
    if (this.#underWay.has(connectionId)) return;
    const done = this.#repeat(userId, socket, this.#underWay.size < maxRepeated);
    this.#underWay.set(connectionId, done);
    void done.then(() => this.#underWay.delete(connectionId));
  }

  /** The gateway stops: each report gets one more try. Resolves when all are done, or after `endMsMax`. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const goOn of [...this.#pauses]) goOn();
    await waitAtMost(this.#deps.clock, endMsMax, Promise.all(this.#underWay.values()));
  }

  async #repeat(userId: UserId, socket: ClosedSocket, mayRepeat: boolean): Promise<void> {
    const session = this.#deps.actors.get(Session, userId);
    const backoff = new Backoff({ minMs: pauseMsMin, maxMs: pauseMsMax });
    for (;;) {
      try {
        await session.disconnected(socket);
        return;
      } catch (thrown) {
        if (!mayRepeat || this.#isEnding || thrown instanceof DomainError) {
          const fields = { userId, connectionId: socket.connectionId, cause: String(thrown) };
          this.#deps.log.warn("sockets: close not reported", fields);
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
