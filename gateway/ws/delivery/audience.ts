// Who must not get an entry though he listens.
// A1: a device gets no NEW_MESSAGE for what it sent itself: SEND_ACK was its answer.
// A2: an edit shows nothing of a message from before a member's time (G11).

import type { Connection } from "../socket/connection.ts";
import type { Origin } from "../wire/ring.ts";
import type { VersionedFrame } from "../wire/version-frames.ts";
import type { Channel } from "./channel.ts";
import { type Listener, unknownSeq } from "./listener.ts";

/** Live listeners that are left out. Asked for every message: only rare events look at every listener. */
export function listLeftOut(channel: Channel, event: VersionedFrame): Listener[] {
  const { audience, editedSeq, except } = event;
  if (audience === undefined && editedSeq === undefined) {
    return except === undefined ? [] : listOwnDevices(channel, except);
  }
  const live = [...channel.listeners.values()].filter(({ isLive }) => isLive);
  return live.filter(({ connection: { caller }, visibleFromSeq }) =>
    audience ? !audience.has(caller?.userId ?? "") : visibleFromSeq > (editedSeq ?? 0),
  );
}

/** A2: those of whom it is not known from where they see; they are asked for before an edit is delivered. */
export function listUnknown(channel: Channel, { audience, editedSeq }: VersionedFrame): Listener[] {
  if (audience !== undefined || editedSeq === undefined) return [];
  return [...channel.listeners.values()].filter(
    ({ isLive, visibleFromSeq }) => isLive && visibleFromSeq === unknownSeq,
  );
}

export function isCausedBy(origin: Origin | undefined, { caller }: Connection): boolean {
  return origin !== undefined && caller?.deviceId === origin.deviceId && caller.userId === origin.userId;
}

function listOwnDevices(channel: Channel, origin: Origin): Listener[] {
  if (origin.userId === undefined) return [];
  const own: Listener[] = [];
  for (const connection of channel.edge.hub.connections(origin.userId)) {
    const listener = channel.listeners.get(connection);
    if (listener?.isLive && isCausedBy(origin, connection)) own.push(listener);
  }
  return own;
}
