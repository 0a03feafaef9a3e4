// G11 on a real node: every route and every frame is tried in every relation, against the one table. The test takes the list of
// routes and frames from the code, so a route or frame that is added without a line in the matrix fails here.
import test from "ava";
import { decideVerdict, listVerdicts, type Operation } from "../../actors/shared/authorization.ts";
import { type ErrorName, errors } from "../../actors/shared/errors.ts";
import { statusByKind } from "../../gateway/kit/envelope.ts";
import { routes } from "../../gateway/rest/routes.ts";
import { clientFrames } from "../../gateway/ws/frames.ts";
import { assistantCases } from "../support/authorization/assistant-cases.ts";
import { callCases } from "../support/authorization/call-cases.ts";
import { type Case, fillPath, type Outcome } from "../support/authorization/case.ts";
import { conversationCases } from "../support/authorization/conversation-cases.ts";
import { fileRoutes } from "../support/authorization/file-routes.ts";
import { handshakeFrames, ownFrames, ownRoutes, publicRoutes } from "../support/authorization/own-cases.ts";
import { peopleCases } from "../support/authorization/people-cases.ts";
import { type Place, Stage, type Standing } from "../support/authorization/place.ts";
import { readTrace } from "../support/authorization/trace.ts";
import { people } from "../support/people.ts";
import { callApi } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { TestDevice } from "../support/test-device.ts";

const cases = [...conversationCases, ...peopleCases, ...callCases, ...assistantCases];
const standings: Record<Place["realm"], readonly Standing[]> = {
  pair: ["outsider", "stranger", "friend", "blocker", "blocked"],
  group: ["none", "nonmember", "exmember", "member", "admin", "owner", "dissolved"],
  system: ["bystander", "recipient"],
  assistant: ["none", "stranger", "owner"],
  call: ["uninvolved", "caller", "callee"],
};
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
/** Not in the matrix: each request creates a new group, so no relation to the group exists before the request. */
const creatingRoute = "POST /groups";
/** Tried by tests of their own: those of assistants, and those of the login by OpenID Connect, which have a provider. */
const triedElsewhere = ["PUT /assistants/:id", "DELETE /assistants/:id", "POST /auth/oidc/link"];
const limits = { readMarkEveryMs: 10, resendAfterMs: [60_000] };

test("every route and every frame is in the matrix, and every operation of the table is tried", (t) => {
  const tried = new Set(cases.map(({ of }) => of));
  const routeNames = routes.map(nameOf);
  const unclassified = routeNames.filter(
    (name) =>
      !(publicRoutes.includes(name) || name in ownRoutes || tried.has(name) || name === creatingRoute) &&
      !triedElsewhere.includes(name) &&
      !fileRoutes.includes(name),
  );
  t.deepEqual(unclassified, [], "a new route needs a line in test/support/authorization");
  const frames = [...clientFrames.keys()];
  const untried = frames.filter((type) => !(handshakeFrames.includes(type) || type in ownFrames || tried.has(type)));
  t.deepEqual(untried, [], "a new client frame needs a line in test/support/authorization");
  const known = new Set([...routeNames, ...frames]);
  const named = [...tried, ...publicRoutes, ...Object.keys(ownRoutes), ...Object.keys(ownFrames), ...handshakeFrames];
  t.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
    "lines of routes that do not exist",
  );
  const asked = new Set(cases.map(({ operation }) => operation));
  const operations = [...new Set(listVerdicts().map(({ operation }) => operation))];
  t.deepEqual(
    operations.filter((operation) => !asked.has(operation)),
    ["group.create", "chat.create"],
  );
  t.deepEqual(
    routes.filter(({ auth }) => auth === "none").map(nameOf),
    routeNames.filter((name) => publicRoutes.includes(name)),
  );
});

test("without a login every route and frame is refused, except those that log in", async (t) => {
  await using node = await startTestNode();
  const expected = { status: 401, code: Number(errors["auth.token_invalid"].code) };
  const guarded = routes.filter((route) => !publicRoutes.includes(nameOf(route)));
  for (const { method, path } of guarded) {
    for (const token of [undefined, "not.a.token"]) {
      const { status, code } = await callApi(node.port, method, fillPath(path, {}), { token, body: bodyFor(method) });
      t.deepEqual({ status, code }, expected, `${method} ${path}`);
    }
  }
  for (const type of clientFrames.keys()) {
    if (handshakeFrames.includes(type)) continue;
    const device = new TestDevice(`ws://127.0.0.1:${node.port}/ws`);
    await device.opens();
    device.sends({ type, msgId: "m", data: {} });
    t.is((await device.sees("CONNECT_ERROR")).code, 401, type);
    t.is(await device.closes(), 4401, type);
  }
});

test("a route about the caller alone answers every logged-in caller, and shows nothing of another user", async (t) => {
  await using node = await startTestNode();
  const [alice, mallory] = await people(node, "alice", "mallory");
  const device = await alice.connects();
  for (const [type, data] of Object.entries(ownFrames)) {
    const isRefusal = (frame: { type: string }) => frame.type === "ERROR" || frame.type === "CONNECT_ERROR";
    device.sends({ type, msgId: type, data: data(alice) });
    await device.sees(type === "PING" ? "PONG" : "OK");
    t.deepEqual(device.frames.filter(isRefusal), [], type);
  }
  const foreign = await device.asks("AUTH_REFRESH", { token: mallory.token });
  t.is(foreign.code, Number(errors["auth.token_invalid"].code));
  const made = await alice.posts("/groups", { name: "ours", memberIds: [mallory.userId] });
  t.is(made.status, 200);
  await mallory.deletes(`/auth/devices/${alice.deviceId}`);
  t.is((await alice.gets("/users/me")).status, 200, "her device is still logged in");
  for (const [name, request] of Object.entries(ownRoutes)) {
    const [method = "", path = ""] = name.split(" ");
    const { params = {}, query = "", body } = request(alice);
    const { status, code } = await alice.calls(method, fillPath(path, params) + query, body);
    t.deepEqual({ name, status, code }, { name, status: 200, code: 0 });
  }
  t.is((await alice.gets("/users/me")).status, 401, "she has logged out");
  t.is((await mallory.gets("/users/me")).status, 200);
});

test("conversations and calls allow each relation what the table says, and a refused attempt changes nothing", async (t) => {
  await using node = await startTestNode({ limits });
  const stage = new Stage(node);
  for (const realm of ["pair", "group", "system", "assistant", "call"] as const) {
    await Promise.all(standings[realm].map((standing) => tryAll(t, { node, stage }, realm, standing)));
  }
});

test("with REQUIRE_FRIEND=off, acquaintances are allowed what the table says", async (t) => {
  await using node = await startTestNode({ env: { REQUIRE_FRIEND: "off" }, limits });
  await tryAll(t, { node, stage: new Stage(node) }, "pair", "acquaintance");
});

type Tester = {
  is(a: unknown, b: unknown, why?: string): unknown;
  deepEqual(a: unknown, b: unknown, why?: string): unknown;
};

/** Refused attempts and reads share a place, because they change nothing. Each allowed change gets a place of its own. */
async function tryAll(
  t: Tester,
  { node, stage }: { node: TestNode; stage: Stage },
  realm: Place["realm"],
  standing: Standing,
): Promise<void> {
  let shared: { place: Place; trace: unknown } | undefined;
  for (const each of cases) {
    if (!each.realms.includes(realm) || each.skips?.includes(standing)) continue;
    if (standing === "dissolved" && typeof each.operation === "function") continue;
    const verdict = verdictOf(each, realm, standing);
    const title = `${each.of} ${each.title ?? ""} as ${standing}`;
    const changes = verdict === "allowed" && !isReading(each.of);
    const isFresh = changes || each.prepare !== undefined || each.leavesTrace === true;
    const place = isFresh || shared === undefined ? await stage.sets(realm, standing) : shared.place;
    await each.prepare?.(place);
    const before = isFresh ? undefined : (shared?.trace ?? (await readTrace(node, place)));
    const outcome = await each.does(place, verdict === "allowed");
    const isSilent = each.isSilent?.(place) ?? false;
    checkCode(t, outcome, isSilent ? "allowed" : verdict, title);
    if (each.happened && outcome.code === 0) t.is(await each.happened(outcome, place), verdict === "allowed", title);
    if (isFresh) continue;
    const trace = await readTrace(node, place);
    t.deepEqual(trace, before, `${title} left a trace`);
    shared = { place, trace };
  }
}

function verdictOf(each: Case, realm: Place["realm"], standing: Standing): ErrorName | "allowed" {
  const { operation, but, hidden } = each;
  if (but?.[standing]) return but[standing];
  if (typeof operation === "function") return operation(standing);
  const ask = (what: Operation) =>
    standing === "dissolved" ? "group.dissolved" : decideVerdict(realm, what, standing);
  if (hidden && ask("conversation.view") !== "allowed") return hidden;
  return ask(operation);
}

function checkCode(t: Tester, { code, status }: Outcome, verdict: ErrorName | "allowed", title: string): void {
  const row = verdict === "allowed" ? undefined : errors[verdict];
  t.is(code, Number(row?.code ?? 0), title);
  if (status !== undefined) t.is(status, row ? statusByKind[row.kind] : 200, title);
}

function isReading(of: string): boolean {
  return of.startsWith("GET ") || of.startsWith("POST /sync") || of === "SYNC" || of === "PRESENCE_SUBSCRIBE";
}

function bodyFor(method: string): unknown {
  return method === "GET" ? undefined : {};
}
