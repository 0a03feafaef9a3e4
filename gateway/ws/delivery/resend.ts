// Sends unacknowledged messages again, 5 s and 15 s after the first sending; then the device's SYNC finds them (G5). Each
// channel is looked at once a second, so that nothing is kept per listener and message.
import type { GatewayMetrics } from "../../ports.ts";
import type { Writer } from "../socket/writer.ts";
import { closeCodes } from "../wire/close-codes.ts";
import { type Entry, indexAbove } from "../wire/ring.ts";
import { isCausedBy } from "./audience.ts";
import type { Channel } from "./channel.ts";
import type { Listener } from "./listener.ts";
import { concat } from "./shared-batch.ts";

interface ResendDeps {
  readonly writer: Writer;
  readonly metrics: Pick<GatewayMetrics, "gap">;
  readonly limits: { readonly maxUnacked: number; readonly resendAfterMs: readonly number[] };
}

/** How long the ring keeps entries after their last resend, for listeners that catch up. */
const spareMs = 5_000;

export function resendUnacked(deps: ResendDeps, channel: Channel, nowMs: number): void {
  const { maxUnacked, resendAfterMs } = deps.limits;
  for (const listener of [...channel.listeners]) {
    if (listener.unacked >= maxUnacked && nowMs >= listener.graceUntilMs) listener.connection.close(closeCodes.slow);
    else if (listener.late !== undefined) resendLate(deps, listener, nowMs);
  }
  if (channel.ring.entries.length === 0) return;
  resendAfterMs.forEach((afterMs, round) => {
    resendRound(deps, channel, round, nowMs - afterMs);
  });
  const keptMs = Math.max(0, ...resendAfterMs) + spareMs;
  channel.ring.trim(nowMs - keptMs, 2 * maxUnacked);
}

/** Entries that became old enough since the last look are sent again to the listeners that did not acknowledge them. */
function resendRound(deps: ResendDeps, channel: Channel, round: number, sentBeforeMs: number): void {
  const { entries } = channel.ring;
  channel.resentTo ??= [];
  const start = indexAbove(entries, channel.resentTo[round] ?? 0);
  let end = start;
  while (end < entries.length && entries[end]!.sentAtMs <= sentBeforeMs) end += 1;
  if (end === start) return;
  channel.resentTo[round] = entries[end - 1]!.version;
  const window = entries.slice(start, end).filter(({ isPartial }) => !isPartial);
  const lastSeq = window.findLast(({ messageId }) => messageId !== undefined)?.seq;
  if (lastSeq === undefined) return; // only messages are acknowledged; TCP has brought the rest
  const shared = new Map<number, Buffer>();
  for (const listener of channel.listeners) {
    const { phase } = listener;
    if (phase.kind !== "live" || listener.unacked === 0 || listener.ackedSeq >= lastSeq) continue;
    resendWindow(deps, listener, phase.liveFrom, window, shared);
  }
}

function resendWindow(
  { writer, metrics }: ResendDeps,
  listener: Listener,
  liveFrom: number,
  window: readonly Entry[],
  shared: Map<number, Buffer>,
): void {
  const { connection } = listener;
  // The first copy is still on its way.
  if (!connection.hasRoom) return;
  const from = window.findIndex(
    ({ messageId, seq, version }) => messageId !== undefined && seq > listener.ackedSeq && version > liveFrom,
  );
  if (from < 0) return;
  metrics.gap("resent");
  const again = startOf(window, from, connection.roomBytes);
  if (listener.ownUnacked > 0 || connection.deflates) {
    for (const entry of again) if (!isCausedBy(entry.except, connection)) writer.send(connection, entry.frame);
    return;
  }
  let bytes = shared.get(from);
  if (bytes === undefined) {
    bytes = concat(again, false);
    shared.set(from, bytes);
  }
  writer.push(connection, bytes, again.length);
}

/** At most `maxBytes`; the rest is left to the next round, and to SYNC. */
function startOf(window: readonly Entry[], from: number, maxBytes: number): readonly Entry[] {
  let end = from;
  for (let bytes = 0; end < window.length; end += 1) {
    bytes += window[end]!.frame.plain.length;
    if (bytes > maxBytes && end > from) break;
  }
  return window.slice(from, end);
}

function resendLate({ writer, metrics, limits }: ResendDeps, listener: Listener, nowMs: number): void {
  const { connection } = listener;
  if (!connection.hasRoom) return;
  const kept = listener.late!.filter((entry) => {
    if (entry.seq <= listener.ackedSeq) return false;
    const afterMs = limits.resendAfterMs[entry.rounds];
    if (afterMs === undefined) return false; // left to SYNC
    if (nowMs - entry.sentAtMs < afterMs || !connection.hasRoom) return true;
    entry.rounds += 1;
    metrics.gap("resent");
    writer.send(connection, entry.frame);
    return true;
  });
  listener.late = kept.some(({ messageId }) => messageId !== undefined) ? kept : undefined;
}
