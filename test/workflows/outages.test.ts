// Calls survive the processes that run them: workers and Temporal are killed while calls ring.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Contract } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { findFreePorts } from "../../infra/stack/ports.ts";
import { temporalPortCount } from "../../infra/stack/temporal.ts";
import { openTemporalCalls } from "../../infra/temporal/calls.ts";
import { startWorkflows } from "../../infra/temporal/workflows.ts";
import { eventually } from "../suites/eventually.ts";
import { needs } from "../support/needs.ts";
import { startOwnTemporal } from "../support/stack.ts";
import { type CallRig, createQuietLog, patient, startCallRig } from "./call-rig.ts";
import type { ActorAnswer, ActorRequest } from "./worker-process.ts";

const test = needs("temporal");

/** A worker in a process of its own, with the actors of the rig. */
async function startWorkerProcess(rig: CallRig): Promise<ChildProcess> {
  const path = new URL("./worker-process.ts", import.meta.url).pathname;
  const child = fork(path, [rig.temporal.address, rig.temporal.taskQueue], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    serialization: "advanced",
  });
  let isReady = false;
  child.on("message", async (request: ActorRequest | "ready") => {
    if (request === "ready") {
      isReady = true;
      return;
    }
    const answer = await answerOf(rig, request);
    if (child.connected) child.send(answer);
  });
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`The worker ended with ${child.exitCode}`);
    return isReady;
  }, 120_000);
  return child;
}

async function answerOf(rig: CallRig, { id, kind, key, method, input, options }: ActorRequest): Promise<ActorAnswer> {
  const handle = rig.actors.get({ kind } as Contract<unknown, unknown>, key) as Record<
    string,
    (input: unknown, options: unknown) => Promise<unknown>
  >;
  try {
    return { id, result: await handle[method]?.(input, options) };
  } catch (error) {
    return { id, failure: String(error) };
  }
}

async function kill9(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** Repeats a request while it is answered unavailable, as a device does. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const answers: T[] = [];
  await eventually(async () => {
    try {
      answers.push(await ask());
      return true;
    } catch (error) {
      if (error instanceof DomainError && /unavailable|timeout/.test(error.error)) return false;
      throw error;
    }
  }, 120_000);
  return answers[0] as T;
}

test.serial(
  "when a worker is killed while a call rings, another worker takes over, and the ring ends on time",
  async (t) => {
    const rig = await startCallRig();
    const calls = openTemporalCalls({ ...rig.temporal, times: patient });
    const short = openTemporalCalls({ ...rig.temporal, times: { ...patient, ringMs: 8_000 } });
    const first = await startWorkerProcess(rig);
    let second: ChildProcess | undefined;
    try {
      const [alice, bob, carol, dave] = await Promise.all(["alice", "bob", "carol", "dave"].map(rig.person));
      if (!alice || !bob || !carol || !dave) throw new Error("nobody there");
      const [answered, missed] = [rig.call(alice, bob), rig.call(carol, dave)];
      t.is((await patiently(() => calls.invite(answered))).state, "ringing");
      const { startedMs } = await patiently(() => short.invite(missed));
      await kill9(first);
      second = await startWorkerProcess(rig);

      const accept = { callId: answered.callId, userId: bob.userId, deviceId: bob.deviceId };
      t.like(await patiently(() => calls.accept(accept)), { state: "connected", answeredBy: bob.deviceId });
      await eventually(() => rig.received(alice, answered).includes("connected"), 30_000);
      t.is(rig.received(bob, answered).filter((each) => each === "invite").length, 1, "the phone does not ring twice");

      await eventually(() => rig.records(carol, dave).length === 1, 60_000);
      t.like(rig.records(carol, dave)[0], { callId: missed.callId, outcome: "missed", startedAt: startedMs });
      t.is(
        (await rig.calls(dave))[0]?.endedMs,
        startedMs + 8_000,
        "the end does not depend on the time of the takeover",
      );
      const hangup = { callId: answered.callId, userId: alice.userId };
      t.like(await patiently(() => calls.hangup(hangup)), { outcome: "completed" });
    } finally {
      await kill9(first);
      if (second) await kill9(second);
      await Promise.all([calls.close(), short.close()]);
      rig.stop();
    }
  },
);

test.serial("a host starts without Temporal, reports that, and serves calls whenever Temporal is back", async (t) => {
  const rig = await startCallRig();
  const ports = await findFreePorts(temporalPortCount);
  const temporal = { address: `127.0.0.1:${ports[0]}`, namespace: "default", taskQueue: "calls" };
  const log = createQuietLog();
  const workflows = startWorkflows({ ...temporal, deps: { actors: rig.actors }, log });
  const calls = openTemporalCalls({ ...temporal, times: patient });
  const [alice, bob] = await Promise.all([rig.person("alice"), rig.person("bob")]);
  const call = rig.call(alice, bob);
  const isAway = async (attempt: Promise<unknown>) => {
    const error = await t.throwsAsync(attempt, { instanceOf: DomainError });
    t.is(error?.error, "common.unavailable");
    t.regex(error?.message ?? "", /Temporal is not running/);
  };
  await isAway(calls.invite(call));
  await eventually(() => !workflows.status().ok && /Temporal is not running/.test(workflows.status().detail), 30_000);

  const server = await startOwnTemporal(ports);
  try {
    await eventually(() => workflows.status().ok, 120_000);
    t.like(await patiently(() => calls.invite(call)), { state: "ringing" });

    await server.kill9();
    await isAway(calls.accept({ callId: call.callId, userId: bob.userId, deviceId: bob.deviceId }));
    await server.restart();
    const accept = { callId: call.callId, userId: bob.userId, deviceId: bob.deviceId };
    t.like(await patiently(() => calls.accept(accept)), { state: "connected" });
    const hangup = { callId: call.callId, userId: alice.userId };
    t.like(await patiently(() => calls.hangup(hangup)), { outcome: "completed" });
    await eventually(() => rig.records(alice, bob).length === 1, 30_000);
  } finally {
    await workflows.stop();
    await calls.close();
    await server.close();
    rig.stop();
  }
});
