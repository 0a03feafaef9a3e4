// Processes that Temporal runs: the stories of every driver, and what operators see and do.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ExecutionContext } from "ava";
import { Process } from "../../actors/process/contract.ts";
import { connectWorkflows } from "../../workflows/client.ts";
import { eventually } from "../suites/eventually.ts";
import { processStories } from "../suites/process-stories.ts";
import { needs } from "../support/needs.ts";
import { forever } from "../support/process/kitchen.ts";
import { startTemporalDriver, type TemporalDriver } from "./temporal-driver.ts";

const test = needs("temporal");

processStories(test, "Temporal", startTemporalDriver);

const patienceMs = 60_000;
let meals = 0;

/** A meal whose roast nobody finishes. */
async function startedMeal(driver: TemporalDriver) {
  const id = `${process.pid}-${Date.now()}-${++meals}`;
  const facts = { userId: `u-${id}`, conversationId: `a_${id}`, requestId: `r-${id}` };
  const key = `upload:${id}`;
  driver.kitchen.before = ({ course }) => (course === "roast" ? forever : undefined);
  await driver.actors.get(Process, key).start({ input: { courses: ["roast", "cake"], ...facts } });
  await eventually(() => driver.kitchen.ordersOf(key, "roast").length > 0, patienceMs);
  return { key, facts };
}

async function withDriver(work: (driver: TemporalDriver) => Promise<void>): Promise<void> {
  const driver = await startTemporalDriver();
  try {
    await work(driver);
  } finally {
    await driver.close();
  }
}

async function isOver(t: ExecutionContext, { actors, kitchen }: TemporalDriver, key: string): Promise<void> {
  await eventually(async () => (await actors.get(Process, key).state({})).status === "over", patienceMs);
  t.deepEqual(kitchen.coursesOf(key), ["wash up"], "it did what it decides after a cancellation, and nothing else");
}

/** The histories of this driver, one that was cancelled among them, lead to the same decisions again. */
async function replays(t: ExecutionContext, { temporal, bundlePath }: TemporalDriver): Promise<void> {
  const { DefaultLogger, Runtime, Worker } = await import("@temporalio/worker");
  const { Client, Connection } = await import("@temporalio/client");
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  const client = new Client({ connection: await Connection.connect({ address: temporal.address }) });
  const query = `TaskQueue = '${temporal.taskQueue}' AND ExecutionStatus = 'Completed'`;
  await eventually(async () => (await client.workflow.count(query)).count > 0, patienceMs);
  const histories = client.workflow.list({ query }).intoHistories();
  for await (const { error } of Worker.runReplayHistories({ workflowBundle: { codePath: bundlePath } }, histories)) {
    t.is(error, undefined);
  }
  await client.connection.close();
}

test.serial("an operator finds a process by user, conversation and request, and ends it with a script", async (t) => {
  await withDriver(async (driver) => {
    const { key, facts } = await startedMeal(driver);
    t.like(await driver.actors.get(Process, key).state({}), { status: "temporal" });
    await using workflows = await connectWorkflows(driver.temporal);
    const { userId, conversationId, requestId } = facts;
    for (const filter of [{ userId }, { conversationId }, { requestId }, { kind: "upload", userId } as const]) {
      await eventually(async () => (await workflows.processes.list(filter)).length > 0, patienceMs);
      t.like((await workflows.processes.list(filter))[0], { key, kind: "upload", ...facts, status: "RUNNING" });
    }
    t.deepEqual(await workflows.processes.list({ userId, isRunning: false }), []);
    t.deepEqual(await workflows.processes.list({ userId: `${userId}' OR 'a' = 'a` }), []);

    const script = new URL("../../workflows/examples/end-processes.ts", import.meta.url).pathname;
    const args = ["--disable-warning=ExperimentalWarning", script, driver.temporal.address, userId, "upload"];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    t.is(stdout, `${key}: ended\n`);
    await isOver(t, driver, key);
    t.true(await workflows.processes.isOver(key));
    await workflows.processes.end(key);
    await replays(t, driver);
  });
});

test.serial(
  "what a terminated workflow leaves, the host does: an end that is abrupt leaves nothing half done",
  async (t) => {
    await withDriver(async (driver) => {
      const { key } = await startedMeal(driver);
      await using workflows = await connectWorkflows(driver.temporal);
      const { Client, Connection } = await import("@temporalio/client");
      const client = new Client({ connection: await Connection.connect({ address: driver.temporal.address }) });
      await client.workflow.getHandle(key).terminate("by the test");
      t.true(await workflows.processes.isOver(key));
      await driver.actors.get(Process, key).cancel({}); // the runner looks now, and not a minute later
      await isOver(t, driver, key);
      await client.connection.close();
    });
  },
);
