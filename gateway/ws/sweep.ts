// One timer for all sockets: time-outs, heartbeats, resends, the comparison with the present. A socket has no timer of its
// own.
import type { Clock, Random } from "../../actors/runtime/ports.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { UserId } from "../../actors/shared/ids.ts";
import type { GatewayLimits } from "../limits.ts";
import type { Lease, Log, Presence } from "../ports.ts";
import type { Channels } from "./delivery/channels.ts";
import { requestListSync } from "./delivery/sync-request.ts";
import type { Client } from "./intake/client.ts";
import type { Writer } from "./socket/writer.ts";
import type { Comparisons } from "./user/comparisons.ts";
import type { Handshake } from "./user/handshake.ts";
import type { Hub } from "./user/hub.ts";
import type { Notices } from "./user/notices.ts";
import type { Progress } from "./user/progress.ts";
import { closeCodes } from "./wire/close-codes.ts";

interface SweepDeps {
  readonly clients: ReadonlySet<Client>;
  readonly hub: Hub;
  readonly channels: Channels;
  readonly comparisons: Comparisons;
  readonly handshake: Handshake;
  readonly progress: Progress;
  readonly notices: Pick<Notices, "resend">;
  readonly writer: Writer;
  readonly presence: Pick<Presence, "touch">;
  readonly lease: Pick<Lease, "isHeld">;
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly random: Pick<Random, "unit">;
  readonly limits: GatewayLimits;
  readonly log: Pick<Log, "warn">;
  elapsedMs(): number;
}

const sweepMsMin = 20;
const sweepMsMax = 1_000;
/** Presence entries renewed in one call. */
const maxTouched = 1_000;

export class Sweep {
  #deps: SweepDeps;
  #cancel: (() => void) | undefined;
  #touchAtMs = 0;

  constructor(deps: SweepDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { limits, clock } = this.#deps;
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

  /** Notifications may have been lost: every user is compared, as fast as the actors can bear. */
  compareAll(): void {
    const { clients, comparisons } = this.#deps;
    for (const { state } of clients) if (state.kind === "open") comparisons.add(state.caller.userId);
    comparisons.run();
  }

  #run(): void {
    const { lease, clock, writer, clients, channels, comparisons } = this.#deps;
    if (!lease.isHeld()) return;
    const nowMs = this.#deps.elapsedMs();
    const wallMs = clock.nowMs();
    // A lease that lapsed and was renewed between two looks caused no event.
    writer.flush();
    for (const client of clients) {
      if (client.isHeldUp) client.drainInbox();
      this.#look(client, nowMs, wallMs);
    }
    channels.sweep(nowMs);
    comparisons.run();
    if (nowMs >= this.#touchAtMs) this.#touch(nowMs);
  }

  #look(client: Client, nowMs: number, wallMs: number): void {
    const { limits, handshake } = this.#deps;
    // The handshake takes long: the answer to the upgrade leaves before CONNECT_ACK.
    if (client.socket.writableCorked > 0) client.socket.uncork();
    const { state } = client;
    const silentMs = nowMs - client.lastHeardMs;
    if (state.kind === "connecting") {
      // From the upgrade on: pings and pongs do not count.
      if (nowMs - state.sinceMs >= limits.authTimeoutMs)
        handshake.refuse(client, new DomainError("auth.token_invalid"));
      return;
    }
    if (state.kind === "closing" || state.caller === undefined) return;
    if (state.caller.expiresAtMs <= wallMs) client.close(closeCodes.unauthorized);
    else if (silentMs >= limits.silenceMs) client.close(closeCodes.silent);
    else if (silentMs >= limits.silenceMs / 2) client.ping(); // half of the silence is over: a live client answers
    if (client.state.kind === "open") this.#lookOpen(client, nowMs);
  }

  #lookOpen(client: Client, nowMs: number): void {
    const { channels, clock, notices } = this.#deps;
    notices.resend(client, nowMs);
    if (channels.sweepConnection(client, nowMs) === "stalled") client.close(closeCodes.slow);
    const lost = client.lists.takeLost(nowMs);
    if (lost !== undefined) requestListSync(client, clock.nowMs(), lost);
    if (nowMs >= client.compareAtMs) this.#planComparison(client, client.userId, nowMs);
  }

  /** For all connections of the user together, with jitter: users that came together are not compared together for ever. */
  #planComparison(client: Client, userId: UserId, nowMs: number): void {
    const { hub, random, limits, comparisons, progress } = this.#deps;
    const isFirst = client.compareAtMs === 0;
    const jitter = isFirst ? random.unit() : 0.75 + random.unit() / 2;
    const atMs = nowMs + Math.ceil(limits.syncEveryMs * jitter);
    for (const each of isFirst ? [client] : hub.connections(userId)) each.compareAtMs = atMs;
    if (isFirst) return;
    comparisons.add(userId);
    for (const each of hub.connections(userId)) progress.save(each);
  }

  #touch(nowMs: number): void {
    const { clients, presence, limits, log } = this.#deps;
    this.#touchAtMs = nowMs + limits.heartbeatMs;
    const entries: { userId: string; connectionId: string; platform: string }[] = [];
    for (const { caller, id, isServed } of clients) {
      if (caller === undefined || !isServed) continue;
      entries.push({ userId: caller.userId, connectionId: id, platform: caller.deviceType });
    }
    for (let i = 0; i < entries.length; i += maxTouched) {
      presence.touch(entries.slice(i, i + maxTouched)).catch((thrown: unknown) => {
        log.warn("presence: entries not renewed", { cause: String(thrown) });
      });
    }
  }
}
