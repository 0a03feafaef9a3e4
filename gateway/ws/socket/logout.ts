import { closeCodes } from "../wire/close-codes.ts";
import type { Connection } from "./connection.ts";

/** What a kicked device is told; who logged out himself, or came back on the same device, is told nothing. */
const messages: Readonly<Record<string, string>> = {
  multi_login: "This account was logged in on another device.",
  admin_kick: "An administrator ended this login.",
  account_banned: "This account is banned.",
  password_changed: "The password was changed.",
  token_reused: "This login was ended because one of its tokens was used twice.",
};

/** The login behind the socket is over (G8): FORCE_LOGOUT, then 4403, at once. */
export function endLogin(connection: Connection, reason: string): void {
  if (connection.state === "closing") return;
  const message = messages[reason];
  if (message !== undefined) {
    const timestamp = connection.edge.deps.clock.nowMs();
    connection.send(JSON.stringify({ type: "FORCE_LOGOUT", timestamp, data: { reason, message, timestamp } }));
  }
  connection.close(reason === "replaced" ? closeCodes.replaced : closeCodes.loggedOut);
}
