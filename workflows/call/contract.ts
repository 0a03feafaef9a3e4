// The contract of the call workflow: the names, arguments and answers of its updates, signal and query. The workflow's id is
// `call:` and the callId.
import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import { type CallType, type CallView, defaultRingMs, maxCallMs, type NewCall } from "../../actors/shared/call.ts";
import type { ErrorName } from "../../actors/shared/errors.ts";
import type { UserId } from "../../actors/shared/ids.ts";

export const callWorkflowType = "call";

/** Time-outs are arguments, so that tests can use short ones. */
export interface CallTimes {
  /** A call that is not answered within this time ends as missed. */
  ringMs: number;
  /** A participant who left the room may come back within this time; then the call ends. */
  graceMs: number;
  /** A call ends as failed when a user has not joined the room within this time after the answer. */
  joinMs: number;
  /** Interval at which LiveKit is asked for the participants of a connected call, because webhooks can be lost. */
  lookMs: number;
  /** The longest duration of a call. Below `maxCallMs`, after which the users' lines become free by themselves. */
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

/** One connection of a user in a room. A device that lost its connection comes back with another connectionId. */
export interface Participant {
  userId: UserId;
  connectionId: string;
}

/** An event that LiveKit's webhook reports. */
export type RoomEvent =
  | { userId: UserId; kind: "joined" | "left"; connectionId?: string }
  | { kind: "room_finished"; userId?: undefined };

/**
 * user: the caller or the callee · timer: a time-out · room: an event of the LiveKit room · operator: cancelled in Temporal.
 */
export type EndedBy = "user" | "timer" | "room" | "operator";

/** The workflow's result: the ended call, and why it ended. */
export interface CallResult extends CallView {
  state: "ended";
  endedBy: EndedBy;
  /** The callId of the callee's own call to the caller. That call continues, and this one is not recorded. */
  glareWith?: string;
  /** The error with which the invite was refused. */
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

// A refused update fails with a DomainError (kit/refusals.ts). An update with a known id runs only once.
export const inviteUpdate = defineUpdate<InviteAnswer, [{ callerId: UserId }]>("invite");
export const acceptUpdate = defineUpdate<CallView, [AcceptInput]>("accept");
export const rejectUpdate = defineUpdate<CallView, [RejectInput]>("reject");
export const hangupUpdate = defineUpdate<CallView, [{ userId: UserId }]>("hangup");
export const changeModeUpdate = defineUpdate<CallView, [{ userId: UserId; callType: CallType }]>("change-mode");
export const roomSignal = defineSignal<[RoomEvent]>("room");
export const stateQuery = defineQuery<CallView>("call.state");

const idPrefix = "call:";
export function workflowIdOf(callId: string): string {
  return idPrefix + callId;
}
export function callIdOf(workflowId: string): string {
  return workflowId.slice(idPrefix.length);
}

const roomPrefix = "call-";
export function roomOf(callId: string): string {
  return roomPrefix + callId;
}
/** Undefined for a room that belongs to no call. */
export function callIdOfRoom(roomName: string): string | undefined {
  return roomName.startsWith(roomPrefix) ? roomName.slice(roomPrefix.length) : undefined;
}
