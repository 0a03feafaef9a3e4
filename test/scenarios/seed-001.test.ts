// The contract of the one-to-one chat for the clients of its seed document: users, configuration and conversations. They know
// its port, paths, fields and statuses, and nothing else of this server.
import test from "ava";
import { chatUserPassword as password, registersOn } from "../support/seeds/chat-user.ts";
import { startSeedNode } from "../support/seeds/seed-node.ts";

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const config = {
  model_url: "https://models.example.test/v1",
  model_name: "gpt-3.5-turbo",
  api_key: "sk-canary-9876543210",
};

const fieldsOf = (body: object) => Object.keys(body).toSorted();

test("a registration answers 201 with the user, and never the password", async (t) => {
  await using node = await startSeedNode("001");
  const { status, body } = await node.client().posts("/auth/register", {
    ...{ username: "alice", email: "alice@example.test", password },
  });
  t.is(status, 201);
  t.deepEqual(fieldsOf(body), ["created_at", "email", "id", "username"]);
  t.like(body, { username: "alice", email: "alice@example.test" });
  t.true(Number.isSafeInteger(body.id) && body.id > 0);
  t.regex(body.created_at, iso);
});

test("a registration holds its lengths: username 3 to 50, password 8 to 128, a valid e-mail address", async (t) => {
  await using node = await startSeedNode("001");
  const client = node.client();
  const good = { username: "bob", email: "bob@example.test", password: "12345678" };
  const wrong: [string, unknown][] = [
    ["username", "ab"],
    ["username", "a".repeat(51)],
    ["username", 7],
    ["username", null],
    ["email", "bob"],
    ["email", "bob@"],
    ["email", ["bob@example.test"]],
    ["password", "1234567"],
    ["password", "p".repeat(129)],
    ["password", { $ne: "" }],
  ];
  for (const [field, value] of wrong) {
    const { status, body } = await client.posts("/auth/register", { ...good, [field]: value });
    t.is(status, 422, `${field} ${value}`);
    t.deepEqual(body.detail[0].loc, ["body", field]);
    t.deepEqual([typeof body.detail[0].msg, typeof body.detail[0].type], ["string", "string"]);
  }
  for (const field of Object.keys(good)) {
    const { status, body } = await client.posts("/auth/register", { ...good, [field]: undefined });
    t.is(status, 422);
    t.deepEqual(body.detail[0].loc, ["body", field]);
  }
  const longest = { username: `n${"a".repeat(49)}`, email: "n@example.test", password: "p".repeat(128) };
  t.is((await client.posts("/auth/register", longest)).status, 201);
  t.is((await client.posts("/auth/register", { ...good, username: "张三丰" })).status, 201);
});

test("a username and an e-mail address are each one user's", async (t) => {
  await using node = await startSeedNode("001");
  const client = node.client();
  const carol = { username: "carol", email: "carol@example.test", password };
  t.is((await client.posts("/auth/register", carol)).status, 201);
  for (const twin of [carol, { ...carol, email: "other@example.test" }, { ...carol, username: "other" }]) {
    const { status, body } = await client.posts("/auth/register", twin);
    t.true([400, 409].includes(status), `${status}`);
    t.is(typeof body.detail, "string");
  }
});

test("a login by name or by e-mail address gives a bearer token of one hour", async (t) => {
  await using node = await startSeedNode("001");
  await registersOn(node, "dora");
  const client = node.client();
  for (const username_or_email of ["dora", "dora@example.test"]) {
    const { status, body } = await client.posts("/auth/login", { username_or_email, password });
    t.is(status, 200);
    t.deepEqual(fieldsOf(body), ["access_token", "expires_in", "token_type"]);
    t.like(body, { token_type: "bearer", expires_in: 3600 });
    const [head, claims] = body.access_token
      .split(".", 2)
      .map((part: string) => JSON.parse(Buffer.from(part, "base64url").toString()));
    t.is(head.alg, "HS256");
    t.is(claims.exp - claims.iat, 3600);
  }
});

test("a wrong login is 401, the same for a wrong password and an unknown name, and 422 without its fields", async (t) => {
  await using node = await startSeedNode("001");
  await registersOn(node, "erin");
  const client = node.client();
  const wrong = await client.posts("/auth/login", { username_or_email: "erin", password: "wrong horse" });
  const unknown = await client.posts("/auth/login", { username_or_email: "nobody", password });
  t.deepEqual([wrong.status, unknown.status], [401, 401]);
  t.is(typeof wrong.body.detail, "string");
  t.deepEqual(unknown.body, wrong.body);
  t.is((await client.posts("/auth/login", { username_or_email: "erin" })).status, 422);
  t.is((await client.posts("/auth/login", { username_or_email: 5, password })).status, 422);
});

test("every other request needs the token in the header: without one, with a forged and with an expired one it is 401", async (t) => {
  await using node = await startSeedNode("001", { ACCESS_TOKEN_MS: "1000", REFRESH_TOKEN_MS: "60000" });
  const expired = await registersOn(node, "fred");
  const [head, claims, signature] = expired.token!.split(".");
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const none = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
  const forged = [`${head}.${claims}.${signature?.replaceAll(/[a-m]/g, "x")}`, `${none}.${claims}.`, "x", "a.b.c"];
  for (const token of [undefined, ...forged, expired.token]) {
    const client = node.client();
    client.token = token;
    const answers = await Promise.all([
      client.gets("/auth/me"),
      client.gets("/auth/config"),
      client.puts("/auth/config", config),
      client.posts("/conversations"),
      client.gets("/conversations"),
      client.gets("/conversations/1"),
      client.deletes("/conversations/1"),
      client.gets("/conversations/1/messages"),
      client.posts("/conversations/1/messages", { content: "hello" }),
    ]);
    for (const { status, body } of answers) {
      t.is(status, 401, token);
      t.is(typeof body.detail, "string");
    }
  }
});

test("the caller sees themselves, and whether a model is configured", async (t) => {
  await using node = await startSeedNode("001");
  const gina = await registersOn(node, "gina");
  const { status, body } = await gina.gets("/auth/me");
  t.is(status, 200);
  t.deepEqual(fieldsOf(body), ["created_at", "email", "has_config", "id", "username"]);
  t.like(body, { username: "gina", email: "gina@example.test", has_config: false });
  await gina.puts("/auth/config", config);
  t.true((await gina.gets("/auth/me")).body.has_config);
});

test("a configuration is set, replaced and read without its key", async (t) => {
  await using node = await startSeedNode("001");
  const hugo = await registersOn(node, "hugo");
  const none = await hugo.gets("/auth/config");
  t.is(none.status, 404);
  t.is(typeof none.body.detail, "string");
  const put = await hugo.puts("/auth/config", config);
  t.is(put.status, 200);
  t.deepEqual(put.body, { message: "配置已更新" });
  const first = (await hugo.gets("/auth/config")).body;
  t.deepEqual(fieldsOf(first), ["configured_at", "model_name", "model_url"]);
  t.like(first, { model_url: config.model_url, model_name: config.model_name });
  t.regex(first.configured_at, iso);
  await hugo.puts("/auth/config", { ...config, model_name: "gpt-4o" });
  const second = (await hugo.gets("/auth/config")).body;
  t.is(second.model_name, "gpt-4o");
  t.notRegex(JSON.stringify([first, second]), /canary/);
  t.is((await (await registersOn(node, "ines")).gets("/auth/config")).status, 404, "it is the user's own");
});

test("a configuration that is none is 422 with its place", async (t) => {
  await using node = await startSeedNode("001");
  const jane = await registersOn(node, "jane");
  const wrong: [string, unknown][] = [
    ["model_url", undefined],
    ["model_url", ""],
    ["model_url", "not a url"],
    ["model_url", "file:///etc/passwd"],
    ["model_url", `https://example.test/${"p".repeat(500)}`],
    ["model_name", undefined],
    ["model_name", "m".repeat(101)],
    ["api_key", undefined],
    ["api_key", 7],
  ];
  for (const [field, value] of wrong) {
    const { status, body } = await jane.puts("/auth/config", { ...config, [field]: value });
    t.is(status, 422, `${field} ${value}`);
    t.deepEqual(body.detail[0].loc, ["body", field]);
  }
  t.false((await jane.gets("/auth/me")).body.has_config);
});

test("a conversation is made with a title, or with none and no body", async (t) => {
  await using node = await startSeedNode("001");
  const kim = await registersOn(node, "kim");
  for (const body of [undefined, {}, { title: null }, { title: "" }]) {
    const made = await kim.asks("POST", "/conversations", body);
    t.is(made.status, 201, JSON.stringify(body));
    t.deepEqual(fieldsOf(made.body), ["created_at", "id", "title"]);
    t.is(made.body.title, "新对话");
    t.true(Number.isSafeInteger(made.body.id));
    t.regex(made.body.created_at, iso);
  }
  t.is((await kim.posts("/conversations", { title: "旅行" })).body.title, "旅行");
  t.is((await kim.posts("/conversations", { title: "t".repeat(200) })).status, 201);
  for (const title of ["t".repeat(201), 7, {}]) t.is((await kim.posts("/conversations", { title })).status, 422);
});

test("conversations are listed newest first in pages of 20, at most 100, with their counts", async (t) => {
  await using node = await startSeedNode("001");
  const lena = await registersOn(node, "lena");
  t.deepEqual((await lena.gets("/conversations")).body, { conversations: [], total: 0 });
  const ids: number[] = [];
  for (let i = 1; i <= 23; i += 1) ids.push((await lena.posts("/conversations", { title: `t${i}` })).body.id);
  const page = async (query: string) => {
    const { body } = await lena.gets(`/conversations${query}`);
    t.is(body.total, 23);
    return body.conversations.map(({ id }: { id: number }) => id);
  };
  const newest = ids.toReversed();
  t.deepEqual(await page(""), newest.slice(0, 20));
  t.deepEqual(await page("?offset=20"), newest.slice(20));
  t.deepEqual(await page("?limit=2&offset=1"), newest.slice(1, 3));
  t.deepEqual(await page("?limit=100"), newest);
  t.deepEqual(await page("?offset=1000"), []);
  const [first] = (await lena.gets("/conversations?limit=1")).body.conversations;
  t.deepEqual(fieldsOf(first), ["created_at", "id", "message_count", "title", "updated_at"]);
  t.is(first.message_count, 0);
  for (const query of ["limit=101", "limit=0", "limit=x", "limit=-1", "offset=-1", "offset=1.5"]) {
    const { status, body } = await lena.gets(`/conversations?${query}`);
    t.is(status, 422, query);
    t.deepEqual(body.detail[0].loc, ["query", query.split("=")[0]]);
  }
});

test("a conversation is read and deleted; afterwards, and for an id that never was, it is 404", async (t) => {
  await using node = await startSeedNode("001");
  const mia = await registersOn(node, "mia");
  const { id, created_at } = (await mia.posts("/conversations", { title: "Plans" })).body;
  const { status, body } = await mia.gets(`/conversations/${id}`);
  t.is(status, 200);
  t.deepEqual(fieldsOf(body), ["created_at", "id", "title", "updated_at"]);
  t.like(body, { id, title: "Plans", created_at });
  const gone = await mia.deletes(`/conversations/${id}`);
  t.deepEqual([gone.status, gone.body], [204, ""]);
  for (const missing of [id, 1, 2_147_483_647, "99999999999999999999"]) {
    const answers = await Promise.all([
      mia.gets(`/conversations/${missing}`),
      mia.deletes(`/conversations/${missing}`),
      mia.gets(`/conversations/${missing}/messages`),
      mia.posts(`/conversations/${missing}/messages`, { content: "hello" }),
    ]);
    for (const answer of answers) {
      t.is(answer.status, 404, `${missing}`);
      t.is(typeof answer.body.detail, "string");
    }
  }
  for (const junk of ["abc", "-1", "1.5", "%00", "..%2f..%2fetc"]) {
    t.is((await mia.gets(`/conversations/${junk}`)).status, 422, junk);
  }
});

test("another user's conversation is 404 on every path, and stays as it was", async (t) => {
  await using node = await startSeedNode("001");
  const [nina, oscar] = [await registersOn(node, "nina"), await registersOn(node, "oscar")];
  await oscar.setsModel(node.upstream.url);
  const { id } = (await nina.posts("/conversations", { title: "Private" })).body;
  const answers = await Promise.all([
    oscar.gets(`/conversations/${id}`),
    oscar.deletes(`/conversations/${id}`),
    oscar.gets(`/conversations/${id}/messages`),
    oscar.posts(`/conversations/${id}/messages`, { content: "let me in" }),
  ]);
  const never = await oscar.gets("/conversations/7");
  for (const answer of answers) t.deepEqual([answer.status, answer.body], [404, never.body]);
  t.is((await nina.gets(`/conversations/${id}`)).body.title, "Private");
  t.is((await nina.gets(`/conversations/${id}/messages`)).body.messages.length, 0);
  t.is((await oscar.gets("/conversations")).body.total, 0);
});

test("a user has 60 requests a minute; one more is 429 with Retry-After, and other users go on", async (t) => {
  await using node = await startSeedNode("001", { RATE_LIMITS: "on" });
  const [paul, quinn] = [await registersOn(node, "paul"), await registersOn(node, "quinn")];
  const answers = await Promise.all(Array.from({ length: 75 }, () => paul.gets("/auth/me")));
  const refused = answers.filter(({ status }) => status === 429);
  t.true(refused.length >= 10 && refused.length <= 15, `${refused.length}`);
  t.is(typeof refused[0]?.body.detail, "string");
  t.true(Number(refused[0]?.headers.get("retry-after")) >= 1);
  t.is((await quinn.gets("/auth/me")).status, 200);
});

test("broken, deep, huge and foreign bodies get {detail} and a status of the client's", async (t) => {
  await using node = await startSeedNode("001");
  const rosa = await registersOn(node, "rosa");
  const bodies: [string, number[]][] = [
    ["{", [422]],
    ["[]", [422]],
    ["null", [422]],
    ['"text"', [422]],
    ['{"content": "\\ud800"}', [422]],
    [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, [413, 422]],
    [JSON.stringify({ content: "x".repeat(4_000_000) }), [413]],
  ];
  const { id } = (await rosa.posts("/conversations")).body;
  for (const [method, path] of [
    ["POST", "/auth/register"],
    ["POST", "/auth/login"],
    ["PUT", "/auth/config"],
    ["POST", `/conversations/${id}/messages`],
  ] as const) {
    for (const [body, statuses] of bodies) {
      const answer = await rosa.asks(method, path, body);
      t.true(statuses.includes(answer.status), `${method} ${path} ${body.slice(0, 20)} ${answer.status}`);
      t.truthy(answer.body.detail);
    }
  }
  const form = await rosa.asks("POST", "/auth/login", "username_or_email=rosa&password=x", {
    "content-type": "application/x-www-form-urlencoded",
  });
  t.is(form.status, 422);
  const missing = await rosa.gets("/auth/nothing");
  t.deepEqual([missing.status, typeof missing.body.detail], [404, "string"]);
  const method = await rosa.asks("PATCH", "/conversations");
  t.deepEqual([method.status, typeof method.body.detail], [405, "string"]);
});

test("pages of the allowed origins may call from a browser, and no other ones", async (t) => {
  await using node = await startSeedNode("001", { ALLOWED_ORIGINS: "https://chat.example.test" });
  const asks = (origin: string) =>
    fetch(`http://127.0.0.1:${node.port}/conversations`, {
      method: "OPTIONS",
      headers: {
        ...{ origin, "access-control-request-method": "POST" },
        "access-control-request-headers": "authorization,content-type",
      },
    });
  const allowed = await asks("https://chat.example.test");
  t.is(allowed.headers.get("access-control-allow-origin"), "https://chat.example.test");
  t.regex(allowed.headers.get("access-control-allow-headers") ?? "", /authorization/i);
  t.is((await asks("https://evil.example.test")).headers.get("access-control-allow-origin"), null);
});

test("the reference is at /docs, and its paths at /openapi.json", async (t) => {
  await using node = await startSeedNode("001");
  const page = await node.client().gets("/docs");
  t.is(page.status, 200);
  t.regex(page.headers.get("content-type") ?? "", /html/);
  const { body } = await node.client().gets("/openapi.json");
  for (const path of ["/auth/register", "/auth/config", "/conversations", "/conversations/{id}/messages"]) {
    t.true(
      Object.keys(body.paths).some((each) => each.replaceAll(/\{\w+\}/g, "{id}") === path),
      path,
    );
  }
});
