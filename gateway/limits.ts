/** Every limit of the edge: name, unit, and what happens when it is reached (G10). */
export interface GatewayLimits {
  /** Larger request bodies get common.too_large (413). */
  maxBodyBytes: number;
  /** Larger WS frames close the socket (1009). */
  maxFrameBytes: number;
  /** JSON nested deeper is refused as malformed. */
  maxJsonDepth: number;
  /** A socket that does not authenticate in time is closed (4401). */
  authTimeoutMs: number;
  /** Silence that closes a socket (4408). */
  silenceMs: number;
  /** Bytes waiting in a socket's buffer; more closes it as slow (4008). */
  maxOutboundBytes: number;
  /** Unacknowledged messages of a socket; more closes it as slow (4008). */
  maxUnacked: number;
  /** Malformed frames tolerated per socket; more closes it (4400). */
  maxMalformedFrames: number;
  /** Unacknowledged frames are sent again this long after the first sending. */
  resendAfterMs: readonly number[];
  /** Sends of one socket waiting for their answer; more get common.too_many. */
  maxSendsInFlight: number;
  /** Messages pushed at connect; beyond it the device is asked to sync. */
  maxPushAtConnect: number;
  /** A SYNC_RESULT or page ends here, with `hasMore`. */
  maxPageBytes: number;
  maxPageMessages: number;
  /** A search by name asks a group of up to so many members itself; for a larger group it reads the rows of the names. */
  maxMembersRead: number;
  /** Connections per host; more are refused with 4429. */
  maxConnections: number;
  maxConnectionsPerUser: number;
  /** Open TCP connections of one address; more are dropped. Not counted behind trusted proxies. */
  maxConnectionsPerAddress: number;
  /** A client that takes nothing of an answer for so long is cut off: the answer would wait in memory. Longer than any deadline. */
  answerStallMs: number;
  /** Deadline of a send, retries included (G9). */
  sendDeadlineMs: number;
  callDeadlineMs: number;
  /** Read marks are gathered this long per conversation. */
  readMarkEveryMs: number;
  /** The versions of each connected user are compared with the heads this often, with jitter. */
  syncEveryMs: number;
  heartbeatMs: number;
  /** Presence subscriptions of one socket; more get common.too_many. */
  maxPresenceSubscriptions: number;
}

export const defaultGatewayLimits: GatewayLimits = {
  maxBodyBytes: 128 * 1024,
  maxFrameBytes: 64 * 1024,
  maxJsonDepth: 16,
  authTimeoutMs: 5_000,
  silenceMs: 90_000,
  maxOutboundBytes: 1024 * 1024,
  maxUnacked: 1_000,
  maxMalformedFrames: 10,
  resendAfterMs: [5_000, 15_000],
  maxSendsInFlight: 256,
  maxPushAtConnect: 500,
  maxPageBytes: 512 * 1024,
  maxPageMessages: 200,
  maxMembersRead: 2_000,
  maxConnections: 18_000,
  maxConnectionsPerUser: 20,
  maxConnectionsPerAddress: 15_000,
  answerStallMs: 75_000,
  sendDeadlineMs: 15_000,
  callDeadlineMs: 10_000,
  readMarkEveryMs: 200,
  syncEveryMs: 120_000,
  heartbeatMs: 30_000,
  maxPresenceSubscriptions: 500,
};
