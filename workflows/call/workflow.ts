// One call, from the first ring to its message in the conversation.
// W1: the two lines are taken in the order of the users' ids, so two calls between the same two can never each hold one.
// W2: whatever happens, an end is told to both users (their lines are free), the room is closed, and the call is recorded.
//     An activity is tried until it works; only a refusal ends it before.
// W3: cancelling the workflow ends the call in order. Terminating it cannot: then the lines free themselves.
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
/** The caller waits for it, so it runs where the workflow does; the activity itself knows when it is too late. */
const { reserveLines } = proxyLocalActivities<CallActivities>({
  startToCloseTimeout: "5s",
  retry: { ...retry, maximumInterval: "1s" },
});
/** Actors that are away for longer make the call fail. */
const reserveMsMax = 8_000;
/** Once, at once: people wait for it. What fails goes the durable way, where operators see it. */
const quickly = proxyLocalActivities<CallActivities>({
  startToCloseTimeout: "2s",
  retry: { maximumAttempts: 1 },
});
const { tellUsers, recordCall } = proxyActivities<CallActivities>({ startToCloseTimeout: "10s", retry });
/** A room that LiveKit could not close in this time closes by itself when it is empty. */
const { closeRoom } = proxyActivities<CallActivities>({
  startToCloseTimeout: "10s",
  scheduleToCloseTimeout: "10m",
  retry,
});

/** Of 50 000 that Temporal allows. A device that comes and goes every second is there for an hour. */
const historyEventsMax = 20_000;

export async function call(input: CallInput): Promise<CallResult> {
  // Of the start event: the time of a first task changes when that task is run again, and with it what the lines are asked.
  const call = createCall(input, workflowInfo().startTime.getTime());
  const room = createRoom(input);
  handleCall(call, room);
  const told = CancellationScope.nonCancellable(() => tellOfChanges(call));
  try {
    await CancellationScope.nonCancellable(() => reserve(call));
    await ring(call);
    await talk(call, room);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    decideEnd(call, interruptedOutcome(call), "operator", Date.now()); // W3
  }
  await CancellationScope.nonCancellable(() => finish(call, told));
  return resultOf(call);
}

/** W1, in the activity. */
async function reserve(call: Call): Promise<void> {
  const { callerName, callerAvatar } = call.input;
  try {
    // The caller was told long ago that nobody answers: no phone rings for it now.
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
    // A time-out of the actors is no refusal of theirs.
    const { error: name, message, details } = domainErrorOf(error) ?? new DomainError("common.unavailable");
    refuse(call, "failed", { error: name, message, details }, { isRecorded: false });
  }
  call.phase = "ringing";
  setCurrentDetails(describeCall(call));
}

/** A callee who was on the phone has missed something; an attempt that never reached him has not happened. */
function refuse(call: Call, outcome: CallOutcome, refusal: Refusal, { isRecorded }: { isRecorded: boolean }): void {
  call.refusal = refusal;
  call.isRecorded = isRecorded;
  decideEnd(call, outcome, "user", Date.now());
}

async function ring(call: Call): Promise<void> {
  if (call.end) return;
  const isDecided = () => call.phase === "connected" || call.end !== undefined;
  if (await condition(isDecided, ringUntilMs(call) - Date.now())) return;
  // On time, also when no worker was there to see it.
  decideEnd(call, "missed", "timer", ringUntilMs(call));
}

async function talk(call: Call, room: Room): Promise<void> {
  const { connectedMs } = call;
  if (call.end || connectedMs === undefined) return;
  room.isFinished = false; // while it rang: who waited in it and left has his grace
  setCurrentDetails(describeCall(call, room));
  upsertSearchAttributes([{ key: callState, value: "connected" }]);
  // A history of before the looks is replayed without them.
  const looks = patched("look-at-room");
  const { lookMs = defaultCallTimes.lookMs } = call.input.times; // a call that an older host started has none
  room.lookedMs = connectedMs;
  while (!call.end) {
    const next = nextDeadline(call, room, connectedMs);
    const nowMs = Date.now();
    const isOver = room.isFinished || workflowInfo().historyLength > historyEventsMax;
    // A lost webhook must not end a call that both are in: before an absence ends it, LiveKit is asked.
    const lookAtMs = next.by === "room" && room.lookedMs < next.atMs ? next.atMs : room.lookedMs + lookMs;
    if (isOver) decideEnd(call, "completed", "room", nowMs);
    else if (looks && lookAtMs <= nowMs) await look(call, room);
    else if (next.atMs <= nowMs) decideEnd(call, next.outcome, next.by, next.atMs);
    else {
      const { revision } = room;
      const untilMs = looks ? Math.min(lookAtMs, next.atMs) : next.atMs;
      await condition(() => call.end !== undefined || room.revision !== revision, untilMs - nowMs);
    }
    setCurrentDetails(describeCall(call, room));
  }
}

/** Asks LiveKit who is in the room. A LiveKit that does not answer changes nothing: the next look asks again. */
async function look(call: Call, room: Room): Promise<void> {
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

/** W2. */
async function finish(call: Call, told: Promise<void>): Promise<void> {
  const { outcome = "failed" } = call.end ?? {};
  call.phase = "ended";
  call.revision += 1;
  setCurrentDetails(describeCall(call));
  upsertSearchAttributes([{ key: callState, value: call.glareWith ? "glare" : outcome }]);
  const view = viewOf(call);
  await Promise.all([
    told,
    // Nobody could join a call that never rang.
    call.refusal || call.glareWith ? undefined : orRefused("the room", closeRoom({ roomName: view.roomName })),
    call.isRecorded && !call.glareWith
      ? orRefused("the record", recordCall({ ...view, outcome, durationMs: durationOf(view) }))
      : undefined,
  ]);
  await condition(allHandlersFinished);
}

/** Tells both users of the newest state, one after the other, so that they hear of changes in order. */
async function tellOfChanges(call: Call): Promise<void> {
  let toldRevision = 0;
  while (call.phase !== "ended" || call.revision > toldRevision) {
    await condition(() => call.revision > toldRevision);
    toldRevision = call.revision;
    const view = viewOf(call);
    const news = { ...view, revision: toldRevision, durationMs: durationOf(view) };
    try {
      await quickly.tellUsers(news);
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      await orRefused("the users", tellUsers(news));
    }
  }
  call.isFreed = true;
}

/** What actors refuse for good (a pair that fell out meanwhile) must not keep an ended call running. */
async function orRefused(what: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    const { error: name, message } = domainErrorOf(error) ?? { error: "failed", message: String(error.cause ?? error) };
    log.warn("call: a step of the end was refused", { step: what, cause: `${name}: ${message}` });
  }
}
