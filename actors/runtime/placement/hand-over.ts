// One shard from its owner to the next one, who should have nothing to do again, and nobody who calls should feel it.
// G1: what is behind is told, sent and projected while the shard still serves; what came after that, in the pause.
// G2: views that are away, or other actors that go on telling it, hold nobody up: then the next owner does the rest.
// G3: nothing is given up to nobody: what cannot be given up now is served on, and tried again.
import { Gate } from "../../shared/gate.ts";
import type { ShardRuntime } from "../shard/shard-runtime.ts";
import type { ShardHost } from "../shard-host.ts";

/** So often is looked whether it is done. */
const lookMs = 2;
/** Still serving (G1). */
const shortenedMsMax = 300;
/** In the pause (G2). */
const emptiedMsMax = 100;
/** Then it takes nothing from other actors either, which may go on telling it for as long as they live. */
const patienceMs = 1_000;
/** A commit that is undecided for so long: other shards have their turn meanwhile. */
const pauseMsMax = 3_000;
const hurryMs = 500;
/** Shards given up at once by a host that goes: no faster than the others take them, so that each pauses only for itself. */
const givenUpAtOnce = 8;
const givenUpPauseMs = 20;
/** When all hosts leave, each serves what it has, and looks so often whether another one has come. */
const lonelyLookMs = 100;

export class HandOver {
  #host: ShardHost;
  /** The shard is this host's yet. */
  #isHere: (shard: ShardRuntime) => boolean;
  #places = new Gate(givenUpAtOnce);

  constructor(host: ShardHost, isHere: (shard: ShardRuntime) => boolean) {
    this.#host = host;
    this.#isHere = isHere;
  }

  /** To the host that it is at home at, if it still is when its turn comes. */
  giveHome(shard: ShardRuntime, isAnothers: () => boolean): Promise<void> {
    return this.#places.run(async () => {
      if (isAnothers()) await this.#giveUp(shard);
    });
  }

  async giveUpAll(shards: readonly ShardRuntime[]): Promise<void> {
    const giveUp = async (shard: ShardRuntime): Promise<void> => {
      const isGone = this.#hasCompany() && (await this.#giveUp(shard));
      await this.#pause(isGone ? givenUpPauseMs : lonelyLookMs);
    };
    await Promise.all(shards.map((shard) => this.#places.run(() => giveUp(shard))));
  }

  async untilAlone(isOver: () => boolean): Promise<void> {
    while (!isOver() && this.#hasCompany()) await this.#pause(lonelyLookMs);
  }

  /** Somebody is there to take what is given up. */
  #hasCompany(): boolean {
    return this.#host.lease.openHosts().length > 0;
  }

  /** False: it is served on (G3). */
  async #giveUp(shard: ShardRuntime): Promise<boolean> {
    if (!this.#isHere(shard)) return true;
    this.#host.projector.hurry(hurryMs);
    await this.#shorten(shard);
    shard.drain();
    await this.#empty(shard);
    if (!this.#isHere(shard)) return true;
    const mayGo = shard.isQuiet && this.#hasCompany();
    if (!mayGo || !(await this.#release(shard))) {
      shard.drain("nobody");
      return false;
    }
    shard.close();
    this.#host.onLost(shard);
    return true;
  }

  /** False: something came in at the last moment. */
  async #release(shard: ShardRuntime): Promise<boolean> {
    return (await shard.log.release(shard.isSettled)) || !shard.log.isOwned;
  }

  /** What is in the tail by now is done. */
  async #shorten(shard: ShardRuntime): Promise<void> {
    const { clock } = this.#host.ports;
    const last = shard.tail.at(-1)?.logged.sequence ?? 0;
    const endMs = clock.monotonicMs() + shortenedMsMax;
    while ((shard.tail[0]?.logged.sequence ?? Number.POSITIVE_INFINITY) <= last && clock.monotonicMs() < endMs) {
      await this.#pause();
    }
  }

  /** Nothing runs there, nothing is undecided; and nothing is in the tail, if that is soon. */
  async #empty(shard: ShardRuntime): Promise<void> {
    const { clock } = this.#host.ports;
    const beganMs = clock.monotonicMs();
    let quietSinceMs: number | undefined;
    while (!shard.isSettled && this.#isHere(shard)) {
      const nowMs = clock.monotonicMs();
      if (shard.isQuiet) {
        quietSinceMs ??= nowMs;
        if (nowMs - quietSinceMs >= emptiedMsMax) return;
      }
      if (nowMs - beganMs > pauseMsMax) return;
      if (nowMs - beganMs > patienceMs) shard.drain("all");
      await this.#pause();
    }
  }

  #pause(ms = lookMs): Promise<void> {
    return new Promise((resolve) => this.#host.ports.clock.after(ms, resolve));
  }
}
