// What the activities of a call use of the world.
import type { Actors } from "../../actors/runtime/actors.ts";
import type { CallType } from "../../actors/shared/call.ts";
import type { Participant } from "./contract.ts";

/** The rooms where calls are held. Throws rtc.unavailable; a room that is not there is closed. */
export interface CallRooms {
  closeRoom(roomName: string): Promise<void>;
  /** Who is in the room now; nobody when there is no such room. */
  listParticipants(roomName: string): Promise<Participant[]>;
  /** Lets everybody in the room publish what a call of this type has. */
  permit(roomName: string, callType: CallType): Promise<void>;
}

export interface CallActivityDeps {
  actors: Actors;
  /** Absent without LiveKit: there are no rooms to close. */
  rooms?: CallRooms;
}

/** Time of one command to an actor: shorter than the activity's own time-out, so that the workflow decides about a retry. */
export const commandTimeoutMs = 4_000;
