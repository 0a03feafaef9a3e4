// The activities of a call: commands to actors and requests to LiveKit. Every command has an id derived from the callId, so
// that an activity that runs twice takes effect once. Histories contain the names of activities, so these names must not
// change.
import { Conversation } from "../../actors/conversation/contract.ts";
import type { CallOutcome, CallType, CallView } from "../../actors/shared/call.ts";
import { User } from "../../actors/user/contract.ts";
import { asRefusals } from "../kit/refusals.ts";
import type { Participant } from "./contract.ts";
import { type CallActivityDeps, commandTimeoutMs } from "./deps.ts";
import { createReserveLines, type ReserveLines, type TakenLines } from "./reserve.ts";

export interface CallActivities {
  reserveLines(input: ReserveLines): Promise<TakenLines>;
  /** Notifies both users of the call's state. `revision` makes the command ids of one call's changes different. */
  tellUsers(input: CallView & { revision: number; durationMs: number }): Promise<void>;
  recordCall(
    input: CallView & { outcome: CallOutcome; durationMs: number },
  ): Promise<{ messageId: string; seq: number }>;
  closeRoom(input: { roomName: string }): Promise<void>;
  permit(input: { roomName: string; callType: CallType }): Promise<void>;
  /** Lists the users in the room. Null without LiveKit. */
  lookAtRoom(input: { roomName: string }): Promise<Participant[] | null>;
}

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
    lookAtRoom: ({ roomName }) => asRefusals(async () => (await rooms?.listParticipants(roomName)) ?? null),
  };
}
