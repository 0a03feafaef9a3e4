// What a process must do on every driver: each step is done in its order and takes effect once, whatever is killed.
import type { TestFn } from "ava";
import { Process } from "../../actors/process/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { forever, type MealInput, type TestKitchen } from "../support/process/kitchen.ts";
import { eventually } from "./eventually.ts";
import { createSuite, type UnderTest } from "./suite.ts";

interface ProcessDriver extends UnderTest {
  actors: Actors;
  kitchen: TestKitchen;
  /** As kill -9 does: whatever runs steps, and the host of the actors where that is the same. */
  kill(): Promise<void>;
  revive(): Promise<void>;
}

const courses = ["soup", "roast", "cake"];
const menu = [...courses, "wash up"];
/** A killed worker is noticed by its heartbeats, and this machine may be busy. */
const patienceMs = 90_000;

export function processStories(test: TestFn, name: string, make: () => Promise<ProcessDriver>): void {
  const it = createSuite(test.serial, name, make);
  let orders = 0;
  const keyOf = (title: string) => `upload:${title}-${process.pid}-${Date.now()}-${++orders}`;
  const start = async ({ actors }: ProcessDriver, key: string, input: MealInput = { courses }) => {
    await actors.get(Process, key).start({ input });
    return key;
  };
  const ended = ({ actors }: ProcessDriver, keys: readonly string[]) =>
    eventually(async () => {
      // Between two hosts nobody answers.
      const states = await Promise.all(
        keys.map((key) =>
          actors
            .get(Process, key)
            .state({})
            .catch(() => undefined),
        ),
      );
      return states.every((state) => state?.status === "over");
    }, patienceMs);

  it("steps run in order, each once, and a second start changes nothing", async (t, driver) => {
    const key = await start(driver, keyOf("once"));
    await start(driver, key, { courses: ["fish"] });
    await ended(driver, [key]);
    await start(driver, key);
    t.deepEqual(driver.kitchen.coursesOf(key), menu);
    t.is(driver.kitchen.orders.length, menu.length);
  });

  it("a step that fails is tried again; a step that cannot succeed ends the process as it decides", async (t, driver) => {
    const [hard, burnt, wrong] = [keyOf("hard"), keyOf("burnt"), keyOf("wrong")];
    driver.kitchen.before = async ({ key, course, tries }) => {
      if (course !== "roast") return;
      if (key === hard && tries < 3) throw new Error("not hot enough");
      if (key === burnt) throw new DomainError("common.unavailable");
      if (key === wrong) throw new DomainError("common.not_found");
    };
    for (const key of [hard, burnt, wrong]) await start(driver, key);
    await ended(driver, [hard, burnt, wrong]);
    t.deepEqual(driver.kitchen.coursesOf(hard), menu);
    t.deepEqual(driver.kitchen.coursesOf(burnt), ["soup", "wash up"]);
    t.is(driver.kitchen.ordersOf(burnt, "roast").length, 3);
    t.deepEqual(driver.kitchen.coursesOf(wrong), ["soup", "wash up"]);
    t.is(driver.kitchen.ordersOf(wrong, "roast").length, 1, "a refusal is final");
  });

  it("killed between any two steps, and within each of them, every process is done, and no step twice", async (t, driver) => {
    const { kitchen } = driver;
    const cuts = menu.flatMap((course) => [`${course}/before`, `${course}/after`] as const);
    const keys = new Map<string, string>(cuts.map((cut) => [cut, keyOf(cut.replace(/\W/g, "-"))]));
    let isDead = false;
    const holds = (when: string) => (order: { key: string; course: string }) =>
      !isDead && keys.get(`${order.course}/${when}`) === order.key ? forever : undefined;
    kitchen.before = holds("before");
    kitchen.after = holds("after");
    for (const key of keys.values()) await start(driver, key);
    await eventually(
      () => cuts.every((cut) => kitchen.ordersOf(keys.get(cut)!, cut.split("/")[0]!).length > 0),
      patienceMs,
    );
    await driver.kill();
    isDead = true;
    await driver.revive();
    await ended(driver, [...keys.values()]);
    for (const [cut, key] of keys) t.deepEqual(kitchen.coursesOf(key), menu, cut);
  });

  it("a hundred open processes go on after a restart", async (t, driver) => {
    const { kitchen } = driver;
    let isDead = false;
    kitchen.before = ({ course }) => (!isDead && course === "roast" ? forever : undefined);
    const keys = Array.from({ length: 100 }, (_, n) => keyOf(`guest-${n}`));
    await Promise.all(keys.map((key) => start(driver, key)));
    await eventually(() => kitchen.orders.some(({ course }) => course === "roast"), patienceMs);
    await driver.kill();
    isDead = true;
    await driver.revive();
    await ended(driver, keys);
    for (const key of keys) t.deepEqual(kitchen.coursesOf(key), menu);
  });

  it("a cancelled process ends its step, and does what it decides then", async (t, driver) => {
    const { kitchen, actors } = driver;
    kitchen.before = ({ course }) => (course === "roast" ? forever : undefined);
    const key = await start(driver, keyOf("stopped"));
    await eventually(() => kitchen.ordersOf(key, "roast").length > 0, patienceMs);
    await actors.get(Process, key).cancel({});
    await actors.get(Process, key).cancel({});
    await ended(driver, [key]);
    t.deepEqual(kitchen.coursesOf(key), ["soup", "wash up"]);
    t.is(kitchen.ordersOf(key, "roast").length, 1);
  });
}
