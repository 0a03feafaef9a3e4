// The client of calls, for hosts and scripts. Every answer is the call in its current state, and every refusal is a
// DomainError. A request that is sent twice takes effect once: the workflow's id is `call:` and the callId, and an update's id names who
// did what.
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from "@temporalio/client";
import type { CallOutcome, CallType, CallView, NewCall } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { domainErrorOf } from "../kit/refusals.ts";
import { callCallee, callCaller, callConversation, callState } from "../kit/search-attributes.ts";
import {
  type AcceptInput,
  acceptUpdate,
  type CallResult,
  type CallTimes,
  callWorkflowType,
  changeModeUpdate,
  defaultCallTimes,
  hangupUpdate,
  inviteUpdate,
  type RejectInput,
  type RoomEvent,
  rejectUpdate,
  roomSignal,
  stateQuery,
  workflowIdOf,
} from "./contract.ts";
import { introduceCall, summarizeCall } from "./describe.ts";
import { endedCall, refusalOfEnded } from "./ended.ts";
import { type CallFilter, type CallSummary, listCalls } from "./list.ts";

export interface CallsClient {
  /**
   * Starts the call; resolves when it rings. A repeated callId resolves with the same call. When the callee is calling the
   * caller, that call is answered and returned. Throws rtc.busy, rtc.rejected, rtc.no_answer or rtc.call_ended for an ended
   * call.
   */
  invite(call: NewCall, times?: Partial<CallTimes>): Promise<CallView>;
  /** Throws rtc.call_ended, with `{answeredElsewhere: true}` for every device but the one that answered. */
  accept(input: { callId: string; userId: string; deviceId: string }): Promise<CallView>;
  reject(input: { callId: string; userId: string; deviceId: string; reason: "busy" | "reject" }): Promise<CallView>;
  /** Ends the call. For an ended call, resolves with that call. */
  hangup(input: { callId: string; userId: string }): Promise<CallView>;
  changeMode(input: { callId: string; userId: string; callType: CallType }): Promise<CallView>;
  /** Reports an event of the call's room to the workflow. False for a call that is over or unknown. */
  seeRoom(callId: string, event: RoomEvent): Promise<boolean>;
  /** True for a call that Temporal knows and that has ended. */
  isOver(callId: string): Promise<boolean>;
  /** Throws rtc.call_not_found. */
  get(callId: string): Promise<CallView>;
  /** Newest first. Temporal's index may miss the changes of the last moments. */
  list(filter?: CallFilter): Promise<CallSummary[]>;
  /** Does the same as an operator's *Request Cancellation*; resolves when the call has ended. */
  end(callId: string): Promise<CallView>;
}

/** Time-out of one workflow task. The task of a killed worker is retried after this time; a slow machine needs some seconds. */
const workflowTaskTimeoutMs = 5_000;

export function createCallsClient(client: Client, taskQueue: string | undefined): CallsClient {
  return new TemporalCalls(client, taskQueue);
}

class TemporalCalls implements CallsClient {
  readonly #client: Client;
  readonly #taskQueue: string | undefined;

  constructor(client: Client, taskQueue: string | undefined) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  async invite(call: NewCall, times: Partial<CallTimes> = {}): Promise<CallView> {
    const startWorkflowOperation = this.#startOf({ ...call, times: { ...defaultCallTimes, ...times } });
    try {
      const answer = await this.#client.workflow.executeUpdateWithStart(inviteUpdate, {
        startWorkflowOperation,
        args: [{ callerId: call.callerId }],
        updateId: `invite/${call.callerId}`,
      });
      return answer.kind === "call" ? answer.call : await this.#joinCalleesCall(answer.withCallId, call);
    } catch (error) {
      const isOver = error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError;
      if (!isOver) throw domainErrorOf(error) ?? error;
      const ended = await endedCall(this.#client, call.callId);
      if (ended.callerId !== call.callerId) throw new DomainError("rtc.call_not_found");
      if (ended.glareWith !== undefined) return this.#joinCalleesCall(ended.glareWith, call);
      throw refusalOfEnded(ended);
    }
  }

  accept({ callId, userId, deviceId }: AcceptInput & { callId: string }): Promise<CallView> {
    const options = { args: [{ userId, deviceId }] as [AcceptInput], updateId: `accept/${userId}/${deviceId}` };
    return this.#update(
      callId,
      () => this.#handleOf(callId).executeUpdate(acceptUpdate, options),
      (ended) => {
        requireParty(ended, userId);
        const { outcome, answeredBy } = ended;
        const answeredElsewhere = answeredBy !== undefined && answeredBy !== deviceId ? true : undefined;
        throw new DomainError("rtc.call_ended", { details: { outcome, answeredElsewhere } });
      },
    );
  }

  reject({ callId, ...input }: RejectInput & { callId: string }): Promise<CallView> {
    const { userId, deviceId, reason } = input;
    const options = { args: [input] as [RejectInput], updateId: `reject/${userId}/${deviceId}` };
    return this.#update(
      callId,
      () => this.#handleOf(callId).executeUpdate(rejectUpdate, options),
      (ended) => {
        requireParty(ended, userId);
        const wanted: CallOutcome = reason === "busy" ? "busy" : "rejected";
        if (ended.outcome === wanted) return ended;
        throw new DomainError("rtc.call_ended", { details: { outcome: ended.outcome } });
      },
    );
  }

  hangup({ callId, userId }: { callId: string; userId: string }): Promise<CallView> {
    return this.#update(
      callId,
      () => this.#handleOf(callId).executeUpdate(hangupUpdate, { args: [{ userId }], updateId: `hangup/${userId}` }),
      (ended) => requireParty(ended, userId),
    );
  }

  changeMode({ callId, userId, callType }: { callId: string; userId: string; callType: CallType }): Promise<CallView> {
    return this.#update(
      callId,
      () => this.#handleOf(callId).executeUpdate(changeModeUpdate, { args: [{ userId, callType }] }),
      (ended) => {
        requireParty(ended, userId);
        throw new DomainError("rtc.call_ended", { details: { outcome: ended.outcome } });
      },
    );
  }

  async seeRoom(callId: string, event: RoomEvent): Promise<boolean> {
    try {
      await this.#handleOf(callId).signal(roomSignal, event);
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  async isOver(callId: string): Promise<boolean> {
    try {
      return (await this.#handleOf(callId).describe()).status.name !== "RUNNING";
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  /** A call that is over answers from its workflow's result: no worker is needed. */
  async get(callId: string): Promise<CallView> {
    try {
      const { status } = await this.#handleOf(callId).describe();
      if (status.name !== "RUNNING") return await endedCall(this.#client, callId);
      return await this.#handleOf(callId).query(stateQuery);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new DomainError("rtc.call_not_found");
      throw error;
    }
  }

  list(filter: CallFilter = {}): Promise<CallSummary[]> {
    return listCalls(this.#client, filter);
  }

  async end(callId: string): Promise<CallView> {
    try {
      await this.#handleOf(callId).cancel();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    return endedCall(this.#client, callId);
  }

  #handleOf(callId: string) {
    return this.#client.workflow.getHandle(workflowIdOf(callId));
  }

  /** The workflow's id is made of the callId, so the same call is started once. */
  #startOf(input: NewCall & { times: CallTimes }) {
    if (this.#taskQueue === undefined) {
      // On a task queue without a worker, a call would wait for ever.
      const message = 'No taskQueue is set. The hosts log their task queue with "workflows: worker started".';
      throw new DomainError("common.invalid", { message });
    }
    return new WithStartWorkflowOperation(callWorkflowType, {
      workflowId: workflowIdOf(input.callId),
      workflowIdReusePolicy: "REJECT_DUPLICATE",
      workflowIdConflictPolicy: "USE_EXISTING",
      taskQueue: this.#taskQueue,
      args: [input],
      workflowTaskTimeout: workflowTaskTimeoutMs,
      staticSummary: summarizeCall(input),
      staticDetails: introduceCall(input),
      memo: { callType: input.callType, ...(input.traceId ? { traceId: input.traceId } : {}) },
      typedSearchAttributes: [
        { key: callCaller, value: input.callerId },
        { key: callCallee, value: input.calleeId },
        { key: callConversation, value: input.conversationId },
        { key: callState, value: "ringing" },
      ],
    });
  }

  /**
   * Sends an update to a running call; `orEnded` answers for an ended call. Temporal answers a known update id without running
   * the validator, so an update id contains the user's id: otherwise a stranger would get the answer to another user's update.
   */
  async #update<T>(callId: string, send: () => Promise<T>, orEnded: (call: CallResult) => T): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return orEnded(await endedCall(this.#client, callId));
      const refusal = domainErrorOf(error);
      // The workflow had accepted the update and was terminated before it answered.
      const isCutOff = refusal === undefined && error instanceof WorkflowUpdateFailedError;
      if (isCutOff && (await this.isOver(callId))) return orEnded(await endedCall(this.#client, callId));
      throw refusal ?? error;
    }
  }

  /** Glare: two users call each other. The caller answers the callee's call, so that there is one call. */
  async #joinCalleesCall(callId: string, { callerId, callerDeviceId }: NewCall): Promise<CallView> {
    try {
      return await this.accept({ callId, userId: callerId, deviceId: callerDeviceId });
    } catch (error) {
      // The callee's call has just ended; the next invite will succeed.
      if (error instanceof DomainError && error.error === "rtc.call_ended") throw new DomainError("rtc.busy");
      throw error;
    }
  }
}

function requireParty<T extends CallView>(call: T, userId: string): T {
  if (userId !== call.callerId && userId !== call.calleeId) throw new DomainError("rtc.call_not_found");
  return call;
}
