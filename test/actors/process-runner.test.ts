// The runner of a host beside Temporal, and beside another host: in virtual time.
import test from "ava";
import { Process } from "../../actors/process/contract.ts";
import type { ProcessEngine } from "../../actors/process/engine.ts";
import { announceAfterMs, handOverMs } from "../../actors/process/limits.ts";
import { createProcess } from "../../actors/process/process.ts";
import { createRunner, type Runner } from "../../actors/process/runner.ts";
import { LoneHost } from "../simulation/lone-host.ts";
import { createMealActivities, forever, meal, TestKitchen } from "../support/process/kitchen.ts";

const kinds = { upload: meal };
const menu = ["soup", "wash up"];
const input = { courses: ["soup"] };

class ScriptedEngine implements ProcessEngine {
  isThere = true;
  /** The workflow ended. */
  over = false;
  readonly started: string[] = [];
  readonly cancelled: string[] = [];

  isReachable(): boolean {
    return this.isThere;
  }
  async start({ key }: { key: string }): Promise<void> {
    if (!this.isThere) throw new Error("away");
    this.started.push(key);
  }
  async cancel(key: string): Promise<void> {
    this.cancelled.push(key);
  }
  async isOver(): Promise<boolean> {
    return this.over;
  }
}

function open(engine?: ScriptedEngine) {
  const kitchen = new TestKitchen();
  const closed = new Set<string>();
  const runners: Runner[] = [];
  let announced: Runner | undefined;
  const behaviour = createProcess({
    kinds,
    poke: (key) => announced?.poke(key),
    isClosed: (boot) => closed.has(boot),
  });
  const host = new LoneHost([behaviour]);
  const runnerOf = (boot: string) => {
    const runner = createRunner({
      ...{ boot, kinds, actors: host.host.actors, clock: host.machine.clock, ...(engine && { engine }) },
      activities: createMealActivities(kitchen),
      reportError: (message) => void host.errorReports.push(message),
    });
    runners.push(runner);
    return runner;
  };
  announced = runnerOf("a");
  return {
    ...{ kitchen, host, closed, runnerOf },
    first: announced,
    process: (key: string) => host.host.actors.get(Process, key),
    start: (key: string) => host.until(host.host.actors.get(Process, key).start({ input })),
    pass: (ms: number) => host.until(new Promise<void>((resolve) => host.machine.clock.after(ms, resolve))),
    async isOver(key: string): Promise<boolean> {
      return (await host.until(host.host.actors.get(Process, key).state({}))).status === "over";
    },
  };
}

test("without Temporal in reach the host runs a process itself, at once", async (t) => {
  const engine = new ScriptedEngine();
  engine.isThere = false;
  const { kitchen, start, pass, isOver } = open(engine);
  await start("upload:1");
  await pass(5_000);
  t.true(await isOver("upload:1"));
  t.deepEqual(kitchen.coursesOf("upload:1"), menu);
  t.deepEqual(engine.started, []);
});

test("a process that was handed over, and that no workflow began, is run by the host", async (t) => {
  const engine = new ScriptedEngine();
  const { kitchen, start, pass, isOver, process, host } = open(engine);
  await start("upload:1");
  await pass(5_000);
  t.true(engine.started.length > 0);
  t.deepEqual(kitchen.orders, []);
  await pass(handOverMs + 5_000);
  t.true(await isOver("upload:1"));
  t.deepEqual(kitchen.coursesOf("upload:1"), menu);
  t.deepEqual(await host.until(process("upload:1").begin({})), { isYours: false }, "the workflow comes too late");
});

test("a process that its workflow has begun is left to Temporal", async (t) => {
  const engine = new ScriptedEngine();
  const { kitchen, start, pass, process, host } = open(engine);
  await start("upload:1");
  await host.until(process("upload:1").begin({}));
  await pass(200_000);
  t.deepEqual(kitchen.orders, [], "Temporal runs it");
  t.like(await host.until(process("upload:1").state({})), { status: "temporal" });
});

test("the host does what a terminated workflow left, a minute later at the latest", async (t) => {
  const engine = new ScriptedEngine();
  const { kitchen, start, pass, isOver, process, host } = open(engine);
  await start("upload:1");
  await host.until(process("upload:1").begin({}));
  engine.over = true;
  await pass(130_000);
  t.true(await isOver("upload:1"));
  t.deepEqual(kitchen.coursesOf("upload:1"), ["wash up"]);
});

test("a host that was cut off and comes back late changes nothing any more", async (t) => {
  const { kitchen, closed, runnerOf, start, pass, isOver } = open();
  let answerLate = () => {};
  kitchen.before = ({ course, tries }) => {
    if (course !== "soup" || tries > 1) return undefined;
    return new Promise<void>((resolve) => {
      answerLate = resolve;
    });
  };
  await start("upload:1");
  await pass(5_000);
  t.is(kitchen.orders.length, 1);
  closed.add("a");
  const other = runnerOf("b");
  other.poke("upload:1");
  await pass(5_000);
  t.true(await isOver("upload:1"));
  answerLate();
  await pass(5_000);
  t.deepEqual(kitchen.coursesOf("upload:1"), menu);
  t.is(kitchen.ordersOf("upload:1", "wash up").length, 1);
});

test("a runner that drains gives its step back, and another host goes on at once", async (t) => {
  const { kitchen, first, runnerOf, start, pass, isOver, host } = open();
  let isHeld = true;
  kitchen.before = () => (isHeld ? forever : undefined);
  await start("upload:1");
  await pass(5_000);
  t.is(kitchen.orders.length, 1);
  await host.until(first.drain(1_000));
  isHeld = false;
  runnerOf("b").poke("upload:1");
  await pass(5_000);
  t.true(await isOver("upload:1"));
  t.is(kitchen.orders[1]?.tries, 1, "the try that was given back does not count");
});

test("a process begins with its start, and a cancellation ends its step, without waiting for the next announcement", async (t) => {
  const { kitchen, start, pass, isOver, process, host } = open();
  kitchen.before = ({ course }) => (course === "soup" ? forever : undefined);
  await start("upload:1");
  await pass(announceAfterMs / 2);
  t.is(kitchen.orders.length, 1);
  await host.until(process("upload:1").cancel({}));
  await pass(announceAfterMs / 2);
  t.true(await isOver("upload:1"));
});
