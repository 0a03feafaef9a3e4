// The edge's port for calls, over the workflows' client.
// Q1: every method ends within its time-out, whatever Temporal does; unknown outcomes say common.timeout, and the same
//     request again finds what the first one did (K1 of workflows/call/client.ts).
// Q2: a token outlives its call, and LiveKit makes a room anew for it: whoever comes into a room of a call that is over
//     is put out. Of calls that Temporal does not know nothing is touched: another system may hold them.

import type { CallView } from "../../actors/shared/call.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import type { Calls } from "../../gateway/ports.ts";
import { type CallTimes, roomOf } from "../../workflows/call/contract.ts";
import { type CallsClient, createWorkflowsClient } from "../../workflows/client.ts";
import { processTimer } from "../system/clock.ts";
import { openTemporal, type TemporalConnection, type TemporalOptions } from "./connection.ts";
import { isUnknownSearchAttribute, temporalError } from "./errors.ts";
import { registerSearchAttributes } from "./search-attributes.ts";

export interface TemporalCalls extends Calls {
  /** True for a call that Temporal knows and that has ended. */
  isOver(callId: string): Promise<boolean>;
  /** For /ready. Throws with a sentence when Temporal is away. */
  probe(): Promise<string>;
  close(): Promise<void>;
}

/** Longer than a dead worker's step takes to be repeated elsewhere (5 s), with the actors' answer. */
const inviteTimeoutMs = 12_000;
const requestTimeoutMs = 10_000;
/** What LiveKit tells is told again by LiveKit when it fails. */
const eventTimeoutMs = 3_000;
/** A search attribute that was just added is known everywhere after a few seconds. */
const attributeWaitMs = 250;

export interface TemporalCallsOptions extends TemporalOptions {
  times?: Partial<CallTimes>;
  /** Asked before anybody's phone rings for a room that cannot be entered. Throws rtc.unavailable. */
  media?: { probe(): Promise<unknown>; closeRoom?(roomName: string): Promise<void> };
}

/** Never waits: works as soon as Temporal is there. */
export function openTemporalCalls(options: TemporalCallsOptions): TemporalCalls {
  const temporal = openTemporal(options);
  const { calls } = createWorkflowsClient(temporal.client, options.taskQueue);
  const within = async <T>(timeoutMs: number, work: () => Promise<T>): Promise<T> => {
    try {
      return await temporal.within(timeoutMs, work); // Q1
    } catch (error) {
      throw temporalError(error, options);
    }
  };
  return {
    async invite(input) {
      await options.media?.probe();
      return within(inviteTimeoutMs, () => inviteOnceKnown(temporal, calls, input, options.times));
    },
    accept: (input) => within(requestTimeoutMs, () => calls.accept(input)),
    reject: (input) => within(requestTimeoutMs, () => calls.reject(input)),
    hangup: (input) => within(requestTimeoutMs, () => calls.hangup(input)),
    changeMode: (input) => within(requestTimeoutMs, () => calls.changeMode(input)),
    async participant({ callId, ...event }) {
      const isOver = await within(eventTimeoutMs, async () => {
        if (await calls.seeRoom(callId, event)) return false;
        return event.kind === "joined" && calls.isOver(callId);
      });
      if (isOver) await options.media?.closeRoom?.(roomOf(callId)); // Q2
    },
    isOver: (callId) => within(requestTimeoutMs, () => calls.isOver(callId)),
    probe: () => within(requestTimeoutMs, () => temporal.probe()),
    close: () => temporal.close(),
  };
}

/** On a Temporal that has never seen a call, the first one tells it what calls are found by. */
async function inviteOnceKnown(
  { client }: TemporalConnection,
  calls: CallsClient,
  input: Parameters<Calls["invite"]>[0],
  times: Partial<CallTimes> | undefined,
): Promise<CallView> {
  const endMs = performance.now() + inviteTimeoutMs;
  for (;;) {
    try {
      return await calls.invite(input, times);
    } catch (error) {
      if (!isUnknownSearchAttribute(error) || performance.now() > endMs) throw error;
      await registerSearchAttributes(client);
      await sleep(processTimer, attributeWaitMs);
    }
  }
}
