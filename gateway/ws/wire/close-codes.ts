// Every code with which this server closes a socket: who is to blame, why, and whether to reconnect. After 1007 (invalid
// UTF-8), 1009 (frame too large) and 1002 (protocol error) `ws` itself closes: then the client must be corrected first.

export interface CloseCode {
  readonly code: number;
  /** Travels in the close frame. */
  readonly reason: string;
  readonly who: "client" | "server" | "account";
  /** no: the same attempt would end the same way · now: at once · later: after the pauses of CONNECT_ACK.retry, with jitter. */
  readonly reconnect: "no" | "now" | "later";
  readonly why: string;
}

export const closeCodes = {
  /** The server could not finish the handshake (a part of it is unavailable, or the deadline passed). */
  unavailable: {
    code: 1013,
    reason: "server.unavailable",
    who: "server",
    reconnect: "later",
    why: "The login could not be checked in time.",
  },
  /** The client is broken: its messages would be lost. */
  malformed: {
    code: 4400,
    reason: "client.malformed",
    who: "client",
    reconnect: "no",
    why: "More malformed frames than `maxMalformedFrames`, or a deviceId or platform that is not the token's.",
  },
  /** No token in time, a forged or expired one, or the login is gone. Get a new token first. */
  unauthorized: {
    code: 4401,
    reason: "auth.invalid",
    who: "client",
    reconnect: "no",
    why: "The token is missing, wrong, expired or revoked: refresh it or log in, then reconnect.",
  },
  /** The login was ended: by another device, an admin, a password change, or by logging out. */
  loggedOut: {
    code: 4403,
    reason: "auth.logged_out",
    who: "account",
    reconnect: "no",
    why: "The login was ended (FORCE_LOGOUT says why): log in again.",
  },
  /** The outbound buffer was full, or too many messages were unacknowledged. Other clients are not affected. */
  slow: {
    code: 4008,
    reason: "client.slow",
    who: "client",
    reconnect: "later",
    why: "The outbound buffer or the list of unacknowledged messages was full: reconnect and sync.",
  },
  /** The host stops; another one serves. Every frame that was read has its answer. */
  goingAway: {
    code: 4009,
    reason: "server.draining",
    who: "server",
    reconnect: "now",
    why: "This server is being stopped: reconnect, another one answers.",
  },
  /** The same device opened a newer socket. */
  replaced: {
    code: 4010,
    reason: "client.replaced",
    who: "client",
    reconnect: "no",
    why: "This device has connected again elsewhere.",
  },
  /** No frame came for too long. */
  silent: {
    code: 4408,
    reason: "client.silent",
    who: "client",
    reconnect: "now",
    why: "No frame within `silenceMs`: the connection was taken for dead.",
  },
  /** This host, or this user, has as many connections as are allowed. */
  tooMany: {
    code: 4429,
    reason: "server.full",
    who: "server",
    reconnect: "later",
    why: "`maxConnections` or `maxConnectionsPerUser` was reached.",
  },
} as const satisfies Record<string, CloseCode>;
