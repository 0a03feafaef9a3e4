// From a token to an open connection.
// E1: after CONNECT_ACK no other socket of a replaced or revoked login is served, here or elsewhere (G8).
// E2: the bell is subscribed before the present is read, so what happens in between is told by one of both.
import type { SocketPlace } from "../../../actors/session/contract.ts";
import { Session } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import type { Caller } from "../../auth/authenticator.ts";
import type { Connection } from "../socket/connection.ts";
import { endLogin } from "../socket/logout.ts";
import { persist } from "../socket/persist.ts";
import { closeCodes } from "../wire/close-codes.ts";
import { encodeFrame } from "../wire/encode.ts";
import { reportGone } from "./progress.ts";
import { catchUp } from "./sync.ts";

/** How often is looked whether the boot of an old socket is closed by now. */
const lookAgainMs = 100;
/** The session actor is asked again (and rings again) after these: the bell that tells of the close may be lost. */
const askAgainMsMin = 100;
const askAgainMsMax = 800;

/** Seed 5.4.2: at once, then after 2, 4, 8 s; spread, so that a restarted host is not met by everybody at once. */
const retryAdvice = { delaysMs: [0, 2_000, 4_000, 8_000], jitter: 0.5, maxAttempts: 10 };

export async function greet(connection: Connection, token: string): Promise<void> {
  const { edge } = connection;
  connection.state = "authenticating";
  try {
    const caller = edge.authenticator.readToken(token);
    if (!edge.hub.enter(connection, caller.userId, caller.loginId)) {
      connection.close(closeCodes.tooMany);
      return;
    }
    connection.caller = caller;
    const place = await admit(connection, caller);
    if (place === undefined || isClosing(connection)) return;
    acknowledge(connection, caller, place.cursor);
    connection.state = "syncing";
    connection.drainInbox();
    await catchUp(connection, place);
  } catch (thrown) {
    refuse(connection, thrown);
  }
}

/** Accepted and then closed, because a browser cannot read a failed upgrade. */
export function refuse(connection: Connection, thrown: unknown): void {
  if (connection.state === "closing") return;
  if (connection.isServed) {
    connection.edge.deps.log.warn("a connection could not catch up", { cause: String(thrown) });
    connection.close(closeCodes.unavailable);
    return;
  }
  const isClients = thrown instanceof DomainError && thrown.kind !== "unavailable" && thrown.kind !== "internal";
  const { codeStr, message } = connection.edge.envelopes.errorFrame(thrown);
  const code = isClients ? 401 : 503;
  const timestamp = connection.edge.deps.clock.nowMs();
  connection.send(encodeFrame("CONNECT_ERROR", undefined, { code, codeStr, message, timestamp }));
  connection.close(isClients ? closeCodes.unauthorized : closeCodes.unavailable);
}

type Place = Awaited<ReturnType<typeof connect>>;

/** Undefined when the socket was closed meanwhile. */
async function admit(connection: Connection, caller: Caller): Promise<Place | undefined> {
  const { deps } = connection.edge;
  const deadlineMs = deps.clock.nowMs() + deps.limits.callDeadlineMs;
  let place = await connect(connection, caller, deadlineMs);
  let askAgainMs = askAgainMsMin;
  let askAtMs = deps.clock.nowMs() + askAgainMs;
  for (;;) {
    if (isClosing(connection)) return undefined;
    const others = place.closeFirst.filter((other) => !isOver(connection, caller, other));
    if (others.length === 0) break;
    if (deps.clock.nowMs() >= deadlineMs) throw new DomainError("common.unavailable"); // E1
    const isClosed = await anotherIsClosed(connection, caller.userId);
    if (isClosing(connection)) return undefined;
    if (!isClosed && deps.clock.nowMs() < askAtMs) continue;
    askAgainMs = Math.min(2 * askAgainMs, askAgainMsMax);
    askAtMs = deps.clock.nowMs() + askAgainMs;
    place = await connect(connection, caller, deadlineMs);
  }
  if (deps.revocations.isRevoked(caller.loginId)) throw new DomainError("auth.token_invalid");
  const { userId, deviceType: platform } = caller;
  const online = { connectionId: connection.id, platform, atMs: deps.clock.nowMs() };
  deps.presence.online(userId, online).catch((thrown: unknown) => {
    deps.log.warn("presence is not known", { userId, cause: String(thrown) });
  });
  return place;
}

/** From here on the session actor may count the socket, even if no answer comes. */
async function connect(connection: Connection, { userId, loginId }: Caller, deadlineMs: number) {
  const { actors, identity } = connection.edge.deps;
  const { host: gateway, boot } = identity;
  const { id: connectionId, wishes } = connection;
  const session = actors.get(Session, userId);
  const place = { loginId, connectionId, gateway, boot, newestCursor: wishes.cursor };
  const isWanted = () => !isClosing(connection);
  try {
    return await persist(connection.edge, { untilMs: deadlineMs, isWanted }, () =>
      session.connect(place, { deadlineMs }),
    );
  } finally {
    connection.isCounted = true;
    // It was closed meanwhile: its report had to wait for this answer.
    if (isClosing(connection)) reportGone(connection);
  }
}

/** E1: a socket here is closed now; one elsewhere is over when its gateway said so, or is known to be gone. */
function isOver(connection: Connection, caller: Caller, other: SocketPlace): boolean {
  const { hub, deps, gone } = connection.edge;
  const { connectionId, boot } = other;
  const isHere = boot === deps.identity.boot;
  if (!isHere && !deps.lease.isClosed(boot)) return false;
  const local = isHere && hub.connections(caller.userId).find(({ id }) => id === connectionId);
  if (local) endLogin(local, local.caller?.deviceId === caller.deviceId ? "replaced" : "multi_login");
  // Nobody else will say so: else it is answered again at every connect.
  else gone.tell(caller.userId, { connectionId, deviceId: caller.deviceId });
  return true;
}

/** True when the bell told that a socket of this user was closed; false after a while. */
function anotherIsClosed({ edge }: Connection, userId: UserId): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isClosed: boolean) => {
      cancel();
      stop();
      resolve(isClosed);
    };
    const cancel = edge.deps.clock.after(lookAgainMs, () => end(false));
    const stop = edge.hub.onSocketClosed(userId, () => end(true));
  });
}

function acknowledge(connection: Connection, { userId, deviceId }: Caller, cursor: number): void {
  const { clock, limits, identity } = connection.edge.deps;
  const serverTime = clock.nowMs();
  const heartbeatInterval = Math.round(limits.heartbeatMs / 1_000);
  const { storeId } = identity;
  const data = { userId, deviceId, serverTime, heartbeatInterval, cursor, storeId, retry: retryAdvice };
  connection.send(encodeFrame("CONNECT_ACK", data, { timestamp: serverTime }));
}

function isClosing({ state }: Connection): boolean {
  return state === "closing";
}
