// Notifications without a version on their way to one device: the lane, the wait for the end of the handshake, the time to
// live, and the confirmation. A device that loses one finds the change of its lists by SYNC; the other types are of use at their
// time only.
import type { Clock } from "../../../actors/runtime/ports.ts";
import type { GatewayMetrics } from "../../ports.ts";
import type { Receiver } from "../delivery/listener.ts";
import { requestListSync } from "../delivery/sync-request.ts";
import type { Writer } from "../socket/writer.ts";
import type { Notice, Unconfirmed } from "./notice.ts";
import type { UserConnection } from "./user-connection.ts";

interface NoticeDeps {
  readonly writer: Writer;
  readonly clock: Pick<Clock, "nowMs">;
  readonly metrics: Pick<GatewayMetrics, "gap">;
  readonly resendAfterMs: readonly number[];
  elapsedMs(): number;
}

/** Kept during a handshake; further ones are dropped, and the device is asked to sync. */
const maxHeld = 256;
/** Unconfirmed ones of a device; when there is one more, the oldest is not sent again. */
const maxUnconfirmed = 64;

export class Notices {
  #deps: NoticeDeps;

  constructor(deps: NoticeDeps) {
    this.#deps = deps;
  }

  /** To one device. During the handshake it is kept, unless it is a low one. */
  send(connection: UserConnection, notice: Notice): void {
    if (connection.state.kind === "open") this.#deliver(connection, notice);
    else if (connection.state.kind === "syncing" && notice.lane !== "low") this.#hold(connection, notice);
  }

  /** The handshake is done: what was kept for the device goes on. */
  release(connection: UserConnection): void {
    const held = connection.heldNotices;
    connection.heldNotices = undefined;
    for (const notice of held ?? []) this.#deliver(connection, notice);
  }

  confirm(connection: UserConnection, notificationIds: readonly string[]): void {
    if (connection.unconfirmed === undefined) return;
    const confirmed = new Set(notificationIds);
    this.#keep(
      connection,
      connection.unconfirmed.filter(({ notice }) => !confirmed.has(notice.notificationId)),
    );
  }

  /** For the sweep: what a device did not confirm in time is sent again, until its last round or its end. */
  resend(connection: UserConnection, nowMs: number): void {
    if (connection.unconfirmed === undefined) return;
    const { resendAfterMs, clock, metrics } = this.#deps;
    const kept = connection.unconfirmed.filter((each) => {
      const afterMs = resendAfterMs[each.rounds];
      if (afterMs === undefined || clock.nowMs() >= each.notice.endsAtMs) return false;
      if (nowMs - each.sentAtMs < afterMs || !connection.hasRoom) return true;
      each.rounds += 1;
      metrics.gap("resent");
      this.write(connection, each.notice);
      return each.rounds < resendAfterMs.length;
    });
    this.#keep(connection, kept);
  }

  /** Writes the notification in its lane, without a wait for the handshake or for a confirmation. */
  write(connection: Receiver, { frame, lane }: Notice): void {
    const { writer } = this.#deps;
    if (lane === "urgent") writer.sendUrgent(connection, frame);
    else if (lane === "low") writer.sendLow(connection, frame);
    else writer.send(connection, frame);
  }

  #deliver(connection: UserConnection, notice: Notice): void {
    const { clock, elapsedMs } = this.#deps;
    const wallMs = clock.nowMs();
    if (wallMs >= notice.endsAtMs) {
      if (notice.userVersion !== undefined) requestListSync(connection, wallMs, notice.userVersion);
      return;
    }
    this.write(connection, notice);
    if (!notice.requireAck) return;
    const others = connection.unconfirmed ?? [];
    connection.unconfirmed = [...others.slice(-maxUnconfirmed + 1), { notice, sentAtMs: elapsedMs(), rounds: 0 }];
  }

  #hold(connection: UserConnection, notice: Notice): void {
    connection.heldNotices ??= [];
    if (connection.heldNotices.length > maxHeld) return;
    if (connection.heldNotices.length === maxHeld) requestListSync(connection, this.#deps.clock.nowMs());
    connection.heldNotices.push(notice);
  }

  #keep(connection: UserConnection, unconfirmed: Unconfirmed[]): void {
    connection.unconfirmed = unconfirmed.length > 0 ? unconfirmed : undefined;
  }
}
