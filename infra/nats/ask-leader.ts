// Asks the leader of a stream: what it shows decides, a replica may lag.

import { errors, type Msg } from "nats";
import { sleep } from "../../actors/shared/sleep.ts";
import { processTimer } from "../system/clock.ts";
import type { NatsConnection } from "./connection.ts";
import { NatsError } from "./errors.ts";
import { passingCodes } from "./jetstream.ts";

const askMsMax = 2_000;
const askPauseMs = 50;
const noMessageFound = 10_037;

/** The newest of a subject, or the first with a sequence ≥ `seq`. */
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

/** undefined: there is none. Rejects with NatsError `unknown` or `unreachable`. */
export async function askLeader(
  connection: NatsConnection,
  stream: string,
  query: LeaderQuery,
): Promise<StoredMessage | undefined> {
  const asking = "seq" in query ? { ...query, seq: Math.max(1, query.seq) } : query;
  const endMs = performance.now() + askMsMax;
  for (;;) {
    const asked = await request(connection, `$JS.API.STREAM.MSG.GET.${stream}`, { ...asking, no_hdr: true });
    const { message, error } = asked.json<LeaderAnswer>();
    if (message) {
      const { subject, seq: sequence, data = "", time } = message;
      return { subject, sequence, data: Buffer.from(data, "base64"), atMs: Date.parse(time) };
    }
    if (error?.err_code === noMessageFound) return undefined;
    // A server that just woke, and knows of no leader yet, answers so before the leader does.
    if (!passingCodes.has(error?.err_code ?? 0) || performance.now() > endMs) {
      throw new NatsError("unknown", `${stream} cannot be read: ${error?.description ?? "an empty answer"}`);
    }
    await sleep(processTimer, askPauseMs);
  }
}

/** Asks once, when there is a connection; rejects with NatsError `unknown` or `unreachable`. */
async function request(connection: NatsConnection, subject: string, body: object): Promise<Msg> {
  await whenConnected(connection);
  let stop = () => {};
  const lost = new Promise<never>((_, reject) => {
    stop = connection.onStatus((status) => {
      if (status === "disconnected") reject(new NatsError("unknown", `${subject}: the connection was lost`));
    });
  });
  try {
    const asked = connection.client.request(subject, JSON.stringify(body), { timeout: askMsMax });
    asked.catch(() => {}); // after a lost connection nobody waits for it
    return await Promise.race([asked, lost]);
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
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new NatsError("unreachable", `no connection for ${askMsMax} ms`)), askMsMax);
      stop = connection.onStatus((status) => {
        if (status === "reconnected") resolve();
      });
    });
  } finally {
    clearTimeout(timer);
    stop();
  }
}
