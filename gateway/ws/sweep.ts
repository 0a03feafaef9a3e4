// One timer for all sockets: time-outs, heartbeats, resends, the comparison with the present. None has a timer of its own.
import { DomainError } from "../../actors/shared/errors.ts";
import type { UserId } from "../../actors/shared/ids.ts";
import type { Edge } from "./edge.ts";
import type { Connection } from "./socket/connection.ts";
import { lookForRoom } from "./socket/pace.ts";
import { Comparisons } from "./user/comparisons.ts";
import { refuse } from "./user/hello.ts";
import { saveProgress } from "./user/progress.ts";
import { closeCodes } from "./wire/close-codes.ts";
import { pingBytes } from "./wire/frame.ts";

const sweepMsMin = 20;
const sweepMsMax = 1_000;
/** Presence entries renewed in one call. */
const maxTouched = 1_000;

export class Sweep {
  #edge: Edge;
  #cancel: (() => void) | undefined;
  #comparisons: Comparisons;
  #touchAtMs = 0;
  #random: () => number;

  constructor(edge: Edge) {
    this.#edge = edge;
    this.#random = () => edge.deps.random.unit();
    this.#comparisons = new Comparisons(edge);
  }

  start(): void {
    const { limits, clock } = this.#edge.deps;
    const shortest = Math.min(limits.silenceMs, limits.authTimeoutMs, limits.syncEveryMs, ...limits.resendAfterMs);
    const everyMs = Math.max(sweepMsMin, Math.min(sweepMsMax, shortest / 5));
    this.#cancel = clock.after(everyMs, () => {
      this.#run();
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The bell may have been missed: everybody is compared, as fast as the actors can bear. */
  compareAll(): void {
    for (const { state, caller } of this.#edge.hub.all)
      if (state === "open" && caller !== undefined) this.#comparisons.add(caller.userId);
    this.#comparisons.run();
  }

  #run(): void {
    const { deps, hub, channels } = this.#edge;
    if (!deps.lease.isHeld()) return;
    const nowMs = this.#edge.elapsedMs();
    const wallMs = deps.clock.nowMs();
    // A lease that lapsed and was renewed between two looks told nobody so.
    this.#edge.writer.flush();
    for (const connection of hub.all) {
      if (connection.isHeldUp) connection.drainInbox();
      this.#look(connection, nowMs, wallMs);
    }
    channels.sweep(nowMs);
    this.#comparisons.run();
    if (nowMs >= this.#touchAtMs) this.#touch(nowMs);
  }

  #look(connection: Connection, nowMs: number, wallMs: number): void {
    const { limits } = this.#edge.deps;
    // A hello that takes long: the upgrade is answered before.
    if (connection.socket.writableCorked > 0) connection.socket.uncork();
    const silentMs = nowMs - connection.lastHeardMs;
    if (connection.state === "connecting") {
      if (silentMs >= limits.authTimeoutMs) refuse(connection, new DomainError("auth.token_invalid"));
      return;
    }
    if (connection.state === "closing" || connection.caller === undefined) return;
    if (connection.caller.expiresAtMs <= wallMs) connection.close(closeCodes.unauthorized);
    else if (silentMs >= limits.silenceMs) connection.close(closeCodes.silent);
    else if (silentMs >= limits.silenceMs / 2) this.#ping(connection, nowMs);
    if (connection.state !== "open") return;
    if (lookForRoom(connection) === "stalled") connection.close(closeCodes.slow);
    connection.lists.look(connection, nowMs);
    if (nowMs >= connection.compareAtMs) this.#planComparison(connection, connection.caller.userId, nowMs);
  }

  /** For all sockets of the user together. Spread: those who came together do not ask together for ever. */
  #planComparison(connection: Connection, userId: UserId, nowMs: number): void {
    const isFirst = connection.compareAtMs === 0;
    const jitter = isFirst ? this.#random() : 0.75 + this.#random() / 2;
    const atMs = nowMs + Math.ceil(this.#edge.deps.limits.syncEveryMs * jitter);
    for (const each of isFirst ? [connection] : this.#edge.hub.connections(userId)) each.compareAtMs = atMs;
    if (isFirst) return;
    this.#comparisons.add(userId);
    for (const each of this.#edge.hub.connections(userId)) {
      saveProgress(each).catch((thrown: unknown) => {
        this.#edge.deps.log.warn("progress was not saved", { userId, cause: String(thrown) });
      });
    }
  }

  /** Half the silence is over: one that lives answers. */
  #ping(connection: Connection, nowMs: number): void {
    if (connection.pingAtMs > nowMs || connection.socket.writableLength > 0) return;
    connection.pingAtMs = nowMs + Math.ceil(this.#edge.deps.limits.silenceMs / 4);
    this.#edge.writer.push(connection, pingBytes, 1);
  }

  #touch(nowMs: number): void {
    const { deps, hub } = this.#edge;
    this.#touchAtMs = nowMs + deps.limits.heartbeatMs;
    const entries: { userId: string; connectionId: string; platform: string }[] = [];
    for (const { caller, id, isServed } of hub.all) {
      if (caller === undefined || !isServed) continue;
      entries.push({ userId: caller.userId, connectionId: id, platform: caller.deviceType });
    }
    for (let i = 0; i < entries.length; i += maxTouched) {
      deps.presence.touch(entries.slice(i, i + maxTouched)).catch((thrown: unknown) => {
        deps.log.warn("presence could not be renewed", { cause: String(thrown) });
      });
    }
  }
}
