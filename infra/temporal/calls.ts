// The gateway's port for calls, on top of the workflows' client. Every method ends within its time-out, whatever Temporal does.
// An unknown outcome is common.timeout; repeating the request then finds what the first one did, because a request that is sent
// twice takes effect once (workflows/call/client.ts).
//
// calls/ended-room: a LiveKit token outlives its call, and LiveKit creates a room again for a user who comes with one. So a
//     user who joins the room of an ended call gets that room closed. Rooms of calls that Temporal does not know are left
//     alone, because another system may use them.
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
  /** For /ready. Throws an error with an operator's text when Temporal is unavailable. */
  probe(): Promise<string>;
  close(): Promise<void>;
}

/** Longer than the time after which another worker repeats the step of a dead one (5 s), plus the actors' answer. */
const inviteTimeoutMs = 12_000;
const requestTimeoutMs = 10_000;
/** Short, because LiveKit repeats a webhook that failed. */
const eventTimeoutMs = 3_000;
/** The pause between attempts: a search attribute that was just added is known to all Temporal services after a few seconds. */
const attributeRetryMs = 250;

export interface TemporalCallsOptions extends TemporalOptions {
  times?: Partial<CallTimes>;
  /** `probe` runs before a phone rings, so that no phone rings for a room that cannot be entered. Throws rtc.unavailable. */
  media?: { probe(): Promise<unknown>; closeRoom?(roomName: string): Promise<void> };
}

/** Returns at once, even while Temporal is unavailable; the methods work as soon as Temporal does. */
export function openTemporalCalls(options: TemporalCallsOptions): TemporalCalls {
  const temporal = openTemporal(options);
  const { calls } = createWorkflowsClient(temporal.client, options.taskQueue);
  const within = async <T>(timeoutMs: number, work: () => Promise<T>): Promise<T> => {
    try {
      return await temporal.within(timeoutMs, work);
    } catch (error) {
      throw temporalError(error, options);
    }
  };
  return {
    async invite(input) {
      await options.media?.probe();
      return within(inviteTimeoutMs, () => inviteOnceRegistered(temporal, calls, input, options.times));
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
      if (isOver) await options.media?.closeRoom?.(roomOf(callId)); // calls/ended-room
    },
    isOver: (callId) => within(requestTimeoutMs, () => calls.isOver(callId)),
    probe: () => within(requestTimeoutMs, () => temporal.probe()),
    close: () => temporal.close(),
  };
}

/**
 * Sends the invite. On a new Temporal, the first invite also registers the search attributes of calls, and is then repeated.
 */
async function inviteOnceRegistered(
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
      await sleep(processTimer, attributeRetryMs);
    }
  }
}
