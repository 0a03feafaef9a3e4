// Listeners that do not get an entry.
import type { UserId } from "../../../actors/shared/ids.ts";
import type { Connection } from "../socket/connection.ts";
import type { Origin } from "../wire/ring.ts";
import type { VersionedFrame } from "../wire/version-frames.ts";
import { type Listener, type Receiver, unknownSeq } from "./listener.ts";

interface Listeners extends Iterable<Listener> {
  get(connection: Receiver): Listener | undefined;
}
type ReceiversOf = (userId: UserId) => readonly Receiver[];

/**
 * Live listeners that are left out: the device that sent the message (SEND_ACK was its answer), and for edits the members
 * who may not see the message (G11). Runs for every message, so only edits look at every listener.
 */
export function listLeftOut(listeners: Listeners, event: VersionedFrame, receiversOf: ReceiversOf): Listener[] {
  const { audience, editedSeq, except } = event;
  if (audience === undefined && editedSeq === undefined) {
    return except === undefined ? [] : listOwnDevices(listeners, except, receiversOf);
  }
  const live = [...listeners].filter(({ isLive }) => isLive);
  return live.filter(({ connection, visibleFromSeq }) =>
    audience ? !audience.has(connection.userId) : visibleFromSeq > (editedSeq ?? 0),
  );
}

/** Live listeners whose first visible message is unknown: they are asked about before an edit is delivered (G11). */
export function listUnknown(listeners: Listeners, { audience, editedSeq }: VersionedFrame): Listener[] {
  if (audience !== undefined || editedSeq === undefined) return [];
  return [...listeners].filter(({ isLive, visibleFromSeq }) => isLive && visibleFromSeq === unknownSeq);
}

export function isCausedBy(origin: Origin | undefined, { caller }: Connection): boolean {
  return origin !== undefined && caller?.deviceId === origin.deviceId && caller.userId === origin.userId;
}

function listOwnDevices(listeners: Listeners, origin: Origin, receiversOf: ReceiversOf): Listener[] {
  if (origin.userId === undefined) return [];
  const own: Listener[] = [];
  for (const connection of receiversOf(origin.userId)) {
    const listener = listeners.get(connection);
    if (listener?.isLive && isCausedBy(origin, connection)) own.push(listener);
  }
  return own;
}
