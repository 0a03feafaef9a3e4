// Accounts over REST in front of the real handle, user and session actors of one host.
import test from "ava";
import { alice, logIn, register, startAccounts, statusOfMe } from "./accounts-edge.ts";

test("a registered user exists at once, once, and under each name", async (t) => {
  await using edge = await startAccounts();
  const made = (await register(edge)).body.data;
  t.like(made.user, { userId: made.userId, nickname: "Alice", email: "alice@example.org", account: "alice" });
  t.is(await statusOfMe(edge, made.accessToken), 0);
  const many = await Promise.all(
    ["b", "c", "d"].map((deviceId) => register(edge, { email: "B@x.org", account: "", deviceId })),
  );
  t.deepEqual(many.map(({ body }) => body.code).toSorted(), [0, 10101, 10101]);
  t.is((await register(edge, { email: "else@example.org" })).body.code, 10101, "the account name is taken");
  for (const account of ["alice", "ALICE@example.org"]) {
    const { data } = (await logIn(edge, { account, verifyCode: undefined })).body;
    t.is(data.userId, made.userId);
  }
  t.deepEqual(edge.errorReports, []);
});

test("a second phone ends the login of the first phone; another type of device does not", async (t) => {
  await using edge = await startAccounts();
  const phone = (await register(edge)).body.data;
  const web = (await logIn(edge, { account: "alice", verifyCode: "", deviceType: "Web", deviceId: "web" })).body.data;
  t.deepEqual([await statusOfMe(edge, phone.accessToken), await statusOfMe(edge, web.accessToken)], [0, 0]);
  const other = (await logIn(edge, { account: "alice", verifyCode: "", deviceType: "Android", deviceId: "new" })).body
    .data;
  t.is(await statusOfMe(edge, phone.accessToken), 10104);
  const listed = (await edge.ask("GET", "/api/v1/auth/devices", { token: other.accessToken })).body.data.devices;
  t.deepEqual(listed.map(({ deviceId }: { deviceId: string }) => deviceId).toSorted(), ["new", "web"]);
  await edge.ask("DELETE", "/api/v1/auth/devices/web", { token: other.accessToken });
  t.is(await statusOfMe(edge, web.accessToken), 10104);
  await edge.ask("POST", "/api/v1/auth/logout", { token: other.accessToken, body: {} });
  t.is(await statusOfMe(edge, other.accessToken), 10104);
  t.is((await edge.ask("POST", "/api/v1/auth/refresh", { token: other.refreshToken })).body.code, 10106);
});

test("a refresh token works once, a retry gets the same new token, and a copied token ends the login", async (t) => {
  await using edge = await startAccounts();
  const first = (await register(edge)).body.data;
  const headers = { "idempotency-key": "k" };
  const refresh = (token: string, more = {}) => edge.ask("POST", "/api/v1/auth/refresh", { token, headers: more });
  const second = (await refresh(first.refreshToken, headers)).body.data;
  const again = (await refresh(first.refreshToken, headers)).body.data;
  t.is(second.refreshToken, again.refreshToken);
  t.is(await statusOfMe(edge, second.accessToken), 0);
  t.is((await refresh(first.refreshToken)).body.code, 10106);
  t.is(await statusOfMe(edge, second.accessToken), 10104);
  t.is((await refresh(second.refreshToken)).body.code, 10106);
});

test("a changed password ends all other logins", async (t) => {
  await using edge = await startAccounts();
  const phone = (await register(edge)).body.data;
  const web = (await logIn(edge, { account: "alice", verifyCode: "", deviceType: "Web", deviceId: "web" })).body.data;
  const body = { oldPassword: alice.password, newPassword: "hijklmn2" };
  await edge.ask("POST", "/api/v1/auth/password/change", { token: web.accessToken, body });
  t.deepEqual([await statusOfMe(edge, phone.accessToken), await statusOfMe(edge, web.accessToken)], [10104, 0]);
  t.is((await logIn(edge, { account: "alice", verifyCode: "" })).body.code, 10103);
  t.is((await logIn(edge, { account: "alice", verifyCode: "", password: "hijklmn2" })).body.code, 0);
});

test("profile and settings are changed field by field, and once per idempotency key", async (t) => {
  await using edge = await startAccounts();
  const { accessToken: token, userId } = (await register(edge)).body.data;
  const put = (path: string, body: object, key = "k") =>
    edge.ask("PUT", `/api/v1${path}`, { token, body, headers: { "idempotency-key": key } });
  t.is((await put("/users/me", { signature: "hello" })).body.data.signature, "hello");
  t.is((await put("/users/me", { signature: "hello" })).body.data.signature, "hello");
  const conflict = await put("/users/me", { signature: "other" });
  t.deepEqual([conflict.status, conflict.body.code], [409, 8]);
  t.like((await put("/users/settings", { searchById: false }, "s")).body.data, { userId, searchById: false });
  t.false((await edge.ask("GET", "/api/v1/users/me/settings", { token })).body.data.searchById);
  t.is((await edge.ask("GET", "/api/v1/users/search?keyword=alice", { token })).body.data.total, 0);
  const found = await edge.ask("GET", "/api/v1/users/search?keyword=alice@example.org", { token });
  t.is(found.body.data.users[0].userId, userId);
  t.is((await edge.ask("GET", "/api/v1/users/123456", { token })).body.code, 20106);
});
