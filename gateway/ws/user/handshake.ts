// From a token to a connection that is served. After CONNECT_ACK no other socket of a replaced or revoked login is served,
// here or at another gateway (G8). The user's subject is subscribed to before the present is read, so that an event in
// between is known by one of both.
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock, Random } from "../../../actors/runtime/ports.ts";
import { Session, type SocketPlace } from "../../../actors/session/contract.ts";
import { Backoff } from "../../../actors/shared/backoff.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import type { Authenticator, Caller } from "../../auth/authenticator.ts";
import type { Envelopes } from "../../kit/envelope.ts";
import type { GatewayLimits } from "../../limits.ts";
import type { Identity, Lease, Log, Presence, Revocations } from "../../ports.ts";
import { endLogin } from "../socket/logout.ts";
import { persist } from "../socket/persist.ts";
import { closeCodes } from "../wire/close-codes.ts";
import { encodeFrame } from "../wire/encode.ts";
import type { CatchUp, DeviceStart } from "./catch-up.ts";
import type { CloseReports } from "./close-reports.ts";
import type { Hub } from "./hub.ts";
import type { Progress } from "./progress.ts";
import type { SocketCloses } from "./socket-closes.ts";
import type { UserConnection } from "./user-connection.ts";

export interface HandshakeDeps {
  readonly authenticator: Pick<Authenticator, "readToken">;
  readonly actors: Actors;
  readonly hub: Hub;
  readonly catchUp: CatchUp;
  readonly progress: Progress;
  readonly closeReports: CloseReports;
  readonly socketCloses: SocketCloses;
  readonly presence: Pick<Presence, "online">;
  readonly revocations: Pick<Revocations, "isRevoked">;
  readonly lease: Pick<Lease, "isClosed">;
  readonly envelopes: Envelopes;
  readonly identity: Pick<Identity, "host" | "boot" | "storeId">;
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly random: Pick<Random, "unit">;
  readonly limits: Pick<GatewayLimits, "callDeadlineMs" | "heartbeatMs">;
  readonly log: Pick<Log, "warn">;
}

/** How often the handshake looks whether the boot of an old socket is closed by now. */
const lookAgainMs = 100;
/** The session actor is asked again, and notifies again, after these pauses: the notification of a close may be lost. */
const askAgainMsMin = 200;
const askAgainMsMax = 800;

/** Reconnect at once, then after 2, 4, 8 s; with jitter, so that clients of a restarted host do not all come at once. */
const retryAdvice = { delaysMs: [0, 2_000, 4_000, 8_000], jitter: 0.5, maxAttempts: 10 };

type Admission = DeviceStart & { readonly cursor: number; readonly closeFirst: readonly SocketPlace[] };

export class Handshake {
  #deps: HandshakeDeps;

  constructor(deps: HandshakeDeps) {
    this.#deps = deps;
  }

  async run(connection: UserConnection, token: string): Promise<void> {
    const { authenticator, hub, catchUp } = this.#deps;
    connection.transition({ type: "token_came" });
    try {
      const caller = authenticator.readToken(token);
      if (!hub.enter(connection, caller.userId, caller.loginId)) {
        connection.close(closeCodes.tooMany);
        return;
      }
      connection.transition({ type: "token_read", caller });
      const admission = await this.#admit(connection, caller);
      if (admission === undefined || connection.isClosing) return;
      this.#acknowledge(connection, caller, admission.cursor);
      connection.transition({ type: "acknowledged" });
      connection.drainInbox();
      await catchUp.run(connection, admission);
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
    const isClients = thrown instanceof DomainError && thrown.kind !== "unavailable" && thrown.kind !== "internal";
    const { codeStr, message } = envelopes.errorFrame(thrown);
    const code = isClients ? 401 : 503;
    const timestamp = clock.nowMs();
    connection.send(encodeFrame("CONNECT_ERROR", undefined, { code, codeStr, message, timestamp }));
    connection.close(isClients ? closeCodes.unauthorized : closeCodes.unavailable);
  }

  /** Waits until every socket that this one replaces is closed. Undefined: the connection was closed meanwhile. */
  async #admit(connection: UserConnection, caller: Caller): Promise<Admission | undefined> {
    const { clock, limits, revocations } = this.#deps;
    const deadlineMs = clock.nowMs() + limits.callDeadlineMs;
    const backoff = new Backoff({ minMs: askAgainMsMin, maxMs: askAgainMsMax });
    let admission = await this.#connect(connection, caller, deadlineMs);
    let askAtMs = clock.nowMs() + askAgainMsMin / 2;
    for (;;) {
      if (connection.isClosing) return undefined;
      const others = admission.closeFirst.filter((other) => !this.#isOver(caller, other));
      if (others.length === 0) break;
      if (clock.nowMs() >= deadlineMs) throw new DomainError("common.unavailable"); // G8
      const isClosed = await this.#anotherIsClosed(caller.userId);
      if (connection.isClosing) return undefined;
      if (!isClosed && clock.nowMs() < askAtMs) continue;
      askAtMs = clock.nowMs() + backoff.next();
      admission = await this.#connect(connection, caller, deadlineMs);
    }
    if (revocations.isRevoked(caller.loginId)) throw new DomainError("auth.token_invalid");
    this.#sayOnline(connection, caller);
    return admission;
  }

  /** From here on the session actor may count the socket, even if no answer comes. */
  async #connect(connection: UserConnection, { userId, loginId }: Caller, deadlineMs: number): Promise<Admission> {
    const { actors, identity, progress } = this.#deps;
    const { host: gateway, boot } = identity;
    const { id: connectionId, wishes } = connection;
    const session = actors.get(Session, userId);
    const place = { loginId, connectionId, gateway, boot, newestCursor: wishes.cursor };
    const isWanted = () => !connection.isClosing;
    try {
      return await persist(this.#deps, { untilMs: deadlineMs, isWanted }, () => session.connect(place, { deadlineMs }));
    } finally {
      connection.isCounted = true;
      // The connection was closed meanwhile: its report had to wait for this answer.
      if (connection.isClosing) progress.reportClosed(connection);
    }
  }

  /** A socket here is closed now; one elsewhere is over when its gateway said so, or its boot is closed. */
  #isOver(caller: Caller, other: SocketPlace): boolean {
    const { hub, lease, closeReports, identity, clock } = this.#deps;
    const { connectionId, boot } = other;
    const isHere = boot === identity.boot;
    if (!isHere && !lease.isClosed(boot)) return false;
    const local = isHere && hub.connections(caller.userId).find(({ id }) => id === connectionId);
    if (local) {
      endLogin(local, local.caller?.deviceId === caller.deviceId ? "replaced" : "multi_login", clock.nowMs());
    } else {
      // No other gateway will report it: without a report it would be answered again at every connect.
      closeReports.report(caller.userId, { connectionId, deviceId: caller.deviceId });
    }
    return true;
  }

  /** True when a socket of this user was closed somewhere; false after `lookAgainMs`. */
  #anotherIsClosed(userId: UserId): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isClosed: boolean) => {
        cancel();
        stop();
        resolve(isClosed);
      };
      const cancel = this.#deps.clock.after(lookAgainMs, () => end(false));
      const stop = this.#deps.socketCloses.onClosed(userId, () => end(true));
    });
  }

  #sayOnline({ id: connectionId }: UserConnection, { userId, deviceType: platform }: Caller): void {
    const { presence, clock, log } = this.#deps;
    presence.online(userId, { connectionId, platform, atMs: clock.nowMs() }).catch((thrown: unknown) => {
      log.warn("presence: online not stored", { userId, connectionId, cause: String(thrown) });
    });
  }

  #acknowledge(connection: UserConnection, { userId, deviceId }: Caller, cursor: number): void {
    const { clock, limits, identity } = this.#deps;
    const serverTime = clock.nowMs();
    const heartbeatInterval = Math.round(limits.heartbeatMs / 1_000);
    const { storeId } = identity;
    const data = { userId, deviceId, serverTime, heartbeatInterval, cursor, storeId, retry: retryAdvice };
    connection.send(encodeFrame("CONNECT_ACK", data, { timestamp: serverTime }));
  }
}
