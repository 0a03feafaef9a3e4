// The one-to-one chat as its clients use it: by its addresses and field names alone.
import test from "ava";
import { startModelNode } from "../support/llm/model-node.ts";
import { heldAfter, stream } from "../support/llm/openai-bytes.ts";
import { callApi, Person } from "../support/person.ts";
import { startTestNode } from "../support/start-node.ts";
import { chatPassword as password, registersAtChat, SurfaceClient } from "../support/surface-client.ts";

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test("a user registers, logs in by name or e-mail address, and sees themselves", async (t) => {
  await using node = await startTestNode();
  const client = new SurfaceClient(node);
  const made = await client.posts("/auth/register", { username: "Alice", email: "Alice@Example.test", password });
  t.is(made.status, 201);
  t.like(made.body, { username: "Alice", email: "alice@example.test" });
  t.true(Number.isSafeInteger(made.body.id));
  t.regex(made.body.created_at, iso);
  t.truthy(made.headers.get("x-request-id"));
  for (const username_or_email of ["alice", "ALICE@example.test"]) {
    const { status, body } = await client.posts("/auth/login", { username_or_email, password });
    t.is(status, 200, username_or_email);
    t.like(body, { token_type: "bearer", expires_in: 3_600 });
    client.token = body.access_token;
    t.deepEqual((await client.gets("/auth/me")).body, { ...made.body, has_config: false });
  }
});

test("wrong input of a registration is a list of places, and a name that is taken is a conflict", async (t) => {
  await using node = await startTestNode();
  const client = new SurfaceClient(node);
  const good = { username: "bob", email: "bob@example.test", password };
  const wrong = async (change: object) => {
    const { status, body } = await client.posts("/auth/register", { ...good, ...change });
    t.is(status, 422);
    return body.detail[0];
  };
  t.deepEqual((await wrong({ username: "ab" })).loc, ["body", "username"]);
  t.deepEqual((await wrong({ email: "bob" })).loc, ["body", "email"]);
  t.deepEqual((await wrong({ password: "short" })).loc, ["body", "password"]);
  t.is(typeof (await wrong({ username: undefined })).msg, "string");
  t.is((await client.asks("POST", "/auth/register", "{not json")).status, 422);
  t.is((await client.posts("/auth/register", good)).status, 201);
  for (const twin of [
    good,
    { ...good, email: "b2@example.test" },
    { ...good, username: "bob2" },
    { ...good, username: "BOB" },
  ]) {
    const { status, body } = await client.posts("/auth/register", twin);
    t.is(status, 409, JSON.stringify(twin));
    t.is(typeof body.detail, "string");
  }
});

test("a wrong password and an unknown name get the same answer", async (t) => {
  await using node = await startTestNode();
  await registersAtChat(node, "carol");
  const client = new SurfaceClient(node);
  const wrong = await client.posts("/auth/login", { username_or_email: "carol", password: "another horse" });
  const unknown = await client.posts("/auth/login", { username_or_email: "nobody", password });
  t.is(wrong.status, 401);
  t.deepEqual({ status: unknown.status, body: unknown.body }, { status: wrong.status, body: wrong.body });
  t.is((await client.gets("/auth/me")).status, 401);
  client.token = "not.a.token";
  t.deepEqual(Object.keys((await client.gets("/auth/me")).body), ["detail"]);
});

test("several logins of one user stand beside each other", async (t) => {
  await using node = await startTestNode();
  const first = await registersAtChat(node, "dora");
  const second = new SurfaceClient(node);
  second.token = (await second.posts("/auth/login", { username_or_email: "dora", password })).body.access_token;
  t.is((await first.gets("/auth/me")).status, 200);
  t.is((await second.gets("/auth/me")).status, 200);
});

test("the address and key of one's model are kept, and the key is never shown", async (t) => {
  await using node = await startTestNode();
  const erin = await registersAtChat(node, "erin");
  t.is((await erin.gets("/auth/config")).status, 404);
  const config = { model_url: "https://models.example.test/v1", model_name: "m-1", api_key: "sk-canary-0123456789" };
  const put = await erin.puts("/auth/config", config);
  t.is(put.status, 200);
  t.deepEqual(put.body, { message: "配置已更新" });
  const { body } = await erin.gets("/auth/config");
  t.like(body, { model_url: config.model_url, model_name: config.model_name });
  t.regex(body.configured_at, iso);
  t.notRegex(JSON.stringify(body), /canary/);
  t.true((await erin.gets("/auth/me")).body.has_config);
  t.is((await erin.puts("/auth/config", { ...config, model_name: undefined })).status, 422);
});

test("one user on all surfaces: the token of a registration here is good under /api/v1, and the other way round", async (t) => {
  await using node = await startTestNode();
  const frank = await registersAtChat(node, "frank");
  const me = await callApi(node.port, "GET", "/users/me", { token: frank.token! });
  t.like(me.data, { account: "frank", email: "frank@example.test" });
  const login = { account: "frank@example.test", password, deviceType: "PC", deviceId: "desk" };
  t.is(
    (await callApi(node.port, "POST", "/auth/login", { body: login })).code,
    0,
    "a password proves the address, too",
  );
  const grace = await Person.registers(node, "grace");
  const client = new SurfaceClient(node);
  client.token = grace.token;
  t.like((await client.gets("/auth/me")).body, { id: Number(grace.userId), email: grace.email, username: "grace" });
  const again = await client.posts("/auth/register", { username: "grace2", email: grace.email, password });
  t.is(again.status, 409, "an address that is proven is not registered again");
});

test("who types another person's address gets nothing that the person owns, and does not keep the person out", async (t) => {
  await using node = await startTestNode();
  const email = "victim@example.test";
  const mallory = new SurfaceClient(node);
  t.is((await mallory.posts("/auth/register", { username: "mallory", email, password })).status, 201);
  const device = { deviceType: "PC", deviceId: "desk" };
  const byCode = { account: email, verifyCode: "123456", ...device };
  const early = await callApi(node.port, "POST", "/auth/login", { body: byCode });
  t.is(early.codeStr, "010102", "a code of the address leads to no user");
  const reset = { account: email, verifyCode: "123456", newPassword: "Passw0rd2" };
  t.is((await callApi(node.port, "POST", "/auth/password/reset", { body: reset })).codeStr, "010102");
  const body = { email, password: "Passw0rd1", verifyCode: "123456", nickname: "victim", ...device };
  const victim = await callApi(node.port, "POST", "/auth/register", { body });
  t.is(victim.code, 0, "the person who proves the address gets it");
  t.is((await callApi(node.port, "POST", "/auth/login", { body: byCode })).data.userId, victim.data.userId);
  const guess = await mallory.posts("/auth/login", { username_or_email: email, password });
  t.is(guess.status, 401, "the address leads to the person who proved it");
  t.is((await mallory.posts("/auth/login", { username_or_email: "mallory", password })).status, 200);
});

test("where registration is closed nobody registers by themselves", async (t) => {
  await using node = await startTestNode({ env: { REGISTRATION: "closed" } });
  const made = await new SurfaceClient(node).posts("/auth/register", {
    username: "henry",
    email: "h@example.test",
    password,
  });
  t.is(made.status, 403);
});

test("conversations are begun, listed newest first, read and deleted for good", async (t) => {
  await using node = await startTestNode();
  const iris = await registersAtChat(node, "iris");
  const first = await iris.asks("POST", "/conversations");
  t.is(first.status, 201, "the body is optional");
  t.is(first.body.title, "新对话");
  t.regex(first.body.created_at, iso);
  t.deepEqual(Object.keys(first.body).toSorted(), ["created_at", "id", "title"]);
  const second = await iris.posts("/conversations", { title: "Trip to 杭州" });
  t.true(second.body.id > first.body.id);
  const listed = (await iris.gets("/conversations")).body;
  t.is(listed.total, 2);
  t.deepEqual(
    listed.conversations.map(({ title }: { title: string }) => title),
    ["Trip to 杭州", "新对话"],
  );
  t.like(listed.conversations[0], { id: second.body.id, message_count: 0 });
  const page = (await iris.gets("/conversations?limit=1&offset=1")).body;
  t.deepEqual(
    page.conversations.map(({ id }: { id: number }) => id),
    [first.body.id],
  );
  t.like((await iris.gets(`/conversations/${second.body.id}`)).body, { id: second.body.id, title: "Trip to 杭州" });
  const gone = await iris.deletes(`/conversations/${first.body.id}`);
  t.is(gone.status, 204);
  t.is(gone.body, "");
  t.is((await iris.gets(`/conversations/${first.body.id}`)).status, 404);
  t.is((await iris.deletes(`/conversations/${first.body.id}`)).status, 404);
  t.is((await iris.gets("/conversations")).body.total, 1);
});

test("ids and pages that are none are refused with their place", async (t) => {
  await using node = await startTestNode();
  const jack = await registersAtChat(node, "jack");
  const at = async (path: string) => {
    const { status, body } = await jack.gets(path);
    return status === 422 ? body.detail[0].loc : status;
  };
  t.deepEqual(await at("/conversations/abc"), ["path", "id"]);
  t.deepEqual(await at("/conversations?limit=101"), ["query", "limit"]);
  t.deepEqual(await at("/conversations?offset=-1"), ["query", "offset"]);
  t.deepEqual(await at("/conversations/1/messages?before_id=x"), ["query", "before_id"]);
  t.is(await at("/conversations/99999999999999999999"), 404);
  t.is(await at("/conversations/7"), 404);
  t.is((await jack.posts("/conversations/7/messages", {})).status, 422);
});

test("a message needs a model, and is kept with its reply to come", async (t) => {
  await using node = await startModelNode();
  node.upstream.always(({ left }) => left);
  const kate = await registersAtChat(node, "kate");
  const { id } = (await kate.posts("/conversations")).body;
  const none = await kate.posts(`/conversations/${id}/messages`, { content: "hello" });
  t.is(none.status, 400);
  t.is(typeof none.body.detail, "string");
  t.is((await kate.gets(`/conversations/${id}/messages`)).body.messages.length, 0, "nothing was stored");
  await kate.setsModel(node.upstream.url);
  const sent = await kate.posts(`/conversations/${id}/messages`, { content: "hello" });
  t.is(sent.status, 200);
  t.like(sent.body, { sender: "user", content: "hello" });
  t.deepEqual((await kate.gets(`/conversations/${id}/messages`)).body.messages[0], sent.body);
  t.is((await kate.posts(`/conversations/${id}/messages`, { content: "" })).status, 422);
  t.is((await kate.posts(`/conversations/${id}/messages`, { content: "x".repeat(300_000) })).status, 413);
});

test("pages of a history go back by before_id, also from an id that is not there", async (t) => {
  await using node = await startModelNode();
  node.upstream.always(({ left }) => left);
  const liam = await registersAtChat(node, "liam");
  await liam.setsModel(node.upstream.url);
  const { id } = (await liam.posts("/conversations")).body;
  const ids: number[] = [];
  for (let i = 1; i <= 5; i += 1) {
    ids.push((await liam.posts(`/conversations/${id}/messages`, { content: `${i}` })).body.id);
  }
  t.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
    "ids rise",
  );
  const page = async (query: string) => {
    const { messages, has_more } = (await liam.gets(`/conversations/${id}/messages?${query}`)).body;
    return [messages.map(({ content }: { content: string }) => content).join(""), has_more];
  };
  t.deepEqual(await page("limit=2"), ["45", true]);
  t.deepEqual(await page(`limit=2&before_id=${ids[3]}`), ["23", true]);
  t.deepEqual(await page(`limit=2&before_id=${ids[1]}`), ["1", false]);
  t.deepEqual(await page(`limit=2&before_id=${ids[0]}`), ["", false]);
  t.deepEqual(await page(`limit=2&before_id=${ids[3]! - 1}`), ["23", true]);
  t.deepEqual(await page("limit=2&before_id=1"), ["", false]);
  t.deepEqual(await page(`limit=2&before_id=${Number.MAX_SAFE_INTEGER}`), ["45", true]);
});

test("a message over the socket streams its reply in pieces and ends in done", async (t) => {
  await using node = await startModelNode();
  node.upstream.always(stream(["你好", "！"]));
  const mona = await registersAtChat(node, "mona");
  await mona.setsModel(node.upstream.url);
  const { id } = (await mona.posts("/conversations")).body;
  const socket = await mona.opens(`/ws/conversations/${id}?token=${mona.token}`);
  socket.sends({ type: "message", content: "hello" });
  await socket.sees("done");
  t.deepEqual(socket.frames, [{ type: "chunk", content: "你好" }, { type: "chunk", content: "！" }, { type: "done" }]);
  const { messages } = (await mona.gets(`/conversations/${id}/messages`)).body;
  t.deepEqual(
    messages.map(({ sender, content }: { sender: string; content: string }) => `${sender}: ${content}`),
    ["user: hello", "ai: 你好！"],
  );
  const [asked] = node.upstream.journal;
  t.is(asked?.key, "sk-test");
  t.like(asked?.json(), { model: "m-1", stream: true });
});

test("a socket that comes late sees the running reply, and messages wait for their turn", async (t) => {
  await using node = await startModelNode();
  const nora = await registersAtChat(node, "nora");
  await nora.setsModel(node.upstream.url);
  const { script, goOn } = heldAfter(["a", "b"], ["c"]);
  node.upstream.always(stream(["d"]));
  node.upstream.next(script);
  const { id } = (await nora.posts("/conversations")).body;
  await nora.posts(`/conversations/${id}/messages`, { content: "first" });
  await nora.posts(`/conversations/${id}/messages`, { content: "second" });
  const path = `/ws/conversations/${id}?token=${nora.token}`;
  const late = await nora.opens(path);
  await late.sees("chunk", 2);
  const returning = await nora.opens(`${path}&offset=1`);
  t.is((await returning.sees("chunk")).content, "b");
  t.is(node.upstream.journal.length, 1, "one reply at a time");
  goOn();
  await late.sees("done", 2);
  t.deepEqual(
    late.frames.map(({ type, content }) => content ?? type),
    ["a", "b", "c", "done", "d", "done"],
  );
  const { messages } = (await nora.gets(`/conversations/${id}/messages`)).body;
  t.deepEqual(
    messages.map(({ content }: { content: string }) => content),
    ["first", "second", "abc", "d"],
  );
});

test("a reply that fails is an error on the socket, and the next message is answered", async (t) => {
  await using node = await startModelNode({ env: { MAX_LLM_ATTEMPTS: "1" } });
  const otto = await registersAtChat(node, "otto");
  await otto.setsModel(node.upstream.url);
  node.upstream.next(({ head, end }) => {
    head(401, { "content-type": "application/json" });
    end();
  });
  node.upstream.always(stream(["yes"]));
  const { id } = (await otto.posts("/conversations")).body;
  const socket = await otto.opens(`/ws/conversations/${id}?token=${otto.token}`);
  socket.sends({ type: "message", content: "hello" });
  const error = await socket.sees("error");
  t.is(typeof error.message, "string");
  t.notRegex(error.message, /sk-test/);
  socket.sends({ type: "message", content: "again" });
  await socket.sees("done");
});

test("a socket without a good token is closed with 4401, at a conversation of nobody's or somebody else's with 4404", async (t) => {
  await using node = await startTestNode();
  const [oscar, mallory] = [await registersAtChat(node, "oscar"), await registersAtChat(node, "mallory")];
  const { id } = (await oscar.posts("/conversations")).body;
  const codeAt = async (path: string) => (await oscar.opens(path)).closes();
  t.is(await codeAt(`/ws/conversations/${id}`), 4401);
  t.is(await codeAt(`/ws/conversations/${id}?token=not.a.token`), 4401);
  t.is(await codeAt(`/ws/conversations/${id}?token=${mallory.token}`), 4404);
  t.is(await codeAt(`/ws/conversations/7?token=${oscar.token}`), 4404);
  t.is(await codeAt(`/ws/conversations/abc?token=${oscar.token}`), 4404);
  const socket = await oscar.opens(`/ws/conversations/${id}?token=${oscar.token}`);
  await oscar.deletes(`/conversations/${id}`);
  t.is(await socket.closes(), 4404, "the conversation is gone");
});

test("a frame that is none is answered by an error, and the socket stays", async (t) => {
  await using node = await startTestNode();
  const paul = await registersAtChat(node, "paul");
  const { id } = (await paul.posts("/conversations")).body;
  const socket = await paul.opens(`/ws/conversations/${id}?token=${paul.token}`);
  for (const junk of ["{", "[]", { type: "soap" }, { type: "message" }, { type: "message", content: 7 }]) {
    const count = socket.frames.length + 1;
    socket.sends(junk);
    t.is(typeof (await socket.sees("error", count)).message, "string");
  }
  socket.sends({ type: "message", content: "no model is set" });
  await socket.sees("error", 6);
  t.is(socket.closed, undefined);
});
