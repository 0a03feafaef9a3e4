import type { RecordMeta } from "../runtime/contract.ts";
import type { Notification } from "../shared/notification.ts";
import type { PlacesPublished, StalePlace } from "./contract.ts";
import type { Revoked, RevokeReason, SessionEvent } from "./events.ts";
import type { SessionState } from "./state.ts";

/** Sent to a kicked device before its socket is closed. A device that logged out or logged in again gets no notification. */
const messages: Record<Exclude<RevokeReason, "replaced" | "logout">, string> = {
  multi_login: "This account was logged in on another device.",
  admin_kick: "An administrator ended this login.",
  password_changed: "The password was changed.",
  token_reused: "This login was ended because one of its tokens was used twice.",
};

export function notifySession(_: SessionState, event: SessionEvent, meta: RecordMeta): Notification[] {
  switch (event.type) {
    case "logged_in":
      return [...forceLogouts(event.revoked, meta), ...(event.isUnusual ? [unusualLogin(event, meta)] : [])];
    case "revoked":
      return forceLogouts(event.revoked, meta);
    case "password_changed":
      return [...forceLogouts(event.revoked, meta), passwordChanged(meta)];
    default:
      return [];
  }
}

/** One per reason; gateways find the sockets by `loginIds`. */
function forceLogouts(revoked: readonly Revoked[], { key, atMs }: RecordMeta): Notification[] {
  return [...Map.groupBy(revoked, ({ reason }) => reason)].flatMap(([reason, entries]): Notification[] => {
    if (reason === "replaced" || reason === "logout") return [];
    const loginIds = entries.map(({ loginId }) => loginId);
    return [
      {
        type: "auth.force_logout",
        target: { users: [key] },
        atMs,
        frame: "FORCE_LOGOUT",
        data: { type: "auth.force_logout", reason, message: messages[reason], timestamp: atMs, loginIds },
      },
    ];
  });
}

/** To the user's other devices. */
function unusualLogin(
  { deviceId, deviceType, deviceName = "", ip }: Extract<SessionEvent, { type: "logged_in" }>,
  { key, atMs }: RecordMeta,
): Notification {
  const type = "auth.unusual_login";
  const data = { type, deviceId, deviceType, deviceName, ip, timestamp: atMs };
  return { type, target: { users: [key] }, atMs, exceptDeviceId: deviceId, frame: "NOTIFICATION", data };
}

function passwordChanged({ key, atMs }: RecordMeta): Notification {
  const type = "auth.password_changed";
  return { type, target: { users: [key] }, atMs, frame: "NOTIFICATION", data: { type, timestamp: atMs } };
}

export function notifySynced(
  { key, nowMs }: { key: string; nowMs: number },
  { deviceId, cursor }: { deviceId: string; cursor: number },
): Notification {
  const type = "sync.completed";
  const data = { type, deviceId, cursor, timestamp: nowMs };
  return { type, target: { users: [key] }, atMs: nowMs, frame: "NOTIFICATION", data };
}

/** Each gateway process listens under its boot, whether the user has a socket there or not. */
export function askToClose(turn: { key: string; nowMs: number }, close: StalePlace[]): Notification {
  const boots = [...new Set(close.map(({ boot }) => boot))];
  return notifyPlaces(turn, boots, { userId: turn.key, close });
}

export function notifyLeft(turn: { key: string; nowMs: number }, placeId: number): Notification {
  return notifyPlaces(turn, [turn.key], { userId: turn.key, left: [placeId] });
}

function notifyPlaces({ nowMs }: { nowMs: number }, users: string[], published: PlacesPublished): Notification {
  const type = "auth.sockets";
  return { type, target: { users }, atMs: nowMs, frame: "NOTIFICATION", data: { type, ...published } };
}
