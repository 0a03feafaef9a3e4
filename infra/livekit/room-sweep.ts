// Closes the rooms of ended calls. A LiveKit token outlives its call, and LiveKit creates a room again for a user who comes
// with one. Normally LiveKit's webhook gets that room closed at once (calls/ended-room); this sweep closes it when the webhook
// was lost.
import { mapBounded } from "../../actors/shared/map-bounded.ts";
import type { Timer } from "../../actors/shared/sleep.ts";
import type { Log } from "../../gateway/ports.ts";
import type { CallRoom } from "./media-rooms.ts";

interface RoomSweepDeps {
  rooms: { listCallRooms(): Promise<CallRoom[]>; closeRoom(roomName: string): Promise<void> };
  /** True for a call that Temporal knows and that has ended. Rooms of unknown calls may belong to another system. */
  isOver(callId: string): Promise<boolean>;
  /** True on the one host of the cluster that sweeps. */
  isSweeper(): boolean;
  timer: Timer;
  log: Log;
  everyMs?: number;
}

const defaultEveryMs = 60_000;
/** Calls that Temporal is queried for at the same time. */
const maxQueriesAtOnce = 4;

export function startRoomSweep(deps: RoomSweepDeps): { sweep(): Promise<void>; stop(): void } {
  const { rooms, timer, log, everyMs = defaultEveryMs } = deps;
  /** Ids of rooms whose call was running when the room was first found: the call's workflow closes these rooms. */
  let known = new Set<string>();
  let isStopped = false;
  let cancel = () => {};

  async function sweep(): Promise<void> {
    const open = await rooms.listCallRooms();
    const fresh = open.filter(({ roomId }) => !known.has(roomId));
    const stillKnown = new Set(open.map(({ roomId }) => roomId).filter((roomId) => known.has(roomId)));
    await mapBounded(fresh, maxQueriesAtOnce, async ({ callId, roomName, roomId }) => {
      if (await deps.isOver(callId)) await rooms.closeRoom(roomName);
      else stillKnown.add(roomId);
    });
    known = stillKnown;
  }

  function sweepLater(): void {
    cancel = timer.after(everyMs, async () => {
      if (deps.isSweeper()) await sweep().catch((error: unknown) => log.warn("calls: room sweep failed", { error }));
      if (!isStopped) sweepLater();
    });
  }

  sweepLater();
  return {
    sweep,
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
