import test from "ava";
import { aliceId, profile, startEdge } from "./rest-edge.ts";

test("a user registers by e-mail and gets tokens that work", async (t) => {
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

test("the logins that a login replaces are revoked before its tokens leave", async (t) => {
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

test("tokens are refreshed by header or body, and a retry gets the same tokens", async (t) => {
  await using edge = await startEdge({
    ...profile,
    "session.refresh": () => ({ deviceId: "d1", deviceType: "Web" }),
  });
  const old = `${aliceId}.login-1.${"s".repeat(43)}`;
  const refresh = (ask: object) => edge.ask("POST", "/api/v1/auth/refresh", ask);
  const byHeader = await refresh({ token: old });
  const byBody = await refresh({ body: { refreshToken: old } });
  t.is(byHeader.body.data.userId, aliceId);
  t.is(byHeader.body.data.refreshToken, byBody.body.data.refreshToken, "an answer may be lost");
  t.not(byHeader.body.data.refreshToken, old);
  const headers = { "idempotency-key": "k" };
  const first = await refresh({ token: old, headers });
  const retried = await refresh({ token: old, headers });
  t.is(first.body.data.refreshToken, retried.body.data.refreshToken);
  t.is(edge.callsOf("session.refresh")[2]?.options.commandId, edge.callsOf("session.refresh")[3]?.options.commandId);
  t.is((await refresh({ token: "nonsense" })).body.code, 10106);
});

test("a refresh token used twice revokes its login", async (t) => {
  await using edge = await startEdge({
    ...profile,
    "session.refresh": () => ({ deviceId: "d1", deviceType: "Web", reused: true }),
  });
  const answer = await edge.ask("POST", "/api/v1/auth/refresh", { token: `${aliceId}.login-1.${"s".repeat(43)}` });
  t.is(answer.body.code, 10106);
  t.true(edge.revoked.has("login-1"));
});

test("a password is changed with the old one and reset with a code; other logins end", async (t) => {
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
