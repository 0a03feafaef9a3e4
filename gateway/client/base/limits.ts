/** Every limit of the client: name, unit, and what happens when it is reached. */
export interface ClientLimits {
  /** A REST request without a complete answer for so long fails as unreachable. */
  requestTimeoutMs: number;
  /** The same for a request that carries a file, or waits until one is made. */
  uploadTimeoutMs: number;
  /** A socket without CONNECT_ACK for so long is given up, and the next attempt begins. */
  handshakeTimeoutMs: number;
  /** A frame that asks for an answer and has none for so long fails as unreachable. */
  answerTimeoutMs: number;
  /** Frames that wait for their answer at once; one more fails as overflow. */
  maxWaitingAnswers: number;
  /** Messages that wait for their acknowledgement; one more is refused as overflow. */
  maxUnsent: number;
  /** Messages on their way at once; the others wait for a place, in order. The server allows 256 a socket. */
  maxSendsInFlight: number;
  /** A message without an answer for so long is sent again, under the same msgId. */
  sendTimeoutMs: number;
  /** Pauses before a message that the server could not take now is sent again: doubled from min to max. */
  resendPauseMsMin: number;
  resendPauseMsMax: number;
  /** Received messages are acknowledged after so long … */
  ackEveryMs: number;
  /** … or when so many wait for it. */
  maxUnacked: number;
  /** A conversation with a hole in its versions is asked for after so long, unless the hole closes. */
  gapWaitMs: number;
  /** Frames that arrive during a SYNC wait for its end; further ones are dropped, and another SYNC follows. */
  maxDeferredFrames: number;
  /** Pages of one SYNC; one that has more is malformed. */
  maxSyncPages: number;
  /** Conversations held; one more drops the one that was changed longest ago, which then counts as new. */
  maxConversations: number;
  /** Messages held of a conversation; one more drops the oldest, which is then history. */
  maxMessagesHeld: number;
  /** Versions and seqs remembered ahead of a hole, for each conversation; further ones count as not seen. */
  maxAhead: number;
  /**
   * Messages above the read mark remembered as not counted, for each conversation: recalled, expired, deleted. Of one more
   * the oldest is forgotten, and the unread count may be wrong by one until the next SYNC.
   */
  maxUncounted: number;
  /** Replies of models that are written at once; of one more the oldest is dropped, and comes with its message. */
  maxReplies: number;
}

export const defaultClientLimits: ClientLimits = {
  requestTimeoutMs: 15_000,
  uploadTimeoutMs: 900_000,
  handshakeTimeoutMs: 10_000,
  answerTimeoutMs: 20_000,
  maxWaitingAnswers: 256,
  maxUnsent: 1_000,
  maxSendsInFlight: 64,
  sendTimeoutMs: 20_000,
  resendPauseMsMin: 200,
  resendPauseMsMax: 5_000,
  ackEveryMs: 1_000,
  maxUnacked: 64,
  gapWaitMs: 1_000,
  maxDeferredFrames: 10_000,
  maxSyncPages: 10_000,
  maxConversations: 10_000,
  maxMessagesHeld: 500,
  maxAhead: 1_000,
  maxUncounted: 1_000,
  maxReplies: 100,
};
