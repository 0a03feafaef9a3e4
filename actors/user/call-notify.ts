// Notifications of a user's calls to the user's own devices. The actor of each of the two users publishes them, so the state
// of a call reaches every device of both.
import type { RecordMeta } from "../runtime/contract.ts";
import { callStatusOf } from "../shared/call.ts";
import type { Notification } from "../shared/notification.ts";
import type { CallRecord } from "./call-contract.ts";
import type { ByType, UserCallEvent } from "./events.ts";
import type { UserState } from "./state.ts";
import { toSelf } from "./to-self.ts";

export const callNotifications: ByType<UserCallEvent, [UserState, RecordMeta], Notification[]> = {
  call_begun({ version, call }, _, meta) {
    if (call.role === "caller") return [status(call, meta, version)];
    const { callerName = "", callerAvatar = "", ringUntilMs } = call;
    const payload = { ...factsOf(call, meta), callerName, callerAvatar, ringUntil: ringUntilMs };
    return [toSelf(meta, "livekit.call_invite", version, payload, call.peerId)];
  },
  call_changed: ({ version, call }, _, meta) => [status(call, meta, version)],
  call_ended({ version, call }, _, meta) {
    const ended = [status(call, meta, version)];
    const isRejected = call.role === "caller" && (call.outcome === "rejected" || call.outcome === "busy");
    if (!isRejected) return ended;
    const reason = call.outcome === "busy" ? "busy" : "reject";
    const payload = { callId: call.callId, roomName: call.roomName, calleeId: call.peerId, reason };
    return [...ended, toSelf(meta, "livekit.call_rejected", version, payload, call.peerId)];
  },
  call_missed: ({ call }, _, meta) => [status(call, meta, undefined)],
};

function status(call: CallRecord, meta: RecordMeta, version: number | undefined): Notification {
  const { outcome, connectedMs, endedMs, durationMs, answeredBy, isMissed } = call;
  const payload: Record<string, unknown> = { ...factsOf(call, meta), status: callStatusOf(call) };
  if (connectedMs !== undefined) payload.connectedAt = connectedMs;
  if (answeredBy !== undefined) payload.answeredBy = answeredBy;
  if (call.state === "ended") {
    Object.assign(payload, { outcome, endedAt: endedMs, duration: Math.floor((durationMs ?? 0) / 1_000) });
    if (isMissed) payload.isMissed = true;
  }
  return toSelf(meta, "livekit.call_status", version, payload, call.peerId);
}

function factsOf(call: CallRecord, { key }: RecordMeta): Record<string, unknown> {
  const { callId, roomName, callType, role, peerId, conversationId, startedMs } = call;
  const [callerId, calleeId] = role === "caller" ? [key, peerId] : [peerId, key];
  return { callId, roomName, callType, callerId, calleeId, sessionId: conversationId, startedAt: startedMs };
}
