// The contract of the GPT2API gateway for the clients of its seed document: its administrator, API keys and accounts. They know
// its port, paths and fields, and nothing else of this server.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { adminLogin, fileOf, formOf, startGpt2api } from "../support/seeds/gpt2api-node.ts";

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const hello = { model: "gpt-5", messages: [{ role: "user", content: "hello" }] };
const password = "another good password";

/** Every request that needs an administrator. */
const adminRequests: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ["POST", "/admin/logout", {}],
  ["POST", "/admin/change-password", { oldPassword: adminLogin.password, newPassword: password }],
  ["GET", "/admin/profile"],
  ["GET", "/admin/api-keys"],
  ["POST", "/admin/api-keys", { name: "x" }],
  ["DELETE", "/admin/api-keys/1"],
  ["PATCH", "/admin/api-keys/1", { is_active: false }],
  ["GET", "/admin/tokens"],
  ["POST", "/admin/tokens/import", []],
  ["DELETE", "/admin/tokens/1"],
  ["POST", "/admin/tokens/1/refresh", {}],
  ["GET", "/admin/stats/overview"],
  ["GET", "/admin/stats/usage"],
  ["GET", "/admin/logs"],
];

test("the administrator of the environment logs in: a token, a cookie and the user", async (t) => {
  await using gpt = await startGpt2api();
  const { status, body, headers } = await gpt.client().posts("/admin/login", adminLogin);
  t.is(status, 200);
  t.is(typeof body.token, "string");
  t.is(body.token.split(".").length, 3, "a JWT");
  t.is(body.user.username, "admin");
  t.true(Number.isSafeInteger(body.user.id));
  t.regex(headers.get("set-cookie") ?? "", /HttpOnly; SameSite=Strict/);
  t.notRegex(JSON.stringify(body), /admin123/);
});

test("a wrong login is 401, and one without its fields 400", async (t) => {
  await using gpt = await startGpt2api();
  const client = gpt.client();
  for (const login of [
    { ...adminLogin, password: "admin124" },
    { ...adminLogin, username: "root" },
  ]) {
    const { status, body, headers } = await client.posts("/admin/login", login);
    t.is(status, 401);
    t.is(typeof body.error, "string");
    t.is(headers.get("set-cookie"), null);
  }
  for (const login of [
    {},
    { username: "admin" },
    { username: ["admin"], password: "x" },
    { ...adminLogin, password: 1 },
  ]) {
    const { status, body } = await client.posts("/admin/login", login);
    t.is(status, 400);
    t.is(typeof body.error, "string");
  }
});

test("a name is locked after too many wrong passwords, with the time to wait", async (t) => {
  await using gpt = await startGpt2api({ RATE_LIMITS: "on" });
  const client = gpt.client();
  const statuses: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    statuses.push((await client.posts("/admin/login", { ...adminLogin, password: `guess ${i}` })).status);
  }
  t.deepEqual(statuses.slice(0, 10), Array(10).fill(401));
  const locked = await client.posts("/admin/login", adminLogin);
  t.true([423, 429].includes(locked.status));
  t.true(Number(locked.headers.get("retry-after")) > 0);
  t.is(typeof locked.body.error, "string");
  t.is((await gpt.admin.gets("/admin/profile")).status, 200, "who is in stays in");
});

test("every request of the administration needs a login: 401 without one, with a forged one and with a key of /v1", async (t) => {
  await using gpt = await startGpt2api();
  const { key } = await gpt.makesKey();
  const [head, claims] = gpt.admin.token!.split(".");
  const none = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
  for (const token of [undefined, "x", `${head}.${claims}.AAAA`, `${none}.${claims}.`, key]) {
    const client = gpt.client();
    client.token = token;
    for (const [method, path, body] of adminRequests) {
      const answer = await client.asks(method, path, body);
      t.is(answer.status, 401, `${method} ${path} ${token}`);
      t.is(typeof answer.body.error, "string");
    }
  }
  t.is((await gpt.admin.gets("/admin/api-keys")).body.length, 1, "nothing was changed");
});

test("an expired login is 401", async (t) => {
  await using gpt = await startGpt2api({ ACCESS_TOKEN_MS: "1000", REFRESH_TOKEN_MS: "60000" });
  await eventually(async () => (await gpt.admin.gets("/admin/profile")).status === 401);
  t.is(typeof (await gpt.admin.gets("/admin/tokens")).body.error, "string");
});

test("the profile shows the administrator, and a logout ends the login", async (t) => {
  await using gpt = await startGpt2api();
  const { status, body } = await gpt.admin.gets("/admin/profile");
  t.is(status, 200);
  t.like(body, { username: "admin" });
  t.true(Number.isSafeInteger(body.id));
  t.regex(body.created_at, iso);
  t.is((await gpt.admin.posts("/admin/logout")).status, 200);
  t.is((await gpt.admin.gets("/admin/profile")).status, 401);
});

test("the cookie of a login is a session of its own", async (t) => {
  await using gpt = await startGpt2api();
  const client = gpt.client();
  const login = await client.posts("/admin/login", adminLogin);
  const cookie = (login.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  t.is((await client.asks("GET", "/admin/profile", undefined, { cookie })).status, 200);
  t.is((await client.asks("POST", "/admin/logout", {}, { cookie })).status, 200);
  t.is((await client.asks("GET", "/admin/profile", undefined, { cookie })).status, 401);
  t.is((await gpt.admin.gets("/admin/profile")).status, 200, "another login stays");
});

test("a password is changed by who knows the old one, is not weak, and ends other logins", async (t) => {
  await using gpt = await startGpt2api();
  const { admin } = gpt;
  const other = gpt.client();
  other.token = (await other.posts("/admin/login", adminLogin)).body.token;
  const change = (oldPassword: unknown, newPassword: unknown) =>
    admin.posts("/admin/change-password", { oldPassword, newPassword });
  t.is((await change("wrong", password)).status, 401);
  for (const weak of ["", "short", "1234567", undefined, 12345678]) {
    const { status, body } = await change(adminLogin.password, weak);
    t.is(status, 400, `${weak}`);
    t.is(typeof body.error, "string");
  }
  t.is((await change(adminLogin.password, password)).status, 200);
  t.is((await other.gets("/admin/profile")).status, 401);
  t.is((await admin.gets("/admin/profile")).status, 200);
  t.is((await other.posts("/admin/login", adminLogin)).status, 401);
  t.is((await other.posts("/admin/login", { ...adminLogin, password })).status, 200);
});

test("an API key is made by the server: sk- and 32 characters, shown once", async (t) => {
  await using gpt = await startGpt2api();
  const { status, body } = await gpt.admin.posts("/admin/api-keys", { name: "laptop" });
  t.true([200, 201].includes(status));
  t.regex(body.key, /^sk-[A-Za-z0-9]{32}$/);
  t.like(body, { name: "laptop", is_active: true, usage_count: 0, last_used_at: null });
  t.true(Number.isSafeInteger(body.id));
  t.regex(body.created_at, iso);
  const unnamed = await gpt.admin.asks("POST", "/admin/api-keys");
  t.regex(unnamed.body.key, /^sk-[A-Za-z0-9]{32}$/, "a name is optional");
  t.not(unnamed.body.key, body.key);
  const listed = (await gpt.admin.gets("/admin/api-keys")).body;
  t.is(listed.length, 2);
  const shown = listed.find(({ id }: { id: number }) => id === body.id);
  t.like(shown, { name: "laptop", is_active: true, usage_count: 0, last_used_at: null, created_at: body.created_at });
  t.regex(shown.key, /^sk-/);
  t.notRegex(JSON.stringify(listed), new RegExp(`${body.key}|${body.key.slice(8, 24)}`));
});

test("a key that is disabled is refused until it is enabled; one that is deleted, for good", async (t) => {
  await using gpt = await startGpt2api();
  await gpt.admin.posts("/admin/tokens/import", fileOf(gpt.provider.issue()));
  const { program, id } = await gpt.makesKey();
  const status = async () => (await program.posts("/v1/chat/completions", hello)).status;
  t.is(await status(), 200);
  t.like((await gpt.admin.asks("PATCH", `/admin/api-keys/${id}`, { is_active: false })).body, { id, is_active: false });
  await eventually(async () => (await status()) === 401);
  t.is((await program.gets("/v1/models")).status, 401);
  t.is((await gpt.admin.asks("PATCH", `/admin/api-keys/${id}`, { is_active: true })).status, 200);
  await eventually(async () => (await status()) === 200);
  t.is((await gpt.admin.deletes(`/admin/api-keys/${id}`)).status, 200);
  await eventually(async () => (await status()) === 401);
  t.deepEqual((await gpt.admin.gets("/admin/api-keys")).body, []);
  for (const missing of [id, 999, "abc"]) {
    const gone = await gpt.admin.deletes(`/admin/api-keys/${missing}`);
    t.deepEqual([gone.status, typeof gone.body.error], [404, "string"], `${missing}`);
    t.is((await gpt.admin.asks("PATCH", `/admin/api-keys/${missing}`, { is_active: true })).status, 404);
  }
});

test("a key counts its use, and may have a limit of requests and a quota", async (t) => {
  await using gpt = await startGpt2api({ RATE_LIMITS: "on" });
  await gpt.admin.posts("/admin/tokens/import", fileOf(gpt.provider.issue()));
  const counted = await gpt.makesKey({ name: "counted" });
  for (let i = 0; i < 3; i += 1) await counted.program.posts("/v1/chat/completions", hello);
  const rowOf = async (id: number) =>
    (await gpt.admin.gets("/admin/api-keys")).body.find((each: { id: number }) => each.id === id);
  await eventually(async () => (await rowOf(counted.id)).usage_count === 3);
  t.regex((await rowOf(counted.id)).last_used_at, iso);

  const limited = await gpt.makesKey({ name: "limited", rpm: 2 });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i += 1) statuses.push((await limited.program.posts("/v1/chat/completions", hello)).status);
  t.deepEqual(statuses, [200, 200, 429]);

  const spent = await gpt.makesKey({ name: "spent", quota: 1 });
  await spent.program.posts("/v1/chat/completions", hello);
  await eventually(async () => (await spent.program.posts("/v1/chat/completions", hello)).status === 402);
  for (const wrong of [{ quota: -1 }, { rpm: "many" }, { is_active: "yes" }, { name: 7 }, { name: "n".repeat(300) }]) {
    const { status, body } = await gpt.admin.asks("PATCH", `/admin/api-keys/${spent.id}`, wrong);
    t.deepEqual([status, typeof body.error], [400, "string"], JSON.stringify(wrong));
  }
});

test("accounts are imported from a file: one, a list, {tokens}, several files, as a form or as a body", async (t) => {
  await using gpt = await startGpt2api();
  const { admin, provider } = gpt;
  const account = () => fileOf(provider.issue());
  const imports = async (body: unknown) => {
    const { status, body: report } = await admin.posts("/admin/tokens/import", body);
    t.is(status, 200);
    return [report.total, report.successCount, report.failedCount, report.errors.length];
  };
  t.deepEqual(await imports(formOf({ "codex-1.json": JSON.stringify(account()) })), [1, 1, 0, 0]);
  t.deepEqual(await imports(formOf({ "a.json": JSON.stringify([account(), account()]) })), [2, 2, 0, 0]);
  const two = { "a.json": JSON.stringify(account()), "b.json": JSON.stringify({ tokens: [account()] }) };
  t.deepEqual(await imports(formOf(two, "files")), [2, 2, 0, 0]);
  t.deepEqual(await imports(account()), [1, 1, 0, 0]);
  t.deepEqual(await imports([account(), { email: "nobody" }, 7, { ...account(), access_token: 5 }]), [4, 1, 3, 3]);
  const { status, body } = await admin.gets("/admin/tokens");
  t.is(status, 200);
  t.is(body.data.length, 7);
  for (const wrong of ["{", '"text"', new FormData()]) {
    const answer = await admin.posts("/admin/tokens/import", wrong);
    t.true(answer.status === 400 || answer.body.failedCount === 1, String(wrong));
  }
  t.is((await admin.gets("/admin/tokens")).body.data.length, 7);
});

test("an account is listed with what it is and how it is, and without its tokens", async (t) => {
  await using gpt = await startGpt2api();
  const account = gpt.provider.issue({ name: "ann" });
  await gpt.admin.posts("/admin/tokens/import", fileOf(account, { name: "Ann's" }));
  const { body } = await gpt.admin.gets("/admin/tokens");
  const [token] = body.data;
  t.like(token, { name: "Ann's", email: "ann@example.test", account_id: account.accountId, is_active: true });
  t.is(token.status, "active");
  t.true(Number.isSafeInteger(token.id));
  t.is(token.last_refresh_at, "2026-01-01T00:00:00.000Z");
  t.regex(token.expired_at, iso);
  t.regex(token.created_at, iso);
  for (const secret of [account.accessToken, account.refreshToken, account.idToken]) {
    t.false(JSON.stringify(body).includes(secret.slice(-20)));
  }
});

test("an account is refreshed by hand; a refused refresh is 502 and shows", async (t) => {
  await using gpt = await startGpt2api();
  const { admin, provider } = gpt;
  const account = provider.issue({ expiresInMs: 60_000 });
  await admin.posts("/admin/tokens/import", fileOf(account));
  const [before] = (await admin.gets("/admin/tokens")).body.data;
  const { status, body } = await admin.posts(`/admin/tokens/${before.id}/refresh`);
  t.is(status, 200);
  t.true(body.expired_at > before.expired_at);
  t.true(body.last_refresh_at > before.last_refresh_at);
  t.is(provider.journal.at(-1)?.refreshToken, account.refreshToken);
  provider.revoke(account);
  const refused = await admin.posts(`/admin/tokens/${before.id}/refresh`);
  t.deepEqual([refused.status, typeof refused.body.error], [502, "string"]);
  t.is((await admin.gets("/admin/tokens")).body.data[0].status, "refresh_failed");
  for (const missing of ["999", "abc"]) {
    t.is((await admin.posts(`/admin/tokens/${missing}/refresh`)).status, 404, missing);
  }
});

test("an account that is deleted serves no more requests", async (t) => {
  await using gpt = await startGpt2api();
  const { admin, provider } = gpt;
  await admin.posts("/admin/tokens/import", fileOf(provider.issue()));
  const { program } = await gpt.makesKey();
  t.is((await program.posts("/v1/chat/completions", hello)).status, 200);
  const [{ id }] = (await admin.gets("/admin/tokens")).body.data;
  t.is((await admin.deletes(`/admin/tokens/${id}`)).status, 200);
  t.is((await admin.deletes(`/admin/tokens/${id}`)).status, 404);
  t.deepEqual((await admin.gets("/admin/tokens")).body.data, []);
  const { status, body } = await program.posts("/v1/chat/completions", hello);
  t.true(status >= 400);
  t.is(typeof body.error.message, "string");
  t.is(gpt.upstream.journal.length, 1);
});

test("broken, deep, huge and foreign bodies of the administration are {error} and a status of the client's", async (t) => {
  await using gpt = await startGpt2api();
  for (const [method, path, well] of adminRequests.filter(([, , body]) => body !== undefined)) {
    if (/logout|refresh/.test(path) || well === undefined) continue;
    for (const body of [
      "{",
      "null",
      `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
      "\u0000",
      `"${"x".repeat(9_000_000)}"`,
    ]) {
      const answer = await gpt.admin.asks(method, path, body);
      const isReport = answer.status === 200 && answer.body.failedCount === 1 && answer.body.successCount === 0;
      t.true(isReport || [400, 413].includes(answer.status), `${method} ${path} ${body.slice(0, 9)} ${answer.status}`);
      t.true(isReport || typeof answer.body.error === "string");
    }
  }
  const missing = await gpt.admin.gets("/admin/nothing");
  t.deepEqual([missing.status, typeof missing.body.error], [404, "string"]);
  const method = await gpt.admin.asks("DELETE", "/admin/stats/overview");
  t.deepEqual([method.status, typeof method.body.error], [405, "string"]);
});

test("a page of an allowed origin may call the administration, and no other one", async (t) => {
  await using gpt = await startGpt2api({ ALLOWED_ORIGINS: "https://admin.example.test" });
  const allowed = async (origin: string) => {
    const headers = { origin, "access-control-request-method": "PATCH" };
    const answer = await gpt.client().asks("OPTIONS", "/admin/api-keys/1", undefined, headers);
    return answer.headers.get("access-control-allow-origin");
  };
  t.is(await allowed("https://admin.example.test"), "https://admin.example.test");
  t.is(await allowed("https://evil.example.test"), null);
});

test("keys, accounts and the changed password are there after a restart of the server", async (t) => {
  await using gpt = await startGpt2api();
  await gpt.admin.posts("/admin/tokens/import", fileOf(gpt.provider.issue()));
  const { program } = await gpt.makesKey();
  await gpt.admin.posts("/admin/change-password", { oldPassword: adminLogin.password, newPassword: password });
  await gpt.node.model.node.restart();
  t.is((await gpt.client().posts("/admin/login", adminLogin)).status, 401);
  t.is((await gpt.client().posts("/admin/login", { ...adminLogin, password })).status, 200);
  t.is((await program.posts("/v1/chat/completions", hello)).status, 200);
});
