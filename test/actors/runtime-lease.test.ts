// Stories of the lease (J5): what a host may believe of itself and of the others.
import test from "ava";
import type { Head } from "../../actors/runtime/head.ts";
import { createControlLease } from "../../actors/runtime/lease/control-lease.ts";
import type { ControlLease } from "../../actors/runtime/lease/lease.ts";
import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import { HeadsWriter } from "../../actors/runtime/log/heads-writer.ts";
import type { Control } from "../../actors/runtime/ports.ts";
import { SimulatedControl } from "../simulation/control.ts";
import { Machine, type WallClock } from "../simulation/machine.ts";
import { allOf, Network, type Rule } from "../simulation/network.ts";
import { World } from "../simulation/world.ts";

const leaseMs = 700;

interface Member {
  readonly lease: ControlLease;
  readonly machine: Machine;
  readonly wall: WallClock;
}

class Hosts {
  readonly world = new World(3);
  readonly network = new Network(this.world);
  readonly control = new SimulatedControl(this.world, this.network);

  async join(host: string, boot = `boot-of-${host}`): Promise<Member> {
    const wall = { offsetMs: 0 };
    const machine = new Machine(this.world, host, boot, wall);
    const { clock } = machine;
    const lease = createControlLease({ control: this.control.port(machine), clock, place: { host, boot } });
    let isHeld = false;
    void lease.start().then(() => {
      isHeld = true;
    });
    await this.world.run(this.world.nowMs + 10_000, () => isHeld);
    return { lease, machine, wall };
  }

  async pass(ms: number): Promise<void> {
    await this.world.run(this.world.nowMs + ms, () => false);
  }

  cut(matches: Rule["matches"]): () => void {
    const rule = { matches, loss: 1 };
    this.network.rules.add(rule);
    return () => this.network.rules.delete(rule);
  }
}

test("hosts see each other, in whatever order they come", async (t) => {
  const hosts = new Hosts();
  const a = await hosts.join("a");
  const b = await hosts.join("b");
  await hosts.pass(500);
  t.deepEqual([...a.lease.openHosts()].sort(), ["a", "b"]);
  t.deepEqual([...b.lease.openHosts()].sort(), ["a", "b"]);
  t.true(a.lease.isHeld() && b.lease.isHeld());
  t.false(a.lease.mayFence("boot-of-b"));
});

test("a host that is cut off loses its lease before anybody may fence it, and is closed for ever", async (t) => {
  const hosts = new Hosts();
  const a = await hosts.join("a");
  const b = await hosts.join("b");
  let isClosed = false;
  b.lease.onClosed(() => {
    isClosed = true;
  });
  await hosts.pass(500);
  const heal = hosts.cut(allOf("b"));
  await hosts.world.run(hosts.world.nowMs + 5_000, () => {
    const isWrong = b.lease.isHeld() && a.lease.mayFence("boot-of-b");
    if (isWrong) t.fail("two hosts may answer for one shard");
    return a.lease.mayFence("boot-of-b");
  });
  t.true(a.lease.mayFence("boot-of-b"));
  t.deepEqual(a.lease.openHosts(), ["a"]);
  heal();
  await hosts.pass(500);
  t.true(isClosed);
  t.false(b.lease.isHeld());
});

test("a host that slept closes nobody for having been silent meanwhile", async (t) => {
  const hosts = new Hosts();
  const a = await hosts.join("a");
  await hosts.join("b");
  await hosts.pass(500);
  a.machine.pause();
  await hosts.pass(600);
  a.machine.resume();
  await hosts.pass(2_000);
  t.false(a.lease.mayFence("boot-of-b"));
  t.deepEqual([...a.lease.openHosts()].sort(), ["a", "b"]);
});

test("a clock that jumps ahead ends the lease at once, until the next renewal", async (t) => {
  const hosts = new Hosts();
  const { lease, wall } = await hosts.join("a");
  wall.offsetMs = 1_000;
  t.false(lease.isHeld());
  await hosts.pass(500);
  t.true(lease.isHeld());
});

test("everybody leaves out a host whose clock is wrong, itself included", async (t) => {
  const hosts = new Hosts();
  const a = await hosts.join("a");
  const b = await hosts.join("b");
  b.wall.offsetMs = -5_000;
  await hosts.pass(500);
  t.deepEqual(a.lease.openHosts(), ["a"]);
  t.deepEqual(b.lease.openHosts(), ["a"]);
  t.true(b.lease.isHeld());
});

test("when every host is off CONTROL's clock by the same, it is CONTROL's server that is wrong, and nobody leaves", async (t) => {
  const hosts = new Hosts();
  const [a, b] = [await hosts.join("a"), await hosts.join("b")];
  for (const { wall } of [a, b]) wall.offsetMs = 5_000;
  await hosts.pass(1_000);
  t.deepEqual([...a.lease.openHosts()].sort(), ["a", "b"]);
  t.false(a.lease.hasWrongClock);
  b.wall.offsetMs = 9_000;
  await hosts.pass(1_000);
  t.deepEqual(a.lease.openHosts(), [], "now nobody knows who is right");
});

test("an unknown boot counts as gone after two leases, and only while our own lease holds", async (t) => {
  const hosts = new Hosts();
  const { lease } = await hosts.join("a");
  await hosts.pass(5_000);
  t.false(lease.mayFence("boot-of-nobody"));
  await hosts.pass(leaseMs);
  t.false(lease.mayFence("boot-of-nobody"));
  const heal = hosts.cut(allOf("control"));
  await hosts.pass(leaseMs * 3);
  t.false(lease.mayFence("boot-of-nobody"));
  heal();
  await hosts.pass(leaseMs);
  t.false(lease.mayFence("boot-of-nobody"));
  await hosts.pass(leaseMs * 2);
  t.true(lease.mayFence("boot-of-nobody"));
});

test("a host that closes itself has given its lease up before anybody reads of it", async (t) => {
  const hosts = new Hosts();
  const a = await hosts.join("a");
  const b = await hosts.join("b");
  await hosts.pass(500);
  const closing = b.lease.close();
  t.false(b.lease.isHeld());
  let isDone = false;
  void closing.then(() => {
    isDone = true;
  });
  await hosts.world.run(hosts.world.nowMs + 1_000, () => isDone);
  await hosts.pass(100);
  t.true(a.lease.mayFence("boot-of-b"));
});

test("a host that others closed before it read its first renewal back waits for no lease", async (t) => {
  const hosts = new Hosts();
  await hosts.join("a");
  const place = { host: "b", boot: "boot-of-b" };
  const machine = new Machine(hosts.world, "b", place.boot, { offsetMs: 0 });
  const control = hosts.control.port(machine);
  const late: Control = {
    put: control.put,
    watch(handler) {
      let stop = () => {};
      hosts.world.after(2_000, () => {
        stop = control.watch(handler);
      });
      return () => stop();
    },
  };
  const lease = createControlLease({ control: late, clock: machine.clock, place });
  let isClosed = false;
  lease.onClosed(() => {
    isClosed = true;
  });
  let isStarted = false;
  void lease.start().then(() => {
    isStarted = true;
  });
  await hosts.world.run(hosts.world.nowMs + 10_000, () => isStarted);
  t.true(isStarted && isClosed);
  t.false(lease.isHeld());
});

/** The heads that a host writes, by version. */
function openHeads() {
  const world = new World(1);
  const { clock } = new Machine(world, "a", "boot-of-a", { offsetMs: 0 });
  const lease = { isHeld: true };
  const written: number[] = [];
  const writer = new HeadsWriter({
    heads: { put: async (heads) => void written.push(...[...heads.values()].map(({ version }) => version)) },
    clock,
    limits: defaultRuntimeLimits,
    mayWrite: () => lease.isHeld,
    reportError: () => {},
  });
  const shard = { isLive: true };
  const put = (version: number, owner = shard) =>
    writer.put(owner, new Map([["g_1", { version, seq: 1, countSeq: 1, updatedAtMs: 1 } satisfies Head]]));
  const pass = (ms: number) => world.run(world.nowMs + ms, () => false);
  return { lease, shard, written, put, pass };
}

test("a head that waited for the lease is written before the one that came after it", async (t) => {
  const { lease, written, put, pass } = openHeads();
  lease.isHeld = false;
  put(9);
  await pass(100);
  t.deepEqual(written, []);
  lease.isHeld = true;
  put(10);
  await pass(5_000);
  t.deepEqual(written, [9, 10]);
});

test("a head that waited for the lease is left to the next owner when its shard is gone", async (t) => {
  const { lease, shard, written, put, pass } = openHeads();
  lease.isHeld = false;
  put(9);
  shard.isLive = false;
  lease.isHeld = true;
  put(4, { isLive: true });
  await pass(5_000);
  t.deepEqual(written, [4]);
});
