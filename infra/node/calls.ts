// Calls of this host: Temporal for their course, LiveKit for their media; each may be absent or away (section 6).
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Calls, Log, MediaRooms } from "../../gateway/ports.ts";
import type { Config } from "../config/config.ts";
import type { Lifecycle } from "./lifecycle.ts";

export interface OpenCalls {
  readonly calls?: Calls;
  readonly media?: MediaRooms;
  /** Neither keeps the host from being ready: what does not need it works. */
  readonly states: Readonly<Record<string, () => Promise<string>>>;
}

export async function openCalls(
  config: Config,
  parts: { actors: Actors; storeId: string; log: Log; lifecycle: Lifecycle },
): Promise<OpenCalls> {
  const { temporal, liveKit, roles, callRingMs } = config;
  const { actors, storeId, log, lifecycle } = parts;
  const states: Record<string, () => Promise<string>> = {};
  const media = liveKit && (await import("../livekit/media-rooms.ts")).openLiveKit(liveKit);
  if (media) states.livekit = () => media.probe();
  if (!temporal) return { media, states };

  // Workers and gateways of one system meet on it, and of no other that shares the Temporal.
  const taskQueue = `parley-${storeId}`;
  const options = { ...temporal, tls: temporal.tls || undefined, taskQueue };
  let calls: Calls | undefined;
  if (roles.has("gateway")) {
    const { openTemporalCalls } = await import("../temporal/calls.ts");
    const opened = openTemporalCalls({ ...options, times: { ringMs: callRingMs }, media });
    await lifecycle.start({ name: "calls", stop: () => opened.close() });
    states.temporal = () => opened.probe();
    calls = opened;
  }
  if (roles.has("workflows")) {
    const { startWorkflows } = await import("../temporal/workflows.ts");
    const workflows = startWorkflows({ ...options, deps: { actors, rooms: media }, log });
    await lifecycle.start({ name: "workflows", drain: () => workflows.stop() });
    states.workflows = async () => {
      const { ok, detail } = workflows.status();
      if (!ok) throw new Error(detail);
      return detail;
    };
  }
  return { calls, media, states };
}
