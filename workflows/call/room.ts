// Keeps which of the two users are in the room, from LiveKit's webhooks and from LiveKit's answers, and decides when a user has
// been absent for too long. A connection that has left never counts as joined again, so that events may be repeated and arrive
// in any order. A finished room counts as left by both users: LiveKit creates a new room for a user who comes back. While
// LiveKit has neither reported nor answered anything (LiveKit is not configured, or unavailable), nobody counts as absent.
import type { UserId } from "../../actors/shared/ids.ts";
import type { CallInput, Participant, RoomEvent } from "./contract.ts";

export interface Room {
  readonly seats: Record<UserId, Seat>;
  isFinished: boolean;
  /** LiveKit has listed the participants: then a user who is not in the room counts as absent even without a webhook. */
  isWatched: boolean;
  /** When LiveKit was last asked for the participants. */
  lookedMs: number;
  /** Increases with every change. */
  revision: number;
}
interface Seat {
  /** Connections in the room. */
  here: string[];
  /** Connections that left. */
  gone: string[];
  /** When the user's last connection left. */
  leftMs?: number;
}

/** The newest connections of a user are kept, up to this number. */
const connectionsMax = 64;

export function createRoom({ callerId, calleeId }: CallInput): Room {
  return {
    seats: { [callerId]: { here: [], gone: [] }, [calleeId]: { here: [], gone: [] } },
    isFinished: false,
    isWatched: false,
    lookedMs: 0,
    revision: 0,
  };
}

export function seeRoom(room: Room, event: RoomEvent, nowMs: number): void {
  if (event.kind === "room_finished") {
    for (const seat of Object.values(room.seats)) for (const each of seat.here) leave(seat, each, nowMs);
    room.isFinished = true;
    room.revision += 1;
    return;
  }
  const seat = Object.hasOwn(room.seats, event.userId) ? room.seats[event.userId] : undefined;
  if (!seat) return;
  const connectionId = event.connectionId ?? event.userId;
  if (event.kind === "joined") {
    // An event without a connection id cannot be checked against connections that have left.
    if (event.connectionId !== undefined && seat.gone.includes(connectionId)) return;
    if (!seat.here.includes(connectionId)) seat.here.push(connectionId);
    seat.leftMs = undefined;
    room.isFinished = false;
    if (seat.here.length > connectionsMax) seat.here.shift();
  } else leave(seat, connectionId, nowMs);
  room.revision += 1;
}

/** Takes LiveKit's list of participants, which corrects the state after lost webhooks. */
export function setParticipants(room: Room, present: readonly Participant[], nowMs: number): void {
  room.isWatched = true;
  for (const [userId, seat] of Object.entries(room.seats)) {
    const now = present.filter((each) => each.userId === userId).map(({ connectionId }) => connectionId);
    for (const each of seat.here) if (!now.includes(each)) leave(seat, each, nowMs);
    seat.here = now;
    if (now.length > 0) seat.leftMs = undefined;
  }
  if (present.length > 0) room.isFinished = false;
  room.revision += 1;
}

function leave(seat: Seat, connectionId: string, nowMs: number): void {
  seat.here = seat.here.filter((each) => each !== connectionId);
  if (!seat.gone.includes(connectionId)) seat.gone.push(connectionId);
  if (seat.gone.length > connectionsMax) seat.gone.shift();
  if (seat.here.length === 0) seat.leftMs ??= nowMs;
}

/** The users who are in the room now. */
export function presentIn({ seats }: Room): UserId[] {
  return Object.keys(seats).filter((userId) => (seats[userId]?.here.length ?? 0) > 0);
}

/** When, and with which outcome, the call ends unless the absent user joins. Undefined: nobody is absent. */
export function absenceDeadline(
  { seats, isWatched }: Room,
  times: { graceMs: number; joinMs: number; connectedMs: number },
): { atMs: number; outcome: "completed" | "failed" } | undefined {
  const all = Object.values(seats);
  const wasUsed = all.some(({ here, gone }) => here.length + gone.length > 0);
  if (!wasUsed && !isWatched) return undefined;
  const deadlines = all.flatMap(({ here, leftMs }): { atMs: number; outcome: "completed" | "failed" }[] => {
    if (here.length > 0) return [];
    // For a user who left while the call was still ringing, the grace period begins at the answer.
    if (leftMs !== undefined) {
      return [{ atMs: Math.max(leftMs, times.connectedMs) + times.graceMs, outcome: "completed" }];
    }
    return [{ atMs: times.connectedMs + times.joinMs, outcome: "failed" }];
  });
  return deadlines.sort((a, b) => a.atMs - b.atMs)[0];
}
