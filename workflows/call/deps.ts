// The dependencies of a call's activities.
import type { Actors } from "../../actors/runtime/actors.ts";
import type { CallType } from "../../actors/shared/call.ts";
import type { Participant } from "./contract.ts";

/** The LiveKit rooms of calls. Methods throw rtc.unavailable. A room that does not exist counts as closed. */
export interface CallRooms {
  closeRoom(roomName: string): Promise<void>;
  /** The connections that are in the room now; none when the room does not exist. */
  listParticipants(roomName: string): Promise<Participant[]>;
  /** Lets all participants publish the media of this call type. */
  permit(roomName: string, callType: CallType): Promise<void>;
}

export interface CallActivityDeps {
  actors: Actors;
  /** Undefined without LiveKit. */
  rooms?: CallRooms;
}

/**
 * Deadline of one command to an actor. Shorter than the activity's own time-out, so that the activity's retry policy decides.
 */
export const commandTimeoutMs = 4_000;
