import { closeCodes } from "../wire/close-codes.ts";
import { encodeFrame } from "../wire/encode.ts";
import type { DataOf } from "../wire/server-frames.ts";
import type { Connection } from "./connection.ts";

type LogoutReason = DataOf<"FORCE_LOGOUT">["reason"];

/** A login that its own user ended, or replaced on the same device, gets no FORCE_LOGOUT. */
const messages: Readonly<Record<LogoutReason, string>> = {
  multi_login: "This account was logged in on another device.",
  admin_kick: "An administrator ended this login.",
  account_banned: "This account is banned.",
  password_changed: "The password was changed.",
  token_reused: "This login was ended because one of its tokens was used twice.",
};

/** Ends a connection whose login has ended (G8): FORCE_LOGOUT, then close code 4403, at once. What waits is not delivered. */
export function endLogin(connection: Connection, reason: string, timestamp: number): void {
  if (connection.isClosing) return;
  connection.outbound.clear();
  if (isForced(reason)) {
    connection.send(encodeFrame("FORCE_LOGOUT", { reason, message: messages[reason], timestamp }, { timestamp }));
  }
  connection.close(reason === "replaced" ? closeCodes.replaced : closeCodes.loggedOut);
}

function isForced(reason: string): reason is LogoutReason {
  return Object.hasOwn(messages, reason);
}
