// The NextChat back end as its document describes it: users, ways to log in, access codes, keys of providers, settings.
import test from "ava";
import {
  nextchatPassword as password,
  registersAtNextChat,
  rootAtNextChat,
  rootEnv,
} from "../support/nextchat-client.ts";
import { startTestNode } from "../support/start-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const iso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const past = "2020-01-01T00:00:00Z";
const hourAhead = () => new Date(Date.now() + 3_600_000).toISOString();

test("a user has the fields of the table users, and no answer holds a password", async (t) => {
  await using node = await startTestNode();
  const client = new SurfaceClient(node);
  const made = await client.posts("/api/users", {
    ...{ username: "alice", email: "alice@example.test", password, avatar: "https://example.test/a.png" },
  });
  t.is(made.status, 200);
  t.like(made.body, { username: "alice", email: "alice@example.test", avatar: "https://example.test/a.png" });
  t.like(made.body, { role: "user", access_level: 0, last_login_at: null });
  t.is(typeof made.body.id, "string");
  t.regex(made.body.created_at, iso);
  t.regex(made.body.updated_at, iso);
  const login = await client.posts("/api/auth/login", { username: "alice", password });
  t.regex(login.body.user.last_login_at, iso);
  for (const answer of [made, login]) {
    t.notRegex(JSON.stringify(answer.body), /password|argon2|\$2[aby]\$/);
    t.is(answer.headers.get("x-request-id")?.length, 32);
  }
});

test("a username and an e-mail address belong to one user, in any letters, and are bounded", async (t) => {
  await using node = await startTestNode();
  const client = new SurfaceClient(node);
  const registers = async (more: object) =>
    (await client.posts("/api/users", { username: "bob", email: "bob@example.test", password, ...more })).status;
  t.is(await registers({}), 200);
  t.is(await registers({ email: "other@example.test" }), 409);
  t.is(await registers({ username: "BOB", email: "other@example.test" }), 409);
  t.is(await registers({ username: "bobby" }), 409);
  t.is(await registers({ username: "bobby", email: "BOB@example.test" }), 409);
  t.is(await registers({ username: "b".repeat(50), email: "b50@example.test" }), 200);
  t.is(await registers({ username: "b".repeat(51), email: "b51@example.test" }), 400);
  t.is(await registers({ username: "carol", email: "no address" }), 400);
  t.is(await registers({ username: "carol", email: `c@${"x".repeat(255)}.test` }), 400);
  t.is(await registers({ username: "carol", email: "carol@example.test", password: "" }), 400);
  t.is(await registers({ username: "carol", email: "carol@example.test", avatar: 7 }), 400);
});

test("users read, change and delete themselves; others are for administrators", async (t) => {
  await using node = await startTestNode({ env: rootEnv });
  const [alice, bob] = [await registersAtNextChat(node, "alice"), await registersAtNextChat(node, "bob")];
  const root = await rootAtNextChat(node);
  const at = `/api/users/${alice.userId}`;
  t.like((await alice.gets(at)).body, { id: alice.userId, username: "alice" });
  t.is((await bob.gets(at)).status, 403);
  t.is((await bob.puts(at, { avatar: "https://example.test/b.png" })).status, 403);
  t.is((await bob.deletes(at)).status, 403);
  t.is((await alice.puts(at, { role: "admin" })).status, 403);
  t.is((await alice.puts(at, { access_level: 9 })).status, 403);
  t.is((await alice.puts(at, { username: "bob" })).status, 409);
  const changed = await alice.puts(at, { username: "alicia", email: "alicia@example.test" });
  t.like(changed.body, { id: alice.userId, username: "alicia", email: "alicia@example.test", role: "user" });
  t.like((await root.puts(at, { role: "guest", access_level: 2 })).body, { role: "guest", access_level: 2 });
  t.is((await root.puts(at, { role: "king" })).status, 400);
  t.is((await root.gets("/api/users/9007199254740993000")).status, 404);
  t.is((await root.gets("/api/users/x%00y")).status, 404);
  t.deepEqual((await alice.deletes(at)).body, { success: true });
  t.is((await alice.gets(at)).status, 401, "every login ended");
  t.is((await root.gets(at)).status, 404);
});

test("a login is by name or e-mail address with a password, by an sk- key, or by an access code", async (t) => {
  await using node = await startTestNode({ env: rootEnv });
  const alice = await registersAtNextChat(node, "alice");
  const root = await rootAtNextChat(node);
  const client = new SurfaceClient(node);
  const logsIn = async (body: object) => client.posts("/api/auth/login", body);
  for (const who of [{ username: "alice" }, { email: "alice@example.test" }, { username: "alice@example.test" }]) {
    const { status, body } = await logsIn({ ...who, password });
    t.is(status, 200);
    t.like(body, { user: { id: alice.userId }, token_type: "Bearer", expires_in: 7_200 });
    t.is(body.access_token.split(".").length, 3, "a JSON Web Token");
  }
  const { key } = (await root.posts("/admin/api-keys", { name: "cli" })).body;
  t.is((await logsIn({ api_key: key })).body.user.username, "root");
  await root.posts("/admin/access-codes", { code: "welcome-2026", max_usage: 1 });
  t.is((await logsIn({ access_code: "welcome-2026" })).body.user.role, "guest");
  t.is((await logsIn({ access_code: "welcome-2026" })).status, 410);
  const wrong = await logsIn({ username: "alice", password: "wrong" });
  const unknown = await logsIn({ username: "nobody", password: "wrong" });
  t.is(wrong.status, 401);
  t.deepEqual(wrong.body, unknown.body, "whether a name exists is not said");
  t.is((await logsIn({ api_key: "sk-00000000000000000000000000000000" })).status, 401);
  for (const body of [
    {},
    { username: "alice" },
    { password },
    { username: 7, password },
    { username: "alice", password: [] },
  ]) {
    t.is((await logsIn(body)).status, 400, JSON.stringify(body));
  }
});

test("a refresh token makes a new pair once, from the body or the header, and a logout ends both tokens", async (t) => {
  await using node = await startTestNode();
  const carol = await registersAtNextChat(node, "carol");
  const login = async () => (await carol.posts("/api/auth/login", { username: "carol", password })).body;
  const first = await login();
  const fresh = await carol.posts("/api/auth/refresh", { refresh_token: first.refresh_token });
  t.is(fresh.status, 200);
  t.not(fresh.body.refresh_token, first.refresh_token);
  t.is((await carol.asks("GET", "/api/sessions", undefined, bearer(fresh.body.access_token))).status, 200);
  const second = await login();
  t.is((await carol.asks("POST", "/api/auth/refresh", {}, bearer(second.refresh_token))).status, 200);
  for (const body of [{}, { refresh_token: "x" }, { refresh_token: second.access_token }]) {
    t.is((await new SurfaceClient(node).posts("/api/auth/refresh", body)).status, 401, JSON.stringify(body));
  }
  const third = await login();
  carol.token = third.access_token;
  t.deepEqual((await carol.posts("/api/auth/logout", { refresh_token: third.refresh_token })).body, { success: true });
  t.is((await carol.gets("/api/sessions")).status, 401);
  t.is((await carol.posts("/api/auth/refresh", { refresh_token: third.refresh_token })).status, 401);
});

test("a token that ran out, was forged or is of another server is 401 everywhere, in the surface's shape", async (t) => {
  await using node = await startTestNode({ env: { ACCESS_TOKEN_MS: "1000" } });
  await using other = await startTestNode();
  const dora = await registersAtNextChat(node, "dora");
  const stranger = await registersAtNextChat(other, "dora");
  const [header = "", payload = ""] = dora.token?.split(".") ?? [];
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
  const tokens = [
    stranger.token!,
    `${header}.${payload}.AAAA`,
    `${none}.${payload}.`,
    "junk",
    "a.b.c",
    "x".repeat(9_000),
  ];
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  for (const token of [dora.token!, ...tokens]) {
    for (const path of ["/api/sessions", "/api/api-keys", "/api/usage", "/api/models"]) {
      const { status, body } = await new SurfaceClient(node).asks("GET", path, undefined, bearer(token));
      t.is(status, 401, `${path} with ${token.slice(0, 20)}`);
      t.deepEqual(Object.keys(body).toSorted(), ["error", "message"]);
      t.deepEqual(Object.keys(body.error).toSorted(), ["code", "message"]);
    }
  }
});

test("an access code lets in as many guests as max_usage says, until it expires, and is never shown again", async (t) => {
  await using node = await startTestNode({ env: rootEnv });
  const root = await rootAtNextChat(node);
  const alice = await registersAtNextChat(node, "alice");
  t.is((await alice.posts("/admin/access-codes", { code: "mine-2026" })).status, 403);
  const made = await root.posts("/admin/access-codes", { code: "party-2026", max_usage: 3, expires_at: hourAhead() });
  t.like(made.body, { is_active: true, usage_count: 0, max_usage: 3, created_by: root.userId });
  await root.posts("/admin/access-codes", { code: "old-2026", expires_at: past });
  const client = new SurfaceClient(node);
  const enters = (code: unknown) => client.posts("/api/auth/access-code", { code });
  const tries = await Promise.all(Array.from({ length: 12 }, () => enters("party-2026")));
  t.is(tries.filter(({ status }) => status === 200).length, 3);
  t.is(tries.filter(({ status }) => status === 410).length, 9);
  t.is((await enters("old-2026")).status, 410);
  t.is((await enters("none-such")).status, 401);
  for (const code of ["", 7, null, ["party-2026"], undefined]) t.is((await enters(code)).status, 400);
  const { body } = await root.gets("/admin/access-codes");
  const [party] = body.filter(({ id }: { id: number }) => id === made.body.id);
  t.like(party, { usage_count: 3, max_usage: 3 });
  t.notRegex(JSON.stringify(body), /party-2026/);
  const guest = tries.find(({ status }) => status === 200)!.body;
  client.token = guest.access_token;
  t.is(guest.user.role, "guest");
  t.is((await client.posts("/api/sessions", { title: "a guest's" })).status, 200);
  t.is((await client.puts("/api/config", { siteName: "mine" })).status, 403);
});

test("guesses at access codes and passwords are limited, with Retry-After, whatever address they claim", async (t) => {
  await using node = await startTestNode({ env: { RATE_LIMITS: "on" } });
  const client = new SurfaceClient(node);
  const guesses = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      client.asks("POST", "/api/auth/access-code", { code: `guess-${i}` }, { "x-forwarded-for": `10.0.0.${i}` }),
    ),
  );
  const refused = guesses.filter(({ status }) => status === 429);
  t.true(refused.length > 0);
  t.true(guesses.every(({ status }) => status === 401 || status === 429));
  t.true(Number(refused[0]?.headers.get("retry-after")) >= 1);
  t.is(typeof refused[0]?.body.error.message, "string");
});

test("a key of a provider has the fields of the table api_keys, without the key or its hash", async (t) => {
  await using node = await startTestNode();
  const [grace, mallory] = [await registersAtNextChat(node, "grace"), await registersAtNextChat(node, "mallory")];
  const made = await grace.posts("/api/api-keys", {
    ...{ provider: "openai", api_key: "sk-canary-12345678", display_name: "d".repeat(255), expires_at: hourAhead() },
  });
  t.is(made.status, 200);
  t.like(made.body, { provider: "openai", display_name: "d".repeat(255), is_active: true, usage_count: 0 });
  t.like(made.body, { last_used_at: null });
  t.regex(made.body.created_at, iso);
  t.regex(made.body.expires_at, iso);
  const at = `/api/api-keys/${made.body.id}`;
  t.is((await mallory.puts(`${at}/active`, { is_active: false })).status, 404);
  t.is((await mallory.deletes(at)).status, 404);
  t.deepEqual((await mallory.gets("/api/api-keys")).body.data, []);
  t.is((await grace.puts(`${at}/active`, { is_active: false })).body.is_active, false);
  t.is((await grace.puts(`${at}/active`, { is_active: "no" })).status, 400);
  t.is((await grace.puts(`${at}/active`, {})).status, 400);
  const listed = await grace.gets("/api/api-keys");
  t.is(listed.body.data.length, 1);
  t.notRegex(JSON.stringify([made.body, listed.body]), /canary|hash/);
  t.deepEqual((await grace.deletes(at)).body, { success: true });
  t.deepEqual((await grace.gets("/api/api-keys")).body.data, []);
  const refused = [
    ...[{}, { provider: "openai" }, { api_key: "sk-x" }, { provider: "p".repeat(51), api_key: "sk-x" }],
    ...[
      { provider: "openai", api_key: "" },
      { provider: "openai", api_key: 7 },
    ],
    { provider: "openai", api_key: "sk-x", display_name: "d".repeat(256) },
    { provider: "openai", api_key: "sk-x", expires_at: "soon" },
  ];
  for (const body of refused) t.is((await grace.posts("/api/api-keys", body)).status, 400, JSON.stringify(body));
});

test("the settings are read by everybody and changed by administrators alone", async (t) => {
  await using node = await startTestNode({ env: rootEnv });
  const alice = await registersAtNextChat(node, "alice");
  const root = await rootAtNextChat(node);
  const nobody = new SurfaceClient(node);
  t.is((await nobody.gets("/api/config")).body.needCode, false);
  t.is((await nobody.puts("/api/config", { needCode: true })).status, 401);
  t.is((await alice.puts("/api/config", { needCode: true })).status, 403);
  t.like((await root.puts("/api/config", { needCode: true, siteName: "Parley" })).body, { needCode: true });
  t.like((await nobody.gets("/api/config")).body, { needCode: true, siteName: "Parley" });
  for (const body of [[], 7, "x", { needCode: "yes" }]) t.is((await root.puts("/api/config", body)).status, 400);
  t.like((await nobody.gets("/api/config")).body, { needCode: true, siteName: "Parley" });
});

test("a page of another origin may call the surface where the operator allows it", async (t) => {
  await using node = await startTestNode({ env: { ALLOWED_ORIGINS: "https://chat.example.test" } });
  const asks = (origin: string, path = "/api/chat/stream") =>
    new SurfaceClient(node).asks("OPTIONS", path, undefined, {
      ...{ origin, "access-control-request-method": "POST" },
      "access-control-request-headers": "authorization,content-type",
    });
  const allowed = await asks("https://chat.example.test");
  t.true(allowed.status < 300);
  t.is(allowed.headers.get("access-control-allow-origin"), "https://chat.example.test");
  t.regex(allowed.headers.get("access-control-allow-headers") ?? "", /authorization/i);
  t.is((await asks("https://evil.example.test")).headers.get("access-control-allow-origin"), null);
});

function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}
