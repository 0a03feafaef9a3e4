// A user's line and last calls. A user is in one call at a time, and another call for the line is answered with the call that
// has it. A call that ended stays as it ended, whatever update comes later. A line that nobody freed in time is free.

import type { RecordMeta } from "../runtime/contract.ts";
import { maxCallIdChars } from "../shared/call.ts";
import { cutText } from "../shared/cut-text.ts";
import { invalidField } from "../shared/errors.ts";
import { maxChars } from "../shared/limits.ts";
import { isLongerThan } from "../shared/names.ts";
import type { BeganCall, BeginCall, CallRecord, UpdateCall } from "./call-contract.ts";
import { callAt, connectedCall, endedCall, isLapsed } from "./call-life.ts";
import type { ByType, UserCallEvent } from "./events.ts";
import { getProfile } from "./profile.ts";
import { buryItem, putItem, type UserState } from "./state.ts";
import type { UserTurn } from "./turn.ts";

/** Older calls are dropped here; their messages stay in the conversation. */
export const maxCallsKept = 200;
/** The invite frame carries name and avatar: a longer name is cut, a longer avatar is left out. */
const maxRoomNameChars = 100;

export const callCommands = {
  newCallId(turn: UserTurn): { callId: string } {
    getProfile(turn.state);
    const callId = String(turn.stamp());
    // The record keeps the id: otherwise a new owner of the shard could give it again.
    turn.emit({ type: "id_issued", id: callId });
    return { callId };
  },

  beginCall(turn: UserTurn, input: BeginCall): BeganCall {
    const { state, nowMs } = turn;
    getProfile(state);
    checkCall(input);
    const line = currentCall(state);
    const ended = findEnded(state, input.callId);
    const foundBusy = ended?.outcome === "busy" && ended.isMissed === true;
    // A repeated command: only a call that found the line busy before may take the line now.
    if (line?.callId === input.callId || (ended && !foundBusy)) return { kind: "begun" };
    if (line && !isLapsed(line, nowMs)) {
      // In glare both users call each other: the workflow that decides between the two calls reports the end of this one.
      const isGlare = line.role === "caller" && line.peerId === input.peerId;
      const isMissed = input.role === "callee" && !isGlare && !foundBusy;
      if (isMissed) turn.emit({ type: "call_missed", call: missedCall(input, nowMs) });
      return { kind: "busy", callId: line.callId, peerId: line.peerId, role: line.role };
    }
    let version = state.version + 1;
    if (line) {
      turn.emit({ type: "call_ended", version, call: callAt(line, nowMs) });
      version += 1;
    }
    turn.emit({ type: "call_begun", version, call: begunCall(input) });
    return { kind: "begun" };
  },

  updateCall(turn: UserTurn, update: UpdateCall): null {
    const { state, nowMs } = turn;
    const line = currentCall(state);
    if (line?.callId !== update.callId) return null;
    const version = state.version + 1;
    if (update.state === "connected") {
      const call = connectedCall(line, update, nowMs);
      if (call) turn.emit({ type: "call_changed", version, call });
      return null;
    }
    const { outcome = line.state === "connected" ? "completed" : "failed", endedMs = nowMs } = update;
    turn.emit({ type: "call_ended", version, call: endedCall(line, { ...update, outcome, endedMs }) });
    return null;
  },
};

export const callAppliers: ByType<UserCallEvent, [UserState, RecordMeta], void> = {
  call_begun(event, state, meta) {
    putCurrent(event, state, meta);
    if (findEnded(state, event.call.callId)) {
      state.calls = state.calls.filter(({ callId }) => callId !== event.call.callId);
    }
  },
  call_changed: putCurrent,
  call_ended({ version, call }, state, { atMs }) {
    buryItem(state, "call", "current", version, atMs);
    remember(state, call);
  },
  call_missed: ({ call }, state) => remember(state, call),
};

/** The call that has the line, also when it lapsed. */
export function currentCall(state: UserState): CallRecord | undefined {
  return state.lists.call.get("current")?.call ?? undefined;
}

export function findEnded(state: UserState, callId: string): CallRecord | undefined {
  return state.calls.findLast((call) => call.callId === callId);
}

function putCurrent(
  { version, call }: { version: number; call: CallRecord },
  state: UserState,
  { atMs }: RecordMeta,
): void {
  putItem(state, { type: "call", id: "current", call, version, updatedAtMs: atMs });
}

function remember(state: UserState, call: CallRecord): void {
  state.calls = [...state.calls, call].slice(-maxCallsKept);
}

function begunCall({ callerName, callerAvatar, ...input }: BeginCall): CallRecord {
  const { callId, peerId, role, callType, conversationId, roomName, startedMs, ringUntilMs } = input;
  const call: CallRecord = {
    ...{ callId, peerId, role, callType, conversationId, roomName, state: "ringing" },
    ...{ startedMs, ringUntilMs },
  };
  if (role === "caller") return call;
  if (callerName) call.callerName = cutText(callerName, maxChars.senderName).toWellFormed();
  if (callerAvatar && !isLongerThan(callerAvatar, maxChars.url)) call.callerAvatar = callerAvatar;
  return call;
}

function missedCall(input: BeginCall, nowMs: number): CallRecord {
  return { ...endedCall(begunCall(input), { outcome: "busy", endedMs: nowMs }), isMissed: true };
}

function checkCall({ callId, roomName }: BeginCall): void {
  for (const [field, text, max] of [
    ["callId", callId, maxCallIdChars],
    ["roomName", roomName, maxRoomNameChars],
  ] as const) {
    if (text.length >= 1 && text.length <= max) continue;
    throw invalidField(field, `1 to ${max} characters`);
  }
}
