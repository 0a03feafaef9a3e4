// The progress of a call as one user keeps it. Time-outs are data: a call that nobody ended in time reads as ended.
import { type CallOutcome, type CallView, maxCallMs, ringMarginMs } from "../shared/call.ts";
import type { UserId } from "../shared/ids.ts";
import type { CallRecord, UpdateCall } from "./call-contract.ts";

/** The call should have ended by now, and its workflow did not report an end. */
export function isLapsed(call: CallRecord | null, nowMs: number): boolean {
  return call !== null && call.state !== "ended" && nowMs > holdsUntilMs(call);
}

/** The call as of now: a lapsed call has ended. */
export function callAt(call: CallRecord, nowMs: number): CallRecord {
  if (!isLapsed(call, nowMs)) return call;
  if (call.state === "ringing") return endedCall(call, { outcome: "missed", endedMs: call.ringUntilMs });
  return endedCall(call, { outcome: "failed", endedMs: holdsUntilMs(call) });
}

function holdsUntilMs({ state, ringUntilMs, connectedMs = ringUntilMs }: CallRecord): number {
  return state === "connected" ? connectedMs + maxCallMs : ringUntilMs + ringMarginMs;
}

/** Undefined when the update changes nothing. */
export function connectedCall(call: CallRecord, update: UpdateCall, nowMs: number): CallRecord | undefined {
  const next: CallRecord = {
    ...call,
    state: "connected",
    callType: update.callType ?? call.callType,
    connectedMs: call.connectedMs ?? update.connectedMs ?? nowMs,
  };
  const answeredBy = call.answeredBy ?? update.answeredBy;
  if (answeredBy !== undefined) next.answeredBy = answeredBy;
  const isSame = call.state === next.state && call.callType === next.callType && call.answeredBy === next.answeredBy;
  return isSame ? undefined : next;
}

/** `isMissed` follows from the outcome: a callee who rejects has not missed it. */
export function endedCall(
  call: CallRecord,
  end: { outcome: CallOutcome; endedMs: number } & Partial<Omit<UpdateCall, "callId" | "state">>,
): CallRecord {
  const { outcome, endedMs } = end;
  const connectedMs = call.connectedMs ?? end.connectedMs;
  const talkedMs = connectedMs === undefined ? 0 : Math.max(0, endedMs - connectedMs);
  const next: CallRecord = { ...call, state: "ended", outcome, endedMs, durationMs: end.durationMs ?? talkedMs };
  if (end.callType !== undefined) next.callType = end.callType;
  if (connectedMs !== undefined) next.connectedMs = connectedMs;
  const answeredBy = call.answeredBy ?? end.answeredBy;
  if (answeredBy !== undefined) next.answeredBy = answeredBy;
  if (call.role === "callee" && (outcome === "missed" || outcome === "cancelled")) next.isMissed = true;
  return next;
}

/** The call in the form that both of its users see. */
export function viewOf(userId: UserId, record: CallRecord): CallView {
  const { callId, state, callType, conversationId, roomName, startedMs, role, peerId } = record;
  const [callerId, calleeId] = role === "caller" ? [userId, peerId] : [peerId, userId];
  const view: CallView = { callId, state, callType, callerId, calleeId, conversationId, roomName, startedMs };
  if (record.outcome !== undefined) view.outcome = record.outcome;
  if (record.connectedMs !== undefined) view.connectedMs = record.connectedMs;
  if (record.endedMs !== undefined) view.endedMs = record.endedMs;
  if (record.answeredBy !== undefined) view.answeredBy = record.answeredBy;
  return view;
}
