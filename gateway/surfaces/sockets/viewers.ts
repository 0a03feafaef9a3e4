// The sockets of all surfaces at this gateway: who is here, which notifications they get, and when they have to leave.
import type { UserId } from "../../../actors/shared/ids.ts";
import type { FramedNotification } from "../../../actors/shared/notification.ts";
import type { Edge } from "../../rest/kit/route.ts";
import type { Talk } from "./surface-socket.ts";
import { type Viewer, viewerCodes } from "./viewer.ts";

type Deps = Pick<Edge, "feed" | "revocations" | "lease" | "clock" | "limits" | "metrics">;

interface Entry {
  viewer: Viewer;
  talk: Talk | undefined;
  /** What came before the talk could take it. */
  held: FramedNotification[];
  stopWatching: () => void;
}

/** With more, the talk reads what it missed instead. */
const maxHeld = 1_000;

export class Viewers {
  readonly #deps: Deps;
  readonly #byUser = new Map<UserId, Map<Viewer, Entry>>();
  #cancelSweep: () => void = () => {};
  #isDraining = false;
  count = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
    const { revocations, lease } = deps;
    revocations.onRevoked((loginId) => {
      this.#each(({ viewer }) => {
        if (viewer.caller.loginId === loginId) viewer.close(viewerCodes.unauthorized, "auth.logged_out");
      });
    });
    // Without the lease a revocation might be missed (J5): the clients come back to a gateway that has it.
    lease.onChange((isHeld) => {
      if (!isHeld) this.#each(({ viewer }) => viewer.close(viewerCodes.unavailable, "server.unavailable"));
    });
    this.#sweep();
  }

  /** False: the viewer was closed, because there are too many or this host stops. */
  enter(viewer: Viewer): boolean {
    const { userId } = viewer.caller;
    const own = this.#byUser.get(userId) ?? new Map<Viewer, Entry>();
    const { maxConnections, maxConnectionsPerUser } = this.#deps.limits;
    if (this.#isDraining) viewer.close(viewerCodes.goingAway, "server.draining");
    else if (this.count >= maxConnections || own.size >= maxConnectionsPerUser) {
      viewer.close(viewerCodes.tooMany, "too.many");
    }
    if (viewer.isClosed) return false;
    this.#byUser.set(userId, own);
    const entry: Entry = { viewer, talk: undefined, held: [], stopWatching: () => {} };
    entry.stopWatching = this.#deps.feed.watch(userId, {
      notified(notification) {
        if (entry.talk) entry.talk.notified(notification);
        else if (entry.held.length < maxHeld) entry.held.push(notification);
      },
      missed: () => entry.talk?.missed(),
    });
    own.set(viewer, entry);
    this.count += 1;
    this.#deps.metrics.connections(1);
    return true;
  }

  /** What happened since the viewer entered is shown first. */
  begin(viewer: Viewer, talk: Talk): void {
    const entry = this.#byUser.get(viewer.caller.userId)?.get(viewer);
    if (!entry) return;
    entry.talk = talk;
    if (entry.held.length === maxHeld) talk.missed();
    for (const notification of entry.held) talk.notified(notification);
    entry.held = [];
  }

  *others(viewer: Viewer): Iterable<Talk> {
    for (const { viewer: each, talk } of this.#byUser.get(viewer.caller.userId)?.values() ?? []) {
      if (talk && each !== viewer) yield talk;
    }
  }

  leave(viewer: Viewer): void {
    const { userId } = viewer.caller;
    const own = this.#byUser.get(userId);
    const entry = own?.get(viewer);
    if (!own || !entry) return;
    own.delete(viewer);
    entry.stopWatching();
    this.count -= 1;
    this.#deps.metrics.connections(-1);
    if (own.size === 0) this.#byUser.delete(userId);
  }

  drain(): void {
    this.#isDraining = true;
    this.#each(({ viewer }) => viewer.close(viewerCodes.goingAway, "server.draining"));
  }

  close(): void {
    this.drain();
    this.#cancelSweep();
    this.#each(({ viewer }) => viewer.terminate());
  }

  #each(visit: (entry: Entry) => void): void {
    for (const own of [...this.#byUser.values()]) for (const entry of [...own.values()]) visit(entry);
  }

  /** One timer for all: a socket that does not answer a ping in time is cut off. */
  #sweep(): void {
    const { clock, limits } = this.#deps;
    this.#cancelSweep = clock.after(limits.heartbeatMs, () => {
      const nowMs = clock.monotonicMs();
      this.#each(({ viewer }) => {
        if (nowMs - viewer.heardAtMs > limits.silenceMs) viewer.terminate();
        else viewer.ping();
      });
      this.#sweep();
    });
  }
}
