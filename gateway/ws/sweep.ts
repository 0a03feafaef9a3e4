// One timer for all sockets: time-outs, heartbeats, resends, the comparison with the present. None has a timer of its own.
import { DomainError } from "../../actors/shared/errors.ts";
import { closeCodes } from "./close-codes.ts";
import type { Connection } from "./connection.ts";
import type { Edge } from "./edge.ts";
import { pingBytes } from "./frame.ts";
import { refuse } from "./hello.ts";
import { compare } from "./sync.ts";

const sweepMsMin = 20;
const sweepMsMax = 1_000;
/** Comparisons with the present at one time: reading is for those who ask, too. */
const comparesAtOnce = 16;
/** Presence entries renewed in one call. */
const maxTouched = 1_000;

export class Sweep {
  #edge: Edge;
  #cancel: (() => void) | undefined;
  #comparing = 0;
  #due: { connection: Connection; isGap: boolean }[] = [];
  #touchAtMs = 0;
  #random: () => number;

  constructor(edge: Edge) {
    this.#edge = edge;
    this.#random = () => edge.deps.random.unit();
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

  /** The bell may have been missed: everybody is compared, a few at a time (and lists, too). */
  compareAll(): void {
    for (const connection of this.#edge.hub.all)
      if (connection.state === "open") this.#due.push({ connection, isGap: true });
    this.#compareNext();
  }

  #run(): void {
    const { deps, hub, channels } = this.#edge;
    if (!deps.lease.isHeld()) return;
    const nowMs = this.#edge.elapsedMs();
    const wallMs = deps.clock.nowMs();
    for (const connection of hub.all) this.#look(connection, nowMs, wallMs);
    channels.sweep(nowMs);
    this.#compareNext();
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
    if (connection.state !== "open" || nowMs < connection.compareAtMs) return;
    // Spread: those who came together do not ask together for ever.
    const isFirst = connection.compareAtMs === 0;
    const jitter = isFirst ? this.#random() : 0.75 + this.#random() / 2;
    connection.compareAtMs = nowMs + Math.ceil(limits.syncEveryMs * jitter);
    if (!isFirst) this.#due.push({ connection, isGap: false });
  }

  /** Half the silence is over: one that lives answers. */
  #ping(connection: Connection, nowMs: number): void {
    if (connection.pingAtMs > nowMs || connection.socket.writableLength > 0) return;
    connection.pingAtMs = nowMs + Math.ceil(this.#edge.deps.limits.silenceMs / 4);
    this.#edge.writer.push(connection, pingBytes, 1);
  }

  #compareNext(): void {
    while (this.#comparing < comparesAtOnce && this.#due.length > 0) {
      const { connection, isGap } = this.#due.pop()!;
      if (connection.state !== "open") continue;
      this.#comparing += 1;
      compare(connection, isGap)
        .catch((thrown: unknown) => {
          this.#edge.deps.log.warn("a device could not be compared", { cause: String(thrown) });
        })
        .finally(() => {
          this.#comparing -= 1;
          this.#compareNext();
        });
    }
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
