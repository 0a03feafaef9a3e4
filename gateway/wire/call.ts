import { type CallView, callStatusOf } from "../../actors/shared/call.ts";
import type { CallRecord } from "../../actors/user/call-contract.ts";
import type { WireCall, WireCallRecord } from "./shapes/call.ts";

/** A call as both its users see it; `duration` in seconds. */
export function callOnWire(view: CallView): WireCall {
  const { callId, roomName, callType, callerId, calleeId, conversationId, startedMs, ...rest } = view;
  return {
    ...{ callId, roomName, callType, callerId, calleeId },
    sessionId: conversationId,
    status: callStatusOf(view),
    startedAt: startedMs,
    ...progressOnWire(rest),
  };
}

/** A call as it stands in the list of one of its users. */
export function recordOnWire(record: CallRecord): WireCallRecord {
  const { callId, roomName, callType, role, peerId, conversationId, startedMs, ringUntilMs, isMissed, ...rest } =
    record;
  const plain: WireCallRecord = {
    ...{ callId, roomName, callType },
    direction: role === "caller" ? "outgoing" : "incoming",
    userId: peerId,
    sessionId: conversationId,
    status: callStatusOf(record),
    isMissed: isMissed === true,
    startedAt: startedMs,
    ringUntil: ringUntilMs,
    ...progressOnWire(rest),
  };
  if (rest.callerName !== undefined) plain.callerName = rest.callerName;
  if (rest.callerAvatar !== undefined) plain.callerAvatar = rest.callerAvatar;
  return plain;
}

/** Whole seconds between the answer and the end; until now while it runs. */
export function durationSecondsOf({ connectedMs, endedMs }: Pick<CallView, "connectedMs" | "endedMs">, nowMs: number) {
  return connectedMs === undefined ? 0 : Math.max(0, Math.floor(((endedMs ?? nowMs) - connectedMs) / 1_000));
}

type Progress = Pick<WireCall, "outcome" | "connectedAt" | "endedAt" | "duration" | "answeredBy">;

function progressOnWire({
  outcome,
  connectedMs,
  endedMs,
  answeredBy,
}: Pick<CallView, "outcome" | "connectedMs" | "endedMs" | "answeredBy">): Progress {
  const plain: Progress = {};
  if (outcome !== undefined) plain.outcome = outcome;
  if (connectedMs !== undefined) plain.connectedAt = connectedMs;
  if (endedMs !== undefined) plain.endedAt = endedMs;
  if (endedMs !== undefined) plain.duration = durationSecondsOf({ connectedMs, endedMs }, endedMs);
  if (answeredBy !== undefined) plain.answeredBy = answeredBy;
  return plain;
}
