// The administrator of the admin pages: the first one, the login with its lockout, the cookie, the password.
import test from "ava";
import { createPasswordHasher } from "../../infra/crypto/password.ts";
import { makeFirstAdmin } from "../../infra/node/first-admin.ts";
import { callApi, Person } from "../support/person.ts";
import { silentLog } from "../support/silent-log.ts";
import { startTestNode } from "../support/start-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const password = "correct horse battery";
const env = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: password };

test("the first administrator comes from the configuration, once, and keeps a changed password over a restart", async (t) => {
  await using node = await startTestNode({ env });
  const root = new SurfaceClient(node);
  const login = await root.posts("/admin/login", { username: "root", password });
  t.is(login.status, 200);
  t.like(login.body, { success: true, user: { username: "root" } });
  t.true(Number.isSafeInteger(login.body.user.id));
  root.token = login.body.token;
  t.like((await root.gets("/admin/profile")).body, { id: login.body.user.id, username: "root" });
  const next = "another long password";
  t.is((await root.posts("/admin/change-password", { oldPassword: "wrong", newPassword: next })).status, 401);
  t.is((await root.posts("/admin/change-password", { oldPassword: password, newPassword: "short" })).status, 400);
  t.deepEqual((await root.posts("/admin/change-password", { old_password: password, new_password: next })).body, {
    success: true,
  });
  await node.restart();
  t.is((await root.posts("/admin/login", { username: "root", password })).status, 401);
  t.is((await root.posts("/admin/login", { username: "root", password: next })).status, 200);
});

test("the cookie of the login suffices for the admin pages until the logout, and no script can read it", async (t) => {
  await using node = await startTestNode({ env });
  const client = new SurfaceClient(node);
  const login = await client.posts("/admin/login", { username: "root", password });
  const cookie = login.headers.get("set-cookie") ?? "";
  t.regex(cookie, /^parley_admin=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  const headers = { cookie: cookie.split(";", 1)[0] ?? "" };
  t.is((await client.asks("GET", "/admin/profile", undefined, headers)).status, 200);
  t.is((await client.asks("GET", "/auth/me", undefined, headers)).status, 401, "it is good for the admin pages alone");
  const out = await client.asks("POST", "/admin/logout", {}, headers);
  t.is(out.status, 200);
  t.regex(out.headers.get("set-cookie") ?? "", /^parley_admin=; Path=\/; Max-Age=0/);
  t.is((await client.asks("GET", "/admin/profile", undefined, headers)).status, 401);
});

test("a page of another origin neither uses the cookie nor sets it", async (t) => {
  await using node = await startTestNode({ env });
  const client = new SurfaceClient(node);
  const own = `http://127.0.0.1:${node.port}`;
  const logIn = (headers: Record<string, string>) =>
    client.asks("POST", "/admin/login", { username: "root", password }, headers);
  const elsewhere: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { "sec-fetch-site": "cross-site" },
    { origin: "null" },
  ];
  for (const headers of elsewhere) {
    const { status, headers: answered } = await logIn(headers);
    t.is(status, 200);
    t.is(answered.get("set-cookie"), null, JSON.stringify(headers));
  }
  const { headers: answered, body } = await logIn({ origin: own });
  const cookie = answered.get("set-cookie")?.split(";", 1)[0] ?? "";
  const make = (headers: Record<string, string>) => client.asks("POST", "/admin/api-keys", { name: "x" }, headers);
  const near: Record<string, string>[] = [
    { origin: `${own}0` },
    { "sec-fetch-site": "cross-site", origin: own },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of [...elsewhere, ...near]) {
    const { status } = await make({ ...headers, cookie });
    t.is(status, 403, JSON.stringify(headers));
  }
  t.deepEqual((await client.asks("GET", "/admin/api-keys", undefined, { cookie })).body, []);
  t.is((await make({ origin: own, cookie })).status, 200);
  t.is((await make({ "sec-fetch-site": "same-origin", cookie })).status, 200);
  t.is((await make({ cookie })).status, 200, "a program");
  const token = { authorization: `Bearer ${body.token}` };
  t.is((await make({ ...token, origin: "https://evil.example" })).status, 200, "a token is sent on purpose");
});

test("who is no administrator does not get in, with the right password either", async (t) => {
  await using node = await startTestNode({ env });
  const alice = await Person.registers(node, "alice");
  const client = new SurfaceClient(node);
  const { status, body } = await client.posts("/admin/login", { username: alice.email, password: alice.password });
  t.is(status, 403);
  t.is(typeof body.error, "string");
  t.is((await client.posts("/admin/login", { username: "root" })).status, 400);
});

test("ten wrong passwords lock the name for a minute, for this network", async (t) => {
  await using node = await startTestNode({ env: { ...env, RATE_LIMITS: "on" } });
  const client = new SurfaceClient(node);
  const guess = () => client.posts("/admin/login", { username: "root", password: "guess" });
  for (let i = 0; i < 10; i += 1) t.is((await guess()).status, 401);
  const { status, headers } = await client.posts("/admin/login", { username: "root", password });
  t.is(status, 429);
  const seconds = Number(headers.get("retry-after"));
  t.true(seconds > 30 && seconds <= 60, `${seconds} s`);
});

test("of a hundred guesses at the same time ten are answered, and right passwords cost nothing", async (t) => {
  await using node = await startTestNode({ env: { ...env, RATE_LIMITS: "on" } });
  const client = new SurfaceClient(node);
  const login = (word: string) => client.posts("/admin/login", { username: "root", password: word });
  for (let i = 0; i < 12; i += 1) t.is((await login(password)).status, 200);
  const answers = await Promise.all(Array.from({ length: 100 }, () => login("guess")));
  t.is(answers.filter(({ status }) => status === 401).length, 10);
  t.is(answers.filter(({ status }) => status === 429).length, 90);
});

test("the name of the administrator is no user's to take, and a user who has it does not become one", async (t) => {
  await using node = await startTestNode();
  const device = { deviceType: "PC", deviceId: "desk" };
  const body = { email: "r@example.test", account: "root", password: "Passw0rd1", verifyCode: "123456", ...device };
  t.is((await callApi(node.port, "POST", "/auth/register", { body })).code, 0);
  const admin = { username: "root", password };
  const show = () => t.fail("nothing is shown");
  const { actors } = node.node;
  await makeFirstAdmin({ actors, passwords: createPasswordHasher("low"), log: silentLog, admin, show });
  const client = new SurfaceClient(node);
  t.is((await client.posts("/admin/login", { username: "root", password: "Passw0rd1" })).status, 403);
  t.is((await client.posts("/admin/login", admin)).status, 401);
});
