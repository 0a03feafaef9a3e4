// Limits and subjects that both sides of calls between hosts share.
import type { Clock, Random } from "../../actors/runtime/ports.ts";
import type { Log } from "../../gateway/ports.ts";
import type { NatsConnection } from "./connection.ts";
import { subjectToken } from "./subject-token.ts";

export interface TransportLimits {
  /** Calls without an answer; more are refused as "unreachable". */
  readonly maxOutstandingCalls: number;
  /** Bytes of the calls that wait for the connection; more are refused as "unreachable". The same limit holds for answers. */
  readonly maxHeldBytes: number;
  /** When the connection is lost for longer, calls end at once (transport/reconnect in transport.ts). */
  readonly downMsMax: number;
  /** Calls served at one time; more are answered as "overloaded". */
  readonly maxServedCalls: number;
}
export const transportLimits: TransportLimits = {
  maxOutstandingCalls: 16_384,
  maxHeldBytes: 16 * 1024 * 1024,
  downMsMax: 1_000,
  maxServedCalls: 16_384,
};

/** A call or an answer that is larger is sent in a message of its own. */
export const maxBatchBytes = 256 * 1024;
const defaultMaxPayloadBytes = 1024 * 1024;

export interface TransportDeps {
  connection: NatsConnection;
  clock: Clock;
  random: Random;
  log: Log;
  limits?: Partial<TransportLimits>;
}

/** The largest message that the server accepts. */
export function maxPayloadBytes({ client }: NatsConnection): number {
  return client.info?.max_payload ?? defaultMaxPayloadBytes;
}

/** Answers go to `actor_reply.<process>.<number of the message>`. */
export const replyPrefix = "actor_reply.";

export function callSubject(host: string): string {
  return `actor.${subjectToken(host)}`;
}
