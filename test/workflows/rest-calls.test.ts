// Calls over REST: real actors, the real workflow on Temporal, and rooms with readable tokens.

import type { Actors } from "../../actors/runtime/actors.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { openTemporalCalls, type TemporalCalls } from "../../infra/temporal/calls.ts";
import { startWorkflows, type Workflows } from "../../infra/temporal/workflows.ts";
import { startEdge } from "../gateway/rest-edge.ts";
import { eventually } from "../suites/eventually.ts";
import { readableRooms } from "../support/call-desk.ts";
import { needs } from "../support/needs.ts";
import { type CallRig, createQuietLog, type Person, patient, startCallRig } from "./call-rig.ts";

const test = needs("temporal");

let rig: CallRig;
let workflows: Workflows;
let calls: TemporalCalls;
let edge: Awaited<ReturnType<typeof startEdge>>;

test.before(async () => {
  rig = await startCallRig();
  const rooms = { closeRoom: async () => {}, permit: async () => {}, listParticipants: async () => [] };
  workflows = startWorkflows({ ...rig.temporal, deps: { actors: rig.actors, rooms }, log: createQuietLog() });
  calls = openTemporalCalls({ ...rig.temporal, times: patient });
  // Every session counts as logged in.
  const session = { isActive: async () => ({ active: true }) };
  const actors: Actors = {
    get: (contract, key) => (contract.kind === "session" ? (session as never) : rig.actors.get(contract, key)),
  };
  edge = await startEdge({}, { actors, calls, media: readableRooms, clock: systemClock });
  await eventually(() => workflows.status().ok, 60_000);
});

test.after.always(async () => {
  await edge?.server.close();
  await workflows?.stop();
  await calls?.close();
  rig?.stop();
});

type Row = Record<string, unknown>;
const as =
  ({ userId }: Person) =>
  (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    edge.ask(method, `/api/v1${path}`, { token: edge.tokenOf(userId), headers, ...(body !== undefined && { body }) });

async function friends() {
  const [alice, bob] = await Promise.all([rig.person("alice"), rig.person("bob")]);
  return { alice, bob, a: as(alice), b: as(bob) };
}

test("a call is invited, accepted, changed and hung up over REST; a retry does not ring again, and a webhook is accepted", async (t) => {
  const { alice, bob, a, b } = await friends();
  const invite = () =>
    a("POST", "/calls/invite", { userId: bob.userId, callType: "video" }, { "idempotency-key": "one-call" });
  const invited = await invite();
  const { callId, roomName } = invited.body.data;
  t.like(invited, { status: 200, body: { data: { status: "calling", expiresIn: 3_600, url: readableRooms.url } } });
  t.is((await invite()).body.data.callId, callId);
  t.deepEqual(rig.received(bob, { callId }), ["invite"]);
  const answered = await b("PUT", `/calls/${callId}/accept`);
  t.like(answered.body.data, { roomName, status: "connected", answeredBy: "d1" });
  t.true(String(answered.body.data.token).startsWith(`${roomName}|${bob.userId}|`));
  const body = JSON.stringify({ event: { callId, userId: alice.userId, kind: "joined" } });
  const report = { raw: body, headers: { authorization: `signature of ${body}` } };
  t.is((await edge.ask("POST", "/api/v1/livekit/webhook", report)).status, 200);
  t.like((await b("POST", `/calls/${callId}/mode`, { callType: "audio" })).body.data, { callType: "audio" });
  t.is(typeof (await b("PUT", `/calls/${callId}/hangup`)).body.data.duration, "number");
  t.is((await a("PUT", `/calls/${callId}/hangup`)).status, 200);
  t.is((await b("PUT", `/calls/${callId}/accept`)).body.code, 100_102);
  t.like((await a("GET", `/calls/${callId}`)).body.data, { status: "ended", outcome: "completed", userId: bob.userId });
  await eventually(() => rig.records(alice, bob).length === 1);
  t.like(rig.records(alice, bob), [{ callId, outcome: "completed", callType: "audio" }]);
});

test("a user in a call is busy, and the missed call is in their list", async (t) => {
  const { a, b, bob } = await friends();
  const eve = as(await rig.person("eve"));
  const invitation = { calleeId: bob.userId, callType: "audio" };
  const { callId } = (await a("POST", "/rtc/calls", invitation)).body.data;
  t.like(await eve("POST", "/rtc/calls", invitation), { status: 409, body: { code: 100_103 } });
  t.is((await eve("GET", `/rtc/calls/${callId}`)).body.code, 100_101);
  t.is((await b("POST", `/rtc/calls/${callId}/reject`, { reason: "reject" })).status, 200);
  const { calls: listed } = (await b("GET", "/calls")).body.data;
  t.deepEqual(
    new Set(listed.map((each: Row) => `${each.outcome} ${each.isMissed}`)),
    new Set(["rejected false", "busy true"]),
  );
});

test("two users who call each other at the same time are in one call over REST", async (t) => {
  const { alice, bob, a, b } = await friends();
  const [alices, bobs] = await Promise.all([
    a("POST", "/calls/invite", { userId: bob.userId, callType: "audio" }),
    b("POST", "/calls/invite", { userId: alice.userId, callType: "audio" }),
  ]);
  t.deepEqual([alices.status, bobs.status], [200, 200]);
  const { callId } = alices.body.data;
  t.is(bobs.body.data.callId, callId);
  // The workflow answers the requests first, and notifies both users then.
  await eventually(async () => (await a("GET", `/calls/${callId}`)).body.data.status === "connected");
  for (const one of [a, b]) t.is((await one("GET", "/calls")).body.data.total, 1, "the other attempt is in no list");
  t.is((await b("POST", `/rtc/calls/${callId}/end`)).status, 200);
});
