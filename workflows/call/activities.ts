// What a call does to the world. Every command has an id made of the call's: run twice, it happens once.
import { Conversation } from "../../actors/conversation/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { CallOutcome, CallType, CallView } from "../../actors/shared/call.ts";
import { User } from "../../actors/user/contract.ts";
import { asRefusals } from "../refusals.ts";
import { createReserveLines, type ReserveLines, type TakenLines } from "./reserve.ts";

/** The rooms where calls are held. Throws rtc.unavailable; a room that is not there is closed. */
export interface CallRooms {
  closeRoom(roomName: string): Promise<void>;
  /** Lets everybody in the room publish what a call of this type has. */
  permit(roomName: string, callType: CallType): Promise<void>;
}

export interface CallActivityDeps {
  actors: Actors;
  /** Absent without LiveKit: there are no rooms to close. */
  rooms?: CallRooms;
}

export interface CallActivities {
  reserveLines(input: ReserveLines): Promise<TakenLines>;
  /** `revision` tells the changes of one call apart. */
  tellUsers(input: CallView & { revision: number; durationMs: number }): Promise<void>;
  recordCall(
    input: CallView & { outcome: CallOutcome; durationMs: number },
  ): Promise<{ messageId: string; seq: number }>;
  closeRoom(input: { roomName: string }): Promise<void>;
  permit(input: { roomName: string; callType: CallType }): Promise<void>;
}

/** Of one command: shorter than the activity's own time-out, so that its retry is the workflow's business. */
export const commandTimeoutMs = 4_000;

export function createCallActivities(deps: CallActivityDeps): CallActivities {
  const { actors, rooms } = deps;
  return {
    reserveLines: createReserveLines(deps),

    tellUsers: ({ callId, state, revision, callerId, calleeId, ...view }) =>
      asRefusals(async () => {
        if (state === "ringing") return;
        const { outcome, callType, connectedMs, endedMs, durationMs, answeredBy } = view;
        const update = { callId, state, outcome, callType, connectedMs, endedMs, durationMs, answeredBy };
        await Promise.all(
          [callerId, calleeId].map((userId) =>
            actors.get(User, userId).updateCall(update, {
              commandId: `call/${callId}/${revision}/${userId}`,
              deadlineMs: Date.now() + commandTimeoutMs,
            }),
          ),
        );
      }),

    recordCall: ({ callId, callerId, callType, outcome, durationMs, startedMs, conversationId }) =>
      asRefusals(() =>
        actors
          .get(Conversation, conversationId)
          .recordCall(
            { callId, callerId, callType, outcome, durationMs, startedMs },
            { commandId: `call/${callId}/record`, deadlineMs: Date.now() + commandTimeoutMs },
          ),
      ),

    closeRoom: ({ roomName }) => asRefusals(async () => rooms?.closeRoom(roomName)),
    permit: ({ roomName, callType }) => asRefusals(async () => rooms?.permit(roomName, callType)),
  };
}
