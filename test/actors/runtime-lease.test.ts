// The lease (J5): what a host may assume of itself and of the others.
import test from "ava";
import type { Head } from "../../actors/runtime/head.ts";
import { createControlLease } from "../../actors/runtime/lease/control-lease.ts";
import type { ControlLease } from "../../actors/runtime/lease/lease.ts";
import { encodeRenewal } from "../../actors/runtime/lease/renewal.ts";
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

  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    void promise.finally(() => {
      isSettled = true;
    });
    await this.world.run(this.world.nowMs + 10_000, () => isSettled);
    return promise;
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

test("a host that was paused closes no host for the silence of that time", async (t) => {
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

test("a host whose clock is wrong is ranked by no host, itself included", async (t) => {
  const hosts = new Hosts();
  const a = await hosts.join("a");
  const b = await hosts.join("b");
  b.wall.offsetMs = -5_000;
  await hosts.pass(500);
  t.deepEqual(a.lease.openHosts(), ["a"]);
  t.deepEqual(b.lease.openHosts(), ["a"]);
  t.true(b.lease.isHeld());
});

test("when every host is off CONTROL's clock by the same, CONTROL's server is wrong, and all stay ranked", async (t) => {
  const hosts = new Hosts();
  const [a, b] = [await hosts.join("a"), await hosts.join("b")];
  for (const { wall } of [a, b]) wall.offsetMs = 5_000;
  await hosts.pass(1_000);
  t.deepEqual([...a.lease.openHosts()].sort(), ["a", "b"]);
  t.false(a.lease.hasWrongClock);
  b.wall.offsetMs = 9_000;
  await hosts.pass(1_000);
  t.deepEqual(a.lease.openHosts(), [], "now no host can tell which clock is right");
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

test("a host that closes itself gives its lease up before another host can read that", async (t) => {
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

test("a host that was closed before its first renewal came back stops waiting for its lease", async (t) => {
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

test("after CONTROL went back to an older state no host keeps its boot, and under new boots they hold leases again", async (t) => {
  const hosts = new Hosts();
  const a = await hosts.join("a");
  await hosts.pass(500);
  const backup = hosts.control.copy();
  const b = await hosts.join("b"); // the restored CONTROL has never heard of this boot
  const closed: string[] = [];
  for (const { lease } of [a, b]) lease.onClosed((reason) => closed.push(`${lease.place.boot} ${reason}`));
  await hosts.pass(1_000);
  hosts.control.restore(backup);
  await hosts.world.run(hosts.world.nowMs + 10_000, () => closed.length === 2);
  t.deepEqual(closed.sort(), ["boot-of-a control_went_back", "boot-of-b control_went_back"]);
  t.false(a.lease.isHeld() || b.lease.isHeld());
  const [again, other] = [await hosts.join("a", "second-boot-of-a"), await hosts.join("b", "second-boot-of-b")];
  await hosts.pass(3_000);
  t.true(again.lease.isHeld() && other.lease.isHeld());
  t.deepEqual([...again.lease.openHosts()].sort(), ["a", "b"]);
  t.deepEqual(again.lease.namesakes(), [], "the boot of the older state is closed");
  await hosts.world.run(
    hosts.world.nowMs + 5_000,
    () => other.lease.mayFence("boot-of-a") && again.lease.mayFence("boot-of-b"),
  );
  t.true(other.lease.mayFence("boot-of-a") && again.lease.mayFence("boot-of-b"), "shards of both boots can be taken");
});

test("a host that was away while CONTROL went back notices it when it comes back", async (t) => {
  const hosts = new Hosts();
  const a = await hosts.join("a");
  await hosts.pass(500);
  const backup = hosts.control.copy();
  await hosts.pass(1_000);
  a.machine.pause();
  hosts.control.restore(backup);
  await hosts.pass(5_000);
  let reason = "";
  a.lease.onClosed((why) => {
    reason = why;
  });
  a.machine.resume();
  await hosts.world.run(hosts.world.nowMs + 5_000, () => reason !== "");
  t.is(reason, "control_went_back");
});

test("CONTROL that is only late, cut off or silent is not taken for one that went back", async (t) => {
  const hosts = new Hosts();
  const a = await hosts.join("a");
  let isClosed = false;
  a.lease.onClosed(() => {
    isClosed = true;
  });
  for (let round = 0; round < 5; round += 1) {
    const late: Rule = { matches: allOf("control"), loss: 0.3, delay: { share: 0.5, maxMs: 900 }, duplication: 0.3 };
    hosts.network.rules.add(late);
    await hosts.pass(3_000);
    hosts.network.rules.delete(late);
    const heal = hosts.cut(allOf("control"));
    await hosts.pass(2_000);
    heal();
    await hosts.pass(2_000);
    t.true(a.lease.isHeld());
  }
  t.false(isClosed);
});

test("a boot that others know as closed is closed again when CONTROL shows it as open", async (t) => {
  const hosts = new Hosts();
  const [a, b] = [await hosts.join("a"), await hosts.join("b")];
  await hosts.pass(500);
  const heal = hosts.cut(allOf("b"));
  await hosts.world.run(hosts.world.nowMs + 5_000, () => a.lease.mayFence("boot-of-b"));
  const port = hosts.control.port(a.machine);
  // As when the power failed and the closing was not on the disk: the renewal of the closed boot is let in.
  const seen = await hosts.settled(port.put("host.boot-of-b", "", -1));
  const last = seen.kind === "conflict" ? seen.lastSequence : 0;
  const renewal = encodeRenewal({ state: "open", host: "b", counter: 99, ownsShards: true });
  await hosts.settled(port.put("host.boot-of-b", renewal, last));
  await hosts.pass(100);
  t.true(a.lease.mayFence("boot-of-b"));
  t.deepEqual(a.lease.openHosts(), ["a"]);
  let isClosed = false;
  b.lease.onClosed(() => {
    isClosed = true;
  });
  heal();
  await hosts.pass(1_000);
  t.true(isClosed);
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
