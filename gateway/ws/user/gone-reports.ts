// Sockets that are closed, told to the session actor, which counts them until it knows.
// B1: a report is repeated until it stands: a newer socket of the device may wait for it, here or at another gateway.
// B2: one report per socket is under way; they are bounded, and when the host goes each gets its present try only, and
//     `endMsMax`: without it the session actor learns of the closed boot (J5), and the host has more to end in its time.
import { Session, type Vector } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { waitAtMost } from "../../../actors/shared/with-timeout.ts";
import type { GatewayDeps } from "../../ports.ts";

export interface GoneSocket {
  connectionId: string;
  deviceId: string;
  /** What its device had confirmed. */
  progress?: Partial<Vector> | undefined;
}

const pauseMsMin = 100;
const pauseMsMax = 5_000;
const endMsMax = 2_000;
/** Beyond it a report gets one try: who waits for the socket rings for it again. */
const maxRepeated = 50_000;

export class GoneReports {
  #deps: GatewayDeps;
  #underWay = new Map<string, Promise<void>>();
  #pauses = new Set<() => void>();
  #isEnding = false;

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
  }

  tell(userId: UserId, socket: GoneSocket): void {
    const { connectionId } = socket;
    if (this.#underWay.has(connectionId)) return; // B2
    const done = this.#repeat(userId, socket, this.#underWay.size < maxRepeated);
    this.#underWay.set(connectionId, done);
    void done.then(() => this.#underWay.delete(connectionId));
  }

  /** The host goes: resolves when no report is under way any more, or nobody has answered in time. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const goOn of [...this.#pauses]) goOn();
    await waitAtMost(this.#deps.clock, endMsMax, Promise.all(this.#underWay.values()));
  }

  /** B1 */
  async #repeat(userId: UserId, socket: GoneSocket, mayRepeat: boolean): Promise<void> {
    const session = this.#deps.actors.get(Session, userId);
    for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
      try {
        await session.disconnected(socket);
        return;
      } catch (thrown) {
        if (!mayRepeat || this.#isEnding || thrown instanceof DomainError) {
          const fields = { userId, connectionId: socket.connectionId, cause: String(thrown) };
          this.#deps.log.warn("a closed socket could not be reported", fields);
          return;
        }
      }
      await this.#pause(pauseMs);
    }
  }

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
