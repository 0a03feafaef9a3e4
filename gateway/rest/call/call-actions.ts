// The actions behind both spellings of the call routes.
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { CallType, CallView } from "../../../actors/shared/call.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { pairId } from "../../../actors/shared/ids.ts";
import type { CallOperation } from "../../../actors/user/call-contract.ts";
import { User } from "../../../actors/user/contract.ts";
import type { Caller } from "../../auth/authenticator.ts";
import { invalidField, stampId } from "../../input/rules.ts";
import type { Calls, MediaRooms } from "../../ports.ts";
import { callOnWire, durationSecondsOf, recordOnWire } from "../../wire/call.ts";
import { namesOf, senderOf } from "../kit/names.ts";
import type { Edge } from "../kit/route.ts";

/** A device connects to its room within this time; a running call is not cut off by it. */
const tokenTtlMs = 3_600_000;
const defaultPageSize = 20;

interface CallRequest {
  readonly caller: Caller;
  readonly edge: Edge;
  readonly call: CallOptions;
}
export interface PageQuery {
  page?: number;
  pageSize?: number;
  cursor?: string;
}

export async function startCall({ caller, edge, call }: CallRequest, calleeId: string, callType: CallType) {
  const { userId: callerId, deviceId: callerDeviceId } = caller;
  if (calleeId === callerId) throw invalidField("userId", "somebody else");
  const conversationId = pairId(callerId, stampId(calleeId, "user.not_found"));
  await edge.actors.get(Conversation, conversationId).mayCall({ callerId, calleeId }, call);
  // Temporal and LiveKit are required before any device rings.
  const calls = requireCalls(edge);
  const media = requireMedia(edge);
  const [{ callId }, { senderName: callerName, senderAvatar: callerAvatar }] = await Promise.all([
    // Under the client's key the user actor answers the same id again, so the workflow answers the same call.
    edge.actors.get(User, callerId).newCallId({ calleeId, callType }, call),
    senderOf(edge, callerId),
    edge.actors.get(User, calleeId).card({}, call),
  ]);
  const ids = { callId, callerId, callerDeviceId, calleeId, conversationId };
  const asked = await calls.invite({ ...ids, callType, callerName, callerAvatar, ...traceOf(call) });
  const view = await asOfNow({ caller, edge, call }, asked);
  if (view.state === "ended") throw endedError(view);
  return withToken(edge, media, caller, view);
}

export async function acceptCall(request: CallRequest, callId: string) {
  const { caller, edge } = request;
  requireOpen((await findCall(request, callId, "call.accept")).call);
  const calls = requireCalls(edge);
  const media = requireMedia(edge);
  const { userId, deviceId } = caller;
  const view = await asOfNow(request, await calls.accept({ callId, userId, deviceId }));
  requireOpen(view);
  return withToken(edge, media, caller, view);
}

/** The caller joins with a new token, the callee by accepting. */
export async function joinCall(request: CallRequest, callId: string) {
  const { record } = await findCall(request, callId, "call.token");
  return record.role === "callee" ? acceptCall(request, callId) : renewToken(request, callId);
}

export async function rejectCall(request: CallRequest, callId: string, reason: "busy" | "reject") {
  const { caller, edge } = request;
  requireOpen((await findCall(request, callId, "call.reject")).call);
  const { userId, deviceId } = caller;
  await requireCalls(edge).reject({ callId, userId, deviceId, reason });
  return null;
}

/** A call that is over already was ended by the other side: that is the result that the caller asked for. */
export async function endCall(request: CallRequest, callId: string): Promise<{ duration: number }> {
  const { caller, edge } = request;
  const { call } = await findCall(request, callId, "call.hangup");
  const { userId } = caller;
  if (call.state === "ended") return { duration: durationSecondsOf(call, edge.clock.nowMs()) };
  const ended = await hangUp(requireCalls(edge), call, userId, edge.clock.nowMs());
  const { call: now } = await findCall(request, callId, "call.hangup");
  // The workflow, which updates both users, may be gone (terminated, or lost with its server): both lines are freed here.
  if (now.state !== "ended") await freeLines(request, ended);
  return { duration: durationSecondsOf(ended, edge.clock.nowMs()) };
}

async function hangUp(calls: Calls, call: CallView, userId: string, nowMs: number): Promise<CallView> {
  try {
    return await calls.hangup({ callId: call.callId, userId });
  } catch (error) {
    if (!(error instanceof DomainError && error.error === "rtc.call_not_found")) throw error;
    const outcome = call.state === "connected" ? "completed" : "cancelled";
    return { ...call, state: "ended", outcome, endedMs: nowMs };
  }
}

async function freeLines({ edge, call }: CallRequest, ended: CallView): Promise<void> {
  const { callId, callerId, calleeId, outcome, connectedMs, endedMs } = ended;
  const update = { callId, state: "ended", outcome, connectedMs, endedMs } as const;
  const { deadlineMs, traceId } = call;
  await Promise.all(
    [callerId, calleeId].map((userId) =>
      edge.actors
        .get(User, userId)
        .updateCall(update, { commandId: `call/${callId}/freed/${userId}`, deadlineMs, traceId }),
    ),
  );
}

export async function changeCallMode(request: CallRequest, callId: string, callType: CallType) {
  const { caller, edge } = request;
  requireOpen((await findCall(request, callId, "call.mode")).call);
  return callOnWire(await requireCalls(edge).changeMode({ callId, userId: caller.userId, callType }));
}

/** Only while the call rings or runs. A callee who has not accepted could listen in unnoticed, and gets none. */
export async function renewToken(request: CallRequest, callId: string) {
  const { call, record } = await findCall(request, callId, "call.token");
  requireOpen(call);
  if (record.role === "callee" && call.state === "ringing") {
    throw new DomainError("common.conflict", { message: "Answer the call first: PUT /calls/{id}/accept." });
  }
  return withToken(request.edge, requireMedia(request.edge), request.caller, call);
}

export async function showCall(request: CallRequest, callId: string) {
  const { record } = await findCall(request, callId, "call.view");
  const names = await namesOf(request.edge, [record.peerId]);
  return { ...recordOnWire(record), ...nameOf(names, record.peerId) };
}

export async function listCalls(
  { caller, edge, call }: CallRequest,
  { page = 1, pageSize = defaultPageSize, cursor }: PageQuery,
) {
  const from = cursor === undefined ? { offset: (page - 1) * pageSize } : { after: cursor || undefined };
  const { total, calls, hasMore } = await edge.actors.get(User, caller.userId).calls({ from, limit: pageSize }, call);
  const nextCursor = cursor !== undefined && hasMore ? (calls.at(-1)?.callId ?? null) : null;
  const peers = calls.map(({ peerId }) => peerId);
  const names = await namesOf(edge, peers);
  const shown = calls.map((record) => ({ ...recordOnWire(record), ...nameOf(names, record.peerId) }));
  return { total, page, pageSize, nextCursor, calls: shown };
}

export function requireCalls({ calls }: Edge): Calls {
  if (calls) return calls;
  const message = "Temporal is not running. Start Temporal (npm run stack up temporal), or set TEMPORAL_ADDRESS.";
  throw new DomainError("common.unavailable", { message });
}

export function requireMedia({ media }: Edge): MediaRooms {
  if (media) return media;
  throw new DomainError("rtc.unavailable");
}

function findCall({ caller, edge, call }: CallRequest, callId: string, operation: CallOperation) {
  // The caller's own actor checks the permission first, so that no answer says anything about calls of others.
  return edge.actors.get(User, caller.userId).call({ callId, operation }, call);
}

/** For a repeated request Temporal answers the state of the first one; the user actor knows the current state. */
async function asOfNow({ call: options, ...request }: CallRequest, asked: CallView): Promise<CallView> {
  // The client's key belongs to the request itself, and not to this query.
  const { call } = await findCall(
    { ...request, call: { ...options, commandId: undefined } },
    asked.callId,
    "call.view",
  );
  // The user actor learns of a change a moment later than Temporal.
  return phases.indexOf(call.state) < phases.indexOf(asked.state) ? asked : call;
}
const phases = ["ringing", "connected", "ended"] as const;

async function withToken(edge: Edge, media: MediaRooms, { userId, deviceId }: Caller, view: CallView) {
  const { roomName, callType } = view;
  const { senderName: name } = await senderOf(edge, userId);
  const issued = await media.issueToken({ roomName, userId, name, deviceId, callType, ttlMs: tokenTtlMs });
  const { token, expiresInMs } = issued;
  return { ...callOnWire(view), token, expiresIn: Math.floor(expiresInMs / 1_000), url: media.url };
}

function requireOpen({ state }: CallView): void {
  if (state === "ended") throw new DomainError("rtc.call_ended");
}

/** The error for a caller whose invitation ended at once. */
function endedError({ outcome }: CallView): DomainError {
  if (outcome === "busy") return new DomainError("rtc.busy");
  if (outcome === "rejected") return new DomainError("rtc.rejected");
  return new DomainError(outcome === "missed" ? "rtc.no_answer" : "rtc.call_ended");
}

function nameOf(names: ReadonlyMap<string, { nickname: string; avatar: string }>, userId: string) {
  const { nickname = "", avatar = "" } = names.get(userId) ?? {};
  return { nickname, avatar };
}

function traceOf({ traceId }: CallOptions): { traceId?: string } {
  return traceId === undefined ? {} : { traceId };
}
