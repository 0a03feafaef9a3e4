// Requests to the JetStream API: opens streams, creates missing ones, and names why a request failed.

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
/**
 * Errors that pass while the cluster forms or elects a leader: incomplete answers, too few peers, not assigned yet, no leader,
 * offline.
 */
export const passingCodes = new Set([10_004, 10_005, 10_007, 10_008, 10_009, 10_118]);

export async function manageJetStream(connection: NatsConnection, timeoutMs = apiMsMax): Promise<JetStreamManager> {
  return jetstreamManager(connection.client, { checkAPI: false, timeout: timeoutMs });
}

/**
 * Returns the stream, and creates it when it is missing. When several hosts create it at once, one of them wins and all get the
 * winner's stream. Waits for a cluster that is forming. Rejects with NatsError `unreachable` or `refused`.
 */
export async function ensureStream(
  jsm: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<StreamInfo> {
  const endMs = performance.now() + openMsMax;
  for (;;) {
    try {
      return await findOrCreate(jsm, config);
    } catch (cause) {
      const isBeingCreated = codeOf(cause) === codes.streamNotFound;
      if (!(isBeingCreated || isPassing(cause)) || performance.now() > endMs) throw named(cause, config);
    }
    await sleep(processTimer, openPauseMs);
  }
}

async function findOrCreate(
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
    if (codeOf(cause) !== codes.nameInUse) throw cause; // another host has created the stream, or is creating it
  }
  return await jsm.streams.info(config.name);
}

function codeOf(cause: unknown): number | undefined {
  return cause instanceof JetStreamApiError ? cause.code : undefined;
}

/** True for time-outs, lost connections and elections: another attempt may succeed. */
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
