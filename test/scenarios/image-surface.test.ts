// The image surface as its clients use it: by its addresses and field names alone.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { ImageClient } from "../support/image-client.ts";
import { startModelNode } from "../support/llm/model-node.ts";
import { stream } from "../support/llm/openai-bytes.ts";
import { turnedPhoto } from "../support/pictures.ts";
import { startTestNode } from "../support/start-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const base = "/compat/image";

async function registers(at: { readonly port: number }, username: string): Promise<SurfaceClient> {
  const client = new SurfaceClient(at, { base });
  const user = { email: `${username}@example.test`, username, password: "password123" };
  const { status, body } = await client.posts("/api/auth/register", user);
  if (status !== 200) throw new Error(`${username} cannot register: ${JSON.stringify(body)}`);
  client.token = body.token;
  client.userId = body.user.id;
  return client;
}

test("a user registers, logs in by e-mail address, and sees themselves", async (t) => {
  await using node = await startTestNode();
  const client = new SurfaceClient(node, { base });
  const user = { email: "alice@example.test", username: "alice", password: "password123" };
  const made = await client.posts("/api/auth/register", user);
  t.is(made.status, 200);
  t.like(made.body.user, { email: user.email, username: "alice", isActive: true });
  const again = await client.posts("/api/auth/register", user);
  t.is(again.status, 409);
  t.like(again.body, { success: false });
  t.is(typeof again.body.error, "string");
  t.is((await client.posts("/api/auth/register", { ...user, password: "short" })).status, 400);
  const login = await client.posts("/api/auth/login", { email: user.email, password: user.password });
  t.is(login.status, 200);
  client.token = login.body.token;
  const me = await client.gets("/api/auth/me");
  t.deepEqual(me.body, login.body.user);
  t.is(me.body.id, made.body.user.id);
  t.not(me.body.lastLoginAt, null);
  t.is((await client.posts("/api/auth/login", { email: user.email, password: "wrong" })).status, 401);
});

test("sessions are begun, listed and read", async (t) => {
  await using node = await startTestNode();
  const bob = await registers(node, "bob");
  const made = await bob.posts("/api/sessions", { title: "My cat" });
  t.is(made.status, 200);
  t.like(made.body, { title: "My cat", userId: bob.userId, messageCount: 0, deletedAt: null });
  t.is((await bob.posts("/api/sessions")).body.title, "New Chat");
  const listed = (await bob.gets("/api/sessions?limit=1&offset=1")).body;
  t.like(listed, { total: 2, limit: 1, offset: 1, hasMore: false });
  t.deepEqual(listed.sessions, [made.body]);
  t.deepEqual((await bob.gets(`/api/sessions/${made.body.id}`)).body, made.body);
  const none = await bob.gets("/api/sessions/7");
  t.is(none.status, 404);
  t.like(none.body, { success: false });
});

test("a user's message gets an answer, is edited and deleted", async (t) => {
  await using node = await startModelNode();
  node.upstream.always(stream(["A ", "cat."]));
  const carol = await registers(node, "carol");
  await carol.puts("/auth/config", { model_url: node.upstream.url, model_name: "m-1", api_key: "sk-test" });
  const { id } = (await carol.posts("/api/sessions", { title: "Cats" })).body;
  const sent = await carol.posts(`/api/sessions/${id}/messages`, {
    role: "user",
    text: "What is this?",
    params: { a: 1 },
  });
  t.is(sent.status, 200);
  t.like(sent.body, { sessionId: id, role: "user", text: "What is this?", imageIds: [], editedOf: null });
  t.deepEqual(sent.body.params, { a: 1 });
  const list = async () => (await carol.gets(`/api/sessions/${id}/messages?limit=50&offset=0`)).body;
  await eventually(async () => (await list()).messages.length === 2);
  const { messages, total } = await list();
  t.is(total, 2);
  t.deepEqual(
    messages.map(({ role, text }: { role: string; text: string }) => [role, text]),
    [
      ["user", "What is this?"],
      ["assistant", "A cat."],
    ],
  );
  t.is((await carol.gets(`/api/sessions/${id}/messages?limit=1&offset=1`)).body.messages[0].text, "A cat.");
  const edited = await carol.puts(`/api/messages/${sent.body.id}`, { text: "What animal is this?" });
  t.is(edited.status, 200);
  t.like(edited.body, { id: sent.body.id, text: "What animal is this?", editedOf: sent.body.id });
  t.deepEqual((await carol.deletes(`/api/messages/${sent.body.id}`)).body, { success: true });
  t.is((await carol.deletes(`/api/messages/${sent.body.id}`)).status, 404);
  t.deepEqual(
    (await list()).messages.map(({ role }: { role: string }) => role),
    ["assistant"],
  );
  t.is((await carol.posts(`/api/sessions/${id}/messages`, { role: "user", text: "" })).status, 400);
  const foreign = await carol.posts(`/api/sessions/${id}/messages`, { role: "user", text: "edit", imageIds: ["7"] });
  t.is(foreign.status, 404);
});

test("a message with an image that its user uploaded is answered by an edited picture, and nobody else may send it", async (t) => {
  await using node = await startModelNode();
  const [nora, mallory] = [await registers(node, "nora"), await registers(node, "mallory")];
  for (const each of [nora, mallory]) {
    await each.puts("/auth/config", { model_url: node.upstream.url, model_name: "m-1", api_key: "sk-test" });
  }
  const sessionId = (await nora.posts("/api/sessions")).body.id;
  const photo = { field: "image", bytes: await turnedPhoto(6) };
  const uploaded = await new ImageClient(node, nora.token ?? "").uploads([photo], { sessionId });
  const edit = { role: "user", text: "make it blue", imageIds: [uploaded.body.id] };
  const sent = await nora.posts(`/api/sessions/${sessionId}/messages`, edit);
  t.is(sent.status, 200, JSON.stringify(sent.body));
  t.deepEqual(sent.body.imageIds, edit.imageIds);
  const messages = async () => (await nora.gets(`/api/sessions/${sessionId}/messages`)).body.messages;
  await eventually(async () => (await messages()).length === 2, 10_000);
  t.is((await messages())[1].imageIds.length, 1, JSON.stringify(await messages()));
  const other = (await mallory.posts("/api/sessions")).body.id;
  t.is((await mallory.posts(`/api/sessions/${other}/messages`, edit)).status, 404);
});

test("every device of a user sees messages, their pieces and edits over the socket", async (t) => {
  await using node = await startModelNode();
  node.upstream.always(stream(["A ", "cat."]));
  const dora = await registers(node, "dora");
  await dora.puts("/auth/config", { model_url: node.upstream.url, model_name: "m-1", api_key: "sk-test" });
  const { id } = (await dora.posts("/api/sessions", { title: "Cats" })).body;
  const path = `/ws/${id}?userId=${dora.userId}&token=${dora.token}`;
  const [phone, desk] = [await dora.opens(path), await dora.opens(path)];
  t.like(await phone.sees("connected"), { sessionId: id, userId: dora.userId });
  t.regex((await desk.sees("connected")).timestamp, /^\d{4}-.*Z$/);
  phone.sends({ type: "typing", payload: { sessionId: id, isTyping: true } });
  t.like(await desk.sees("typing"), { payload: { sessionId: id, userId: dora.userId, isTyping: true } });
  const sent = (await dora.posts(`/api/sessions/${id}/messages`, { role: "user", text: "What is this?" })).body;
  for (const device of [phone, desk]) {
    t.deepEqual((await device.sees("message")).payload, sent);
    t.like((await device.sees("message", 2)).payload, { role: "assistant", text: "A cat." });
    t.is((await device.sees("chunk", 2)).payload.text, "cat.");
    t.is((await device.sees("done")).payload.status, "completed");
  }
  const edited = (await dora.puts(`/api/messages/${sent.id}`, { text: "What animal is this?" })).body;
  t.deepEqual((await desk.sees("edit")).payload, edited);
  await dora.deletes(`/api/messages/${sent.id}`);
  t.is((await desk.sees("delete")).payload.messageId, sent.id);
  t.is(phone.frames.filter(({ type }) => type === "typing").length, 0, "the typing device is not told");
});

test("a socket joins another session of its user, and no session of somebody else", async (t) => {
  await using node = await startTestNode();
  const [erin, mallory] = [await registers(node, "erin"), await registers(node, "mallory")];
  const [first, second] = [await erin.posts("/api/sessions"), await erin.posts("/api/sessions")];
  const codeAt = async (client: SurfaceClient, path: string) => (await client.opens(path)).closes();
  t.is(await codeAt(erin, `/ws/${first.body.id}?userId=${erin.userId}`), 4401);
  t.is(await codeAt(erin, `/ws/${first.body.id}?userId=${erin.userId}&token=not.a.token`), 4401);
  t.is(await codeAt(mallory, `/ws/${first.body.id}?userId=${mallory.userId}&token=${mallory.token}`), 4403);
  t.is(await codeAt(mallory, `/ws/${first.body.id}?userId=${erin.userId}&token=${mallory.token}`), 4403);
  const socket = await erin.opens(`/ws/${first.body.id}?userId=${erin.userId}&token=${erin.token}`);
  socket.sends({ type: "join_session", payload: { sessionId: second.body.id } });
  t.is((await socket.sees("session_joined")).sessionId, second.body.id);
  socket.sends({ type: "join_session", payload: { sessionId: "7" } });
  await socket.sees("error");
  socket.sends("{");
  await socket.sees("error", 2);
  t.is(socket.closed, undefined);
});
