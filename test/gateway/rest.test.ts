import { createHmac } from "node:crypto";
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { aliceId, aliceProfile, bobId, oldSecret, profile, type RawBody, secret, startEdge } from "./rest-edge.ts";

function sign(header: object, claims: object, key: Buffer): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

test("an answer is an envelope with the caller's trace id", async (t) => {
  await using edge = await startEdge(profile);
  const token = edge.tokenOf(aliceId);
  const answer = await edge.ask("GET", "/api/v1/users/me", { token, headers: { "x-trace-id": "trace-7" } });
  t.is(answer.status, 200);
  t.like(answer.body, { code: 0, message: "success", trace_id: "trace-7" });
  t.like(answer.body.data, { userId: aliceId, email: "alice@example.org", createdAt: 1_700_000_000_000 });
  t.false("createdAtMs" in answer.body.data);
  t.is(answer.headers.get("x-trace-id"), "trace-7");
  const fresh = await edge.ask("GET", "/api/v1/users/me", { token, headers: { "x-trace-id": "not a token" } });
  t.regex(fresh.body.trace_id, /^[0-9a-f]{32}$/);
});

test("an unknown address gets 404, a wrong method 405 with the allowed methods", async (t) => {
  await using edge = await startEdge();
  const nowhere = await edge.ask("GET", "/api/v1/nowhere");
  t.is(nowhere.status, 404);
  t.like(nowhere.body, { code: 11, codeStr: "000011", data: null });
  const wrong = await edge.ask("DELETE", "/api/v1/auth/login");
  t.is(wrong.status, 405);
  t.is(wrong.headers.get("allow"), "POST");
  t.is((await edge.ask("GET", "/api/v1/users/%E0%A4%A", { token: edge.tokenOf(aliceId) })).status, 404);
});

test("a body that is not valid JSON is refused with the reason", async (t) => {
  await using edge = await startEdge();
  const post = (raw: RawBody) => edge.ask("POST", "/api/v1/auth/login", { raw });
  const deep = "[".repeat(17) + "]".repeat(17);
  for (const raw of ['{"account":', deep, Buffer.from([0x22, 0xff, 0x22]), '{"account":"\\ud800"}']) {
    const answer = await post(raw);
    t.is(answer.status, 400);
    t.like(answer.body, { code: 90103, codeStr: "090103" });
  }
  const list = await post("[]");
  t.is(list.status, 400);
  t.is(list.body.code, 1);
});

test("a body over the limit is refused, by its header and while it streams", async (t) => {
  await using edge = await startEdge();
  const large = "x".repeat(200 * 1024);
  const announced = await edge.ask("POST", "/api/v1/auth/login", { body: { account: large } });
  t.is(announced.status, 413);
  t.like(announced.body, { code: 13, data: { maxBytes: 128 * 1024 } });
  const chunks = new Blob([large]).stream();
  t.is((await edge.ask("POST", "/api/v1/auth/login", { raw: chunks })).status, 413);
});

test("wrong types and missing fields are named, and the values are not repeated", async (t) => {
  await using edge = await startEdge();
  const body = { account: 7, password: { secret: "hunter22" }, deviceType: "Web" };
  const { status, body: answer } = await edge.ask("POST", "/api/v1/auth/login", { body });
  t.is(status, 400);
  t.deepEqual(answer.data, [
    { field: "account", expected: "string" },
    { field: "password", expected: "string" },
    { field: "deviceId", expected: "required" },
  ]);
  t.false(JSON.stringify(answer).includes("hunter22"));
});

test("only a token signed by this server and not expired is accepted", async (t) => {
  await using edge = await startEdge(profile);
  const me = (token: string) => edge.ask("GET", "/api/v1/users/me", { token });
  const good = edge.tokenOf(aliceId);
  const [header = "", claims = "", signature = ""] = good.split(".");
  const plain = JSON.parse(Buffer.from(claims, "base64url").toString());
  const ours = { alg: "HS256", typ: "JWT", kid: "new" };
  t.is((await me(good)).status, 200);
  t.is((await me(sign({ ...ours, kid: "old" }, plain, oldSecret))).status, 200);

  const none = `${Buffer.from('{"alg":"none","typ":"JWT","kid":"new"}').toString("base64url")}.${claims}`;
  const forged = [
    "",
    "abc",
    `${none}.`,
    `${none}.${signature}`,
    `${header}.${Buffer.from(JSON.stringify({ ...plain, sub: bobId })).toString("base64url")}.${signature}`,
    sign({ ...ours, kid: "old" }, plain, secret),
    sign({ ...ours, kid: "unknown" }, plain, secret),
    sign({ ...ours, alg: "HS512" }, plain, secret),
    sign(ours, { ...plain, sub: "admin" }, secret),
    `${good}x`,
    "x".repeat(10_000),
  ];
  for (const token of forged) {
    const answer = await me(token);
    t.is(answer.status, 401, token.slice(0, 80));
    t.is(answer.body.code, 10104);
  }
  t.is((await edge.ask("GET", "/api/v1/users/me")).status, 401);

  edge.clock.nowMs += 7_200_000;
  const expired = await me(good);
  t.is(expired.status, 401);
  t.is(expired.body.code, 10105);
});

test("the session is asked once about a token, and a revoked login is refused at once", async (t) => {
  await using edge = await startEdge({
    ...profile,
    "session.isActive": ({ input }) => ({ active: input.loginId !== "gone" }),
  });
  const token = edge.tokenOf(aliceId);
  for (let n = 0; n < 3; n++) t.is((await edge.ask("GET", "/api/v1/users/me", { token })).status, 200);
  t.is(edge.callsOf("session.isActive").length, 1);
  t.is((await edge.ask("GET", "/api/v1/users/me", { token: edge.tokenOf(aliceId, "gone") })).body.code, 10104);
  edge.revoked.add("login-1");
  t.is((await edge.ask("GET", "/api/v1/users/me", { token })).body.code, 10104);
});

test("without the host's lease no request of a user is served", async (t) => {
  await using edge = await startEdge(profile);
  const token = edge.tokenOf(aliceId);
  edge.state.leaseHeld = false;
  const answer = await edge.ask("GET", "/api/v1/users/me", { token });
  t.is(answer.status, 503);
  t.is(answer.headers.get("retry-after"), "1");
});

test("behind proxies the client's address is the one that the first proxy saw, and clients cannot choose it", async (t) => {
  const answer = async (trustedProxies: number, forwarded: string) => {
    const edge = await startEdge({}, { trustedProxies });
    const headers: Record<string, string> = forwarded === "" ? {} : { "x-forwarded-for": forwarded };
    await edge.ask("POST", "/api/v1/auth/login", { headers, body: {} });
    await edge.server.close();
    return edge.spent.find(({ limit }) => limit.name === "rest.ip")?.key;
  };
  const own = await answer(0, "203.0.113.9");
  t.regex(own ?? "", /127\.0\.0\.1$/);
  t.is(await answer(1, "203.0.113.66, 203.0.113.9"), "203.0.113.9");
  t.is(await answer(2, "203.0.113.66, 203.0.113.9, 10.0.0.1"), "203.0.113.9");
  t.is(await answer(2, "203.0.113.9"), "203.0.113.9");
  t.is(await answer(1, "2001:db8::1"), "2001:db8:0:0");
  for (const none of ["", "me", "203.0.113.9, unknown"]) t.is(await answer(1, none), own);
});

test("too many requests get 429 and the wait", async (t) => {
  await using edge = await startEdge(profile);
  edge.state.refused = "rest.user";
  const answer = await edge.ask("GET", "/api/v1/users/me", { token: edge.tokenOf(aliceId) });
  t.is(answer.status, 429);
  t.is(answer.headers.get("retry-after"), "3");
  t.like(answer.body, { code: 9, codeStr: "000009", data: { retryAfterMs: 2_500 } });
  t.deepEqual(
    edge.spent.map(({ key }) => key),
    [aliceId],
  );
});

test("errors inside are answered by kind; an unexpected one is logged once with the trace id", async (t) => {
  const thrown: { error: Error } = { error: new Error("a secret detail") };
  await using edge = await startEdge({
    "user.profile": () => {
      throw thrown.error;
    },
  });
  const token = edge.tokenOf(aliceId);
  const me = () => edge.ask("GET", "/api/v1/users/me", { token });
  const unexpected = await me();
  t.is(unexpected.status, 500);
  t.is(unexpected.body.code, 5);
  t.false(JSON.stringify(unexpected.body).includes("secret detail"));
  t.is(edge.logged.length, 1);
  t.is(edge.logged[0]?.traceId, unexpected.body.trace_id);

  const expected: [Error, number, number][] = [
    [new RuntimeError("overloaded", ""), 503, 6],
    [new RuntimeError("unreachable", ""), 503, 6],
    [new RuntimeError("deadline", ""), 504, 7],
    [new RuntimeError("too_large", ""), 413, 13],
    [new DomainError("group.dissolved"), 410, 40102],
    [new DomainError("user.not_found"), 404, 20106],
    [new DomainError("common.conflict"), 409, 8],
  ];
  for (const [error, status, code] of expected) {
    thrown.error = error;
    const answer = await me();
    t.deepEqual([answer.status, answer.body.code], [status, code]);
  }
  t.is(edge.logged.length, 1);
});

test("an idempotency key becomes the command id, and counts for its user alone", async (t) => {
  await using edge = await startEdge({ "user.updateProfile": () => aliceProfile });
  const put = (userId: string, key?: string) =>
    edge.ask("PUT", "/api/v1/users/me", {
      token: edge.tokenOf(userId),
      headers: key === undefined ? {} : { "idempotency-key": key },
      body: { nickname: "Alice", userId: bobId },
    });
  await put(aliceId, "k1");
  await put(aliceId, "k1");
  await put(bobId, "k1");
  await put(aliceId);
  const ids = edge.callsOf("user.updateProfile").map(({ options }) => options.commandId ?? "");
  t.is(ids[0], ids[1]);
  t.is(new Set(ids.slice(0, 3)).size, 2);
  t.is(ids[3], "");
  t.deepEqual(edge.callsOf("user.updateProfile")[0]?.input, { patch: { nickname: "Alice" } });
  t.is(edge.callsOf("user.updateProfile")[0]?.options.deadlineMs, edge.clock.nowMs + 10_000);
  t.is((await put(aliceId, "spaces are not one")).status, 400);
});
