// What both sides of calls between hosts share: limits and subjects.
import type { Clock, Random } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import type { NatsConnection } from "./connection.ts";
import { subjectToken } from "./subject-token.ts";

export interface TransportLimits {
  /** More are refused as unreachable. */
  readonly maxOutstandingCalls: number;
  /** Of calls that wait for the connection; more are refused as unreachable. */
  readonly maxHeldBytes: number;
  /** T3: without a connection for longer, calls end at once. */
  readonly downMsMax: number;
  /** Served here at one time; more are answered "overloaded". */
  readonly maxServedCalls: number;
}
export const transportLimits: TransportLimits = {
  maxOutstandingCalls: 16_384,
  maxHeldBytes: 16 * 1024 * 1024,
  downMsMax: 1_000,
  maxServedCalls: 16_384,
};

/** T2. A call or an answer that is larger goes alone. */
export const maxBatchBytes = 256 * 1024;
const defaultMaxPayloadBytes = 1024 * 1024;

export interface TransportDeps {
  connection: NatsConnection;
  clock: Clock;
  random: Random;
  log: Log;
  limits?: Partial<TransportLimits>;
}

/** Largest message that the server takes. */
export function maxPayloadBytes({ client }: NatsConnection): number {
  return client.info?.max_payload ?? defaultMaxPayloadBytes;
}

/** Answers go to `actor_reply.<process>.<number of the message>`. */
export const replyPrefix = "actor_reply.";

export function callSubject(host: string): string {
  return `actor.${subjectToken(host)}`;
}
