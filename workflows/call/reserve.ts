// Takes the lines of both users. A line that was taken before a refusal is freed by the workflow, which notifies both users of
// the end of every call.
//
// reserve/order: lines are taken in the order of the users' ids. Two calls between the same two users therefore meet at the
//     same user first, and one of them gets no line at all: no deadlock, and never one line each. The later call is a glare
//     when the earlier one was made by the user whom it calls.
// reserve/busy-callee: when the callee is busy, the caller's line is taken too, so that the caller's actor records the attempt.
// reserve/abandoned: a line that is held by a call whose workflow does not run any more (an operator has terminated it) is
//     freed here, and then taken.
import { ApplicationFailure } from "@temporalio/common";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { CallView, NewCall } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { UserId } from "../../actors/shared/ids.ts";
import type { BeganCall, CallRole } from "../../actors/user/call-contract.ts";
import { User } from "../../actors/user/contract.ts";
import { asRefusals } from "../kit/refusals.ts";
import { isAbandoned } from "./abandoned.ts";
import { type CallActivityDeps, commandTimeoutMs } from "./deps.ts";

export interface ReserveLines extends CallView, Pick<NewCall, "callerName" | "callerAvatar"> {
  ringUntilMs: number;
  /** The call fails when the actors cannot be reached before this time. */
  untilMs: number;
}
export type TakenLines =
  | { kind: "taken" }
  | { kind: "busy"; userId: UserId; message: string }
  | { kind: "glare"; withCallId: string };

export function createReserveLines(deps: CallActivityDeps): (input: ReserveLines) => Promise<TakenLines> {
  return (input) =>
    asRefusals(async () => {
      try {
        return await reserveLines(deps, input);
      } catch (error) {
        if (error instanceof DomainError || Date.now() < input.untilMs) throw error;
        const message = "The users' actors could not be reached in time.";
        throw ApplicationFailure.create({ type: "common.unavailable", message, nonRetryable: true });
      }
    });
}

async function reserveLines(deps: CallActivityDeps, input: ReserveLines): Promise<TakenLines> {
  const { callerId, calleeId } = input;
  const users = [
    { userId: callerId, peerId: calleeId, role: "caller" },
    { userId: calleeId, peerId: callerId, role: "callee" },
  ] as const;
  const begun = new Set<UserId>();
  // reserve/order
  for (const user of users.toSorted((a, b) => Number(a.userId) - Number(b.userId))) {
    const taken = await takeLine(deps, input, user);
    if (taken.kind === "begun") {
      begun.add(user.userId);
      continue;
    }
    if (isGlare(input, user.userId, taken)) return { kind: "glare", withCallId: taken.callId };
    const isCaller = user.role === "caller";
    const [caller] = users;
    if (!isCaller && !begun.has(callerId)) await takeLine(deps, input, caller); // reserve/busy-callee
    const message = isCaller ? "You are in another call." : "This user is in another call.";
    return { kind: "busy", userId: user.userId, message };
  }
  return { kind: "taken" };
}

/** True when the line is busy with a call from this call's callee to its caller. */
function isGlare({ callerId, calleeId }: ReserveLines, userId: UserId, busy: BeganCall & { kind: "busy" }): boolean {
  const madeBy = busy.role === "caller" ? userId : busy.peerId;
  const madeTo = busy.role === "caller" ? busy.peerId : userId;
  return madeBy === calleeId && madeTo === callerId;
}

async function takeLine(
  deps: CallActivityDeps,
  input: ReserveLines,
  { userId, peerId, role }: { userId: UserId; peerId: UserId; role: CallRole },
): Promise<BeganCall> {
  const { callId, callType, conversationId, roomName, startedMs, ringUntilMs, callerName, callerAvatar } = input;
  const begin = (attempt: number) =>
    deps.actors.get(User, userId).beginCall(
      {
        ...{ callId, peerId, role, callType, conversationId, roomName, startedMs, ringUntilMs },
        ...(role === "callee" ? { callerName, callerAvatar } : {}),
      },
      { commandId: `call/${callId}/begin/${userId}/${attempt}`, deadlineMs: Date.now() + commandTimeoutMs },
    );
  const taken = await begin(1);
  if (taken.kind === "begun" || taken.callId === callId || !(await isAbandoned(taken.callId))) return taken;
  await free(deps, userId, taken.callId); // reserve/abandoned
  return begin(2);
}

async function free({ actors }: { actors: Actors }, userId: UserId, callId: string): Promise<void> {
  const endedMs = Date.now();
  await actors
    .get(User, userId)
    .updateCall(
      { callId, state: "ended", outcome: "failed", endedMs },
      { commandId: `call/${callId}/abandoned/${userId}`, deadlineMs: endedMs + commandTimeoutMs },
    );
}
