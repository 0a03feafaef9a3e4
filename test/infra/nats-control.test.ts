// CONTROL on JetStream, on one server and on three.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { createControlLease } from "../../actors/runtime/lease/control-lease.ts";
import type { ControlEntry } from "../../actors/runtime/ports.ts";
import type { NatsConnection } from "../../infra/nats/connection.ts";
import { type NatsControl, openNatsControl } from "../../infra/nats/control.ts";
import { manageJetStream } from "../../infra/nats/jetstream.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { controlSuite } from "../suites/control.ts";
import { eventually } from "../suites/eventually.ts";
import { NatsWorld, sharedWorld, sizeName } from "../support/nats-world.ts";
import { needs } from "../support/needs.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const test = needs("nats");

const sizes = [1, 3] as const;
const worlds = { 1: sharedWorld(1), 3: sharedWorld(3) };
test.after.always("the servers end", async () => {
  for (const size of sizes) await worlds[size].close();
});

for (const size of sizes) {
  controlSuite(test.serial, sizeName(size), async () => {
    const world = await worlds[size].cleared();
    return { control: await world.control(), close: () => world.closeHosts() };
  });
}

const patienceMs = 60_000;
const subjects = ["host.a", "host.b", "revoked.7"];

/** Puts numbers on three subjects, one after the other, until `stop` is called. */
function keepPutting(control: NatsControl): { stop(): Promise<Map<string, string>>; written(): number } {
  const last = new Map<string, string>();
  let count = 0;
  let isOver = false;
  const putting = subjects.map(async (subject) => {
    for (let sequence = 0; !isOver; ) {
      const value = `${subject} ${count}`;
      try {
        const outcome = await control.put(subject, value, sequence);
        sequence = outcome.kind === "appended" ? outcome.sequence : outcome.lastSequence;
        if (outcome.kind === "appended") last.set(subject, value);
        if (outcome.kind === "appended") count += 1;
      } catch {
        // The outcome is unknown. If the put was accepted, the next one conflicts and returns the subject's last sequence.
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  return {
    written: () => count,
    async stop() {
      isOver = true;
      await Promise.all(putting);
      return last;
    },
  };
}

/** Two watchers here, one at another host, and a late one: each must see the entries in rising order, up to the last one. */
async function watchThrough(
  t: ExecutionContext,
  world: NatsWorld,
  disturb: (goesOn: () => Promise<void>, connection: NatsConnection) => Promise<void>,
): Promise<void> {
  const connection = await world.connect();
  const [here, there] = [await world.control({ connection }), await world.control()];
  const watchers: ControlEntry[][] = [];
  const watch = (control: NatsControl) => {
    const seen: ControlEntry[] = [];
    watchers.push(seen);
    control.watch((entry) => seen.push(entry));
  };
  for (const control of [here, here, there]) watch(control);
  const putting = keepPutting(there);
  const goesOn = async () => {
    const written = putting.written();
    const counts = watchers.map(({ length }) => length);
    const isMore = (seen: ControlEntry[], i: number) => seen.length > (counts[i] ?? 0) + 10;
    await eventually(() => putting.written() > written + 10 && watchers.every(isMore), patienceMs);
  };
  await goesOn();
  await disturb(goesOn, connection);
  await goesOn();
  watch(here);
  const last = await putting.stop();
  const isAtEnd = (seen: ControlEntry[]) =>
    subjects.every((subject) => seen.findLast((entry) => entry.subject === subject)?.value === last.get(subject));
  await eventually(() => watchers.every(isAtEnd), patienceMs);
  for (const seen of watchers) {
    t.true(seen.every(({ sequence }, i) => sequence > (seen[i - 1]?.sequence ?? 0)));
    const atMs = seen.at(-1)?.atMs ?? 0;
    t.true(Math.abs(atMs - Date.now()) < patienceMs, "the time is the server's, whose clock is this machine's");
  }
}

for (const size of sizes) {
  const name = sizeName(size);

  test.serial(`${name}: a watcher whose consumer was deleted continues after its last entry`, async (t) => {
    const world = await worlds[size].cleared();
    await watchThrough(t, world, async (goesOn, connection) => {
      const jsm = await manageJetStream(connection);
      for (let round = 0; round < 3; round++) {
        for (const { name } of await jsm.consumers.list("CONTROL").next()) await jsm.consumers.delete("CONTROL", name);
        await goesOn();
      }
    });
  });

  test.serial(`${name}: the death and return of all servers repeats no entry and loses none`, async (t) => {
    const world = await worlds[size].cleared();
    await watchThrough(t, world, async (goesOn) => {
      await Promise.all(world.nats.servers.map((server) => server.kill9()));
      await Promise.all(world.nats.servers.map((server) => server.restart()));
      await goesOn();
    });
  });

  test.serial(`${name}: a server that hangs for a second repeats no entry and loses none`, async (t) => {
    const world = await worlds[size].cleared();
    await watchThrough(t, world, async (goesOn, connection) => {
      const leader = world.nats.servers[await world.leaderOf("CONTROL", connection)];
      leader?.pause();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      leader?.resume();
      await goesOn();
    });
  });

  test.serial(`${name}: hosts hold their leases, and a host that stops renewing is closed by the other`, async (t) => {
    const world = await worlds[size].cleared();
    const start = async (host: string) => {
      const lease = createControlLease({
        control: await world.control(),
        clock: systemClock,
        place: { host, boot: systemRandom.hex(128) },
      });
      await lease.start();
      t.teardown(() => lease.stop());
      return lease;
    };
    const [ann, bob] = [await start("ann"), await start("bob")];
    await eventually(() => [ann, bob].every((lease) => [...lease.openHosts()].sort().join() === "ann,bob"), patienceMs);
    t.true(ann.isHeld() || bob.isHeld());
    t.false(ann.mayFence(bob.place.boot));
    bob.stop();
    await eventually(() => ann.mayFence(bob.place.boot), patienceMs);
    await eventually(() => ann.openHosts().join() === "ann", patienceMs);
  });

  test.serial(`${name}: without servers the lease lapses, and it is held again when they are back`, async (t) => {
    const world = await worlds[size].cleared();
    const clock = systemClock;
    const place = { host: "ann", boot: systemRandom.hex(128) };
    const lease = createControlLease({ control: await world.control(), clock, place });
    let wasClosed = false;
    lease.onClosed(() => {
      wasClosed = true;
    });
    await lease.start();
    t.teardown(() => lease.stop());
    await Promise.all(world.nats.servers.map((server) => server.kill9()));
    await eventually(() => !lease.isHeld(), patienceMs);
    await Promise.all(world.nats.servers.map((server) => server.restart()));
    await eventually(() => lease.isHeld(), patienceMs);
    t.false(wasClosed);
  });
}

test.serial(
  "hosts whose CONTROL was restored from a backup join again under new boots, without a restart",
  async (t) => {
    const dir = createTempFolder("control");
    const world = await NatsWorld.start(1, { dir });
    t.teardown(async () => {
      await world.close();
      rmSync(dir, { recursive: true, force: true });
    });
    const server = world.nats.servers[0]!;
    const start = async (host: string) => {
      const control = await world.control();
      const place = { host, boot: systemRandom.hex(128) };
      const lease = createControlLease({ control, clock: systemClock, place });
      const closed = new Promise<string>((resolve) => lease.onClosed(resolve));
      await lease.start();
      t.teardown(() => lease.stop());
      return { lease, closed };
    };
    const ann = await start("ann");
    const whileDown = async (work: () => void) => {
      await server.kill9();
      work();
      await server.restart();
    };
    await whileDown(() => cpSync(join(dir, "1"), join(dir, "backup"), { recursive: true }));
    const bob = await start("bob"); // the backup does not know this boot
    await eventually(() => ann.lease.openHosts().length === 2 && bob.lease.openHosts().length === 2, patienceMs);
    await whileDown(() => {
      rmSync(join(dir, "1"), { recursive: true });
      cpSync(join(dir, "backup"), join(dir, "1"), { recursive: true });
    });
    t.is(await ann.closed, "control_went_back");
    t.is(await bob.closed, "control_went_back");
    const [annAgain, bobAgain] = [await start("ann"), await start("bob")];
    await eventually(() => [annAgain, bobAgain].every(({ lease }) => lease.openHosts().length === 2), patienceMs);
    await eventually(() => annAgain.lease.namesakes().length === 0, patienceMs);
    await eventually(() => annAgain.lease.mayFence(bob.lease.place.boot), patienceMs);
    t.true(bobAgain.lease.mayFence(ann.lease.place.boot));
  },
);

test.serial("three servers: a change of CONTROL's leader repeats no entry and loses none", async (t) => {
  const world = await worlds[3].cleared();
  await watchThrough(t, world, async (goesOn, connection) => {
    for (let round = 0; round < 2; round++) {
      await world.stepDown("CONTROL", connection);
      await goesOn();
    }
  });
});

test.serial("three servers: the death of any one server repeats no entry and loses none", async (t) => {
  const world = await worlds[3].cleared();
  await watchThrough(t, world, async (goesOn, connection) => {
    for (const [index, server] of world.nats.servers.entries()) {
      const role = (await world.leaderOf("CONTROL", connection)) === index ? "its leader" : "another server";
      await server.kill9();
      const startMs = performance.now();
      await goesOn();
      t.log(`CONTROL went on ${Math.round(performance.now() - startMs)} ms after the death of ${role}`);
      await server.restart();
      await goesOn();
    }
  });
});

test.serial("a watcher that throws is logged, and the other watchers see the entries", async (t) => {
  const world = await worlds[1].cleared();
  const errors: string[] = [];
  const log = { ...world.log, error: (message: string) => errors.push(message) };
  const control = await openNatsControl({ connection: await world.connect(), replicas: 1, log });
  t.teardown(() => control.close());
  const seen: string[] = [];
  control.watch(() => {
    throw new Error("bug");
  });
  control.watch(({ subject }) => seen.push(subject));
  for (const subject of ["host.a", "host.b"]) await control.put(subject, "1", 0);
  await eventually(() => seen.length === 2);
  t.is(errors.length, 2);
});

test.serial("a stream of that name that Parley did not create is not changed", async (t) => {
  const world = await worlds[1].cleared();
  const jsm = await manageJetStream(await world.connect());
  await jsm.streams.add({ name: "CONTROL", subjects: ["somebody.else"] });
  t.regex((await t.throwsAsync(world.control())).message, /not created by Parley/);
});

test.serial("a watcher that is added while the server hangs first sees the kept entries", async (t) => {
  const world = await worlds[1].cleared();
  const [here, there] = [await world.control(), await world.control()];
  for (const id of ["a", "b", "c"]) await there.put(`host.${id}`, "kept", 0);
  let early = 0;
  t.teardown(here.watch(() => (early += 1)));
  await eventually(() => early === 3);
  for (let round = 0; round < 8; round++) {
    world.nats.servers[0]?.pause();
    const putting = there.put(`revoked.${round}`, "while it hangs", 0);
    // By now the feed here asks the stream's leader, too.
    await new Promise((resolve) => setTimeout(resolve, 400));
    const late: string[] = [];
    t.teardown(here.watch(({ subject }) => late.push(subject)));
    world.nats.servers[0]?.resume();
    t.like(await putting, { kind: "appended" });
    await eventually(() => late.length === 4 + round, patienceMs);
    t.deepEqual(late.slice(0, 3), ["host.a", "host.b", "host.c"]);
  }
});
