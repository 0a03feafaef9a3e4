// Calls over REST, in front of the real actors of both users and a call process that keeps the promises of the port.
import test from "ava";
import type { CallView, NewCall } from "../../actors/shared/call.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { Calls, GatewayDeps } from "../../gateway/ports.ts";
import { routes } from "../../gateway/rest/routes.ts";
import { CallDesk, readableRooms } from "../support/call-desk.ts";
import { type Ask, aliceId, bobId, type Call, pair, type Script, startEdge } from "./rest-edge.ts";

const eveId = "240000000000003";
const url = readableRooms.url;
type Row = Record<string, unknown>;

async function startCalls(overrides: Partial<GatewayDeps> = {}, callsOf = (desk: CallDesk): Calls => desk) {
  const desk = new CallDesk([aliceId, bobId, eveId], pair, Date.UTC(2026, 0, 1));
  desk.pair.people.askFirst.clear();
  await desk.pair.rig.run("requestFriend", { from: aliceId, message: "", source: "" });
  const kept = new Map<string, { input: string; answer: unknown }>();
  const who = (key: string) => {
    const found = desk.people.get(key);
    if (!found) throw new DomainError("user.not_found");
    return found;
  };
  // As the runtime does: a command under an id that was used gets the first answer again, another one is a conflict.
  const once = (act: (call: Call) => unknown) => (call: Call) => {
    const { commandId } = call.options;
    if (commandId === undefined) return act(call);
    const input = JSON.stringify(call.input);
    const known = kept.get(commandId);
    if (known && known.input !== input) throw new DomainError("common.conflict");
    if (!known) kept.set(commandId, { input, answer: act(call) });
    return kept.get(commandId)?.answer;
  };
  const script: Script = {
    "conversation.mayCall": ({ input }) => desk.pair.rig.query("mayCall", input),
    "user.newCallId": once(({ key }) => who(key).run("newCallId", {})),
    "user.card": ({ key }) => who(key).ask("card", {}),
    "user.call": ({ key, input }) => who(key).ask("call", input),
    "user.calls": ({ key, input }) => who(key).ask("calls", input),
    "user.updateCall": ({ key, input }) => who(key).run("updateCall", input),
  };
  const edge = await startEdge(script, { calls: callsOf(desk), media: readableRooms, ...overrides });
  const as =
    (userId: string) =>
    (method: string, path: string, body?: unknown, headers: Ask["headers"] = {}) =>
      edge.ask(method, `/api/v1${path}`, { token: edge.tokenOf(userId), headers, ...(body !== undefined && { body }) });
  return { desk, edge, alice: as(aliceId), bob: as(bobId), eve: as(eveId), [Symbol.asyncDispose]: () => close(edge) };
}
/** The desk, but for some methods. */
const portOf = (desk: CallDesk, others: Partial<Calls>): Calls => ({
  invite: (input) => desk.invite(input),
  accept: (input) => desk.accept(input),
  reject: (input) => desk.reject(input),
  hangup: (input) => desk.hangup(input),
  changeMode: (input) => desk.changeMode(input),
  participant: (event) => desk.participant(event),
  ...others,
});
const close = (edge: { server: { close(): Promise<void> } }) => edge.server.close();
const tokenOf = (roomName: unknown, userId: string, callType = "video") =>
  [roomName, userId, `name of ${userId}`, "d1", callType].join("|");

test("alice calls, bob answers, both talk, one hangs up, and both find the call in their lists", async (t) => {
  await using world = await startCalls();
  const { alice, bob, desk, edge } = world;
  const invited = await alice("POST", "/calls/invite", { userId: bobId, callType: "video" });
  const { callId, roomName } = invited.body.data;
  t.like(invited, { status: 200, body: { code: 0 } });
  t.like(invited.body.data, { token: tokenOf(roomName, aliceId), expiresIn: 3_600, url, status: "calling" });
  t.like(desk.people.get(bobId)?.notifications, [
    { type: "livekit.call_invite", data: { callId, callerName: `name of ${aliceId}`, callerId: aliceId } },
  ]);
  const answered = await bob("PUT", `/calls/${callId}/accept`);
  t.like(answered.body.data, { callId, roomName, token: tokenOf(roomName, bobId), expiresIn: 3_600, url });
  t.like(answered.body.data, { status: "connected", answeredBy: "d1" });
  t.like((await bob("POST", `/calls/${callId}/mode`, { callType: "audio" })).body.data, { callType: "audio" });
  const again = await alice("GET", `/calls/token?callId=${callId}`);
  t.is(again.body.data.token, tokenOf(roomName, aliceId, "audio"));
  desk.passes(61_900);
  edge.clock.nowMs += 61_900;
  t.deepEqual((await alice("PUT", `/calls/${callId}/hangup`)).body.data, { duration: 61 });
  t.deepEqual((await bob("PUT", `/calls/${callId}/hangup`)).body.data, { duration: 61 }, "both at the same moment");
  t.is((await alice("GET", `/calls/token?callId=${callId}`)).body.code, 100_102);
  t.is((await bob("PUT", `/calls/${callId}/accept`)).body.code, 100_102);
  t.is((await bob("POST", `/calls/${callId}/mode`, { callType: "video" })).body.code, 100_102);

  const listed = await bob("GET", "/calls?page=1&pageSize=5");
  t.like(listed.body.data, { total: 1, page: 1, pageSize: 5 });
  const entry = {
    ...{ callId, direction: "incoming", userId: aliceId, nickname: `name of ${aliceId}`, sessionId: pair },
    ...{ status: "ended", outcome: "completed", duration: 61, isMissed: false, callType: "audio" },
  };
  t.like(listed.body.data.calls, [entry]);
  t.like((await alice("GET", `/calls/${callId}`)).body.data, { direction: "outgoing", userId: bobId, duration: 61 });
});

test("the second spelling does the same", async (t) => {
  await using world = await startCalls();
  const { alice, bob, desk } = world;
  const invite = () => alice("POST", "/rtc/calls", { calleeId: bobId, callType: "audio" });
  const { callId, roomName, token } = (await invite()).body.data;
  t.is(token, tokenOf(roomName, aliceId, "audio"));
  t.is(
    (await alice("POST", `/rtc/calls/${callId}/join`)).body.data.token,
    token,
    "the caller joins with the first token",
  );
  t.is(desk.views.get(callId)?.state, "ringing");
  const joined = (await bob("POST", `/rtc/calls/${callId}/join`)).body.data;
  t.like(joined, { callId, roomName, token: tokenOf(roomName, bobId, "audio"), status: "connected" });
  t.is((await bob("POST", `/rtc/calls/${callId}/end`)).body.code, 0);
  const second = (await invite()).body.data.callId;
  t.like(await bob("POST", `/rtc/calls/${second}/reject`), { status: 200, body: { data: null } });
  t.like((await alice("GET", `/rtc/calls/${second}`)).body.data, { status: "rejected", outcome: "rejected" });
  const { calls, total } = (await alice("GET", "/rtc/calls?page=2&pageSize=1")).body.data;
  t.deepEqual([total, calls.map((each: Row) => each.callId)], [2, [callId]]);
  t.true(Number(second) > Number(callId), "ids rise with time");
});

test("a call that was not answered has been missed; one that was rejected says how", async (t) => {
  await using world = await startCalls();
  const { alice, bob } = world;
  const invite = async () => {
    const { data } = (await alice("POST", "/calls/invite", { userId: bobId, callType: "audio" })).body;
    return String(data.callId);
  };
  const cancelled = await invite();
  t.deepEqual((await alice("PUT", `/calls/${cancelled}/hangup`)).body.data, { duration: 0 });
  const busy = await invite();
  t.is((await bob("PUT", `/calls/${busy}/reject`, { reason: "no" })).body.code, 1);
  t.is((await bob("PUT", `/calls/${busy}/reject`, { reason: "busy" })).body.data, null);
  const rejected = await invite();
  await bob("PUT", `/calls/${rejected}/reject`);
  const { calls } = (await bob("GET", "/calls")).body.data;
  t.deepEqual(
    calls.map((each: Row) => [each.callId, each.status, each.outcome, each.isMissed]),
    [
      [rejected, "rejected", "rejected", false],
      [busy, "rejected", "busy", false],
      [cancelled, "ended", "cancelled", true],
    ],
  );
});

test("a user in another call is busy; a retry with the same key is the same call", async (t) => {
  await using world = await startCalls();
  const { alice, bob, eve, desk } = world;
  const key = { "idempotency-key": "k1" };
  const invite = () => alice("POST", "/calls/invite", { userId: bobId, callType: "audio" }, key);
  const first = await invite();
  t.is((await invite()).body.data.callId, first.body.data.callId);
  t.is(desk.views.size, 1);
  const other = await bob("POST", "/calls/invite", { userId: aliceId, callType: "audio" });
  t.like(other, { status: 409, body: { code: 100_103 } });
  await bob("PUT", `/calls/${first.body.data.callId}/reject`);
  t.like(await invite(), { status: 409, body: { code: 100_104 } }, "the retry hears how it ended");
  t.is((await eve("GET", "/calls")).body.data.total, 0);
});

test("a repeated invitation that nobody answered says so", async (t) => {
  await using world = await startCalls();
  const { alice, desk } = world;
  const invite = () =>
    alice("POST", "/calls/invite", { userId: bobId, callType: "audio" }, { "idempotency-key": "k1" });
  t.is((await invite()).status, 200);
  desk.passes(61_000);
  t.like(await invite(), { status: 410, body: { code: 100_105 } });
});

test("a repeated request is answered with the call as it is now", async (t) => {
  // As Temporal does: what it was asked before it answers without asking the process.
  const answers = new Map<string, Promise<CallView>>();
  const once = (key: string, ask: () => Promise<CallView>) => {
    const answer = answers.get(key) ?? ask();
    answers.set(key, answer);
    return answer;
  };
  const remembering = (desk: CallDesk) =>
    portOf(desk, {
      invite: (input: NewCall) => once(input.callId, () => desk.invite(input)),
      accept: (input: Parameters<CallDesk["accept"]>[0]) => once(`${input.callId} accept`, () => desk.accept(input)),
    });
  await using world = await startCalls({}, remembering);
  const { alice, bob } = world;
  const invite = (callType: string, key: string) =>
    alice("POST", "/calls/invite", { userId: bobId, callType }, { "idempotency-key": key });
  const { callId } = (await invite("audio", "one")).body.data;
  await bob("PUT", `/calls/${callId}/reject`, { reason: "reject" });
  t.like(await invite("audio", "one"), { body: { code: 100_104 } });

  const { callId: second } = (await invite("audio", "two")).body.data;
  await bob("PUT", `/calls/${second}/accept`);
  await alice("POST", `/calls/${second}/mode`, { callType: "video" });
  const again = await bob("PUT", `/calls/${second}/accept`);
  t.like(again.body.data, { callType: "video", token: tokenOf(again.body.data.roomName, bobId) });
  t.like((await invite("audio", "two")).body.data, { status: "connected", callType: "video" });
});

test("hanging up a call without a workflow frees both users", async (t) => {
  const outcomes: ("terminated" | "unknown")[] = ["terminated", "unknown"];
  for (const outcome of outcomes) {
    const broken = (desk: CallDesk) =>
      portOf(desk, {
        async hangup({ callId }: { callId: string }): Promise<CallView> {
          if (outcome === "unknown") throw new DomainError("rtc.call_not_found");
          return { ...desk.views.get(callId)!, state: "ended", outcome: "failed", endedMs: Date.UTC(2026, 0, 1) };
        },
      });
    await using world = await startCalls({}, broken);
    const { alice, bob, desk } = world;
    const { callId } = (await alice("POST", "/calls/invite", { userId: bobId, callType: "audio" })).body.data;
    await bob("PUT", `/calls/${callId}/accept`);
    t.like(await alice("PUT", `/calls/${callId}/hangup`), { status: 200 });
    for (const userId of [aliceId, bobId]) {
      const { call } = desk.people.get(userId)!.ask("call", { callId, operation: "call.view" });
      t.is(call.state, "ended", outcome);
    }
  }
});

test("a stranger neither sees a call nor gets into it, and the caller does not answer for the callee", async (t) => {
  await using world = await startCalls();
  const { alice, bob, eve, desk } = world;
  const { callId } = (await alice("POST", "/calls/invite", { userId: bobId, callType: "audio" })).body.data;
  const attempts = [
    ["GET", `/calls/${callId}`],
    ["GET", `/rtc/calls/${callId}`],
    ["GET", `/calls/token?callId=${callId}`],
    ["PUT", `/calls/${callId}/accept`],
    ["PUT", `/calls/${callId}/reject`],
    ["PUT", `/calls/${callId}/hangup`],
    ["POST", `/calls/${callId}/mode`, { callType: "video" }],
    ["POST", `/rtc/calls/${callId}/join`],
    ["POST", `/rtc/calls/${callId}/end`],
    ["POST", `/rtc/calls/${callId}/reject`],
  ] as const;
  for (const [method, path, body] of attempts) {
    t.like(await eve(method, path, body), { status: 404, body: { code: 100_101, data: null } }, path);
    t.is((await bob(method, path.replace(callId, "nothing"), body)).body.code, 100_101);
  }
  for (const path of [`/calls/${callId}/accept`, `/calls/${callId}/reject`]) {
    t.is((await alice("PUT", path)).status, 403, path);
  }
  t.is(desk.views.get(callId)?.state, "ringing");
  t.like(await eve("POST", "/calls/invite", { userId: bobId, callType: "audio" }), { status: 404 });
});

test("a callee who has not answered cannot listen in", async (t) => {
  await using world = await startCalls();
  const { alice, bob } = world;
  const { callId } = (await alice("POST", "/calls/invite", { userId: bobId, callType: "audio" })).body.data;
  const token = `/calls/token?callId=${callId}`;
  const refused = await bob("GET", token);
  t.like(refused, { status: 409, body: { code: 8 } });
  t.regex(refused.body.message, /accept/);
  t.is((await alice("GET", token)).status, 200);
  await bob("PUT", `/calls/${callId}/accept`);
  t.is((await bob("GET", token)).status, 200);
});

test("a key that was used for one call makes no other one", async (t) => {
  await using world = await startCalls();
  const { alice, desk } = world;
  const key = { "idempotency-key": "k1" };
  const invite = (callType: string) => alice("POST", "/calls/invite", { userId: bobId, callType }, key);
  t.is((await invite("audio")).status, 200);
  t.like(await invite("video"), { status: 409, body: { code: 8 } });
  t.is(desk.views.size, 1);
});

test("the rules of the pair hold, and a request that is no call is refused before any device rings", async (t) => {
  await using world = await startCalls();
  const { alice, bob, desk, edge } = world;
  const invite = (body: object) => alice("POST", "/calls/invite", body);
  const video = { callType: "video" };
  const group = await invite({ ...video, groupId: "250000000000000" });
  t.like(group, { status: 400, body: { code: 1, data: [{ field: "groupId" }] } });
  t.regex(group.body.message, /meeting/);
  t.like((await invite(video)).body, { code: 1, data: [{ field: "userId" }] });
  t.like((await invite({ ...video, userId: aliceId })).body, { code: 1, data: [{ field: "userId" }] });
  t.like((await invite({ userId: bobId, callType: "smoke" })).body, { code: 1, data: [{ field: "callType" }] });
  t.is((await invite({ ...video, userId: "nobody" })).body.code, 20_106);
  await desk.pair.rig.run("block", { by: bobId });
  t.like(await invite({ ...video, userId: bobId }), { status: 403, body: { code: 50_108 } });
  t.is((await bob("POST", "/rtc/calls", { calleeId: aliceId, callType: "audio" })).body.code, 50_108);
  await desk.pair.rig.run("unblock", { by: bobId });
  await desk.pair.rig.run("deleteFriend", { by: bobId });
  t.like(await invite({ ...video, userId: bobId }), { status: 403, body: { code: 50_107 } });
  t.is(desk.views.size, 0);
  edge.state.refused = "calls.invite";
  t.like(await invite({ ...video, userId: bobId }), { status: 429, body: { code: 9 } });
  edge.state.refused = "calls.mode";
  t.like(await alice("POST", "/calls/1/mode", { callType: "audio" }), { status: 429, body: { code: 9 } });
  t.is((await alice("GET", "/calls")).status, 200);
});

test("without Temporal or LiveKit the answer names the missing part, and no device rings", async (t) => {
  const invitation = { userId: bobId, callType: "audio" };
  await using noProcess = await startCalls({ calls: undefined });
  const refused = await noProcess.alice("POST", "/calls/invite", invitation);
  t.like(refused, { status: 503, body: { code: 6 } });
  t.regex(
    refused.body.message,
    /Temporal is not running\. Start Temporal \(npm run stack up temporal\), or set TEMPORAL_ADDRESS/,
  );
  t.is((await noProcess.alice("GET", "/calls")).body.data.total, 0);
  await using noRooms = await startCalls({ media: undefined });
  t.like(await noRooms.alice("POST", "/calls/invite", invitation), { status: 503, body: { code: 100_110 } });
  t.is(noRooms.desk.views.size, 0);
  t.is((await noRooms.edge.ask("POST", "/api/v1/livekit/webhook", { raw: "{}" })).body.code, 100_110);
});

test("reports of LiveKit are accepted with a valid signature, and checked byte for byte", async (t) => {
  await using world = await startCalls();
  const { edge, desk } = world;
  const report = (body: string, authorization?: string) => {
    const headers: Record<string, string> = { "content-type": "application/webhook+json" };
    if (authorization !== undefined) headers.authorization = authorization;
    return edge.ask("POST", "/api/v1/livekit/webhook", { raw: body, headers });
  };
  const event = { callId: "7", userId: aliceId, kind: "joined" };
  // Spaces and all: what was signed is what is checked.
  const body = `{ "event":  ${JSON.stringify(event)} }`;
  t.like(await report(body, `signature of ${body}`), { status: 200, body: { code: 0, data: null } });
  t.deepEqual(desk.events, [event] as typeof desk.events);
  t.is((await report("{}", "signature of {}")).status, 200, "a report of something else");
  for (const wrong of [undefined, "", `signature of ${body}.`, edge.tokenOf(aliceId)]) {
    t.like(await report(body, wrong), { status: 401, body: { code: 10_104 } });
  }
  t.is((await report("", "signature of ")).status, 400);
  const huge = `{"event":"${"x".repeat(200_000)}"}`;
  t.is((await report(huge, `signature of ${huge.slice(0, 10)}`)).status, 413);
  t.is(desk.events.length, 1);
  t.false(
    edge.spent.some(({ limit }) => limit.name === "rest.ip"),
    "a busy LiveKit is no stranger knocking",
  );
});

test("the reference has every call route", async (t) => {
  await using world = await startCalls();
  const api = (await world.edge.ask("GET", "/openapi.json")).body;
  const listed = routes.filter(({ path }) => /^\/(rtc\/)?calls|^\/livekit/.test(path));
  t.is(listed.length, 15);
  for (const { method, path } of listed) {
    const operation = api.paths[`${path.replace(/:(\w+)/g, "{$1}")}`]?.[method.toLowerCase()];
    t.truthy(operation?.summary, `${method} ${path}`);
  }
  t.deepEqual(Object.keys(api.paths["/livekit/webhook"].post.requestBody.content), ["application/webhook+json"]);
  t.deepEqual(api.paths["/livekit/webhook"].post.security, []);
  t.is((await world.edge.ask("GET", "/docs")).status, 200);
});
