import type { RecordMeta } from "../runtime/contract.ts";
import type { Notification } from "../shared/notification.ts";
import type { SocketsTold } from "./contract.ts";
import type { Revoked, RevokeReason, SessionEvent } from "./events.ts";
import type { SessionState } from "./state.ts";

/** What a kicked device is told before its socket is closed; who logged out himself, or came back, is told nothing. */
const messages: Record<Exclude<RevokeReason, "replaced" | "logout">, string> = {
  multi_login: "This account was logged in on another device.",
  admin_kick: "An administrator ended this login.",
  password_changed: "The password was changed.",
  token_reused: "This login was ended because one of its tokens was used twice.",
};

export function notifySession(_: SessionState, event: SessionEvent, meta: RecordMeta): Notification[] {
  switch (event.type) {
    case "logged_in":
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

function passwordChanged({ key, atMs }: RecordMeta): Notification {
  const type = "auth.password_changed";
  return { type, target: { users: [key] }, atMs, frame: "NOTIFICATION", data: { type, timestamp: atMs } };
}

/** To the gateways that have sockets of this user. */
export function notifySockets({ key, nowMs }: { key: string; nowMs: number }, told: SocketsTold): Notification {
  const type = "auth.sockets";
  return { type, target: { users: [key] }, atMs: nowMs, frame: "NOTIFICATION", data: { type, ...told } };
}
