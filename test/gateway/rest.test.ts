import { createHmac } from "node:crypto";
import { connect } from "node:net";
import test from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { routes } from "../../gateway/rest/routes.ts";
import { aliceId, bobId, oldSecret, pair, type RawBody, secret, startEdge } from "./rest-edge.ts";

const aliceProfile = {
  userId: aliceId,
  nickname: "Alice",
  avatar: "",
  signature: "",
  gender: 0,
  birthday: "",
  region: "",
  phone: "",
  email: "alice@example.org",
  account: "",
  createdAtMs: 1_700_000_000_000,
};
const profile = { "user.profile": () => aliceProfile };

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

test("what is nowhere is 404, and a wrong method 405 with what is allowed", async (t) => {
  await using edge = await startEdge();
  const nowhere = await edge.ask("GET", "/api/v1/nowhere");
  t.is(nowhere.status, 404);
  t.like(nowhere.body, { code: 1, codeStr: "000001", data: null });
  const wrong = await edge.ask("DELETE", "/api/v1/auth/login");
  t.is(wrong.status, 405);
  t.is(wrong.headers.get("allow"), "POST");
  t.is((await edge.ask("GET", "/api/v1/users/%E0%A4%A", { token: edge.tokenOf(aliceId) })).status, 404);
});

test("a body that is not JSON as we take it is refused, and says why", async (t) => {
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
  t.like(announced.body, { code: 1, data: { maxBytes: 128 * 1024 } });
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

test("only a token that we signed, and that has not expired, lets in", async (t) => {
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

test("without the host's lease nobody is served as a user", async (t) => {
  await using edge = await startEdge(profile);
  const token = edge.tokenOf(aliceId);
  edge.state.leaseHeld = false;
  const answer = await edge.ask("GET", "/api/v1/users/me", { token });
  t.is(answer.status, 503);
  t.is(answer.headers.get("retry-after"), "1");
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

test("what goes wrong inside is told by kind, and what nobody foresaw is logged once with the trace id", async (t) => {
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
    [new RuntimeError("draining", ""), 503, 6],
    [new RuntimeError("deadline", ""), 504, 7],
    [new RuntimeError("too_large", ""), 413, 1],
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

test("people register by mail, and get tokens that work", async (t) => {
  await using edge = await startEdge({
    ...profile,
    "handle.find": () => ({}),
    "handle.register": () => ({ userId: aliceId }),
    "session.login": () => ({ loginId: "login-9", revoked: [] }),
  });
  const body = {
    email: "Alice@Example.org",
    password: "abcdefg1",
    verifyCode: "123456",
    deviceType: "ios",
    deviceId: "d",
  };
  const { status, body: answer } = await edge.ask("POST", "/api/v1/auth/register", { body });
  t.is(status, 200);
  t.like(answer.data, { userId: aliceId, expiresIn: 7_200, user: { nickname: "Alice" } });
  t.like(edge.callsOf("handle.register")[0], { key: "email:alice@example.org" });
  t.like(edge.callsOf("handle.register")[0]?.input, { email: "alice@example.org", passwordHash: "hash of abcdefg1" });
  t.like(edge.callsOf("session.login")[0]?.input, { deviceType: "iOS", deviceId: "d" });
  t.is((await edge.ask("GET", "/api/v1/users/me", { token: answer.data.accessToken })).status, 200);
  t.false(JSON.stringify(edge.callsOf("session.login")).includes(answer.data.refreshToken.split(".")[2]));

  const refused = async (change: object) =>
    (await edge.ask("POST", "/api/v1/auth/register", { body: { ...body, ...change } })).body.code;
  t.is(await refused({ password: "abcdefgh" }), 10110);
  t.is(await refused({ password: "short1" }), 10110);
  t.is(await refused({ email: "nobody" }), 10114);
  t.is(await refused({ email: "", phoneNumber: "12" }), 10113);
  t.is(await refused({ verifyCode: "000000" }), 10108);
  t.is(await refused({ deviceType: "toaster" }), 1);
  t.is(await refused({ phoneNumber: "+8613800000000" }), 1);
});

test("a retried registration logs in, and a second one is refused", async (t) => {
  await using edge = await startEdge({
    ...profile,
    "handle.find": () => ({ userId: aliceId }),
    "session.credentials": () => ({ passwordHash: "hash of abcdefg1", credentialVersion: 1, status: "normal" }),
    "session.login": () => ({ loginId: "login-9", revoked: [] }),
  });
  const body = { email: "a@b.org", password: "abcdefg1", verifyCode: "used", deviceType: "Web", deviceId: "d" };
  const headers = { "idempotency-key": "k" };
  t.is((await edge.ask("POST", "/api/v1/auth/register", { body, headers })).body.data.userId, aliceId);
  t.is((await edge.ask("POST", "/api/v1/auth/register", { body })).body.code, 10101);
  const other = { ...body, password: "another1" };
  t.is((await edge.ask("POST", "/api/v1/auth/register", { body: other, headers })).body.code, 10101);
});

test("a login replaces others everywhere before it answers", async (t) => {
  await using edge = await startEdge({
    ...profile,
    "handle.find": ({ key }) => (key === "email:alice@example.org" ? { userId: aliceId } : {}),
    "session.credentials": () => ({ passwordHash: "hash of abcdefg1", credentialVersion: 3, status: "normal" }),
    "session.login": () => ({ loginId: "login-2", revoked: [{ loginId: "login-1", reason: "multi_login" }] }),
  });
  const old = edge.tokenOf(aliceId);
  const body = { account: "alice@example.org", password: "abcdefg1", deviceType: "Web", deviceId: "d" };
  const login = (change: object) => edge.ask("POST", "/api/v1/auth/login", { body: { ...body, ...change } });
  t.is((await login({})).body.data.userId, aliceId);
  t.is(edge.callsOf("session.login")[0]?.input.credentialVersion, 3);
  t.true(edge.revoked.has("login-1"));
  t.is((await edge.ask("GET", "/api/v1/users/me", { token: old })).body.code, 10104);

  t.is((await login({ password: "wrong" })).body.code, 10103);
  t.deepEqual(
    [(await login({ account: "bob@x.org" })).status, (await login({ account: "?" })).body.code],
    [404, 10102],
  );
  t.is((await login({ password: undefined })).body.code, 1);
  t.is((await login({ password: undefined, verifyCode: "123456" })).body.data.userId, aliceId);
  t.is(edge.callsOf("session.login").at(-1)?.input.credentialVersion, undefined);
  t.is((await login({ password: undefined, verifyCode: "1" })).body.code, 10108);
});

test("tokens are refreshed by header or body, and a retry gets the same ones", async (t) => {
  await using edge = await startEdge({
    ...profile,
    "session.refresh": () => ({ deviceId: "d1", deviceType: "Web" }),
  });
  const old = `${aliceId}.login-1.${"s".repeat(43)}`;
  const refresh = (ask: object) => edge.ask("POST", "/api/v1/auth/refresh", ask);
  const byHeader = await refresh({ token: old });
  const byBody = await refresh({ body: { refreshToken: old } });
  t.is(byHeader.body.data.userId, aliceId);
  t.not(byHeader.body.data.refreshToken, byBody.body.data.refreshToken);
  const headers = { "idempotency-key": "k" };
  const first = await refresh({ token: old, headers });
  const retried = await refresh({ token: old, headers });
  t.is(first.body.data.refreshToken, retried.body.data.refreshToken);
  t.is(edge.callsOf("session.refresh")[2]?.options.commandId, edge.callsOf("session.refresh")[3]?.options.commandId);
  t.is((await refresh({ token: "nonsense" })).body.code, 10106);
});

test("an old refresh token ends its login everywhere", async (t) => {
  await using edge = await startEdge({
    ...profile,
    "session.refresh": () => ({ deviceId: "d1", deviceType: "Web", reused: true }),
  });
  const answer = await edge.ask("POST", "/api/v1/auth/refresh", { token: `${aliceId}.login-1.${"s".repeat(43)}` });
  t.is(answer.body.code, 10106);
  t.true(edge.revoked.has("login-1"));
});

test("a password is changed by who knows it, and reset by code; other logins end", async (t) => {
  await using edge = await startEdge({
    "handle.find": () => ({ userId: aliceId }),
    "session.credentials": () => ({ passwordHash: "hash of abcdefg1", credentialVersion: 1, status: "normal" }),
    "session.changePassword": () => ({ revoked: ["login-7"] }),
    "session.resetPassword": () => ({ revoked: ["login-8"] }),
  });
  const token = edge.tokenOf(aliceId);
  const change = (body: object) => edge.ask("POST", "/api/v1/auth/password/change", { token, body });
  t.is((await change({ oldPassword: "wrong", newPassword: "hijklmn2" })).body.code, 10103);
  t.is((await change({ oldPassword: "abcdefg1", newPassword: "weak" })).body.code, 10110);
  t.is((await change({ oldPassword: "abcdefg1", newPassword: "hijklmn2" })).body.code, 0);
  t.like(edge.callsOf("session.changePassword")[0]?.input, {
    keepLoginId: "login-1",
    passwordHash: "hash of hijklmn2",
  });
  const reset = { phoneNumber: "+8613800000000", verifyCode: "123456", newPassword: "opqrstu3" };
  t.is((await edge.ask("POST", "/api/v1/auth/password/reset", { body: reset })).body.code, 0);
  t.deepEqual([...edge.revoked], ["login-7", "login-8"]);
});

test("a user is found by exact address only, as far as he lets himself be found", async (t) => {
  const card = { userId: bobId, nickname: "Bob", avatar: "", signature: "", searchByPhone: false, searchById: true };
  await using edge = await startEdge({ "handle.find": () => ({ userId: bobId }), "user.card": () => card });
  const search = async (keyword: string) =>
    (
      await edge.ask("GET", `/api/v1/users/search?keyword=${encodeURIComponent(keyword)}`, {
        token: edge.tokenOf(aliceId),
      })
    ).body.data;
  t.is((await search("bob")).total, 1);
  t.is((await search(bobId)).total, 1);
  t.is((await search("+8613800000000")).total, 0);
  t.is((await search("bob@example.org")).total, 0);
  t.deepEqual((await search("bob")).users, [{ userId: bobId, nickname: "Bob", avatar: "", signature: "" }]);
});

test("friend requests are handled in both spellings, by what the caller's list says", async (t) => {
  const request = {
    ...{ type: "request", id: "r1", userId: bobId, direction: "received", message: "hi", source: "search" },
    ...{ status: "pending", createdAtMs: 1, updatedAtMs: 2, version: 1 },
  };
  await using edge = await startEdge({
    "user.items": () => ({ version: 1, full: false, items: [request] }),
    "conversation.requestFriend": () => ({ requestId: "r1", status: "accepted" }),
    "conversation.handleFriendRequest": ({ input }) => ({ status: input.accept ? "accepted" : "rejected" }),
  });
  const token = edge.tokenOf(aliceId);
  const asked = await edge.ask("POST", "/api/v1/friends/requests", { token, body: { userId: bobId } });
  t.deepEqual(asked.body.data, { requestId: "r1", status: "accepted", autoAccepted: true });
  t.is(edge.callsOf("conversation.requestFriend")[0]?.key, pair);
  const self = await edge.ask("POST", "/api/v1/friends/requests", { token, body: { userId: aliceId } });
  t.is(self.body.code, 30108);
  const handle = (id: string, body: object) => edge.ask("PUT", `/api/v1/friends/requests/${id}`, { token, body });
  t.is((await handle("r1", { action: "accept" })).body.data.status, "accepted");
  t.is((await handle("r1", { accept: false })).body.data.status, "rejected");
  t.is((await handle("r1", {})).body.code, 1);
  t.is((await handle("r2", { accept: true })).body.code, 30104);
  const listed = await edge.ask("GET", "/api/v1/friends/requests?type=received", { token });
  t.like(listed.body.data.requests[0], { requestId: "r1", fromUserId: bobId, toUserId: aliceId, createdAt: 1 });
  t.is((await edge.ask("GET", "/api/v1/friends/requests?type=sent", { token })).body.data.total, 0);
});

test("groups take members in both spellings, and answer as the seed does", async (t) => {
  const info = {
    groupId: "250000000000000",
    name: "Tea",
    ownerId: aliceId,
    memberCount: 2,
    createdAtMs: 5,
    updatedAtMs: 6,
  };
  await using edge = await startEdge({
    "user.newGroupId": () => ({ groupId: info.groupId }),
    "conversation.createGroup": () => ({ ...info, failedIds: [] }),
    "conversation.invite": () => ({ successIds: [bobId], failedIds: [], memberCount: 2 }),
    "conversation.exit": () => null,
    "conversation.muteMember": () => null,
    "conversation.setRole": () => null,
    "conversation.members": ({ input }) => ({
      total: 1,
      members: [{ userId: bobId, role: "member", joinedAtMs: input.offset, groupNickname: "", isMuted: false }],
    }),
  });
  const token = edge.tokenOf(aliceId);
  const post = (path: string, body?: object) => edge.ask("POST", `/api/v1/groups${path}`, { token, body });
  for (const ids of [{ memberIds: [bobId, bobId] }, { userIds: [bobId] }]) {
    const made = await post("", { name: " Tea ", ...ids });
    t.like(made.body.data, { groupId: info.groupId, createdAt: 5, sessionId: `g_${info.groupId}` });
    t.is((await post(`/${info.groupId}/members`, ids)).body.data.memberCount, 2);
  }
  t.deepEqual(edge.callsOf("conversation.createGroup")[0]?.input, {
    ...{ ownerId: aliceId, name: "Tea", avatar: "", memberIds: [bobId] },
  });
  for (const path of ["exit", "quit"]) t.is((await post(`/${info.groupId}/${path}`)).body.code, 0);
  t.is((await post("/nonsense/exit")).body.code, 40101);
  t.is((await post("", { name: "Tea" })).body.code, 1);
  const many = Array.from({ length: 201 }, (_, n) => String(n));
  t.is((await post("", { name: "Tea", memberIds: many })).body.code, 1);
  const page = await edge.ask("GET", `/api/v1/groups/${info.groupId}/members?page=3&pageSize=10`, { token });
  t.like(page.body.data.members[0], { nickname: `name of ${bobId}`, joinedAt: 20, userInfo: { userId: bobId } });
  const member = `/api/v1/groups/${info.groupId}/members/${bobId}`;
  await edge.ask("PUT", `${member}/mute`, { token, body: { duration: 60 } });
  await edge.ask("PUT", `${member}/mute`, { token, body: { muted: false } });
  t.deepEqual(
    edge.callsOf("conversation.muteMember").map(({ input }) => input.untilMs),
    [edge.clock.nowMs + 60_000, 0],
  );
  t.is((await edge.ask("PUT", `${member}/role`, { token, body: { role: "owner" } })).body.code, 1);
  t.is((await post(`/${info.groupId}/admins`, { userId: bobId })).body.code, 0);
});

const stored = {
  ...{ messageId: "260000000000000", conversationId: pair, bucket: 0, seq: 4, version: 6, senderId: bobId },
  ...{ senderName: "Bob", senderAvatar: "", clientMsgId: "c1", contentType: "text", content: "hi", atMs: 9 },
  ...{ status: "normal" as const, viewStatus: "read" as const },
};
const ref = { messageId: stored.messageId, seq: 4, bucket: 0, senderId: bobId, atMs: 9, contentType: "text" };
type Reading = Awaited<Parameters<typeof startEdge>[1] & object>["reading"] & object;
const reading = (parts: Partial<Reading>) => ({ reading: parts as Reading });

test("a message is sent to a user, a group or a conversation, and its key makes a retry harmless", async (t) => {
  await using edge = await startEdge({
    "conversation.send": () => ({ messageId: stored.messageId, seq: 4, version: 6, atMs: 9 }),
  });
  const token = edge.tokenOf(aliceId);
  const send = (body: object, headers = {}) => edge.ask("POST", "/api/v1/messages", { token, body, headers });
  const text = { contentType: "text", content: "hi" };
  const sent = await send({ ...text, receiverId: bobId, clientMsgId: "c1", expireAt: 1_900_000_000 });
  t.deepEqual(sent.body.data, {
    ...{ messageId: stored.messageId, clientMsgId: "c1", sessionId: pair, sessionType: "single" },
    ...{ seq: 4, version: 6, timestamp: 9 },
  });
  const [first] = edge.callsOf("conversation.send");
  t.like(first, { key: pair, options: { deadlineMs: edge.clock.nowMs + 15_000 } });
  t.is(first?.options.commandId, undefined);
  t.like(first?.input, { senderId: aliceId, senderName: `name of ${aliceId}`, deviceId: "d1" });
  t.is(first?.input.expireAtMs, 1_900_000_000_000);
  await send({ ...text, groupId: "250000000000000" }, { "idempotency-key": "k" });
  t.like(edge.callsOf("conversation.send")[1], { key: "g_250000000000000", input: { clientMsgId: "k" } });
  t.is((await send({ ...text, sessionId: "s_9_1" })).body.code, 60101);
  t.is((await send(text)).body.code, 1);
  t.is((await send({ contentType: "text", receiverId: bobId })).body.code, 1);
});

test("a message is changed by its id, wherever it is", async (t) => {
  const overrides = reading({ findMessage: async () => ({ conversationId: pair, message: stored, ref }) });
  const script = {
    "conversation.edit": () => ({ version: 7 }),
    "conversation.recall": () => ({ version: 8 }),
    "user.deleteMessages": () => null,
  };
  await using edge = await startEdge(script, overrides);
  const token = edge.tokenOf(aliceId);
  const path = `/api/v1/messages/${stored.messageId}`;
  t.is((await edge.ask("PUT", path, { token, body: { content: "ho" } })).body.data.version, 7);
  t.is((await edge.ask("POST", `${path}/recall`, { token })).body.data.version, 8);
  t.is((await edge.ask("DELETE", path, { token })).body.code, 0);
  t.deepEqual(edge.callsOf("conversation.recall")[0]?.input, { by: aliceId, message: ref });
  t.deepEqual(edge.callsOf("user.deleteMessages")[0]?.input.messages, [{ messageId: stored.messageId, seq: 4 }]);
  t.is((await edge.ask("DELETE", "/api/v1/messages/abc", { token })).body.code, 50101);
});

test("pages of history end at their size, farthest from where they began", async (t) => {
  const big = [1, 2, 3].map((seq) => ({ ...stored, seq, content: "x".repeat(300 * 1024) }));
  await using edge = await startEdge({}, reading({ history: async () => ({ messages: big, hasMore: false }) }));
  const page = async (direction: string) => {
    const path = `/api/v1/messages/history?sessionId=${pair}&direction=${direction}`;
    const { body } = await edge.ask("GET", path, { token: edge.tokenOf(aliceId) });
    t.true(body.data.hasMore);
    return body.data.messages.map((message: { seq: number }) => message.seq);
  };
  t.deepEqual(await page("forward"), [1]);
  t.deepEqual(await page("backward"), [3]);
});

test("offline messages come by the device's cursor, from the beginning for small numbers", async (t) => {
  const asked: unknown[] = [];
  const change = {
    ...{ type: "conversation" as const, conversationId: pair, fromVersion: 0, version: 6, seq: 4, countSeq: 4 },
    ...{ full: false, messages: [{ ...stored, seq: 5, atMs: 12 }, stored], changes: [], readSeq: 0, unreadCount: 1 },
  };
  const vector = { userVersion: 0, conversations: {} };
  const result = { changes: [change], cursor: 240_000_000_000_777, vector, hasMore: true, full: false, storeId: "s" };
  const sync: Reading["sync"] = async (input) => {
    asked.push(input.from);
    return result;
  };
  await using edge = await startEdge({}, reading({ sync }));
  const token = edge.tokenOf(aliceId);
  for (const lastSeq of [0, 17, 240_000_000_000_777]) {
    const { body } = await edge.ask("GET", `/api/v1/messages/offline?lastSeq=${lastSeq}`, { token });
    t.like(body.data, { hasMore: true, nextSeq: 240_000_000_000_777 });
    t.deepEqual(
      body.data.messages.map((message: { seq: number }) => message.seq),
      [4, 5],
    );
    t.like(body.data.messages[0], { sessionId: pair, timestamp: 9, status: "read", content: "hi" });
  }
  t.deepEqual(asked, [{ cursor: 0 }, { cursor: 0 }, { cursor: 240_000_000_000_777 }]);

  const synced = await edge.ask("POST", "/api/v1/sync", { token, body: { vector: { [pair]: 3 }, userVersion: 2 } });
  t.deepEqual(asked[3], { vector: { userVersion: 2, conversations: { [pair]: 3 } } });
  t.like(synced.body.data.changes[0], { type: "conversation", sessionId: pair, version: 6 });
  t.is((await edge.ask("POST", "/api/v1/sync", { token, body: { vector: { [pair]: "3" } } })).body.code, 1);
});

test("reading is told to the conversation and to the reader's other devices", async (t) => {
  const findMessage: Reading["findMessage"] = async ({ messageId }) => {
    if (messageId !== stored.messageId) throw new DomainError("message.not_found");
    return { conversationId: pair, message: stored, ref };
  };
  const script = {
    "conversation.markRead": () => ({ seq: 4, countSeq: 3 }),
    "conversation.window": () => ({ head: { seq: 4 } }),
    "user.markRead": () => null,
  };
  await using edge = await startEdge(script, reading({ findMessage }));
  const token = edge.tokenOf(aliceId);
  const ack = (body: object) => edge.ask("POST", "/api/v1/messages/ack", { token, body: { sessionId: pair, ...body } });
  t.is((await ack({ messageIds: ["1", "999999999999999", stored.messageId, "junk"] })).body.code, 0);
  t.deepEqual(edge.callsOf("user.markRead")[0]?.input, { conversationId: pair, seq: 4, countSeq: 3 });
  t.is((await ack({ messageIds: ["1"] })).body.code, 50101);
  t.is((await ack({})).body.code, 1);
  t.is((await edge.ask("POST", `/api/v1/conversations/${pair}/read`, { token })).body.code, 0);
});

test("the conversation list is served under both names", async (t) => {
  const entry = {
    ...{ type: "conversation" as const, id: pair, conversationType: "single" as const, joinedAtMs: 1 },
    ...{ fanout: "users" as const, isPinned: true, pinnedAtMs: 2, isMuted: false, hiddenSeq: 0, clearedSeq: 0 },
    ...{ readSeq: 3, readCountSeq: 3, mentionSeqs: [] },
  };
  const last = { messageId: stored.messageId, seq: 4, senderId: bobId, contentType: "text", preview: "hi", atMs: 9 };
  const head = { version: 6, seq: 4, countSeq: 4, updatedAtMs: 9, last };
  const view = { entry, head, unreadCount: 1, name: "Bob", avatar: "", updatedAtMs: 9 };
  const sessions: Reading["sessions"] = async () => ({ sessions: [view], deletedIds: [], updateTimeMs: 9 });
  const overrides = reading({ sessions, unreadTotal: async () => 1 });
  await using edge = await startEdge({ "user.pin": () => null }, overrides);
  const token = edge.tokenOf(aliceId);
  for (const name of ["sessions", "conversations"]) {
    const { data } = (await edge.ask("GET", `/api/v1/${name}`, { token })).body;
    t.like(data, { total: 1, updateTime: 9, hasMore: false });
    t.like(data.sessions[0], { sessionId: pair, sessionType: "single", userId: bobId, unreadCount: 1, isPinned: true });
    t.like(data.sessions[0].lastMessage, { content: "hi", timestamp: 9 });
    t.is((await edge.ask("GET", `/api/v1/${name}/unread/total`, { token })).body.data.totalUnread, 1);
    t.is((await edge.ask("GET", `/api/v1/${name}/${pair}`, { token })).body.data.name, "Bob");
    for (const body of [{ pinned: true }, { isPinned: false }]) {
      t.is((await edge.ask("PUT", `/api/v1/${name}/${pair}/pin`, { token, body })).body.code, 0);
    }
  }
  t.is((await edge.ask("GET", `/api/v1/sessions/s_1_2`, { token })).body.code, 60101);
});

test("the reference names every route, its fields and every error", async (t) => {
  await using edge = await startEdge();
  const { body: api } = await edge.ask("GET", "/openapi.json");
  const described = Object.values<object>(api.paths).flatMap((methods) => Object.keys(methods));
  t.is(described.length, routes.length);
  t.is(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size, routes.length);
  const pin = api.paths["/sessions/{id}/pin"].put;
  t.deepEqual(pin.parameters[0], { name: "id", in: "path", required: true, schema: { type: "string" } });
  t.deepEqual(pin.requestBody.content["application/json"].schema.properties.pinned, { type: "boolean" });
  t.true(api["x-errors"].some((error: { code: string }) => error.code === "010101"));
  const docs = await edge.ask("GET", "/docs");
  t.regex(docs.body, /\/sessions\/\{id\}\/pin/);
  t.true(docs.body.includes("&#60;still here?&#62;"));
  t.is((await edge.ask("GET", "/")).status, 200);
});

test("machines ask whether the host is alive, ready, and how it does", async (t) => {
  const parts = { journal: { ok: false, detail: "closed" } };
  const health = {
    ready: async () => ({ ready: false, parts, durability: "none" }),
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", body: "parley_up 1\n" }),
  };
  await using edge = await startEdge({}, { health });
  t.is((await edge.ask("GET", "/health")).body.status, "ok");
  const ready = await edge.ask("GET", "/ready");
  t.is(ready.status, 503);
  t.like(ready.body, { ready: false, durability: "none", parts });
  t.is((await edge.ask("GET", "/metrics")).body, "parley_up 1\n");
});

/** What the server says to bytes that no HTTP client would send. */
function sendRaw(port: number, bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", reject);
  socket.on("close", () => resolve(answer));
  return promise;
}

test("sockets are upgraded at /ws only, and what is not HTTP is turned away", async (t) => {
  await using edge = await startEdge();
  const upgrade = (path: string) =>
    sendRaw(edge.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  t.regex(await upgrade("/ws?token=x"), /^HTTP\/1.1 101 /);
  t.regex(await upgrade("/elsewhere"), /^HTTP\/1.1 404 /);
  t.deepEqual(edge.upgrades, ["/ws?token=x"]);
  t.regex(await sendRaw(edge.port, "HELLO\r\n\r\n"), /^HTTP\/1.1 400 /);
  t.regex(
    await sendRaw(edge.port, `GET /health HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1.1 431 /,
  );
});

test("a host that drains says so, and still answers until it closes", async (t) => {
  await using edge = await startEdge();
  t.is((await edge.ask("GET", "/ready")).status, 200);
  await edge.server.drain();
  const ready = await edge.ask("GET", "/ready");
  t.deepEqual([ready.status, ready.body.draining], [503, true]);
  t.is((await edge.ask("GET", "/health")).status, 200);
});

test("a port that is taken is an error, not a crash", async (t) => {
  await using edge = await startEdge();
  const second = await startEdge();
  await second.server.close();
  await t.throwsAsync(second.server.listen(edge.port, "127.0.0.1"), { code: "EADDRINUSE" });
});

test("a client that hangs up in the middle of its body leaves nothing behind", async (t) => {
  await using edge = await startEdge();
  const socket = connect(edge.port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write("POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  socket.destroy();
  t.is((await edge.ask("GET", "/health")).status, 200);
  t.is(edge.logged.length, 0);
});
