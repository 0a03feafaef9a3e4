// The contract of the one-to-one chat for the clients of its seed document: messages, their history, and the socket on which
// answers stream. They know its port, paths, fields and frames, and nothing else of this server.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { chunk, done, event, heldAfter, refusal, role, stallAfter, stream, text } from "../support/llm/openai-bytes.ts";
import { registersOn } from "../support/seeds/chat-user.ts";
import { type SeedNode, startSeedNode } from "../support/seeds/seed-node.ts";

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** A user whose model is the scripted upstream, in a new conversation with a socket. */
async function chats(node: SeedNode, username: string, { title }: { title?: string } = { title: "Chat" }) {
  const client = await registersOn(node, username);
  await client.setsModel(node.upstream.url);
  const { id } = (await client.posts("/conversations", { title })).body;
  const socketPath = `/ws/conversations/${id}?token=${client.token}`;
  const read = async () => (await client.gets(`/conversations/${id}/messages?limit=200`)).body.messages;
  const said = async () =>
    (await read()).map(({ sender, content }: { sender: string; content: string }) => `${sender}: ${content}`);
  return { client, id, path: `/conversations/${id}`, socketPath, read, said, opens: () => client.opens(socketPath) };
}

test("a message over REST answers 200, is in the history, and is answered over the socket", async (t) => {
  await using node = await startSeedNode("001");
  node.upstream.always(stream(["你好！", "有什么可以帮助您的吗？"]));
  const { client, path, opens, read } = await chats(node, "alice");
  const socket = await opens();
  const sent = await client.posts(`${path}/messages`, { content: "你好" });
  t.is(sent.status, 200);
  await socket.sees("done");
  t.deepEqual(socket.frames, [
    { type: "chunk", content: "你好！" },
    { type: "chunk", content: "有什么可以帮助您的吗？" },
    { type: "done" },
  ]);
  const messages = await read();
  t.like(messages, [
    { sender: "user", content: "你好" },
    { sender: "ai", content: "你好！有什么可以帮助您的吗？" },
  ]);
  for (const message of messages) {
    t.deepEqual(Object.keys(message).toSorted(), ["content", "id", "sender", "timestamp"]);
    t.true(Number.isSafeInteger(message.id));
    t.regex(message.timestamp, iso);
  }
  t.true(messages[0].id < messages[1].id);
  t.true(messages[0].timestamp <= messages[1].timestamp);
});

test("a message over the socket is answered in chunks and done, and both are kept", async (t) => {
  await using node = await startSeedNode("001");
  node.upstream.always(stream(["a", "b", "c"]));
  const { opens, said } = await chats(node, "bob");
  const socket = await opens();
  socket.sends({ type: "message", content: "one" });
  await socket.sees("done");
  socket.sends({ type: "message", content: "two" });
  await socket.sees("done", 2);
  t.deepEqual(
    socket.frames.map(({ type, content }) => content ?? type),
    ["a", "b", "c", "done", "a", "b", "c", "done"],
  );
  t.deepEqual(await said(), ["user: one", "ai: abc", "user: two", "ai: abc"]);
});

test("the model is asked at the user's address, with the user's key, model and the whole conversation", async (t) => {
  await using node = await startSeedNode("001");
  node.upstream.always(stream(["fine"]));
  const { client, opens } = await chats(node, "carol");
  await client.puts("/auth/config", { model_url: node.upstream.url, model_name: "qwen-max", api_key: "sk-of-carol" });
  const socket = await opens();
  socket.sends({ type: "message", content: "how are you?" });
  await socket.sees("done");
  socket.sends({ type: "message", content: "and now?" });
  await socket.sees("done", 2);
  const [, second] = node.upstream.journal;
  t.is(second?.path, "/v1/chat/completions");
  t.is(second?.key, "sk-of-carol");
  const { model, stream: isStream, messages } = second!.json() as Record<string, never>;
  t.deepEqual([model, isStream], ["qwen-max", true]);
  t.deepEqual(messages, [
    { role: "user", content: "how are you?" },
    { role: "assistant", content: "fine" },
    { role: "user", content: "and now?" },
  ]);
});

test("a user without a configuration is told so, over REST and over the socket, and nothing is stored", async (t) => {
  await using node = await startSeedNode("001");
  const dora = await registersOn(node, "dora");
  const { id } = (await dora.posts("/conversations")).body;
  const sent = await dora.posts(`/conversations/${id}/messages`, { content: "hello" });
  t.is(sent.status, 400);
  t.is(typeof sent.body.detail, "string");
  const socket = await dora.opens(`/ws/conversations/${id}?token=${dora.token}`);
  socket.sends({ type: "message", content: "hello" });
  t.deepEqual(Object.keys(await socket.sees("error")), ["type", "message"]);
  t.deepEqual((await dora.gets(`/conversations/${id}/messages`)).body, { messages: [], has_more: false });
});

test("where the operator has set a default model, it answers users without a configuration", async (t) => {
  await using upstream = await startSeedNode("001");
  upstream.upstream.always(stream(["from the default"]));
  await using node = await startSeedNode("001", {
    ...{ DEFAULT_MODEL_URL: upstream.upstream.url, DEFAULT_MODEL_NAME: "gpt-3.5-turbo" },
  });
  const erin = await registersOn(node, "erin");
  t.false((await erin.gets("/auth/me")).body.has_config);
  const { id } = (await erin.posts("/conversations", { title: "Chat" })).body;
  const socket = await erin.opens(`/ws/conversations/${id}?token=${erin.token}`);
  socket.sends({ type: "message", content: "hello" });
  await socket.sees("done");
  t.is(socket.frames[0].content, "from the default");
  t.is((upstream.upstream.journal[0]!.json() as { model: string }).model, "gpt-3.5-turbo");
});

test("a conversation shows how many messages it has and when it was last used", async (t) => {
  await using node = await startSeedNode("001");
  node.upstream.always(stream(["yes"]));
  const { client, path, opens } = await chats(node, "fred");
  const before = (await client.gets(path)).body;
  const socket = await opens();
  for (let i = 1; i <= 2; i += 1) {
    socket.sends({ type: "message", content: `${i}` });
    await socket.sees("done", i);
  }
  const [listed] = (await client.gets("/conversations")).body.conversations;
  t.is(listed.message_count, 4);
  t.is(listed.created_at, before.created_at);
  t.true(listed.updated_at > before.updated_at);
});

test("pages of a history hold 50 messages, at most 200, and go back by before_id", async (t) => {
  await using node = await startSeedNode("001");
  node.upstream.always(stream(["r"]));
  const { client, path, opens, read } = await chats(node, "gina");
  const socket = await opens();
  for (let i = 1; i <= 27; i += 1) {
    socket.sends({ type: "message", content: `m${i}` });
    await socket.sees("done", i);
  }
  const all = await read();
  t.is(all.length, 54);
  const page = async (query: string) => {
    const { messages, has_more } = (await client.gets(`${path}/messages${query}`)).body;
    return [messages, has_more];
  };
  t.deepEqual(await page(""), [all.slice(4), true]);
  t.deepEqual(await page(`?before_id=${all[4].id}`), [all.slice(0, 4), false]);
  t.deepEqual(await page(`?limit=2&before_id=${all[10].id}`), [all.slice(8, 10), true]);
  t.deepEqual(await page(`?limit=2&before_id=${all[2].id}`), [all.slice(0, 2), false]);
  for (const query of ["limit=0", "limit=201", "limit=x", "before_id=x", "before_id=-1"]) {
    const { status, body } = await client.gets(`${path}/messages?${query}`);
    t.is(status, 422, query);
    t.deepEqual(body.detail[0].loc, ["query", query.split("=")[0]]);
  }
});

test("a content that is none is 422 with its place", async (t) => {
  await using node = await startSeedNode("001");
  const { client, path, read } = await chats(node, "hugo");
  for (const content of [undefined, null, "", 7, {}, ["hello"]]) {
    const { status, body } = await client.posts(`${path}/messages`, { content });
    t.is(status, 422, JSON.stringify(content));
    t.deepEqual(body.detail[0].loc, ["body", "content"]);
  }
  t.is((await read()).length, 0);
});

test("a long content is kept as it came: markup, emoji and lines", async (t) => {
  await using node = await startSeedNode("001");
  const content = `<script>alert("x")</script> ' OR 1=1; -- 👩‍👩‍👧‍👦\n\t${"长".repeat(50_000)}`;
  node.upstream.always(stream(["<b>", content]));
  const { opens, read } = await chats(node, "ines");
  const socket = await opens();
  socket.sends({ type: "message", content });
  await socket.sees("done");
  const [asked, answered] = await read();
  t.is(asked.content, content);
  t.is(answered.content, `<b>${content}`);
});

test("a frame that is none is answered by an error, and the socket goes on", async (t) => {
  await using node = await startSeedNode("001");
  node.upstream.always(stream(["fine"]));
  const { opens, said } = await chats(node, "jane");
  const socket = await opens();
  const junk = ["", "{", "null", "7", "[]", '"message"', {}, { type: "soap", content: "x" }, { type: "message" }];
  const contents = [{ content: "" }, { content: 7 }, { content: null }, { content: {} }];
  for (const frame of [...junk, ...contents.map((each) => ({ type: "message", ...each })), "[".repeat(60_000)]) {
    const count = socket.frames.length + 1;
    socket.sends(frame);
    const error = await socket.sees("error", count);
    t.deepEqual([Object.keys(error), typeof error.message], [["type", "message"], "string"]);
  }
  socket.sends({ type: "message", content: "hello" });
  await socket.sees("done");
  t.deepEqual(await said(), ["user: hello", "ai: fine"]);
});

test("a socket needs the token in its query: 4401 without a good one", async (t) => {
  await using node = await startSeedNode("001");
  const { client, id } = await chats(node, "kim");
  for (const query of ["", "?token=", "?token=a.b.c", `?token=${client.token}x`, `?access_token=${client.token}`]) {
    const socket = await node.client().opens(`/ws/conversations/${id}${query}`);
    t.is(await socket.closes(), 4401, query);
    t.is(socket.frames.length, 0);
  }
});

test("the socket of a conversation that is another's, gone or none closes with 4404", async (t) => {
  await using node = await startSeedNode("001");
  const [lena, mia] = [await chats(node, "lena"), await chats(node, "mia")];
  const codeOf = async (id: unknown) =>
    (await mia.client.opens(`/ws/conversations/${id}?token=${mia.client.token}`)).closes();
  for (const id of [lena.id, 7, "abc", "99999999999999999999"]) t.is(await codeOf(id), 4404, `${id}`);
  const socket = await mia.opens();
  await mia.client.deletes(mia.path);
  t.is(await socket.closes(), 4404);
  t.is(await codeOf(mia.id), 4404);
});

test("a model that cannot answer is an error on the socket without the key, and the next message is answered", async (t) => {
  await using node = await startSeedNode("001", { MAX_LLM_ATTEMPTS: "1" });
  const { client, opens, read } = await chats(node, "nina");
  const api_key = "sk-canary-9876543210";
  await client.puts("/auth/config", { model_url: node.upstream.url, model_name: "m-1", api_key });
  const socket = await opens();
  const echo = { message: `Incorrect API key provided: ${api_key}` };
  for (const [at, status] of [401, 400, 404, 429, 500].entries()) {
    node.upstream.next(refusal(status, {}, echo));
    socket.sends({ type: "message", content: `${status}` });
    const error = await socket.sees("error", at + 1);
    t.true(error.message.length > 0);
    t.notRegex(JSON.stringify(error), /canary/);
  }
  node.upstream.next(stream(["well"]));
  socket.sends({ type: "message", content: "again" });
  await socket.sees("done");
  const messages = await read();
  t.is(messages.filter(({ sender }: { sender: string }) => sender === "user").length, 6);
  t.is(messages.at(-1).content, "well");
  t.notRegex(JSON.stringify(messages), /canary/);
});

test("messages that come while an answer streams are answered one after the other", async (t) => {
  await using node = await startSeedNode("001");
  const { opens, said } = await chats(node, "olga");
  node.upstream.always(async (call) => {
    const { messages } = call.request.json<{ messages: { content: string }[] }>();
    await call.write(role);
    for (const content of ["re ", messages.at(-1)!.content]) {
      await call.pause(20);
      await call.write(event(chunk({ content })));
    }
    await call.write(event(chunk({}, { finish: "stop" })));
    await call.write(done);
    call.end();
  });
  const socket = await opens();
  for (const content of ["1", "2", "3"]) socket.sends({ type: "message", content });
  await socket.sees("done", 3);
  t.deepEqual(
    socket.frames.map(({ type, content }) => content ?? type),
    ["re ", "1", "done", "re ", "2", "done", "re ", "3", "done"],
  );
  t.deepEqual((await said()).toSorted(), ["ai: re 1", "ai: re 2", "ai: re 3", "user: 1", "user: 2", "user: 3"]);
});

test("every socket of the user sees the answer; a socket that comes late sees it from its start", async (t) => {
  await using node = await startSeedNode("001");
  const { client, path, opens, said } = await chats(node, "paul");
  const { script, goOn } = heldAfter(["one "], ["two"]);
  node.upstream.next(script);
  const first = await opens();
  await client.posts(`${path}/messages`, { content: "count" });
  await first.sees("chunk");
  first.close();
  const late = await opens();
  await late.sees("chunk");
  const other = await opens();
  goOn();
  await Promise.all([late.sees("done"), other.sees("done")]);
  for (const { frames } of [late, other]) {
    t.is(frames.map(({ content = "" }) => content).join(""), "one two");
  }
  t.deepEqual(await said(), ["user: count", "ai: one two"]);
});

test("deleting a conversation deletes its messages and ends its answer", async (t) => {
  await using node = await startSeedNode("001");
  const { client, path, opens } = await chats(node, "quinn");
  node.upstream.always(stallAfter(text("never ending")));
  const socket = await opens();
  socket.sends({ type: "message", content: "hello" });
  await socket.sees("chunk");
  t.is((await client.deletes(path)).status, 204);
  await eventually(() => node.upstream.journal[0]?.wasLeft === true);
  t.is((await client.gets(`${path}/messages`)).status, 404);
  t.is((await client.gets("/conversations")).body.total, 0);
});

test("a conversation without a title gets one after the first answer, and one with a title keeps it", async (t) => {
  await using node = await startSeedNode("001");
  node.upstream.always(stream(["Hangzhou ", "trip\n"]));
  const named = await chats(node, "rosa", { title: "Mine" });
  const unnamed = await chats(node, "sam", {});
  for (const { opens } of [named, unnamed]) {
    const socket = await opens();
    socket.sends({ type: "message", content: "Plan a trip to Hangzhou" });
    await socket.sees("done");
  }
  const titleOf = async ({ client, path }: typeof named) => (await client.gets(path)).body.title;
  await eventually(async () => (await titleOf(unnamed)) !== "新对话");
  const title = await titleOf(unnamed);
  t.true(title.length > 0 && [...title].length <= 200);
  t.notRegex(title, /\n/);
  t.is(await titleOf(named), "Mine");
});

test("the whole history and the configuration are there after a restart of the server", async (t) => {
  await using node = await startSeedNode("001");
  node.upstream.always(stream(["kept"]));
  const { client, path, opens, said } = await chats(node, "tina");
  const socket = await opens();
  socket.sends({ type: "message", content: "keep this" });
  await socket.sees("done");
  const config = (await client.gets("/auth/config")).body;
  await node.model.node.restart();
  t.deepEqual(await said(), ["user: keep this", "ai: kept"]);
  t.deepEqual((await client.gets("/auth/config")).body, config);
  t.is((await client.gets(path)).body.title, "Chat");
});

test("a user's 60 requests a minute count the messages of the socket", async (t) => {
  await using node = await startSeedNode("001", { RATE_LIMITS: "on" });
  const { client, opens } = await chats(node, "uma");
  const socket = await opens();
  for (let i = 0; i < 60; i += 1) await client.gets("/auth/me");
  await eventually(async () => (await client.gets("/auth/me")).status === 429); // a place comes back each second
  for (let i = 0; i < 5; i += 1) socket.sends({ type: "message", content: "one too many" });
  t.is(typeof (await socket.sees("error")).message, "string");
});
