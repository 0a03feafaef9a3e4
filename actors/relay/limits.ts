/** Limits of the relay: name, unit, and what happens when it is reached. */
export interface RelayLimits {
  /** Requests to upstreams for one request of a client; then the last failure is answered. */
  maxAttempts: number;
  /** Without a first piece of the answer for so long, the try is given up as silent. */
  firstTokenMs: number;
  /** Between two pieces of an answer; then the try is given up as stalled. */
  stallMs: number;
  /** A whole answer (no stream) larger than this is given up as garbled. */
  maxAnswerBytes: number;
  /** An event of a stream larger than this ends the stream as garbled. */
  maxEventBytes: number;
  /** Events that are held back before the first content; then they are passed on, and nothing is tried again unseen. */
  maxHeldBytes: number;
}

export const defaultRelayLimits: RelayLimits = {
  maxAttempts: 3,
  firstTokenMs: 600_000,
  stallMs: 600_000,
  maxAnswerBytes: 64 * 1024 * 1024,
  maxEventBytes: 32 * 1024 * 1024,
  maxHeldBytes: 1024 * 1024,
};
