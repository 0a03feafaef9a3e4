// The places on which this gateway's sockets stand (see the session actor), and how a place is left (G8).
// A place is left when its sockets are closed. A socket that comes later gets a newer place, so nothing is remembered of one
// that was left: only a socket whose answer is under way may still be given it.
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock } from "../../../actors/runtime/ports.ts";
import { Session, type StalePlace } from "../../../actors/session/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { endLogin } from "../socket/logout.ts";
import type { Hub } from "./hub.ts";
import type { Reports } from "./reports.ts";
import type { UserConnection } from "./user-connection.ts";

interface PlaceDeps {
  readonly actors: Actors;
  readonly hub: Hub;
  readonly reports: Reports;
  readonly clock: Pick<Clock, "nowMs">;
}

export class Places {
  #deps: PlaceDeps;
  /** Handshakes that wait until a place of their user is left, here or at another gateway. */
  #waiting = new Map<UserId, Set<() => void>>();

  constructor(deps: PlaceDeps) {
    this.#deps = deps;
  }

  /** The session actor answered. False: the place was left meanwhile, and the socket is closed. */
  take(connection: UserConnection, placeId: number): boolean {
    const { placeLeft } = connection;
    connection.placeId = placeId;
    connection.placeLeft = undefined;
    if (placeLeft === undefined || placeLeft.placeId < placeId) return true;
    this.#end(connection, placeLeft.reason);
    return false;
  }

  /** Closes the sockets on the place and on older ones of its login, and confirms it: also when there is none. */
  leave(userId: UserId, place: StalePlace): void {
    const { hub, reports, actors } = this.#deps;
    const { placeId, loginId, reason } = place;
    for (const connection of hub.ofLogin(loginId)) {
      if (connection.placeId === undefined) connection.placeLeft = newerOf(connection.placeLeft, place);
      else if (connection.placeId <= placeId) this.#end(connection, reason);
    }
    const session = actors.get(Session, userId);
    reports.repeat(`leave ${userId} ${placeId}`, { userId, placeId }, () => session.leave({ placeId }));
  }

  /** Of several sockets of a device on this gateway the newest is served. */
  endOlder(connection: UserConnection, { userId, deviceId }: Caller): void {
    for (const each of this.#deps.hub.connections(userId)) {
      if (each === connection) return;
      if (each.caller?.deviceId === deviceId) this.#end(each, "replaced");
    }
  }

  /** `handler` runs when a place of this user was left; the result ends the waiting. */
  onLeft(userId: UserId, handler: () => void): () => void {
    const handlers = this.#waiting.get(userId) ?? new Set();
    this.#waiting.set(userId, handlers.add(handler));
    return () => {
      if (handlers.delete(handler) && handlers.size === 0) this.#waiting.delete(userId);
    };
  }

  wasLeft(userId: UserId): void {
    for (const handler of [...(this.#waiting.get(userId) ?? [])]) handler();
  }

  #end(connection: UserConnection, reason: string): void {
    endLogin(connection, reason, this.#deps.clock.nowMs());
  }
}

function newerOf(a: StalePlace | undefined, b: StalePlace): StalePlace {
  return a === undefined || a.placeId < b.placeId ? b : a;
}
