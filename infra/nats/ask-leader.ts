// Reads one message from the leader of a stream. The leader's answer decides, because a replica may lag.

import { errors, type Msg } from "nats";
import { sleep } from "../../actors/shared/sleep.ts";
import { withTimeout } from "../../actors/shared/with-timeout.ts";
import { processTimer } from "../system/clock.ts";
import type { NatsConnection } from "./connection.ts";
import { NatsError } from "./errors.ts";
import { passingCodes } from "./jetstream.ts";

const askMsMax = 2_000;
const askPauseMs = 50;
const noMessageFound = 10_037;

/** The newest message of a subject, or its first message with a sequence ≥ `seq`. */
type LeaderQuery = { last_by_subj: string } | { seq: number; next_by_subj: string };

export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  /** The server's clock. */
  readonly atMs: number;
}

interface LeaderAnswer {
  readonly message?: { subject: string; seq: number; data?: string; time: string };
  readonly error?: { err_code?: number; description?: string };
}

/** Undefined when no message matches. Rejects with NatsError `unknown` or `unreachable`. */
export async function askLeader(
  connection: NatsConnection,
  stream: string,
  query: LeaderQuery,
): Promise<StoredMessage | undefined> {
  const body = "seq" in query ? { ...query, seq: Math.max(1, query.seq) } : query;
  const endMs = performance.now() + askMsMax;
  for (;;) {
    const answer = await request(connection, `$JS.API.STREAM.MSG.GET.${stream}`, { ...body, no_hdr: true });
    const { message, error } = answer.json<LeaderAnswer>();
    if (message) {
      const { subject, seq: sequence, data = "", time } = message;
      return { subject, sequence, data: Buffer.from(data, "base64"), atMs: Date.parse(time) };
    }
    if (error?.err_code === noMessageFound) return undefined;
    // A server that just started, and knows no leader yet, may answer before the leader does.
    if (!passingCodes.has(error?.err_code ?? 0) || performance.now() > endMs) {
      throw new NatsError("unknown", `${stream} cannot be read: ${error?.description ?? "an empty answer"}`);
    }
    await sleep(processTimer, askPauseMs);
  }
}

/** Waits for a connection and sends one request. Rejects with NatsError `unknown` or `unreachable`. */
async function request(connection: NatsConnection, subject: string, body: object): Promise<Msg> {
  await whenConnected(connection);
  let stop = () => {};
  const lost = new Promise<never>((_, reject) => {
    stop = connection.onStatus((status) => {
      if (status === "disconnected") reject(new NatsError("unknown", `${subject}: the connection was lost`));
    });
  });
  try {
    const answer = connection.client.request(subject, JSON.stringify(body), { timeout: askMsMax });
    answer.catch(() => {}); // when the connection is lost `lost` has rejected before, and nothing awaits this answer
    return await Promise.race([answer, lost]);
  } catch (cause) {
    if (cause instanceof NatsError) throw cause;
    const isSilent = cause instanceof errors.TimeoutError;
    const reason = isSilent ? `no answer within ${askMsMax} ms` : String(cause);
    throw new NatsError("unknown", `${subject}: ${reason}`, { cause });
  } finally {
    stop();
  }
}

/** Rejects with NatsError `unreachable`. */
export async function whenConnected(connection: NatsConnection): Promise<void> {
  if (connection.isConnected()) return;
  let stop = () => {};
  const reconnected = new Promise<void>((resolve) => {
    stop = connection.onStatus((status) => {
      if (status === "reconnected") resolve();
    });
  });
  const createError = () => new NatsError("unreachable", `no connection for ${askMsMax} ms`);
  await withTimeout(processTimer, askMsMax, reconnected, createError).finally(stop);
}
