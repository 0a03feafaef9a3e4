// Asks of the JetStream API: streams that must exist, and requests that name why they failed.

import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { errors } from "nats";
import { sleep } from "../../actors/shared/sleep.ts";
import { processTimer } from "../system/clock.ts";
import type { NatsConnection } from "./connection.ts";
import { NatsError } from "./errors.ts";

const apiMsMax = 5_000;
const openMsMax = 30_000;
const openPauseMs = 250;
const codes = { streamNotFound: 10_059, nameInUse: 10_058 } as const;
/** The cluster is forming or elects a leader: no answer from all, too few peers, not assigned yet, no leader, offline. */
export const passingCodes = new Set([10_004, 10_005, 10_007, 10_008, 10_009, 10_118]);

export async function manageJetStream(connection: NatsConnection, timeoutMs = apiMsMax): Promise<JetStreamManager> {
  return jetstreamManager(connection.client, { checkAPI: false, timeout: timeoutMs });
}

/**
 * The stream as it stands, made if it was not there: of several hosts that make it at once one wins, and all see the same.
 * Waits for a cluster that is forming. Rejects with NatsError `unreachable`, `refused` or `format`.
 */
export async function ensureStream(
  jsm: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<StreamInfo> {
  const endMs = performance.now() + openMsMax;
  for (;;) {
    try {
      return await findOrMake(jsm, config);
    } catch (cause) {
      const isBeingMade = codeOf(cause) === codes.streamNotFound;
      if (!(isBeingMade || isPassing(cause)) || performance.now() > endMs) throw named(cause, config);
    }
    await sleep(processTimer, openPauseMs);
  }
}

async function findOrMake(
  jsm: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<StreamInfo> {
  try {
    return await jsm.streams.info(config.name);
  } catch (cause) {
    if (codeOf(cause) !== codes.streamNotFound) throw cause;
  }
  try {
    await jsm.streams.add(config);
  } catch (cause) {
    if (codeOf(cause) !== codes.nameInUse) throw cause; // another host made it meanwhile, or is about to
  }
  return await jsm.streams.info(config.name);
}

function codeOf(cause: unknown): number | undefined {
  return cause instanceof JetStreamApiError ? cause.code : undefined;
}

/** Time-outs, lost connections, elections: another try may succeed. */
export function isPassing(cause: unknown): boolean {
  const code = codeOf(cause);
  if (code !== undefined) return passingCodes.has(code);
  if (!(cause instanceof Error)) return false;
  return !(cause instanceof errors.ClosedConnectionError || cause instanceof errors.DrainingConnectionError);
}

function named(
  cause: unknown,
  { name, num_replicas: replicas = 1 }: Partial<StreamConfig> & { name: string },
): NatsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const kind = isPassing(cause) ? "unreachable" : "refused";
  return new NatsError(kind, `the stream ${name} (${replicas} replicas) cannot be opened: ${reason}`, { cause });
}
