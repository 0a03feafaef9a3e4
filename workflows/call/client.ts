// Calls, for those who script with them: every answer is the call as it is then, every refusal a DomainError.
// K1: twice is once: the workflow's id is the callId, and an update's id names who did what. (Temporal answers an update's
//     id that it knows without asking the workflow: an id without the user would tell strangers.)
// K2: a call that is over answers from its result, without a worker.
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from "@temporalio/client";
import type { CallOutcome, CallType, CallView, NewCall } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { domainErrorOf } from "../refusals.ts";
import { callCallee, callCaller, callConversation, callState } from "../search-attributes.ts";
import {
  acceptUpdate,
  type CallTimes,
  callWorkflowType,
  changeModeUpdate,
  defaultCallTimes,
  hangupUpdate,
  inviteUpdate,
  type RoomEvent,
  rejectUpdate,
  roomSignal,
  stateQuery,
} from "./contract.ts";
import { introduceCall, summarizeCall } from "./describe.ts";
import { endedCall, refusalOfEnded } from "./ended.ts";
import { type CallFilter, type CallSummary, listCalls } from "./list.ts";

export interface CallsClient {
  /**
   * Starts the call; resolves when it rings. The same callId again: the same call. When the callee is calling the caller:
   * that call, connected. Throws rtc.busy, rtc.rejected, rtc.no_answer or rtc.call_ended for a call that is over.
   */
  invite(call: NewCall, times?: Partial<CallTimes>): Promise<CallView>;
  /** Throws rtc.call_ended, with `{answeredElsewhere: true}` for every device but the one that answered. */
  accept(input: { callId: string; userId: string; deviceId: string }): Promise<CallView>;
  reject(input: { callId: string; userId: string; deviceId: string; reason: "busy" | "reject" }): Promise<CallView>;
  /** Of a call that is over: the call. */
  hangup(input: { callId: string; userId: string }): Promise<CallView>;
  changeMode(input: { callId: string; userId: string; callType: CallType }): Promise<CallView>;
  /** What happened in its room. False for a call that is over, or unknown. */
  seeRoom(callId: string, event: RoomEvent): Promise<boolean>;
  /** True for a call that ran here, and runs no more. */
  isOver(callId: string): Promise<boolean>;
  /** Throws rtc.call_not_found. */
  get(callId: string): Promise<CallView>;
  /** Newest first. Temporal's index is a moment behind. */
  list(filter?: CallFilter): Promise<CallSummary[]>;
  /** What an operator's *Request Cancellation* does; resolves when the call is over. */
  end(callId: string): Promise<CallView>;
}

/** One step of a workflow; on a slow machine a step may take long, and a killed worker's is retried after this. */
const workflowTaskTimeoutMs = 5_000;

export function createCallsClient(client: Client, taskQueue: string | undefined): CallsClient {
  const handleOf = (callId: string) => client.workflow.getHandle(callId);

  /** An update of a running call; `orEnded` answers for one that is over. */
  async function update<T>(
    callId: string,
    send: () => Promise<T>,
    orEnded: (call: Awaited<ReturnType<typeof endedCall>>) => T,
  ): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return orEnded(await endedCall(client, callId));
      const refusal = domainErrorOf(error);
      // It was taken by a workflow that was terminated before it could answer.
      const isCutOff = refusal === undefined && error instanceof WorkflowUpdateFailedError;
      if (isCutOff && (await calls.isOver(callId))) return orEnded(await endedCall(client, callId));
      throw refusal ?? error;
    }
  }

  const calls: CallsClient = {
    async invite(call, times = {}) {
      if (taskQueue === undefined) {
        // On a queue that nobody serves a call would wait for ever.
        const message = 'No taskQueue: give the one that the hosts log with "workflows run here".';
        throw new DomainError("common.invalid", { message });
      }
      const input = { ...call, times: { ...defaultCallTimes, ...times } };
      const startWorkflowOperation = new WithStartWorkflowOperation(callWorkflowType, {
        workflowId: call.callId, // K1
        workflowIdReusePolicy: "REJECT_DUPLICATE",
        workflowIdConflictPolicy: "USE_EXISTING",
        taskQueue,
        args: [input],
        workflowTaskTimeout: workflowTaskTimeoutMs,
        staticSummary: summarizeCall(input),
        staticDetails: introduceCall(input),
        memo: { callType: call.callType, ...(call.traceId ? { traceId: call.traceId } : {}) },
        typedSearchAttributes: [
          { key: callCaller, value: call.callerId },
          { key: callCallee, value: call.calleeId },
          { key: callConversation, value: call.conversationId },
          { key: callState, value: "ringing" },
        ],
      });
      try {
        const answer = await client.workflow.executeUpdateWithStart(inviteUpdate, {
          startWorkflowOperation,
          args: [{ callerId: call.callerId }],
          updateId: `invite/${call.callerId}`,
        });
        if (answer.kind === "call") return answer.call;
        return await join(answer.withCallId, call);
      } catch (error) {
        const isOver = error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError;
        if (!isOver) throw domainErrorOf(error) ?? error;
        const ended = await endedCall(client, call.callId);
        if (ended.callerId !== call.callerId) throw new DomainError("rtc.call_not_found");
        if (ended.glareWith !== undefined) return join(ended.glareWith, call);
        throw refusalOfEnded(ended);
      }
    },

    accept: ({ callId, userId, deviceId }) =>
      update(
        callId,
        () =>
          handleOf(callId).executeUpdate(acceptUpdate, {
            args: [{ userId, deviceId }],
            updateId: `accept/${userId}/${deviceId}`,
          }),
        (ended) => {
          requireParty(ended, userId);
          const { outcome, answeredBy } = ended;
          const answeredElsewhere = answeredBy !== undefined && answeredBy !== deviceId ? true : undefined;
          throw new DomainError("rtc.call_ended", { details: { outcome, answeredElsewhere } });
        },
      ),

    reject: ({ callId, userId, deviceId, reason }) =>
      update(
        callId,
        () =>
          handleOf(callId).executeUpdate(rejectUpdate, {
            args: [{ userId, deviceId, reason }],
            updateId: `reject/${userId}/${deviceId}`,
          }),
        (ended) => {
          requireParty(ended, userId);
          const wanted: CallOutcome = reason === "busy" ? "busy" : "rejected";
          if (ended.outcome === wanted) return ended;
          throw new DomainError("rtc.call_ended", { details: { outcome: ended.outcome } });
        },
      ),

    hangup: ({ callId, userId }) =>
      update(
        callId,
        () => handleOf(callId).executeUpdate(hangupUpdate, { args: [{ userId }], updateId: `hangup/${userId}` }),
        (ended) => requireParty(ended, userId),
      ),

    changeMode: ({ callId, userId, callType }) =>
      update(
        callId,
        () => handleOf(callId).executeUpdate(changeModeUpdate, { args: [{ userId, callType }] }),
        (ended) => {
          requireParty(ended, userId);
          throw new DomainError("rtc.call_ended", { details: { outcome: ended.outcome } });
        },
      ),

    async seeRoom(callId, event) {
      try {
        await handleOf(callId).signal(roomSignal, event);
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    async isOver(callId) {
      try {
        return (await handleOf(callId).describe()).status.name !== "RUNNING";
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    async get(callId) {
      try {
        const { status } = await handleOf(callId).describe();
        if (status.name !== "RUNNING") return await endedCall(client, callId); // K2
        return await handleOf(callId).query(stateQuery);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) throw new DomainError("rtc.call_not_found");
        throw error;
      }
    },

    list: (filter = {}) => listCalls(client, filter),

    async end(callId) {
      try {
        await handleOf(callId).cancel();
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
      return endedCall(client, callId);
    },
  };

  /** Glare: the callee's own call is answered instead of a second one being made. */
  async function join(callId: string, { callerId, callerDeviceId }: NewCall): Promise<CallView> {
    try {
      return await calls.accept({ callId, userId: callerId, deviceId: callerDeviceId });
    } catch (error) {
      // The other call was over in that moment; whoever calls again gets through.
      if (error instanceof DomainError && error.error === "rtc.call_ended") throw new DomainError("rtc.busy");
      throw error;
    }
  }
  return calls;
}

function requireParty<T extends CallView>(call: T, userId: string): T {
  if (userId !== call.callerId && userId !== call.calleeId) throw new DomainError("rtc.call_not_found");
  return call;
}
