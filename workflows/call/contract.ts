// What everybody needs to know of the call workflow: its names, its arguments, its answers. The workflow's id is the callId.
import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import { type CallType, type CallView, defaultRingMs, maxCallMs, type NewCall } from "../../actors/shared/call.ts";
import type { ErrorName } from "../../actors/shared/errors.ts";
import type { UserId } from "../../actors/shared/ids.ts";

export const callWorkflowType = "call";

/** Time-outs are arguments, so that tests need not wait a minute. */
export interface CallTimes {
  /** Unanswered for so long: missed. */
  ringMs: number;
  /** A participant who left the room may come back within this time, before the call is over. */
  graceMs: number;
  /** A user who has not come into the room by then is missing: the call failed. */
  joinMs: number;
  /** While connected, LiveKit is asked so often who is in the room: a webhook can be lost. */
  lookMs: number;
  /** No call lasts longer. Below `maxCallMs`, after which the users' lines are free by themselves. */
  maxMs: number;
}
export const defaultCallTimes: CallTimes = {
  ringMs: defaultRingMs,
  graceMs: 15_000,
  joinMs: 60_000,
  lookMs: 60_000,
  maxMs: maxCallMs - 10 * 60_000,
};
export interface CallInput extends NewCall {
  times: CallTimes;
}

/** One connection of a user in a room; its id tells a device that came back from the connection it lost. */
export interface Participant {
  userId: UserId;
  connectionId: string;
}

/** What LiveKit's webhooks report. */
export type RoomEvent =
  | { userId: UserId; kind: "joined" | "left"; connectionId?: string }
  | { kind: "room_finished"; userId?: undefined };

/** user: one of the two · timer: nobody did anything in time · room: LiveKit · operator: cancelled in Temporal. */
export type EndedBy = "user" | "timer" | "room" | "operator";

/** The workflow's result: the call at its end, and why. */
export interface CallResult extends CallView {
  state: "ended";
  endedBy: EndedBy;
  /** The caller was being called by the callee: that call goes on instead, and this one leaves no trace. */
  glareWith?: string;
  /** The invite was refused with this. */
  refusal?: Refusal;
}
export interface Refusal {
  error: ErrorName;
  message?: string;
  details?: unknown;
}

export type InviteAnswer = { kind: "call"; call: CallView } | { kind: "glare"; withCallId: string };

export interface AcceptInput {
  userId: UserId;
  deviceId: string;
}
export interface RejectInput extends AcceptInput {
  reason: "busy" | "reject";
}

// Updates answer; a refused one fails with a Refusal (kit/refusals.ts). An update with a known id runs only once.
export const inviteUpdate = defineUpdate<InviteAnswer, [{ callerId: UserId }]>("invite");
export const acceptUpdate = defineUpdate<CallView, [AcceptInput]>("accept");
export const rejectUpdate = defineUpdate<CallView, [RejectInput]>("reject");
export const hangupUpdate = defineUpdate<CallView, [{ userId: UserId }]>("hangup");
export const changeModeUpdate = defineUpdate<CallView, [{ userId: UserId; callType: CallType }]>("change-mode");
export const roomSignal = defineSignal<[RoomEvent]>("room");
export const stateQuery = defineQuery<CallView>("call.state");

const roomPrefix = "call-";
export function roomOf(callId: string): string {
  return roomPrefix + callId;
}
/** Undefined for a room that is no call's. */
export function callIdOfRoom(roomName: string): string | undefined {
  return roomName.startsWith(roomPrefix) ? roomName.slice(roomPrefix.length) : undefined;
}
