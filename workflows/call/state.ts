// The state of a call in its workflow, and the decisions about it. Nothing here waits; the workflow and its handlers wait.
// The phase only goes forward: reserving → ringing → connected → ended. The first decided end stays, and one device answers.
import { type CallOutcome, type CallType, type CallView, ringMarginMs } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { UserId } from "../../actors/shared/ids.ts";
import { type CallInput, type CallResult, type EndedBy, type Refusal, roomOf } from "./contract.ts";

export interface Call {
  readonly input: CallInput;
  phase: "reserving" | "ringing" | "connected" | "ended";
  callType: CallType;
  readonly startedMs: number;
  connectedMs?: number;
  answeredBy?: string;
  end?: { outcome: CallOutcome; by: EndedBy; atMs: number };
  glareWith?: string;
  refusal?: Refusal;
  /** The conversation gets a message about this call. */
  isRecorded: boolean;
  modeChanges: number;
  /** Increases with every change of which the two users must be notified. */
  revision: number;
  /** Both users were notified of the end, which freed their lines. */
  isFreed: boolean;
}

export function createCall(input: CallInput, nowMs: number): Call {
  const { callType } = input;
  return {
    input,
    phase: "reserving",
    callType,
    startedMs: nowMs,
    isRecorded: true,
    modeChanges: 0,
    revision: 0,
    isFreed: false,
  };
}

export function viewOf(call: Call): CallView {
  const { callId, callerId, calleeId, conversationId } = call.input;
  return {
    callId,
    state: call.phase === "reserving" ? "ringing" : call.phase,
    outcome: call.phase === "ended" ? call.end?.outcome : undefined,
    callType: call.callType,
    callerId,
    calleeId,
    conversationId,
    roomName: roomOf(callId),
    startedMs: call.startedMs,
    connectedMs: call.connectedMs,
    endedMs: call.phase === "ended" ? call.end?.atMs : undefined,
    answeredBy: call.answeredBy,
  };
}

export function resultOf(call: Call): CallResult {
  const { glareWith, refusal } = call;
  return { ...viewOf(call), state: "ended", endedBy: call.end?.by ?? "timer", glareWith, refusal };
}

/** 0 for a call that was never connected. */
export function durationOf({ connectedMs, endedMs }: CallView): number {
  return connectedMs === undefined || endedMs === undefined ? 0 : Math.max(0, endedMs - connectedMs);
}

/** Ends the call, unless an end was decided before. */
export function decideEnd(call: Call, outcome: CallOutcome, by: EndedBy, nowMs: number): void {
  call.end ??= { outcome, by, atMs: nowMs };
}

/** The outcome of a call that an operator ends. */
export function interruptedOutcome(call: Call): CallOutcome {
  return call.phase === "connected" ? "completed" : "cancelled";
}

export function ringUntilMs({ startedMs, input }: Call): number {
  return startedMs + input.times.ringMs;
}

/**
 * An answer that had to wait for a worker counts while the users' actors hold their lines for the call, which they do for
 * `ringMarginMs` after the ringing time.
 */
const lateAnswerMsMax = ringMarginMs / 2;

/** True when no worker ran this call during its ringing time. */
export function isTooLate(call: Call, nowMs: number): boolean {
  return nowMs > ringUntilMs(call) + lateAnswerMsMax;
}

/** One device answers. Throws rtc.call_ended for every other device. */
export function answer(call: Call, deviceId: string, nowMs: number): void {
  if (call.phase === "ringing" && isTooLate(call, nowMs)) decideEnd(call, "missed", "timer", ringUntilMs(call));
  requireOpen(call);
  if (call.phase === "connected") {
    if (call.answeredBy === deviceId) return;
    throw new DomainError("rtc.call_ended", { details: { answeredElsewhere: true } });
  }
  call.phase = "connected";
  call.connectedMs = nowMs;
  call.answeredBy = deviceId;
  call.revision += 1;
}

export function requireOpen(call: Call): void {
  if (call.end) throw new DomainError("rtc.call_ended", { details: { outcome: call.end.outcome } });
}

export function requireParty({ input }: Call, userId: UserId): void {
  if (userId !== input.callerId && userId !== input.calleeId) throw new DomainError("rtc.call_not_found");
}

/** The callId of another user's call is refused as unknown, so that callIds reveal nothing. */
export function requireCaller({ input }: Call, userId: UserId): void {
  if (userId !== input.callerId) throw new DomainError("rtc.call_not_found");
}

/** Only the callee can answer. */
export function requireCallee(call: Call, userId: UserId): void {
  requireParty(call, userId);
  if (userId !== call.input.calleeId) throw new DomainError("common.forbidden");
}
