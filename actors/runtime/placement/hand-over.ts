// Hands shards over to their next owner, so that the next owner has nothing to do again and callers notice nothing.
// hand-over/empty: the tail is emptied while the shard still serves; commits that came since are done in the pause. Emptied
//     before, a hand-over is two round trips; read and replayed by the next owner, the tail made a pause of 250 ms.
// hand-over/bounded: views that are away, or actors that go on sending commands, delay no hand-over for long: then the next
//     owner does the rest.
// hand-over/company: a shard is released only while another host is open; otherwise it stays in service, and is tried again.
import { Gate } from "../../shared/gate.ts";
import { sleep } from "../../shared/sleep.ts";
import type { Clock } from "../ports.ts";
import type { ShardRuntime } from "../shard/shard-runtime.ts";

const lookEveryMs = 2;
/** For emptying the tail while the shard serves. */
const shortenMsMax = 300;
/** For emptying the rest in the pause. */
const emptyMsMax = 100;
/** After this pause the shard refuses the commands of other actors, too: those may go on for as long as the actors live. */
const refuseAllAfterMs = 1_000;
/** A commit that is undecided for so long: the shard stays, and other shards get its place. */
const pauseMsMax = 3_000;
const hurryMs = 500;
/** Shards handed over at once: no faster than the others take them, so that each pauses only for itself. */
const handedOverAtOnce = 8;
const handedOverPauseMs = 20;
/** While all hosts leave each serves what it has, and looks so often whether another host has come. */
const aloneLookMs = 100;

interface HandOverDeps {
  readonly clock: Clock;
  readonly projector: { hurry(forMs: number): void };
  /** Hosts that may take a shard. */
  openHosts(): readonly string[];
  /** Is the shard still this host's? */
  isHere(shard: ShardRuntime): boolean;
  onReleased(shard: ShardRuntime): void;
}

export class HandOver {
  #deps: HandOverDeps;
  #places = new Gate(handedOverAtOnce);

  constructor(deps: HandOverDeps) {
    this.#deps = deps;
  }

  /** Hands one shard to its first-ranked host, if `isWanted` says so when its turn comes. */
  handOver(shard: ShardRuntime, isWanted: () => boolean): Promise<void> {
    return this.#places.run(async () => {
      if (isWanted()) await this.#giveUp(shard);
    });
  }

  /** One try for each shard. */
  async handOverAll(shards: readonly ShardRuntime[]): Promise<void> {
    const giveUp = async (shard: ShardRuntime): Promise<void> => {
      const isGone = this.#hasCompany() && (await this.#giveUp(shard));
      await sleep(this.#deps.clock, isGone ? handedOverPauseMs : aloneLookMs);
    };
    await Promise.all(shards.map((shard) => this.#places.run(() => giveUp(shard))));
  }

  async untilAlone(isOver: () => boolean): Promise<void> {
    while (!isOver() && this.#hasCompany()) await sleep(this.#deps.clock, aloneLookMs);
  }

  #hasCompany(): boolean {
    return this.#deps.openHosts().length > 0;
  }

  /** False: the shard stays in service (hand-over/company). */
  async #giveUp(shard: ShardRuntime): Promise<boolean> {
    const { projector, isHere, onReleased } = this.#deps;
    if (!isHere(shard)) return true;
    projector.hurry(hurryMs);
    await this.#shorten(shard);
    shard.refuse("users");
    await this.#empty(shard);
    if (!isHere(shard)) return true;
    const mayGo = shard.isQuiet && this.#hasCompany();
    if (!mayGo || !(await this.#release(shard))) {
      shard.refuse("none");
      return false;
    }
    shard.close();
    onReleased(shard);
    return true;
  }

  /** False: a command came in at the last moment. */
  async #release(shard: ShardRuntime): Promise<boolean> {
    return (await shard.log.release(shard.isSettled)) || !shard.log.isOwned;
  }

  /** Waits until every commit that is in the tail now is done. */
  async #shorten(shard: ShardRuntime): Promise<void> {
    const { clock } = this.#deps;
    const last = shard.tail.at(-1)?.logged.sequence ?? 0;
    const endMs = clock.monotonicMs() + shortenMsMax;
    while ((shard.tail[0]?.logged.sequence ?? Number.POSITIVE_INFINITY) <= last && clock.monotonicMs() < endMs) {
      await sleep(clock, lookEveryMs);
    }
  }

  /** Waits until no turn runs and nothing is undecided; and until the tail is empty, if that is soon. */
  async #empty(shard: ShardRuntime): Promise<void> {
    const { clock, isHere } = this.#deps;
    const beganMs = clock.monotonicMs();
    let quietSinceMs: number | undefined;
    while (!shard.isSettled && isHere(shard)) {
      const nowMs = clock.monotonicMs();
      if (shard.isQuiet) {
        quietSinceMs ??= nowMs;
        if (nowMs - quietSinceMs >= emptyMsMax) return;
      }
      if (nowMs - beganMs > pauseMsMax) return;
      if (nowMs - beganMs > refuseAllAfterMs) shard.refuse("all");
      await sleep(clock, lookEveryMs);
    }
  }
}
