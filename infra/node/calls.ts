// Opens what this host needs for calls, and the worker that runs all workflows. Temporal runs a call's workflow, LiveKit carries its media. Either may be not
// configured or unavailable: then calls are refused, and everything else works.
import type { Activities } from "../../actors/process/activity.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Calls, Log, MediaRooms } from "../../gateway/ports.ts";
import type { Config } from "../config/config.ts";
import { startRoomSweep } from "../livekit/room-sweep.ts";
import { systemClock } from "../system/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { temporalOptions } from "./temporal.ts";
import type { World } from "./world.ts";

interface OpenCalls {
  readonly calls?: Calls;
  readonly media?: MediaRooms;
  /** Probes for /ready. A failing one does not make the host unready, because only calls need these servers. */
  readonly states: Readonly<Record<string, () => Promise<string>>>;
}

export async function openCalls(
  config: Config,
  parts: {
    actors: Actors;
    world: Pick<World, "storeId" | "isTrimmer">;
    steps: Activities;
    log: Log;
    lifecycle: Lifecycle;
  },
): Promise<OpenCalls> {
  const { temporal, liveKit, roles, callRingMs } = config;
  const { actors, world, steps, log, lifecycle } = parts;
  const states: Record<string, () => Promise<string>> = {};
  const media = liveKit && (await import("../livekit/media-rooms.ts")).openLiveKit(liveKit);
  if (media) states.livekit = () => media.probe();
  if (!temporal) return { media, states };

  const options = temporalOptions(temporal, world);
  let calls: Calls | undefined;
  if (roles.has("gateway")) {
    const { openTemporalCalls } = await import("../temporal/calls.ts");
    const opened = openTemporalCalls({ ...options, times: { ringMs: callRingMs }, media });
    await lifecycle.start({ name: "calls", stop: () => opened.close() });
    states.temporal = () => opened.probe();
    calls = opened;
    if (media) {
      const { isOver } = opened;
      const isSweeper = () => world.isTrimmer();
      const roomSweep = startRoomSweep({ rooms: media, isOver, isSweeper, timer: systemClock, log });
      await lifecycle.start({ name: "room sweep", stop: () => roomSweep.stop() });
    }
  }
  if (roles.has("workflows")) {
    const { startWorkflows } = await import("../temporal/workflows.ts");
    const workflows = startWorkflows({ ...options, deps: { actors, rooms: media, steps }, log });
    await lifecycle.start({ name: "workflows", drain: () => workflows.stop() });
    states.workflows = async () => {
      const { ok, detail } = workflows.status();
      if (!ok) throw new Error(detail);
      return detail;
    };
  }
  return { calls, media, states };
}
