// Heads under random faults. Every read of every host is checked: a read that begins after a put of (conversation, version)
// resolved, at any living host, returns that version, a later one, or nothing. At the end, after all faults are repaired, every
// host can read what is put.

import type { Head } from "../../actors/runtime/head.ts";
import { openRedis, type RedisLink } from "../../infra/redis/client.ts";
import { openRedisHeads, type RedisHeads } from "../../infra/redis/heads.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { eventually } from "../suites/eventually.ts";
import { type Cuttable, startCuttable } from "../support/cuttable.ts";
import { needs } from "../support/needs.ts";
import { createSeededRandom, type SeededRandom } from "../support/seeded-random.ts";
import { silentLog as log } from "../support/silent-log.ts";
import { startRedis, type TestServer } from "../support/stack.ts";

const test = needs("redis");

const leaseMs = 400;
const answerMsMax = 250;
const conversations = Array.from({ length: 12 }, (_, n) => `g_${n}`);
const head = (version: number): Head => ({ version, seq: version, countSeq: version, updatedAtMs: version });
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Host {
  readonly boot: string;
  readonly way: Cuttable;
  readonly link: RedisLink;
  readonly heads: RedisHeads;
  isDead: boolean;
}

class World {
  readonly #random: SeededRandom;
  readonly #server: TestServer;
  #hosts: Host[] = [];
  readonly #opened: Host[] = [];
  #boots = 0;
  readonly #owner = new Map<string, Host>();
  readonly #version = new Map<string, number>();
  /** The last version whose put resolved. */
  readonly #resolved = new Map<string, number>();
  readonly seen = { heads: 0, nothing: 0, puts: 0, remembered: 0 };
  #isPinned = false;
  readonly stale: string[] = [];
  isOver = false;

  constructor(random: SeededRandom, server: TestServer) {
    this.#random = random;
    this.#server = server;
  }

  /** A host that is no writer only reads. */
  async start(isWriter: boolean): Promise<Host> {
    this.#boots += 1;
    const boot = isWriter ? `w${this.#boots}` : `r${this.#boots}`;
    const way = await startCuttable(this.#server.port);
    const url = `redis://127.0.0.1:${way.port}`;
    const link = await openRedis({ url, prefix: "p:", log, answerMsMax, firstConnectMs: 60_000 });
    let host: Host | undefined;
    const heads = await openRedisHeads({
      ...{ link, log, clock: systemClock, random: systemRandom, leaseMs, maxRemembered: 8 },
      writer: () => (isWriter ? boot : undefined),
      writers: () => this.#writers().map((host) => host.boot),
      isOpen: () => host?.isDead !== true,
    });
    host = { boot, way, link, heads, isDead: false };
    this.#hosts.push(host);
    this.#opened.push(host);
    return host;
  }

  #writers(): Host[] {
    return this.#hosts.filter(({ boot }) => boot.startsWith("w"));
  }

  ownerOf(id: string): Host {
    const owner = this.#owner.get(id);
    if (owner && !owner.isDead) return owner;
    const next = this.#random.pick(this.#writers());
    this.#owner.set(id, next);
    return next;
  }

  async put(ids: readonly string[]): Promise<void> {
    const owner = this.ownerOf(ids[0]!);
    const heads = new Map<string, Head>();
    for (const id of ids) {
      if (this.ownerOf(id) !== owner) continue;
      const version = (this.#version.get(id) ?? 0) + 1;
      this.#version.set(id, version);
      heads.set(id, head(version));
    }
    this.seen.puts += 1;
    await owner.heads.put(heads);
    if (owner.isDead) return;
    if (owner.heads.status().remembered > 0) this.seen.remembered += 1;
    for (const [id, { version }] of heads) this.#resolved.set(id, Math.max(version, this.#resolved.get(id) ?? 0));
  }

  async read(host: Host): Promise<Map<string, Head>> {
    const least = new Map(this.#resolved);
    const found = await host.heads.getMany(conversations);
    if (host.isDead) return found;
    // A reader asks the actors for the other heads; an actor knows every version whose put has begun.
    const offered = conversations.filter((id) => !found.has(id) && this.#random.below(10) === 0);
    host.heads.offer?.(new Map(offered.map((id) => [id, head(this.#version.get(id) ?? 0)])), found);
    for (const [id, { version }] of found) {
      if (version >= (least.get(id) ?? 0)) continue;
      this.stale.push(`${host.boot} read ${id} at ${version}, ${least.get(id)} was put`);
      this.isOver = true;
    }
    if (found.size > 0) this.seen.heads += 1;
    else this.seen.nothing += 1;
    return found;
  }

  /** Ends a writer without `close`; all others are notified at one moment, as by CONTROL. The writer may be cut off before. */
  async #kill(): Promise<void> {
    const dead = this.#random.pick(this.#writers());
    if (this.#random.below(3) > 0) {
      dead.way.cut();
      await wait(3 * leaseMs);
    }
    dead.isDead = true;
    // The host is closed by others, does not know it yet, and may still be connected.
    if (this.#random.below(2) === 0) dead.way.join();
    await wait(this.#random.below(2 * leaseMs));
    this.#hosts = this.#hosts.filter((host) => host !== dead);
    dead.way.cut();
    for (const { heads } of this.#hosts) void heads.writerLost(dead.boot);
    await this.start(true);
  }

  async #losePower(): Promise<void> {
    if (this.#random.below(2) === 0) await this.#hosts[0]?.link.client.flushall().catch(() => "not reached");
    await this.#server.kill9();
    await wait(this.#random.below(600));
    await this.#server.restart();
  }

  async #pause(): Promise<void> {
    this.#server.pause();
    await wait(this.#random.below(1_200));
    this.#server.resume();
  }

  async #cutOff(how: "cut" | "stall"): Promise<void> {
    const cut = this.#random.pick(this.#hosts);
    cut.way[how]();
    await wait(this.#random.below(1_500));
    if (this.#random.below(3) === 0) await this.#moveOn(cut);
    cut.way.join();
  }

  /** Another host takes over all conversations, and then Redis loses everything, including the new owner's puts. */
  async #moveOn(from: Host): Promise<void> {
    const other = this.#writers().find((host) => host !== from);
    if (other === undefined) return;
    for (const id of conversations) this.#owner.set(id, other);
    this.#isPinned = true;
    await wait(300);
    await other.link.client.flushall().catch(() => "not reached");
    await wait(300);
    from.way.join();
    await wait(300);
    this.#isPinned = false;
  }

  async disturb(): Promise<void> {
    const kind = this.#random.below(12);
    if (kind <= 1) await this.#kill();
    else if (kind === 2) await this.#losePower();
    else if (kind <= 4) await this.#pause();
    else if (kind <= 7) await this.#cutOff("cut");
    else if (kind <= 10) await this.#cutOff("stall");
    else
      await this.#random
        .pick(this.#hosts)
        .link.client.flushall()
        .catch(() => "not reached");
    await wait(this.#random.below(500));
  }

  async keepPutting(): Promise<void> {
    while (!this.isOver) {
      const ids = conversations.filter(() => this.#random.below(4) === 0);
      // The conversation moves to another owner, even while puts of the former owner are under way.
      if (!this.#isPinned && this.#random.below(10) === 0) this.#owner.delete(this.#random.pick(conversations));
      if (ids.length > 0) void this.put(ids);
      await wait(5);
    }
  }

  async keepReading(): Promise<void> {
    while (!this.isOver) {
      for (const host of this.#hosts) void this.read(host);
      await wait(7);
    }
  }

  /** After all faults are repaired: every host reads what is put. */
  async settle(): Promise<void> {
    await eventually(() => this.#writers().every(({ heads }) => heads.status().isHeld), 30_000);
    for (const host of this.#hosts) {
      await eventually(async () => {
        for (const id of conversations) await this.put([id]);
        return (await this.read(host)).size === conversations.length;
      }, 30_000);
    }
  }

  async close(): Promise<void> {
    this.isOver = true;
    for (const { heads, link, way } of this.#opened) {
      await heads.close();
      await link.close();
      await way.close();
    }
  }
}

for (const seed of [1, 2]) {
  test(`no read gets a stale head while Redis and the connections to it fail at random (seed ${seed})`, async (t) => {
    const server = await startRedis();
    const random = createSeededRandom(seed);
    const world = new World(random, server);
    try {
      for (const isWriter of [true, true, false]) await world.start(isWriter);
      const busy = [world.keepPutting(), world.keepReading()];
      for (let n = 0; n < 16 && !world.isOver; n += 1) await world.disturb();
      await wait(2 * leaseMs);
      world.isOver = true;
      await Promise.all(busy);
      t.deepEqual(world.stale, []);
      await world.settle();
      t.deepEqual(world.stale, []);
      t.log(world.seen);
      for (const count of Object.values(world.seen)) t.true(count > 20, JSON.stringify(world.seen));
    } finally {
      await world.close();
      await server.close();
    }
  });
}
