// From a token to a connection that is served. After CONNECT_ACK no other socket of a replaced or revoked login is served,
// here or at another gateway (G8). The user's subject is subscribed to before the present is read, so that an event in
// between is known by one of both.
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock, Random } from "../../../actors/runtime/ports.ts";
import { parseDeviceType, Session, type StalePlace, type Vector } from "../../../actors/session/contract.ts";
import { Backoff } from "../../../actors/shared/backoff.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import type { Authenticator, Caller } from "../../auth/authenticator.ts";
import type { Envelopes } from "../../kit/envelope.ts";
import type { GatewayLimits } from "../../limits.ts";
import type { Identity, Lease, Log, Revocations } from "../../ports.ts";
import { persist } from "../socket/persist.ts";
import type { DeviceClaim } from "../socket/upgrade.ts";
import { closeCodes } from "../wire/close-codes.ts";
import { encodeFrame } from "../wire/encode.ts";
import type { CatchUp } from "./catch-up.ts";
import type { FriendsPresence } from "./friends-presence.ts";
import type { Hub } from "./hub.ts";
import type { Online } from "./online.ts";
import type { Places } from "./places.ts";
import type { UserConnection } from "./user-connection.ts";

interface HandshakeDeps {
  readonly authenticator: Pick<Authenticator, "readToken">;
  readonly actors: Actors;
  readonly hub: Hub;
  readonly catchUp: CatchUp;
  readonly friends: FriendsPresence;
  readonly places: Places;
  readonly online: Online;
  readonly revocations: Pick<Revocations, "isRevoked">;
  readonly lease: Pick<Lease, "isClosed">;
  readonly envelopes: Envelopes;
  readonly identity: Pick<Identity, "host" | "boot" | "storeId">;
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly random: Pick<Random, "unit">;
  readonly limits: Pick<GatewayLimits, "callDeadlineMs" | "heartbeatMs">;
  readonly log: Pick<Log, "warn">;
}

/** How often the handshake looks whether the boot of a stale place is closed by now. */
const lookAgainMs = 100;
/** The session actor is asked again, and notifies again, after these pauses: a notification may be lost. */
const askAgainMsMin = 200;
const askAgainMsMax = 800;

/** Reconnect at once, then after 2, 4, 8 s; with jitter, so that clients of a restarted host do not all come at once. */
const retryAdvice = { delaysMs: [0, 2_000, 4_000, 8_000], jitter: 0.5, maxAttempts: 10 };

const refusals = {
  malformed: { code: 400, close: closeCodes.malformed },
  unauthorized: { code: 401, close: closeCodes.unauthorized },
  unavailable: { code: 503, close: closeCodes.unavailable },
} as const;

interface Admission {
  readonly placeId: number;
  readonly cursor: number;
  readonly closeFirst: readonly StalePlace[];
  readonly isNewDevice: boolean;
  readonly vector: Vector;
}

export class Handshake {
  #deps: HandshakeDeps;

  constructor(deps: HandshakeDeps) {
    this.#deps = deps;
  }

  /** `claim`: what AUTH said beside the token. */
  async run(connection: UserConnection, { token, claim = {} }: { token: string; claim?: DeviceClaim }): Promise<void> {
    const { authenticator, hub, catchUp, friends, clock, limits } = this.#deps;
    const deadlineMs = clock.nowMs() + limits.callDeadlineMs;
    const claims = connection.state.kind === "connecting" ? [connection.state.claim, claim] : [claim];
    connection.transition({ type: "token_came" });
    try {
      const caller = authenticator.readToken(token);
      if (!claims.every((each) => agrees(each, caller))) throw new DomainError("auth.device_mismatch");
      if (!hub.enter(connection, caller.userId, caller.loginId)) {
        connection.close(closeCodes.tooMany);
        return;
      }
      connection.transition({ type: "token_read", caller });
      const admission = await this.#admit(connection, caller, deadlineMs);
      if (admission === undefined || connection.isClosing) return;
      const vector = await catchUp.startOf(connection, admission, deadlineMs);
      if (connection.isClosing) return;
      this.#acknowledge(connection, caller, admission.cursor);
      connection.transition({ type: "acknowledged" });
      connection.drainInbox();
      await catchUp.run(connection, vector);
      friends.begin(connection);
    } catch (thrown) {
      this.refuse(connection, thrown);
    }
  }

  /** The upgrade is accepted and the socket closed afterwards, because a browser cannot read a refused upgrade. */
  refuse(connection: UserConnection, thrown: unknown): void {
    if (connection.isClosing) return;
    const { log, envelopes, clock } = this.#deps;
    if (connection.isServed) {
      log.warn("handshake: device not caught up", { userId: connection.userId, cause: String(thrown) });
      connection.close(closeCodes.unavailable);
      return;
    }
    const { codeStr, message } = envelopes.errorFrame(thrown, connection.wishes.language);
    const { code, close } = refusals[refusalOf(thrown)];
    const timestamp = clock.nowMs();
    connection.send(encodeFrame("CONNECT_ERROR", undefined, { code, codeStr, message, timestamp }));
    connection.close(close);
  }

  /** Waits until every place that this socket makes stale is left. Undefined: the connection was closed meanwhile. */
  async #admit(connection: UserConnection, caller: Caller, deadlineMs: number): Promise<Admission | undefined> {
    const { clock, revocations, places, online } = this.#deps;
    const backoff = new Backoff({ minMs: askAgainMsMin, maxMs: askAgainMsMax });
    let admission = await this.#connect(connection, caller, deadlineMs);
    let askAtMs = clock.nowMs() + askAgainMsMin / 2;
    for (;;) {
      if (connection.isClosing) return undefined;
      if (!places.take(connection, admission.placeId)) return undefined;
      const others = admission.closeFirst.filter((place) => !this.#isOver(caller, place));
      if (others.length === 0) break;
      if (clock.nowMs() >= deadlineMs) throw new DomainError("common.unavailable"); // G8
      const isLeft = await this.#anotherIsLeft(caller.userId);
      if (connection.isClosing) return undefined;
      if (!isLeft && clock.nowMs() < askAtMs) continue;
      askAtMs = clock.nowMs() + backoff.next();
      admission = await this.#connect(connection, caller, deadlineMs);
    }
    if (revocations.isRevoked(caller.loginId)) throw new DomainError("auth.token_invalid");
    places.endOlder(connection, caller);
    online.began(connection);
    return admission;
  }

  async #connect(connection: UserConnection, { userId, loginId }: Caller, deadlineMs: number): Promise<Admission> {
    const { actors, identity } = this.#deps;
    const { host: gateway, boot } = identity;
    const { id: connectionId, placeId, wishes } = connection;
    const session = actors.get(Session, userId);
    const input = { loginId, connectionId, gateway, boot, placeId, newestCursor: wishes.cursor };
    const isWanted = () => !connection.isClosing;
    return persist(this.#deps, { untilMs: deadlineMs, isWanted }, () => session.connect(input, { deadlineMs }));
  }

  /** A place of this gateway is left now; one elsewhere is over when its gateway said so, or its boot is closed. */
  #isOver({ userId }: Caller, place: StalePlace): boolean {
    const { lease, places, identity } = this.#deps;
    if (place.boot !== identity.boot) return lease.isClosed(place.boot);
    places.leave(userId, place);
    return true;
  }

  /** True when a place of this user was left somewhere; false after `lookAgainMs`. */
  #anotherIsLeft(userId: UserId): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isLeft: boolean) => {
        cancel();
        stop();
        resolve(isLeft);
      };
      const cancel = this.#deps.clock.after(lookAgainMs, () => end(false));
      const stop = this.#deps.places.onLeft(userId, () => end(true));
    });
  }

  #acknowledge(connection: UserConnection, { userId, deviceId }: Caller, cursor: number): void {
    const { clock, limits, identity } = this.#deps;
    const serverTime = clock.nowMs();
    const heartbeatInterval = Math.round(limits.heartbeatMs / 1_000);
    const { storeId } = identity;
    const data = { userId, deviceId, serverTime, heartbeatInterval, cursor, storeId, retry: retryAdvice };
    // Urgent, so that no urgent frame overtakes it.
    connection.sendUrgent(encodeFrame("CONNECT_ACK", data, { timestamp: serverTime }));
  }
}

function agrees({ deviceId, platform }: DeviceClaim, caller: Caller): boolean {
  if (deviceId !== undefined && deviceId !== caller.deviceId) return false;
  return platform === undefined || parseDeviceType(platform) === caller.deviceType;
}

function refusalOf(thrown: unknown): keyof typeof refusals {
  if (!(thrown instanceof DomainError) || thrown.kind === "unavailable" || thrown.kind === "internal")
    return "unavailable";
  return thrown.kind === "invalid" ? "malformed" : "unauthorized";
}
