// What a client has not confirmed is sent again 5 s and 15 s after the first sending, then left to sync (G5).
// One look per second and channel: nothing is kept per listener and message.

import { hasRoom, roomBytes } from "../socket/pace.ts";
import { closeCodes } from "../wire/close-codes.ts";
import { type Entry, indexAbove } from "../wire/ring.ts";
import { isCausedBy } from "./audience.ts";
import type { Channel } from "./channel.ts";
import type { Listener } from "./listener.ts";
import { concat } from "./shared-batch.ts";

/** Kept for those who catch up, beyond the last resend. */
const spareMs = 5_000;

export function resendUnacked(channel: Channel, nowMs: number): void {
  const { maxUnacked, resendAfterMs } = channel.edge.deps.limits;
  for (const listener of [...channel.listeners.values()]) {
    if (listener.unacked >= maxUnacked && nowMs >= listener.graceUntilMs) listener.connection.close(closeCodes.slow);
    else if (listener.late !== undefined) resendLate(listener, nowMs, resendAfterMs);
  }
  if (channel.ring.entries.length === 0) return;
  resendAfterMs.forEach((afterMs, round) => {
    resendRound(channel, round, nowMs - afterMs);
  });
  const keptMs = Math.max(0, ...resendAfterMs) + spareMs;
  channel.ring.trim(nowMs - keptMs, 2 * maxUnacked);
}

/** Entries that have become old enough since the last look are sent again to those who did not confirm them. */
function resendRound(channel: Channel, round: number, sentBeforeMs: number): void {
  const { entries } = channel.ring;
  channel.resentTo ??= [];
  const start = indexAbove(entries, channel.resentTo[round] ?? 0);
  let end = start;
  while (end < entries.length && entries[end]!.sentAtMs <= sentBeforeMs) end += 1;
  if (end === start) return;
  channel.resentTo[round] = entries[end - 1]!.version;
  const window = entries.slice(start, end).filter(({ isPartial }) => !isPartial);
  const lastSeq = window.findLast(({ messageId }) => messageId !== undefined)?.seq;
  if (lastSeq === undefined) return; // only an unconfirmed message makes a resend: TCP has brought the rest
  const shared = new Map<number, Buffer>();
  for (const listener of channel.listeners.values()) {
    if (!listener.isLive || listener.unacked === 0 || listener.ackedSeq >= lastSeq) continue;
    resendWindow(listener, window, shared);
  }
}

function resendWindow(listener: Listener, window: readonly Entry[], shared: Map<number, Buffer>): void {
  const { connection, channel } = listener;
  // What was sent first is still on its way: it needs no second copy yet.
  if (!hasRoom(connection)) return;
  const from = window.findIndex(
    ({ messageId, seq, version }) => messageId !== undefined && seq > listener.ackedSeq && version > listener.liveFrom,
  );
  if (from < 0) return;
  channel.edge.deps.metrics.gap("resent");
  const again = startOf(window, from, roomBytes(connection));
  if (listener.ownUnacked > 0 || connection.deflates) {
    for (const entry of again)
      if (!isCausedBy(entry.except, connection)) channel.edge.writer.send(connection, entry.frame);
    return;
  }
  let bytes = shared.get(from);
  if (bytes === undefined) {
    bytes = concat(again, false);
    shared.set(from, bytes);
  }
  channel.edge.writer.push(connection, bytes, again.length);
}

/** No more than a socket is given at once; the rest is left to the next round, and to sync. */
function startOf(window: readonly Entry[], from: number, maxBytes: number): readonly Entry[] {
  let end = from;
  for (let bytes = 0; end < window.length; end += 1) {
    bytes += window[end]!.frame.plain.length;
    if (bytes > maxBytes && end > from) break;
  }
  return window.slice(from, end);
}

function resendLate(listener: Listener, nowMs: number, resendAfterMs: readonly number[]): void {
  const { channel, connection } = listener;
  if (!hasRoom(connection)) return;
  const kept = listener.late!.filter((entry) => {
    if (entry.seq <= listener.ackedSeq) return false;
    const afterMs = resendAfterMs[entry.rounds];
    if (afterMs === undefined) return false; // left to sync
    if (nowMs - entry.sentAtMs < afterMs || !hasRoom(connection)) return true;
    entry.rounds += 1;
    channel.edge.deps.metrics.gap("resent");
    channel.edge.writer.send(connection, entry.frame);
    return true;
  });
  listener.late = kept.some(({ messageId }) => messageId !== undefined) ? kept : undefined;
}
