// Who of the two is in the room, from LiveKit's webhooks and from what it answers when it is asked; and when somebody has been
// away for too long.
// A connection that has left never counts as joined again, so events count once and in any order. A finished room is one that
// everybody left: LiveKit makes a new one for a user who comes back. While LiveKit neither reported nor answered anything (there is
// none, or it is away), nobody counts as missing.
import type { UserId } from "../../actors/shared/ids.ts";
import type { CallInput, Participant, RoomEvent } from "./contract.ts";

export interface Room {
  readonly seats: Record<UserId, Seat>;
  isFinished: boolean;
  /** LiveKit was asked and answered: who is not in the room is missing, without a webhook, too. */
  isWatched: boolean;
  /** When LiveKit was last asked. */
  lookedMs: number;
  /** Rises with every change. */
  revision: number;
}
interface Seat {
  /** Connections in the room. */
  here: string[];
  /** Connections that left. */
  gone: string[];
  /** Since when nobody of this user is in the room any more. */
  leftMs?: number;
}

/** A user's connections that are remembered: the oldest are forgotten. */
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
    // Without connection ids an event can only be taken as it comes.
    if (event.connectionId !== undefined && seat.gone.includes(connectionId)) return;
    if (!seat.here.includes(connectionId)) seat.here.push(connectionId);
    seat.leftMs = undefined;
    room.isFinished = false;
    if (seat.here.length > connectionsMax) seat.here.shift();
  } else leave(seat, connectionId, nowMs);
  room.revision += 1;
}

/** LiveKit's answer to "who is in the room": it corrects what lost webhooks left wrong. */
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

/** Who of the room is there now. */
export function presentIn({ seats }: Room): UserId[] {
  return Object.keys(seats).filter((userId) => (seats[userId]?.here.length ?? 0) > 0);
}

/** When the call is over if nobody comes (back). Undefined: nobody is missing. */
export function absenceDeadline(
  { seats, isWatched }: Room,
  times: { graceMs: number; joinMs: number; connectedMs: number },
): { atMs: number; outcome: "completed" | "failed" } | undefined {
  const all = Object.values(seats);
  const wasUsed = all.some(({ here, gone }) => here.length + gone.length > 0);
  if (!wasUsed && !isWatched) return undefined;
  const deadlines = all.flatMap(({ here, leftMs }): { atMs: number; outcome: "completed" | "failed" }[] => {
    if (here.length > 0) return [];
    // Who left while it still rang has the grace from the answer on.
    if (leftMs !== undefined) {
      return [{ atMs: Math.max(leftMs, times.connectedMs) + times.graceMs, outcome: "completed" }];
    }
    return [{ atMs: times.connectedMs + times.joinMs, outcome: "failed" }];
  });
  return deadlines.sort((a, b) => a.atMs - b.atMs)[0];
}
