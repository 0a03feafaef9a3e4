// The image editor's back end as its document describes it: users, sessions and messages, on its own port.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { stream } from "../support/llm/openai-bytes.ts";
import { Editor, emailOf, password, patienceMs, startImageEditor, wrongFields } from "../support/seeds/image-editor.ts";
import { SurfaceClient } from "../support/surface-client.ts";

test("a user registers, logs in, and reads who they are", async (t) => {
  await using server = await startImageEditor();
  const client = new SurfaceClient(server);
  const made = await client.posts("/api/auth/register", { email: emailOf("alice"), username: "alice", password });
  t.is(made.status, 200);
  t.is(typeof made.body.token, "string");
  t.deepEqual(wrongFields("user", made.body.user), []);
  t.like(made.body.user, { email: emailOf("alice"), username: "alice", isActive: true });

  const login = await client.posts("/api/auth/login", { email: emailOf("alice"), password });
  t.is(login.status, 200);
  t.is(login.body.user.id, made.body.user.id);
  client.token = login.body.token;
  const me = await client.gets("/api/auth/me");
  t.is(me.status, 200);
  t.deepEqual(wrongFields("user", me.body), []);
  t.deepEqual(me.body, login.body.user);
  t.true(me.body.lastLoginAt >= made.body.user.lastLoginAt);
  t.false(JSON.stringify([made.body, login.body, me.body]).includes(password));
});

test("a registration that is taken or does not fit is refused with a reason", async (t) => {
  await using server = await startImageEditor();
  await Editor.registers(server, "alice");
  const client = new SurfaceClient(server);
  const good = { email: emailOf("bob"), username: "bob", password };
  const cases: [object, number][] = [
    [{ ...good, email: emailOf("alice") }, 409],
    [{ ...good, username: "alice" }, 409],
    [{ ...good, email: "no address" }, 400],
    [{ ...good, password: "short" }, 400],
    [{ ...good, username: "" }, 400],
    [{ ...good, email: undefined }, 400],
    [{ ...good, password: 12_345_678 }, 400],
    [[good], 400],
  ];
  for (const [body, status] of cases) {
    const answer = await client.posts("/api/auth/register", body);
    t.is(answer.status, status, JSON.stringify([body, answer.body]));
    t.like(answer.body, { success: false });
    t.is(typeof answer.body.error, "string");
  }
  t.is((await client.posts("/api/auth/register", good)).status, 200, "what was refused took no name");
});

test("passwords are not to be guessed", async (t) => {
  await using server = await startImageEditor({ RATE_LIMITS: "on" });
  await Editor.registers(server, "alice");
  const client = new SurfaceClient(server);
  const statuses = new Set<number>();
  let last = await client.posts("/api/auth/login", { email: emailOf("alice"), password: "guess" });
  for (let guess = 0; guess < 40 && last.status === 401; guess += 1) {
    statuses.add(last.status);
    t.like(last.body, { success: false });
    last = await client.posts("/api/auth/login", { email: emailOf("alice"), password: `guess ${guess}` });
  }
  t.is(last.status, 429);
  t.true(Number(last.headers.get("retry-after")) > 0);
  t.deepEqual([...statuses], [401]);
  const unknown = await client.posts("/api/auth/login", { email: emailOf("nobody"), password: "guess" });
  t.true(unknown.status === 401 || unknown.status === 429);
});

test("a request without a valid token is refused everywhere", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession();
  const [head = "", payload = "", signature = ""] = (alice.token ?? "").split(".");
  const forged = Buffer.from(JSON.stringify({ ...JSON.parse(String(Buffer.from(payload, "base64url"))), sub: "1" }));
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
  const tokens = [
    undefined,
    "nonsense",
    `${head}.${forged.toString("base64url")}.${signature}`,
    `${none}.${payload}.`,
    `${alice.token}x`,
  ];
  const routes: [string, string][] = [
    ["GET", "/api/auth/me"],
    ["GET", "/api/sessions"],
    ["POST", "/api/sessions"],
    ["GET", `/api/sessions/${id}`],
    ["GET", `/api/sessions/${id}/messages`],
    ["POST", `/api/sessions/${id}/messages`],
    ["PUT", "/api/messages/1"],
    ["DELETE", "/api/messages/1"],
    ["POST", "/api/images/upload"],
    ["POST", "/api/images/upload/batch"],
    ["GET", "/api/images/1"],
    ["GET", `/api/images/session/${id}`],
  ];
  for (const [method, path] of routes) {
    for (const token of tokens) {
      const stranger = new SurfaceClient(server);
      stranger.token = token;
      const answer = await stranger.asks(method, path);
      t.is(answer.status, 401, `${method} ${path} with ${token}`);
      t.like(answer.body, { success: false }, `${method} ${path}`);
    }
  }
});

test("a token ends", async (t) => {
  await using server = await startImageEditor({ ACCESS_TOKEN_MS: "4000" });
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession();
  await eventually(async () => (await alice.gets("/api/auth/me")).status === 401, patienceMs);
  t.like((await alice.gets("/api/auth/me")).body, { success: false });
  t.is(await (await alice.opensSession(id)).closes(), 4401);
});

test("sessions are listed newest first, twenty at a time", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const made = [];
  for (let n = 0; n < 23; n += 1) made.push((await alice.posts("/api/sessions", { title: `Chat ${n}` })).body);
  const newestFirst = made.toReversed();
  for (const session of made) t.deepEqual(wrongFields("session", session), []);
  t.like(made[0], { userId: alice.userId, title: "Chat 0", messageCount: 0, deletedAt: null });

  const first = (await alice.gets("/api/sessions")).body;
  t.deepEqual(first.sessions, newestFirst.slice(0, 20));
  t.like(first, { total: 23, limit: 20, offset: 0, hasMore: true });
  const second = (await alice.gets("/api/sessions?limit=20&offset=20")).body;
  t.deepEqual(second.sessions, newestFirst.slice(20));
  t.is(second.hasMore, false);
  t.deepEqual((await alice.gets("/api/sessions?limit=5&offset=100")).body.sessions, []);
  t.deepEqual((await alice.gets(`/api/sessions/${made[3].id}`)).body, made[3]);
  for (const query of ["limit=0", "limit=x", "limit=-1", "offset=-1", "limit=1e9", "offset=1.5"]) {
    t.is((await alice.gets(`/api/sessions?${query}`)).status, 400, query);
  }
});

test("a session is of its user alone", async (t) => {
  await using server = await startImageEditor();
  const [alice, mallory] = [await Editor.registers(server, "alice"), await Editor.registers(server, "mallory")];
  const id = await alice.beginsSession("Secret cats");
  const { body: message } = await alice.posts(`/api/sessions/${id}/messages`, { role: "user", text: "A secret" });
  const answers = [
    await mallory.gets(`/api/sessions/${id}`),
    await mallory.gets(`/api/sessions/${id}/messages`),
    await mallory.posts(`/api/sessions/${id}/messages`, { role: "user", text: "Hello" }),
    await mallory.gets(`/api/images/session/${id}`),
    await mallory.puts(`/api/messages/${message.id}`, { text: "Mine" }),
    await mallory.deletes(`/api/messages/${message.id}`),
  ];
  for (const { status, body } of answers) {
    t.true(status === 404 || status === 403, JSON.stringify(body));
    t.like(body, { success: false });
    t.false(JSON.stringify(body).includes("ecret"));
  }
  t.deepEqual((await mallory.gets("/api/sessions")).body.sessions, []);
  t.is((await alice.messagesOf(id))[0]?.text, "A secret");
});

test("messages are stored as they were sent, counted, and answered", async (t) => {
  await using server = await startImageEditor();
  server.upstream.always(stream(["A ", "cat."]));
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession();
  const sent = await alice.posts(`/api/sessions/${id}/messages`, {
    ...{ role: "user", text: "What is this? 😀", imageIds: [], params: { temperature: 1, nested: { a: [1] } } },
  });
  t.is(sent.status, 200);
  t.deepEqual(wrongFields("message", sent.body), []);
  t.like(sent.body, { sessionId: id, role: "user", text: "What is this? 😀", editedOf: null });
  t.deepEqual(sent.body.params, { temperature: 1, nested: { a: [1] } });
  t.deepEqual(sent.body.imageIds, []);
  await eventually(async () => (await alice.messagesOf(id)).length === 2, patienceMs);
  const messages = await alice.messagesOf(id);
  t.deepEqual(messages[0], sent.body);
  for (const message of messages) t.deepEqual(wrongFields("message", message as never), []);
  t.like(messages[1], { role: "assistant", text: "A cat.", sessionId: id });
  const session = (await alice.gets(`/api/sessions/${id}`)).body;
  t.is(session.messageCount, 2);
  t.true(session.updatedAt >= session.createdAt);
});

test("messages come fifty at a time, from the beginning", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession();
  const texts = Array.from({ length: 53 }, (_, n) => `line ${n}`);
  // What a client restores from elsewhere: nobody has to answer it.
  for (const text of texts) await alice.posts(`/api/sessions/${id}/messages`, { role: "assistant", text });
  const page = async (query: string) => (await alice.gets(`/api/sessions/${id}/messages${query}`)).body;
  const textsOf = ({ messages }: { messages: { text: string }[] }) => messages.map(({ text }) => text);
  const first = await page("");
  t.deepEqual(textsOf(first), texts.slice(0, 50));
  t.like(first, { total: 53, limit: 50, offset: 0, hasMore: true });
  t.deepEqual(textsOf(await page("?limit=50&offset=50")), texts.slice(50));
  t.deepEqual(textsOf(await page("?limit=2&offset=10")), texts.slice(10, 12));
  t.is(server.upstream.journal.filter(({ path }) => path.includes("completions")).length, 0);
});

test("a message is edited, and says so; then it is deleted for good", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession();
  const sent = (await alice.posts(`/api/sessions/${id}/messages`, { role: "user", text: "Hello, world!" })).body;
  await eventually(async () => (await alice.messagesOf(id)).length === 2, patienceMs);
  const edited = await alice.puts(`/api/messages/${sent.id}`, { text: "Updated message" });
  t.is(edited.status, 200);
  t.deepEqual(wrongFields("message", edited.body), []);
  t.like(edited.body, { id: sent.id, text: "Updated message", editedOf: sent.id, createdAt: sent.createdAt });
  t.true(edited.body.updatedAt >= sent.updatedAt);
  t.deepEqual(
    (await alice.messagesOf(id)).find((each) => each.id === sent.id),
    edited.body,
  );
  for (const body of [{}, { text: "" }, { text: 7 }, { text: null }])
    t.is((await alice.puts(`/api/messages/${sent.id}`, body)).status, 400, JSON.stringify(body));

  const deleted = await alice.deletes(`/api/messages/${sent.id}`);
  t.deepEqual([deleted.status, deleted.body], [200, { success: true }]);
  t.false((await alice.messagesOf(id)).some((each) => each.id === sent.id));
  t.is((await alice.deletes(`/api/messages/${sent.id}`)).status, 404);
  t.is((await alice.puts(`/api/messages/${sent.id}`, { text: "Back" })).status, 404);
  for (const none of ["7", "abc", "%00", "a".repeat(200)])
    t.is((await alice.deletes(`/api/messages/${none}`)).status, 404, none);
});

test("a session that nobody named gets a title from its first messages", async (t) => {
  await using server = await startImageEditor();
  server.upstream.always(stream(["Cats", " and ", "dogs"]));
  const alice = await Editor.registers(server, "alice");
  const titleOf = async (id: string) => (await alice.gets(`/api/sessions/${id}`)).body.title;
  // As the document's own example creates it.
  const [example, named] = [await alice.beginsSession("New Chat"), await alice.beginsSession("Mine")];
  t.is(await titleOf(example), "New Chat");
  const socket = await alice.opensSession(example);
  await socket.sees("connected");
  for (const id of [example, named]) await alice.posts(`/api/sessions/${id}/messages`, { role: "user", text: "Hi" });
  await eventually(async () => (await titleOf(example)) === "Cats and dogs", patienceMs);
  const { session } = await socket.sees("session_updated");
  t.deepEqual(wrongFields("session", session), []);
  t.like(session, { id: example, title: "Cats and dogs" });
  await eventually(async () => (await alice.messagesOf(named)).length === 2, patienceMs);
  t.is(await titleOf(named), "Mine");
});

test("sessions are searched", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  for (const title of ["Red cats", "Blue dogs", "Red dogs"]) await alice.beginsSession(title);
  const found = (await alice.gets("/api/sessions?q=red")).body;
  t.deepEqual(
    found.sessions.map(({ title }: { title: string }) => title),
    ["Red dogs", "Red cats"],
  );
});

test("a user changes their password, and every other login ends", async (t) => {
  await using server = await startImageEditor();
  const [phone, desk] = [await Editor.registers(server, "alice"), new Editor(server)];
  desk.token = (await desk.posts("/api/auth/login", { email: emailOf("alice"), password })).body.token;
  t.is((await desk.puts(`/api/users/${phone.userId}`, { password: "another password" })).status, 200);
  t.is((await phone.gets("/api/auth/me")).status, 401);
  t.is((await desk.gets("/api/auth/me")).status, 200);
  const logIn = async (given: string) =>
    (await desk.posts("/api/auth/login", { email: emailOf("alice"), password: given })).status;
  t.deepEqual([await logIn(password), await logIn("another password")], [401, 200]);
});

test("everything is there again after a restart", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession("Kept");
  await alice.posts(`/api/sessions/${id}/messages`, { role: "user", text: "Hello" });
  await eventually(async () => (await alice.messagesOf(id)).length === 2, patienceMs);
  const before = await alice.messagesOf(id);
  await server.node.restart();
  t.deepEqual(await alice.messagesOf(id), before);
  t.is((await alice.gets("/api/sessions")).body.sessions[0].title, "Kept");
});

test("health says what the stores do, and how many sockets are open", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const healthOf = async () => await new SurfaceClient(server).gets("/health");
  const { status, body } = await healthOf();
  t.is(status, 200);
  t.is(body.status, "ok");
  t.is(body.sockets, 0);
  t.true(Object.keys(body.stores).length > 0);
  for (const state of Object.values(body.stores)) t.is(state, "ok");
  const socket = await alice.opensSession(await alice.beginsSession());
  await socket.sees("connected");
  t.is((await healthOf()).body.sockets, 1);
  socket.close();
  await eventually(async () => (await healthOf()).body.sockets === 0);
});

test("metrics count sockets, requests and errors", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const socket = await alice.opensSession(await alice.beginsSession());
  await socket.sees("connected");
  await alice.gets("/api/sessions/7");
  const text = String((await alice.gets("/metrics")).body);
  t.regex(text, /^\w*connections\w* 1$/m);
  t.regex(text, /route="GET \/api\/sessions\/:id",status="404"} [1-9]/);
  t.regex(text, /^parley_model_requests_total 0$/m);
});

test("pages of other origins may call it where the operator says so", async (t) => {
  const origin = "https://editor.example.com";
  await using server = await startImageEditor({ ALLOWED_ORIGINS: origin });
  const ask = (from: string) =>
    fetch(`http://127.0.0.1:${server.port}/api/sessions`, {
      method: "OPTIONS",
      headers: {
        origin: from,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });
  const allowed = await ask(origin);
  t.true(allowed.ok);
  t.is(allowed.headers.get("access-control-allow-origin"), origin);
  t.regex(allowed.headers.get("access-control-allow-headers") ?? "", /authorization/i);
  t.is((await ask("https://evil.example.com")).headers.get("access-control-allow-origin"), null);
});

test("the same client works on the one port of every surface, registered or logged in", async (t) => {
  await using server = await startImageEditor();
  const { node } = server;
  const editors = [await Editor.registers(node, "alice"), new Editor(node)];
  const [, login] = editors;
  if (login) login.token = (await login.posts("/api/auth/login", { email: emailOf("alice"), password })).body.token;
  for (const editor of editors) {
    const id = await editor.beginsSession();
    await editor.posts(`/api/sessions/${id}/messages`, { role: "user", text: "Hello, world!", imageIds: [] });
    await eventually(async () => (await editor.messagesOf(id)).length === 2, patienceMs);
    t.is((await editor.messagesOf(id))[1]?.role, "assistant");
    await eventually(async () => (await editor.gets(`/api/sessions/${id}`)).body.title !== "New Chat", patienceMs);
  }
});
