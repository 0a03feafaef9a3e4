// The sockets of all surfaces at this gateway: who is here, which notifications they get, and when they have to leave.
import type { UserId } from "../../../actors/shared/ids.ts";
import type { FramedNotification } from "../../../actors/shared/notification.ts";
import type { GatewayDeps } from "../../ports.ts";
import type { Talk } from "./surface-socket.ts";
import { type Viewer, viewerCodes } from "./viewer.ts";

type Deps = Pick<GatewayDeps, "viewerNotifications" | "revocations" | "lease" | "clock" | "limits" | "metrics">;

export class Viewers {
  readonly #deps: Deps;
  readonly #byUser = new Map<UserId, Map<Viewer, Talk | undefined>>();
  #cancelSweep: () => void = () => {};
  #isDraining = false;
  count = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
    const { viewerNotifications: source, revocations, lease } = deps;
    source.onNotification((notification, users) => this.#publish(notification, users));
    source.onGap(() => this.#each((_, talk) => talk?.missed()));
    revocations.onRevoked((loginId) => {
      this.#each((viewer) => {
        if (viewer.caller.loginId === loginId) viewer.close(viewerCodes.unauthorized, "auth.logged_out");
      });
    });
    // Without the lease a revocation might be missed (J5): the clients come back to a gateway that has it.
    lease.onChange((isHeld) => {
      if (!isHeld) this.#each((viewer) => viewer.close(viewerCodes.unavailable, "server.unavailable"));
    });
    this.#sweep();
  }

  /** False: the viewer was closed, because there are too many or this host stops. */
  enter(viewer: Viewer): boolean {
    const { userId } = viewer.caller;
    const own = this.#byUser.get(userId) ?? new Map<Viewer, Talk | undefined>();
    const { maxConnections, maxConnectionsPerUser } = this.#deps.limits;
    if (this.#isDraining) viewer.close(viewerCodes.goingAway, "server.draining");
    else if (this.count >= maxConnections || own.size >= maxConnectionsPerUser) {
      viewer.close(viewerCodes.tooMany, "too.many");
    }
    if (viewer.isClosed) return false;
    if (own.size === 0) {
      this.#byUser.set(userId, own);
      this.#deps.viewerNotifications.addUser(userId);
    }
    own.set(viewer, undefined);
    this.count += 1;
    this.#deps.metrics.connections(1);
    return true;
  }

  /** The viewer is shown what happens from here on. */
  begin(viewer: Viewer, talk: Talk): void {
    this.#byUser.get(viewer.caller.userId)?.set(viewer, talk);
  }

  *others(viewer: Viewer): Iterable<Talk> {
    for (const [each, talk] of this.#byUser.get(viewer.caller.userId) ?? []) if (talk && each !== viewer) yield talk;
  }

  leave(viewer: Viewer): void {
    const { userId } = viewer.caller;
    const own = this.#byUser.get(userId);
    const talk = own?.get(viewer);
    if (!own?.delete(viewer)) return;
    this.count -= 1;
    this.#deps.metrics.connections(-1);
    if (own.size === 0) {
      this.#byUser.delete(userId);
      this.#deps.viewerNotifications.removeUser(userId);
    }
    talk?.left?.();
  }

  drain(): void {
    this.#isDraining = true;
    this.#each((viewer) => viewer.close(viewerCodes.goingAway, "server.draining"));
  }

  close(): void {
    this.drain();
    this.#cancelSweep();
    this.#each((viewer) => viewer.terminate());
  }

  #publish(notification: FramedNotification, users: readonly UserId[]): void {
    for (const userId of users)
      for (const talk of this.#byUser.get(userId)?.values() ?? []) talk?.notified(notification);
  }

  #each(visit: (viewer: Viewer, talk: Talk | undefined) => void): void {
    for (const own of [...this.#byUser.values()]) for (const [viewer, talk] of [...own]) visit(viewer, talk);
  }

  /** One timer for all: a socket that does not answer a ping in time is cut off. */
  #sweep(): void {
    const { clock, limits } = this.#deps;
    this.#cancelSweep = clock.after(limits.heartbeatMs, () => {
      const nowMs = clock.monotonicMs();
      this.#each((viewer) => {
        if (nowMs - viewer.heardAtMs > limits.silenceMs) viewer.terminate();
        else viewer.ping();
      });
      this.#sweep();
    });
  }
}
