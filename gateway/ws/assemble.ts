// The parts of the socket edge, and what they hear of the world: everything but the sockets themselves.

import { Gate } from "../../actors/shared/gate.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { createEnvelopes } from "../kit/envelope.ts";
import type { GatewayDeps } from "../ports.ts";
import { Channels } from "./delivery/channels.ts";
import type { Edge } from "./edge.ts";
import { endLogin } from "./socket/logout.ts";
import { Writer } from "./socket/writer.ts";
import { Sweep } from "./sweep.ts";
import { GoneReports } from "./user/gone-reports.ts";
import { Hub } from "./user/hub.ts";
import { PresenceWatch } from "./user/presence.ts";
import { ReadMarks } from "./user/read-marks.ts";

/** Differences read at one time, for gaps and for devices that catch up: the actors have others to answer. */
const pullsAtOnce = 64;

/** The sweep is to be started. */
export function assembleEdge(deps: GatewayDeps, authenticator: Authenticator): { edge: Edge; sweep: Sweep } {
  const edge = createEdge(deps, authenticator);
  const sweep = new Sweep(edge);
  deps.notifications.onNotification((notification, users) => edge.hub.tell(notification, users));
  deps.notifications.onGap(() => sweep.compareAll());
  deps.revocations.onRevoked((loginId, reason) => {
    for (const connection of edge.hub.ofLogin(loginId)) endLogin(connection, reason);
  });
  deps.lease.onChange((held) => {
    for (const connection of edge.hub.all) {
      if (held) connection.drainInbox();
      else connection.ws.pause();
    }
    if (held) edge.writer.flush();
  });
  return { edge, sweep };
}

function createEdge(deps: GatewayDeps, authenticator: Authenticator): Edge {
  const startMs = deps.clock.monotonicMs();
  // The parts know each other through it, so it is filled step by step.
  const edge = {
    deps,
    authenticator,
    envelopes: createEnvelopes(deps),
    writer: new Writer(deps),
    isDraining: false,
    gone: new GoneReports(deps),
    pulls: new Gate(pullsAtOnce),
    elapsedMs: () => Math.floor(deps.clock.monotonicMs() - startMs),
  } as Edge;
  return Object.assign(edge, {
    hub: new Hub(edge),
    channels: new Channels(edge),
    readMarks: new ReadMarks(edge),
    presence: new PresenceWatch(edge),
  });
}
