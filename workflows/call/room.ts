// Who of the two is in the room, as far as LiveKit told; and when somebody has been away for too long.
// R1: an event of a connection counts once, in whatever order they come: a connection that has left is never joined again.
// R2: a room that is finished is one that everybody left: LiveKit makes it anew for whoever comes back.
// R3: without a single event (no LiveKit, no webhooks) nobody is ever missing.
import type { UserId } from "../../actors/shared/ids.ts";
import type { CallInput, RoomEvent } from "./contract.ts";

export interface Room {
  readonly seats: Record<UserId, Seat>;
  isFinished: boolean;
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
    revision: 0,
  };
}

export function seeRoom(room: Room, event: RoomEvent, nowMs: number): void {
  if (event.kind === "room_finished") {
    for (const seat of Object.values(room.seats)) for (const each of seat.here) leave(seat, each, nowMs); // R2
    room.isFinished = true;
    room.revision += 1;
    return;
  }
  const seat = Object.hasOwn(room.seats, event.userId) ? room.seats[event.userId] : undefined;
  if (!seat) return;
  const connectionId = event.connectionId ?? event.userId;
  if (event.kind === "joined") {
    // R1. Without connection ids an event can only be taken as it comes.
    if (event.connectionId !== undefined && seat.gone.includes(connectionId)) return;
    if (!seat.here.includes(connectionId)) seat.here.push(connectionId);
    seat.leftMs = undefined;
    room.isFinished = false; // R2
    if (seat.here.length > connectionsMax) seat.here.shift();
  } else leave(seat, connectionId, nowMs);
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

/** When the call is over if nobody comes (back). Undefined: nobody is missing (R3). */
export function absenceDeadline(
  { seats }: Room,
  times: { graceMs: number; joinMs: number; connectedMs: number },
): { atMs: number; outcome: "completed" | "failed" } | undefined {
  const all = Object.values(seats);
  const wasUsed = all.some(({ here, gone }) => here.length + gone.length > 0);
  if (!wasUsed) return undefined;
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
