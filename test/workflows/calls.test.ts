// Calls from the invitation to their record in the conversation, on a real Temporal with real actors.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client, Connection } from "@temporalio/client";
import type { ExecutionContext } from "ava";
import { DomainError } from "../../actors/shared/errors.ts";
import { openTemporalCalls, type TemporalCalls } from "../../infra/temporal/calls.ts";
import { startWorkflows, type Workflows } from "../../infra/temporal/workflows.ts";
import { type CallTimes, workflowIdOf } from "../../workflows/call/contract.ts";
import { connectWorkflows } from "../../workflows/client.ts";
import { bundleWorkflows } from "../../workflows/worker.ts";
import { eventually } from "../suites/eventually.ts";
import { needs } from "../support/needs.ts";
import { type CallRig, createQuietLog, patient, startCallRig } from "./call-rig.ts";

const test = needs("temporal");

let rig: CallRig;
let workflows: Workflows;
let calls: TemporalCalls;
let script: Awaited<ReturnType<typeof connectWorkflows>>;
let client: Client;
const log = createQuietLog();
const opened: TemporalCalls[] = [];
const room = { closed: [] as string[], permitted: [] as string[] };
/** The participants that LiveKit would list, by room. For a room that is not in the map the list fails. */
const participants = new Map<string, { userId: string; connectionId: string }[]>();

test.before(async () => {
  rig = await startCallRig();
  const rooms = {
    closeRoom: async (roomName: string) => void room.closed.push(roomName),
    permit: async (roomName: string, callType: string) => void room.permitted.push(`${roomName} ${callType}`),
    async listParticipants(roomName: string) {
      const present = participants.get(roomName);
      if (!present) throw new DomainError("rtc.unavailable");
      return present;
    },
  };
  workflows = startWorkflows({ ...rig.temporal, deps: { actors: rig.actors, rooms }, log });
  calls = callsWith({});
  script = await connectWorkflows(rig.temporal);
  client = new Client({ connection: await Connection.connect({ address: rig.temporal.address }) });
  await eventually(() => workflows.status().ok, 120_000);
  await rig.warm(calls);
});

test.after.always(async () => {
  await workflows?.stop();
  for (const each of opened) await each.close();
  await script?.[Symbol.asyncDispose]();
  await client?.connection.close();
  rig?.stop();
});

function callsWith(times: Partial<CallTimes>): TemporalCalls {
  const port = openTemporalCalls({ ...rig.temporal, times: { ...patient, ...times } });
  opened.push(port);
  return port;
}

/** A call from Alice's phone that rings on Bob's phone. */
async function ringing(times: Partial<CallTimes> = {}) {
  const [alice, bob] = await Promise.all([rig.person("alice"), rig.person("bob")]);
  const call = rig.call(alice, bob);
  const port = callsWith(times);
  const view = await port.invite(call);
  return { alice, bob, call, port, view, callId: call.callId };
}

async function connected(times: Partial<CallTimes> = {}) {
  const line = await ringing(times);
  const { bob, port, callId } = line;
  const view = await port.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  return { ...line, view };
}

async function refusedAs(t: ExecutionContext, error: string, attempt: Promise<unknown>, details?: object) {
  const thrown = await t.throwsAsync(attempt, { instanceOf: DomainError });
  t.is(thrown?.error, error as never);
  if (details) t.like(thrown?.details, details);
}

/** Resolves when the call's workflow has ended: both users are notified, and the call is recorded. */
const ended = (callId: string) => client.workflow.getHandle(workflowIdOf(callId)).result();

test("a call rings, is answered, and leaves a record with its duration in the conversation", async (t) => {
  const { alice, bob, call, callId, view } = await ringing();
  t.like(view, { callId, state: "ringing", callType: "audio", roomName: `call-${callId}`, callerId: alice.userId });
  t.deepEqual(rig.received(bob, call), ["invite"]);

  const answered = await calls.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  t.like(answered, { state: "connected", answeredBy: bob.deviceId });
  t.is(typeof answered.connectedMs, "number");
  await eventually(() => rig.received(alice, call).includes("connected"));
  t.is((await script.calls.get(callId)).state, "connected");

  const over = await calls.hangup({ callId, userId: alice.userId });
  t.like(over, { state: "ended", outcome: "completed", answeredBy: bob.deviceId });
  t.true(rig.received(bob, call).includes("completed"), "hangup answers after the other side was notified");
  await ended(callId);
  t.deepEqual(
    rig.records(alice, bob).map(({ callId, outcome }) => ({ callId, outcome })),
    [{ callId, outcome: "completed" }],
  );
  t.true(room.closed.includes(`call-${callId}`));
  t.like((await rig.calls(bob))[0], { callId, outcome: "completed", role: "callee", answeredBy: bob.deviceId });
});

test("a call is rejected, or the callee answers busy", async (t) => {
  for (const [reason, outcome] of [
    ["reject", "rejected"],
    ["busy", "busy"],
  ] as const) {
    const { alice, bob, call, callId, port } = await ringing();
    const answer = { callId, userId: bob.userId, deviceId: bob.deviceId, reason };
    t.like(await port.reject(answer), { state: "ended", outcome });
    t.true(rig.received(alice, call).includes("rejected"));
    t.like(await port.reject(answer), { outcome }, "the same answer again");
    await ended(callId);
    t.like(rig.records(alice, bob), { 0: { outcome, duration: 0 }, length: 1 });
  }
});

test("the caller cancels a call, the callee hangs up while it rings", async (t) => {
  const cancelled = await ringing();
  t.like(await calls.hangup({ callId: cancelled.callId, userId: cancelled.alice.userId }), { outcome: "cancelled" });
  const { bob, callId } = cancelled;
  await refusedAs(t, "rtc.call_ended", calls.accept({ callId, userId: bob.userId, deviceId: "d" }), {
    outcome: "cancelled",
  });
  const rejected = await ringing();
  t.like(await calls.hangup({ callId: rejected.callId, userId: rejected.bob.userId }), { outcome: "rejected" });
});

test("a call that nobody answers is missed when the ring time is over", async (t) => {
  const { alice, bob, call, callId, view } = await ringing({ ringMs: 1_000 });
  await ended(callId);
  const over = await script.calls.get(callId);
  t.like(over, { outcome: "missed", connectedMs: undefined });
  t.is(over.endedMs, view.startedMs + 1_000);
  t.like(rig.records(alice, bob), { 0: { outcome: "missed" }, length: 1 });
  t.like((await rig.calls(bob))[0], { callId, outcome: "missed", isMissed: true });
  await refusedAs(t, "rtc.call_ended", calls.accept({ callId, userId: bob.userId, deviceId: "d" }));
  t.deepEqual(await calls.invite(call), view, "the same invitation again gets the same answer");
});

test("a call that no worker takes in time rings nowhere, even if a worker takes it later", async (t) => {
  const [alice, bob] = await Promise.all([rig.person("alice"), rig.person("bob")]);
  const call = rig.call(alice, bob);
  await refusedAs(t, "common.unavailable", callsWith({ ringMs: -60_000 }).invite(call));
  await ended(call.callId);
  t.deepEqual([...rig.received(alice, call), ...rig.received(bob, call), ...(await rig.calls(bob))], []);
});

test("the first device of the callee that answers gets the call", async (t) => {
  const { bob, callId, port } = await ringing();
  const [one, other] = await Promise.allSettled(
    ["phone", "tablet"].map((deviceId) => port.accept({ callId, userId: bob.userId, deviceId })),
  );
  t.is([one, other].filter((each) => each?.status === "fulfilled").length, 1);
  const { answeredBy } = await script.calls.get(callId);
  const late = answeredBy === "phone" ? "tablet" : "phone";
  const answeredElsewhere = { answeredElsewhere: true };
  await refusedAs(t, "rtc.call_ended", port.accept({ callId, userId: bob.userId, deviceId: late }), answeredElsewhere);
  const reject = port.reject({ callId, userId: bob.userId, deviceId: late, reason: "reject" });
  await refusedAs(t, "rtc.call_ended", reject, answeredElsewhere);
  const again = await port.accept({ callId, userId: bob.userId, deviceId: answeredBy ?? "" });
  t.like(again, { state: "connected", answeredBy });
});

test("a user in a call is busy, and a caller who was refused is free at once", async (t) => {
  const { alice, bob } = await connected();
  const carol = await rig.person("carol");
  const attempt = rig.call(carol, bob);
  await refusedAs(t, "rtc.busy", calls.invite(attempt));
  await refusedAs(t, "rtc.busy", calls.invite(attempt));
  t.like((await rig.calls(carol))[0], { callId: attempt.callId, outcome: "busy", state: "ended" });
  await eventually(() => rig.records(carol, bob).length === 1);
  t.like(rig.records(carol, bob), { 0: { outcome: "busy" } });

  const second = rig.call(alice, carol);
  await refusedAs(t, "rtc.busy", calls.invite(second));
  await ended(second.callId);
  t.deepEqual(rig.records(alice, carol), [], "a refused attempt leaves no record");
  t.like(await calls.invite(rig.call(carol, await rig.person("dave"))), { state: "ringing" });
});

test("two users who call each other at the same time are in one call", async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const [alice, bob] = await Promise.all([rig.person("alice"), rig.person("bob")]);
    const [alices, bobs] = [rig.call(alice, bob), rig.call(bob, alice)];
    const [one, other] = await Promise.all([calls.invite(alices), calls.invite(bobs)]);
    t.is(one.callId, other.callId);
    const lost = one.callId === alices.callId ? bobs : alices;
    await ended(lost.callId);
    t.like(await script.calls.get(one.callId), { state: "connected" });
    const repeated = await calls.invite(lost);
    t.like(repeated, { callId: one.callId, state: "connected" }, "the lost invitation again answers the same call");
    await calls.hangup({ callId: one.callId, userId: bob.userId });
    await ended(one.callId);
    t.is(rig.records(alice, bob).length, 1);
  }
});

test("after a hangup both users can call again at once", async (t) => {
  let line = await connected();
  for (let round = 0; round < 3; round += 1) {
    const { alice, bob } = line;
    await calls.hangup({ callId: line.callId, userId: alice.userId });
    const [from, to] = round % 2 === 0 ? [bob, alice] : [alice, bob];
    const next = rig.call(from, to);
    t.like(await calls.invite(next), { callId: next.callId, state: "ringing" });
    line = { ...line, call: next, callId: next.callId };
  }
});

test("strangers learn nothing of a call, and a caller cannot accept their own call", async (t) => {
  const { alice, bob, call, callId } = await ringing();
  const eve = await rig.person("eve");
  const asEve = { callId, userId: eve.userId, deviceId: bob.deviceId };
  await refusedAs(t, "rtc.call_not_found", calls.invite({ ...call, callerId: eve.userId }));
  await refusedAs(t, "rtc.call_not_found", calls.accept(asEve));
  await refusedAs(t, "rtc.call_not_found", calls.hangup(asEve));
  await refusedAs(t, "common.forbidden", calls.accept({ ...asEve, userId: alice.userId }));
  await refusedAs(t, "rtc.call_not_found", calls.accept({ ...asEve, callId: "no-such-call" }));
  await calls.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  await refusedAs(t, "rtc.call_not_found", calls.accept(asEve));
  await calls.hangup({ callId, userId: alice.userId });
  await ended(callId);
  await refusedAs(t, "rtc.call_not_found", calls.hangup(asEve));
  await refusedAs(t, "rtc.call_not_found", calls.accept(asEve));
  await refusedAs(t, "rtc.call_not_found", calls.invite({ ...call, callerId: eve.userId }));
  await refusedAs(t, "rtc.call_not_found", calls.changeMode({ ...asEve, callType: "video" }));
});

test("a change to video notifies both users, and the room permits them to publish video", async (t) => {
  const { alice, bob, call, callId } = await ringing();
  const change = { callId, userId: alice.userId, callType: "video" } as const;
  await refusedAs(t, "common.conflict", calls.changeMode(change));
  await calls.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  t.like(await calls.changeMode(change), { callType: "video", state: "connected" });
  t.like(await calls.changeMode(change), { callType: "video" });
  t.is(room.permitted.filter((each) => each === `call-${callId} video`).length, 1);
  await eventually(() => rig.received(bob, call).filter((status) => status === "connected").length === 2);
});

test("a user who drops out of the room may come back within the grace time; after it the call ends", async (t) => {
  const { alice, bob, callId } = await connected({ graceMs: 1_000 });
  const see = (userId: string, kind: "joined" | "left", connectionId: string) =>
    calls.participant({ callId, userId, kind, connectionId });
  await see(alice.userId, "joined", "a1");
  await see(bob.userId, "joined", "b1");
  // The report of the new connection overtakes the report of the old one.
  await see(bob.userId, "joined", "b2");
  await see(bob.userId, "left", "b1");
  await see(alice.userId, "left", "a1");
  await see(alice.userId, "joined", "a2");
  await see(alice.userId, "joined", "a1");
  await see(alice.userId, "left", "a2");
  await ended(callId);
  t.like(await script.calls.get(callId), { outcome: "completed" });
  t.like((await rig.calls(bob))[0], { callId, outcome: "completed" });
  await t.notThrowsAsync(see(alice.userId, "left", "a2"));
  await t.notThrowsAsync(calls.participant({ callId: "no-such-call", kind: "room_finished" }));
});

test("a call fails when one user never enters the room, and ends when its room is closed", async (t) => {
  const alone = await connected({ joinMs: 800 });
  await calls.participant({ callId: alone.callId, userId: alone.alice.userId, kind: "joined", connectionId: "a" });
  await ended(alone.callId);
  t.like(await script.calls.get(alone.callId), { outcome: "failed" });

  const closed = await connected();
  await calls.participant({ callId: closed.callId, kind: "room_finished" });
  await ended(closed.callId);
  t.like(await script.calls.get(closed.callId), { outcome: "completed" });
});

test("without webhooks a call that both users are in goes on, and a call that a user left ends", async (t) => {
  const { alice, bob, callId, port } = await connected({ joinMs: 500, graceMs: 500, lookMs: 300 });
  const roomName = `call-${callId}`;
  const here = (...people: { userId: string }[]) =>
    participants.set(
      roomName,
      people.map(({ userId }) => ({ userId, connectionId: `connection of ${userId}` })),
    );
  here(alice, bob);
  // Only one of the two webhooks arrives: without a look into the room the other user would count as absent.
  await port.participant({
    callId,
    kind: "joined",
    userId: alice.userId,
    connectionId: `connection of ${alice.userId}`,
  });
  const looks = async () => {
    const { events } = await client.workflow.getHandle(workflowIdOf(callId)).fetchHistory();
    return (events ?? []).filter(({ markerRecordedEventAttributes: marker }) => marker).length;
  };
  const before = await looks();
  await eventually(async () => (await looks()) > before + 4, 30_000); // well past joinMs
  t.is((await script.calls.get(callId)).state, "connected");
  here(alice);
  t.like(await ended(callId), { outcome: "completed", endedBy: "room" });
});

test("a call whose room nobody enters fails without a webhook", async (t) => {
  const { callId, bob, port } = await ringing({ joinMs: 800, lookMs: 200 });
  participants.set(`call-${callId}`, []);
  await port.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  t.like(await ended(callId), { outcome: "failed", endedBy: "room" });
});

test("a caller who lost the room while the call rang comes back into the call", async (t) => {
  const { alice, bob, call, port, callId } = await ringing({ graceMs: 60_000 });
  const joined = (userId: string, connectionId: string) =>
    port.participant({ callId, userId, kind: "joined", connectionId });
  await joined(alice.userId, "a1");
  await port.participant({ callId, kind: "room_finished" });
  await port.accept({ callId, userId: bob.userId, deviceId: bob.deviceId });
  await joined(alice.userId, "a2");
  await joined(bob.userId, "b1");
  t.like(await port.changeMode({ callId, userId: bob.userId, callType: "video" }), { state: "connected" });
  await eventually(() => rig.received(bob, call).filter((status) => status === "connected").length === 2);
  await port.participant({ callId, kind: "room_finished" });
  await ended(callId);
});

test("a user who enters the room of an ended call is put out", async (t) => {
  const { alice, callId } = await connected();
  const putOut: string[] = [];
  const media = { probe: async () => {}, closeRoom: async (roomName: string) => void putOut.push(roomName) };
  const port = openTemporalCalls({ ...rig.temporal, times: patient, media });
  opened.push(port);
  const joins = (id: string) =>
    port.participant({ callId: id, userId: alice.userId, kind: "joined", connectionId: "a9" });
  await joins(callId);
  await port.hangup({ callId, userId: alice.userId });
  await ended(callId);
  await port.participant({ callId, userId: alice.userId, kind: "left", connectionId: "a9" });
  t.deepEqual(putOut, []);
  await joins("a-call-of-others");
  t.deepEqual(putOut, []);
  await joins(callId);
  t.deepEqual(putOut, [`call-${callId}`]);
});

test("a call ends after its longest duration", async (t) => {
  const { callId } = await connected({ maxMs: 800 });
  await ended(callId);
  t.like(await script.calls.get(callId), { outcome: "completed" });
});

test("an operator finds a call by its user, sees its state, and ends it", async (t) => {
  const { alice, bob, call, callId } = await connected();
  const find = (state: string) => script.calls.list({ userId: bob.userId, state });
  await eventually(async () => (await find("connected")).length === 1, 20_000);
  t.like((await find("connected"))[0], { callId, callerId: alice.userId, conversationId: call.conversationId });
  const { staticSummary, staticDetails } = await client.workflow.getHandle(workflowIdOf(callId)).describe();
  t.true((await staticSummary?.())?.includes(bob.userId));
  t.true((await staticDetails?.())?.includes("Request Cancellation"));
  const { currentDetails } = await client.workflow
    .getHandle(workflowIdOf(callId))
    .query<{ currentDetails: string }>("__temporal_workflow_metadata");
  t.regex(currentDetails, /^\*\*Connected\*\* \(audio\) since/);

  t.like(await script.calls.end(callId), { state: "ended", outcome: "completed", endedBy: "operator" } as object);
  t.true(rig.received(alice, call).includes("completed"));
  await eventually(async () => (await find("completed")).length === 1, 20_000);

  const unanswered = await ringing();
  const waiting = calls.hangup({ callId: unanswered.callId, userId: "nobody" });
  await refusedAs(t, "rtc.call_not_found", waiting);
  t.like(await script.calls.end(unanswered.callId), { outcome: "cancelled" });
  t.deepEqual(await script.calls.list({ userId: "it's \\ nobody" }), []);
});

test("the examples of the README run as written", async (t) => {
  const examples = new URL("../../workflows/examples/", import.meta.url);
  const run = async (name: string, ...args: string[]) => {
    const flags = ["--disable-warning=ExperimentalWarning", fileURLToPath(new URL(name, examples))];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, rig.temporal.address, ...args]);
    return stdout.trim().split("\n");
  };
  const [alice, bob] = await Promise.all([rig.person("alice"), rig.person("bob")]);
  const noQueue = await t.throwsAsync(run("one-call.ts", alice.userId, bob.userId));
  t.regex(noQueue?.message ?? "", /No taskQueue is set. The hosts log/);
  const printed = await run("one-call.ts", alice.userId, bob.userId, rig.temporal.taskQueue);
  t.deepEqual(printed, ["ringing", "connected", "video", "script", "completed"]);

  const { callId } = await calls.invite(rig.call(alice, bob));
  await eventually(
    async () => (await script.calls.list({ userId: bob.userId, state: "ringing" })).length === 1,
    20_000,
  );
  t.deepEqual(await run("end-calls.ts", bob.userId), [`${callId}: ringing, now cancelled`]);
  const readme = readFileSync(new URL("../README.md", examples), "utf8");
  t.true(readme.includes(readFileSync(new URL("end-calls.ts", examples), "utf8")));
});

test("after its workflow was terminated a call leaves both users free", async (t) => {
  const { alice, bob, callId } = await connected();
  await client.workflow.getHandle(workflowIdOf(callId)).terminate("by the test");
  t.like(await script.calls.get(callId), { state: "ended", outcome: "failed", callerId: alice.userId });
  const carol = await rig.person("carol");
  t.like(await calls.invite(rig.call(carol, bob)), { state: "ringing" });
  t.like(
    (await rig.calls(bob)).find((each) => each.callId === callId),
    { outcome: "failed" },
  );
});

test.serial(
  "a call to an unknown user, or with unreachable actors, rings nowhere and leaves the caller free",
  async (t) => {
    const [alice, bob] = await Promise.all([rig.person("alice"), rig.person("bob")]);
    const lost = rig.call(alice, { userId: "999999999999999", deviceId: "none" });
    await refusedAs(t, "user.not_found", calls.invite(lost));
    await refusedAs(t, "user.not_found", calls.invite(lost));
    rig.outage.begin();
    const unanswered = rig.call(alice, bob);
    try {
      await refusedAs(t, "common.unavailable", script.calls.invite(unanswered));
    } finally {
      rig.outage.end();
    }
    await ended(unanswered.callId);
    t.deepEqual(rig.records(alice, bob), []);
    t.like(await calls.invite(rig.call(alice, bob)), { state: "ringing" });
  },
);

test.serial(
  "a hangup while actors are unreachable completes when they are back, with one record and one notification",
  async (t) => {
    const { alice, bob, call, callId } = await connected();
    const before = rig.outage.refused;
    rig.outage.begin();
    const hangup = calls.hangup({ callId, userId: bob.userId });
    try {
      await eventually(() => rig.outage.refused >= before + 4, 30_000);
    } finally {
      rig.outage.end();
    }
    t.like(await hangup, { outcome: "completed" });
    await ended(callId);
    t.is(rig.records(alice, bob).length, 1);
    t.is(rig.received(alice, call).filter((status) => status === "completed").length, 1);
  },
);

test("every kind of history is replayed to the same decisions", async (t) => {
  const { Worker } = await import("@temporalio/worker");
  const workflowBundle = await bundleWorkflows(log);
  const { alice, bob, callId } = await connected();
  await calls.changeMode({ callId, userId: bob.userId, callType: "video" });
  await calls.participant({ callId, userId: alice.userId, kind: "joined", connectionId: "a" });
  await calls.hangup({ callId, userId: alice.userId });
  await ended(callId);
  const query = `TaskQueue = '${rig.temporal.taskQueue}' AND ExecutionStatus = 'Completed'`;
  const histories = client.workflow.list({ query }).intoHistories({ concurrency: 2 });
  let replayed = 0;
  for await (const result of Worker.runReplayHistories({ workflowBundle }, histories)) {
    t.is(result.error, undefined);
    replayed += 1;
  }
  t.true(replayed >= 1);
});
