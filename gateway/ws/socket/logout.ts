import { closeCodes } from "../wire/close-codes.ts";
import { encodeFrame } from "../wire/encode.ts";
import type { DataOf } from "../wire/server-frames.ts";
import type { Connection } from "./connection.ts";

type LogoutReason = DataOf<"FORCE_LOGOUT">["reason"];

/** What FORCE_LOGOUT says; a login that its own user ended, or replaced on the same device, gets none. */
const messages: Readonly<Record<LogoutReason, string>> = {
  multi_login: "This account was logged in on another device.",
  admin_kick: "An administrator ended this login.",
  account_banned: "This account is banned.",
  password_changed: "The password was changed.",
  token_reused: "This login was ended because one of its tokens was used twice.",
};

/** The login behind the socket is over (G8): FORCE_LOGOUT, then 4403, at once. */
export function endLogin(connection: Connection, reason: string): void {
  if (connection.state === "closing") return;
  if (isForced(reason)) {
    const timestamp = connection.edge.deps.clock.nowMs();
    connection.send(encodeFrame("FORCE_LOGOUT", { reason, message: messages[reason], timestamp }, { timestamp }));
  }
  connection.close(reason === "replaced" ? closeCodes.replaced : closeCodes.loggedOut);
}

function isForced(reason: string): reason is LogoutReason {
  return Object.hasOwn(messages, reason);
}
