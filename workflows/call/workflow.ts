// The workflow of one call, from the ringing to the call's message in the conversation. However a call ends, both users are
// notified (which frees their lines), the room is closed, and the call is recorded. Each of these activities is retried until
// it works; only a refusal by an actor ends the retries.
//
// call/cancel: cancelling the workflow ends the call in the same way. Terminating the workflow cannot do this: then the lines
//     become free by themselves (reserve/abandoned).
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  log,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  TemporalFailure,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import type { CallOutcome } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { domainErrorOf, refusalOf } from "../kit/refusals.ts";
import { callState } from "../kit/search-attributes.ts";
import type { CallActivities } from "./activities.ts";
import { type CallInput, type CallResult, defaultCallTimes, type EndedBy, type Refusal } from "./contract.ts";
import { describeCall } from "./describe.ts";
import { handleCall } from "./handlers.ts";
import { absenceDeadline, createRoom, type Room, setParticipants } from "./room.ts";
import {
  type Call,
  createCall,
  decideEnd,
  durationOf,
  interruptedOutcome,
  isTooLate,
  resultOf,
  ringUntilMs,
  viewOf,
} from "./state.ts";

const retry = { initialInterval: "100ms", backoffCoefficient: 2, maximumInterval: "10s" } as const;
/** A local activity, because the caller waits for it. The activity itself ends its retries at `untilMs`. */
const { reserveLines } = proxyLocalActivities<CallActivities>({
  startToCloseTimeout: "5s",
  retry: { ...retry, maximumInterval: "1s" },
});
/** The call fails when the actors are unavailable for longer. */
const reserveMsMax = 8_000;
/**
 * One attempt as a local activity, because users wait. A failed one is repeated as an ordinary activity, which operators see in
 * Temporal's UI.
 */
const quickly = proxyLocalActivities<CallActivities>({
  startToCloseTimeout: "2s",
  retry: { maximumAttempts: 1 },
});
const { tellUsers, recordCall } = proxyActivities<CallActivities>({ startToCloseTimeout: "10s", retry });
/** A room that could not be closed within ten minutes is closed by LiveKit itself when it is empty. */
const { closeRoom } = proxyActivities<CallActivities>({
  startToCloseTimeout: "10s",
  scheduleToCloseTimeout: "10m",
  retry,
});

/**
 * Temporal allows 50 000 events in a history. A device that joins and leaves every second reaches this number after an hour.
 */
const historyEventsMax = 20_000;

export async function call(input: CallInput): Promise<CallResult> {
  // The time of the start event: the time of the first task would change when that task is run again, and with it the commands
  // to the users' actors.
  const call = createCall(input, workflowInfo().startTime.getTime());
  const room = createRoom(input);
  handleCall(call, room);
  const notified = CancellationScope.nonCancellable(() => notifyOfChanges(call));
  try {
    await CancellationScope.nonCancellable(() => reserve(call));
    await ring(call);
    await talk(call, room);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    decideEnd(call, interruptedOutcome(call), "operator", Date.now()); // call/cancel
  }
  await CancellationScope.nonCancellable(() => finish(call, notified));
  return resultOf(call);
}

/** Takes both lines; a refusal ends the call. */
async function reserve(call: Call): Promise<void> {
  const { callerName, callerAvatar } = call.input;
  try {
    // The caller already got a time-out, so no phone must ring now.
    if (isTooLate(call, Date.now())) throw refusalOf(new DomainError("common.unavailable"));
    const taken = await reserveLines({
      ...{ ...viewOf(call), callerName, callerAvatar },
      ringUntilMs: ringUntilMs(call),
      untilMs: call.startedMs + reserveMsMax,
    });
    if (taken.kind === "glare") {
      call.glareWith = taken.withCallId;
      decideEnd(call, "cancelled", "user", Date.now());
    } else if (taken.kind === "busy") {
      const isCallee = taken.userId === call.input.calleeId;
      refuse(call, "busy", { error: "rtc.busy", message: taken.message }, { isRecorded: isCallee });
    }
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    // Without a refusal by an actor, the actors were unavailable.
    const { error: name, message, details } = domainErrorOf(error) ?? new DomainError("common.unavailable");
    refuse(call, "failed", { error: name, message, details }, { isRecorded: false });
  }
  call.phase = "ringing";
  setCurrentDetails(describeCall(call));
}

/** A call to a busy callee is recorded, because the callee missed it. A call that never reached the callee is not recorded. */
function refuse(call: Call, outcome: CallOutcome, refusal: Refusal, { isRecorded }: { isRecorded: boolean }): void {
  call.refusal = refusal;
  call.isRecorded = isRecorded;
  decideEnd(call, outcome, "user", Date.now());
}

async function ring(call: Call): Promise<void> {
  if (call.end) return;
  const isDecided = () => call.phase === "connected" || call.end !== undefined;
  if (await condition(isDecided, ringUntilMs(call) - Date.now())) return;
  // The end has the time of the deadline, even when no worker ran at that time.
  decideEnd(call, "missed", "timer", ringUntilMs(call));
}

async function talk(call: Call, room: Room): Promise<void> {
  const { connectedMs } = call;
  if (call.end || connectedMs === undefined) return;
  room.isFinished = false; // a room that finished during the ringing does not end the call: its user has the grace period
  setCurrentDetails(describeCall(call, room));
  upsertSearchAttributes([{ key: callState, value: "connected" }]);
  // A history from before this change is replayed without asking LiveKit.
  const asksLiveKit = patched("look-at-room");
  const { lookMs = defaultCallTimes.lookMs } = call.input.times; // undefined in a call that an older host started
  room.lookedMs = connectedMs;
  while (!call.end) {
    const next = nextDeadline(call, room, connectedMs);
    const nowMs = Date.now();
    const isOver = room.isFinished || workflowInfo().historyLength > historyEventsMax;
    // A lost webhook must not end a call while both users are in it, so LiveKit is asked before an absence ends the call.
    const lookAtMs = next.by === "room" && room.lookedMs < next.atMs ? next.atMs : room.lookedMs + lookMs;
    if (isOver) decideEnd(call, "completed", "room", nowMs);
    else if (asksLiveKit && lookAtMs <= nowMs) await updateParticipants(call, room);
    else if (next.atMs <= nowMs) decideEnd(call, next.outcome, next.by, next.atMs);
    else {
      const { revision } = room;
      const untilMs = asksLiveKit ? Math.min(lookAtMs, next.atMs) : next.atMs;
      await condition(() => call.end !== undefined || room.revision !== revision, untilMs - nowMs);
    }
    setCurrentDetails(describeCall(call, room));
  }
}

/** Asks LiveKit for the participants. When LiveKit does not answer, nothing changes, and LiveKit is asked again later. */
async function updateParticipants(call: Call, room: Room): Promise<void> {
  try {
    const present = await quickly.lookAtRoom({ roomName: viewOf(call).roomName });
    if (present) setParticipants(room, present, Date.now());
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    log.warn("call: LiveKit did not list the participants", { cause: String(error.cause ?? error) });
  }
  room.lookedMs = Date.now();
}

function nextDeadline(
  call: Call,
  room: Room,
  connectedMs: number,
): { atMs: number; outcome: CallOutcome; by: EndedBy } {
  const { times } = call.input;
  const longest = { atMs: connectedMs + times.maxMs, outcome: "completed", by: "timer" } as const;
  const absence = absenceDeadline(room, { ...times, connectedMs });
  return absence && absence.atMs < longest.atMs ? { ...absence, by: "room" } : longest;
}

/** Notifies the users, closes the room and records the call, in parallel. */
async function finish(call: Call, notified: Promise<void>): Promise<void> {
  const { outcome = "failed" } = call.end ?? {};
  call.phase = "ended";
  call.revision += 1;
  setCurrentDetails(describeCall(call));
  upsertSearchAttributes([{ key: callState, value: call.glareWith ? "glare" : outcome }]);
  const view = viewOf(call);
  await Promise.all([
    notified,
    // Nobody can have joined the room of a call that never rang.
    call.refusal || call.glareWith ? undefined : orRefused("the room", closeRoom({ roomName: view.roomName })),
    call.isRecorded && !call.glareWith
      ? orRefused("the record", recordCall({ ...view, outcome, durationMs: durationOf(view) }))
      : undefined,
  ]);
  await condition(allHandlersFinished);
}

/** Notifies both users of each new state. One notification at a time, so that the users get changes in order. */
async function notifyOfChanges(call: Call): Promise<void> {
  let notifiedRevision = 0;
  while (call.phase !== "ended" || call.revision > notifiedRevision) {
    await condition(() => call.revision > notifiedRevision);
    notifiedRevision = call.revision;
    const view = viewOf(call);
    const change = { ...view, revision: notifiedRevision, durationMs: durationOf(view) };
    try {
      await quickly.tellUsers(change);
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      await orRefused("the users", tellUsers(change));
    }
  }
  call.isFreed = true;
}

/** A final refusal by an actor (the users have blocked each other in the meantime) must not keep an ended call running. */
async function orRefused(what: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    const { error: name, message } = domainErrorOf(error) ?? { error: "failed", message: String(error.cause ?? error) };
    log.warn("call: a step of the end was refused", { step: what, cause: `${name}: ${message}` });
  }
}
