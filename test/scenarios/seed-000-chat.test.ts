// The NextChat back end as its document describes it: chats with models, the models, and what was used of them.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { startModelNode } from "../support/llm/model-node.ts";
import { json, refusal, stream } from "../support/llm/openai-bytes.ts";
import { registersAtNextChat, rootAtNextChat, rootEnv } from "../support/nextchat-client.ts";
import { turnedPhoto } from "../support/pictures.ts";
import { startTestNode } from "../support/start-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const messages = [{ role: "user", content: "hello" }];
const model = "gpt-4o-mini";
type Row = Record<string, unknown>;
const textIn = (chunks: { choices?: { delta?: { content?: string } }[] }[]) =>
  chunks.map(({ choices }) => choices?.[0]?.delta?.content ?? "").join("");

test("a completion is OpenAI's, for a login's token and for an sk- key, and is one row of the usage", async (t) => {
  await using node = await startModelNode({ isSystem: true, env: rootEnv });
  const root = await rootAtNextChat(node);
  const { key } = (await root.posts("/admin/api-keys", { name: "cli" })).body;
  const byKey = new SurfaceClient(node);
  byKey.token = key;
  for (const client of [root, byKey]) {
    const { status, body, headers } = await client.posts("/api/chat/completions", { model, messages });
    t.is(status, 200);
    t.like(body, {
      object: "chat.completion",
      choices: [{ message: { role: "assistant", content: "You said: hello" } }],
    });
    t.true(body.usage.total_tokens > 0);
    t.is(headers.get("x-attempts"), "1");
    t.truthy(headers.get("x-overhead-ms"));
  }
  await eventually(async () => (await root.gets("/api/usage")).body.data.length === 2);
  const { data, totals } = (await root.gets("/api/usage")).body;
  for (const row of data) {
    t.like(row, { model, session_id: null });
    t.is(row.total_tokens, row.prompt_tokens + row.completion_tokens);
    t.true(row.cost > 0);
    t.is(row.cost, Number(row.cost.toFixed(6)));
    t.true(Date.parse(row.created_at) > 0);
  }
  const sum = (field: string) => data.reduce((all: number, row: Row) => all + Number(row[field]), 0);
  for (const field of ["prompt_tokens", "completion_tokens", "total_tokens"]) t.is(totals[field], sum(field), field);
  t.true(Math.abs(Number(totals.cost) - sum("cost")) < 0.000_002);
});

test("a stream is chunks of OpenAI's, ended by [DONE]", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtNextChat(node, "alice");
  const events = await alice.streams("POST", "/api/chat/stream", { model, messages });
  t.is(events.at(-1)?.data, "[DONE]");
  const chunks = events.slice(0, -1).map(({ data }) => data);
  t.true(chunks.every(({ object }) => object === "chat.completion.chunk"));
  t.is(textIn(chunks), "You said: hello");
});

test("a WebSocket at /api/chat/stream takes the body of the POST and sends its chunks, then [DONE]", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtNextChat(node, "alice");
  const socket = await alice.opens(`/api/chat/stream?token=${alice.token}`);
  socket.sends({ model, messages });
  await eventually(() => socket.frames.includes("[DONE]"));
  t.is(textIn(socket.frames), "You said: hello");
  t.true(socket.frames.slice(0, -1).every(({ object }) => object === "chat.completion.chunk"));
  const { id } = (await alice.posts("/api/sessions", { title: "By socket" })).body;
  socket.frames.length = 0;
  socket.sends({ model, session_id: id, messages });
  await eventually(() => socket.frames.includes("[DONE]"));
  t.is(textIn(socket.frames), "You said: hello");
  t.is((await alice.gets(`/api/sessions/${id}/messages`)).body.total, 2);
  socket.close();
});

test("a frame that is no request is answered by an error, the socket stays, and a wrong token gets no socket", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const [alice, bob] = [await registersAtNextChat(node, "alice"), await registersAtNextChat(node, "bob")];
  const { id } = (await bob.posts("/api/sessions", { title: "Bob's" })).body;
  const socket = await alice.opens(`/api/chat/stream?token=${alice.token}`);
  const junk = ["{broken", "7", [], {}, { model }, { model, messages: [] }, { model: 7, messages }];
  for (const [at, frame] of [...junk, { model, messages, session_id: id }].entries()) {
    socket.sends(typeof frame === "string" ? frame : JSON.stringify(frame));
    await eventually(() => socket.frames.length === at + 1);
    t.is(typeof socket.frames[at].error?.message, "string", JSON.stringify(frame));
  }
  socket.sends({ model, messages });
  await eventually(() => socket.frames.includes("[DONE]"));
  t.is(textIn(socket.frames), "You said: hello");
  t.is(node.upstream.journal.length, 1);
  for (const token of ["", "?token=junk", "?token=a.b.c", "?token=sk-00000000000000000000000000000000"]) {
    t.is(await (await alice.opens(`/api/chat/stream${token}`)).closes(), 4401);
  }
});

test("an sk- key opens the socket, and its requests end with the key", async (t) => {
  await using node = await startModelNode({ isSystem: true, env: rootEnv });
  const root = await rootAtNextChat(node);
  const { id, key } = (await root.posts("/admin/api-keys", { name: "cli" })).body;
  const socket = await new SurfaceClient(node).opens(`/api/chat/stream?token=${key}`);
  socket.sends({ model, messages });
  await eventually(() => socket.frames.includes("[DONE]"));
  await root.asks("PATCH", `/admin/api-keys/${id}`, { is_active: false });
  await eventually(async () => {
    socket.frames.length = 0;
    socket.sends({ model, messages });
    await eventually(() => socket.frames.some((frame) => frame === "[DONE]" || frame.error));
    return socket.frames.at(-1).error?.code === "130106";
  });
  t.is(socket.closed, undefined);
  socket.close();
});

test("a socket that closes ends a passed-through request, and no reply of a session", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtNextChat(node, "alice");
  const { id } = (await alice.posts("/api/sessions", { title: "s" })).body;
  node.upstream.always(stream(["a", "b", "c", "d", "e", "f"], { everyMs: 150 }));
  const first = await alice.opens(`/api/chat/stream?token=${alice.token}`);
  first.sends({ model, messages });
  await eventually(() => textIn(first.frames) !== "");
  first.close();
  await eventually(() => node.upstream.journal[0]?.wasLeft === true);
  const second = await alice.opens(`/api/chat/stream?token=${alice.token}`);
  second.sends({ model, session_id: id, messages });
  await eventually(() => textIn(second.frames) !== "");
  second.close();
  await eventually(async () => (await alice.gets(`/api/sessions/${id}/messages`)).body.total === 2);
  t.is((await alice.gets(`/api/sessions/${id}/messages`)).body.data[1].content, "abcdef");
});

test("the caller's active key of a provider is used and counted, a switched-off or expired one is not", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtNextChat(node, "alice");
  const keyOf = async () => {
    await alice.posts("/api/chat/completions", { model, messages, provider: "openai" });
    return node.upstream.journal.at(-1)?.key;
  };
  t.is(await keyOf(), "sk-system");
  const at = new Date(Date.now() + 8_000).toISOString();
  const { id } = (await alice.posts("/api/api-keys", { provider: "openai", api_key: "sk-mine", expires_at: at })).body;
  t.is(await keyOf(), "sk-mine");
  const shown = async () => (await alice.gets("/api/api-keys")).body.data[0];
  await eventually(async () => (await shown()).usage_count === 1);
  await keyOf();
  await node.node.restart();
  t.is((await shown()).usage_count, 2, "also when the server stops");
  t.regex((await shown()).last_used_at, /^\d{4}-/);
  await alice.puts(`/api/api-keys/${id}/active`, { is_active: false });
  t.is(await keyOf(), "sk-system");
  await alice.puts(`/api/api-keys/${id}/active`, { is_active: true });
  await eventually(() => Date.now() > Date.parse(at), 10_000);
  t.is(await keyOf(), "sk-system");
});

test("in a session the question and the answer are messages with token counts, and the usage names the session", async (t) => {
  await using node = await startModelNode({ isSystem: true, env: rootEnv });
  const root = await rootAtNextChat(node);
  const { id } = (await root.posts("/api/sessions", { title: "Parrot", model_config: { model } })).body;
  const { body } = await root.posts("/api/chat/completions", { session_id: id, messages });
  t.is(body.choices[0].message.content, "You said: hello");
  const { data } = (await root.gets(`/api/sessions/${id}/messages`)).body;
  t.deepEqual(
    data.map(({ role, content }: Row) => [role, content]),
    [
      ["user", "hello"],
      ["assistant", "You said: hello"],
    ],
  );
  t.true(data.every(({ token_count: count }: Row) => Number(count) > 0));
  await eventually(async () => (await root.gets(`/api/usage?session_id=${id}`)).body.data.length === 1);
  t.like((await root.gets(`/api/usage?session_id=${id}`)).body.data[0], { session_id: id, model });
  const { logs, data: rows = logs } = (await root.gets("/admin/logs")).body;
  t.is(rows.length, 1);
  t.is(rows[0].surface, "nextchat");
});

test("a client that sends its whole history is answered, however long the history is", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtNextChat(node, "alice");
  const { id } = (await alice.posts("/api/sessions", { title: "Long" })).body;
  const history = Array.from({ length: 20 }, (_, i) => ({
    ...{ role: i % 2 === 0 ? "user" : "assistant", content: "x".repeat(250_000) },
  }));
  const body = { model, session_id: id, messages: [...history, ...messages] };
  const { status, body: answer } = await alice.posts("/api/chat/completions", body);
  t.is(status, 200, JSON.stringify(answer));
  t.is(answer.choices[0].message.content, "You said: hello");
  t.is((await alice.gets(`/api/sessions/${id}/messages`)).body.total, 2);
});

test("the usage is of a time, a model or a session, in rows or groups, and nobody else's", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const [alice, bob] = [await registersAtNextChat(node, "alice"), await registersAtNextChat(node, "bob")];
  for (const name of [model, model, "gpt-4o"]) await alice.posts("/api/chat/completions", { model: name, messages });
  const asks = async (query = "") => (await alice.gets(`/api/usage${query}`)).body;
  await eventually(async () => (await asks()).data.length === 3);
  t.is((await asks(`?model=${model}`)).data.length, 2);
  const groups = (await asks("?group_by=model")).data;
  t.deepEqual(new Map(groups.map(({ model: name, requests }: Row) => [name, requests])).get(model), 2);
  t.is((await asks("?from=2020-01-01&to=2020-02-01")).data.length, 0);
  t.like((await asks("?from=2020-01-01&to=2020-02-01")).totals, { total_tokens: 0, cost: 0 });
  t.is((await bob.gets("/api/usage")).body.data.length, 0);
  for (const query of ["?from=x", "?from=5&to=4", "?group_by=colour", "?from=2026-13-40"]) {
    t.is((await alice.gets(`/api/usage${query}`)).status, 400, query);
  }
});

test("the models are listed with what they can do and their limits, by provider, for logins and keys", async (t) => {
  await using node = await startModelNode({
    isSystem: true,
    env: { LLM_MODELS: "gpt-4o-mini,claude-3-5-haiku-latest" },
  });
  const alice = await registersAtNextChat(node, "alice");
  const { body } = await alice.gets("/api/models");
  t.is(body.object, "list");
  const listed = body.data.find(({ id }: Row) => id === model);
  t.like(listed, {
    object: "model",
    provider: "openai",
    owned_by: "openai",
    capabilities: { vision: true, tools: true },
  });
  t.true(listed.limits.context_tokens > 1_000);
  t.deepEqual((await alice.gets("/api/models?provider=none")).body.data, []);
  t.is((await new SurfaceClient(node).gets("/api/models")).status, 401);
});

test("an error of the model's server has the surface's shape, and none of its keys", async (t) => {
  await using node = await startModelNode({ isSystem: true, env: { MAX_LLM_ATTEMPTS: "1" } });
  const alice = await registersAtNextChat(node, "alice");
  const { id } = (await alice.posts("/api/sessions", { title: "s" })).body;
  for (const [script, status] of [
    [refusal(401, {}, { message: "Incorrect API key provided: sk-system" }), 502],
    [refusal(500), 502],
    [refusal(429, { "retry-after": "7" }), 429],
    [json({ error: { message: "no such model", code: "model_not_found" } }, 404), 404],
  ] as const) {
    node.upstream.always(script);
    for (const more of [{}, { session_id: id }]) {
      const { status: got, body, headers } = await alice.posts("/api/chat/completions", { model, messages, ...more });
      t.is(got, status, `${status} ${JSON.stringify(more)} ${JSON.stringify(body)}`);
      t.is(typeof body.error.message, "string");
      t.notRegex(JSON.stringify(body), /sk-system/);
      if (status === 429) t.true(Number(headers.get("retry-after")) >= 1);
    }
  }
});

test("a request that is none is refused before a model is asked", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtNextChat(node, "alice");
  const { id } = (await alice.posts("/api/sessions", { title: "s" })).body;
  for (const path of ["/api/chat/completions", "/api/chat/stream"]) {
    for (const body of [
      ...[{}, [], "x", 7, { model }, { model, messages: [] }, { model, messages: "hello" }, { model: 7, messages }],
      ...[
        { model, messages: [null] },
        { model, messages, n: 0 },
        { model, messages, max_tokens: -1 },
      ],
      ...[
        { model, messages: [{ role: "user" }], session_id: id },
        { model, messages: 7, session_id: id },
      ],
    ]) {
      const { status, body: answer } = await alice.posts(path, body);
      t.is(status, 400, `${path} ${JSON.stringify(body)}`);
      t.is(typeof answer.error?.message, "string");
    }
    for (const session of ["7", "x", "../x", 7, {}, true]) {
      t.is((await alice.posts(path, { model, messages, session_id: session })).status, 404, `${path} ${session}`);
    }
    for (const raw of ["{", "", "\u0000", `${"[".repeat(9_000)}`]) {
      t.is((await alice.asks("POST", path, raw)).status, 400, `${path} ${raw.slice(0, 5)}`);
    }
    t.is((await new SurfaceClient(node).posts(path, { model, messages })).status, 401);
  }
  t.is(node.upstream.journal.length, 0);
});

test("a model with vision sees the pictures of a session, those of older messages, too", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtNextChat(node, "alice");
  const { id } = (await alice.posts("/api/sessions", { title: "Pictures" })).body;
  const png =
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const part = { type: "image_url", image_url: { url: png } };
  const asked = { role: "user", content: [{ type: "text", text: "What is this?" }, part] };
  const first = await alice.posts("/api/chat/completions", { model, session_id: id, messages: [asked] });
  t.is(first.status, 200, JSON.stringify(first.body));
  await alice.posts(`/api/sessions/${id}/messages`, { role: "user", content: png, content_type: "image" });
  await alice.posts("/api/chat/completions", { model, session_id: id, messages });
  type Sent = { messages: { role: string; content: unknown }[] };
  const sent = node.upstream.journal.map((request) => request.json<Sent>().messages);
  t.deepEqual(sent[0], [asked]);
  t.deepEqual(sent[1]?.[0], asked);
  t.deepEqual(sent[1]?.[2], { role: "user", content: [part] });
  const stored = (await alice.gets(`/api/sessions/${id}/messages`)).body.data;
  t.like(stored[0], { role: "user", content: "What is this?" });
});

test("an uploaded picture is shown to a model that sees; another one is shown a mark, but for the question itself", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtNextChat(node, "alice");
  const { id } = (await alice.posts("/api/sessions", { title: "Uploads" })).body;
  const form = new FormData();
  form.append("sessionId", id);
  form.append("type", "uploaded");
  form.append("image", new Blob([await turnedPhoto(1)], { type: "image/jpeg" }), "photo.jpg");
  const image = (await alice.asks("POST", "/api/images/upload", form)).body;
  const asked = { role: "user", content: "Look at this", imageIds: [image.id] };
  t.is((await alice.posts(`/api/sessions/${id}/messages`, asked)).status, 200);
  const sees = async (name: string) => {
    await alice.posts("/api/chat/completions", { model: name, session_id: id, messages });
    const sent = node.upstream.journal.at(-1)?.json<{ messages: { content: unknown }[] }>().messages[0];
    return sent?.content;
  };
  const shown = (await sees("gpt-4o")) as { type: string; text?: string; image_url?: { url: string } }[];
  t.deepEqual(
    shown.map(({ type }) => type),
    ["text", "image_url"],
  );
  t.regex(shown[1]?.image_url?.url ?? "", /^data:image\/jpeg;base64,[A-Za-z0-9+/]{100}/);
  t.is(await sees("gpt-3.5-turbo"), "Look at this\n[image]");
});

test("where nothing is configured a chat says so, and the settings and sessions work", async (t) => {
  await using node = await startTestNode();
  const alice = await registersAtNextChat(node, "alice");
  const { status, body } = await alice.posts("/api/chat/completions", { model, messages });
  t.is(status, 400);
  t.is(typeof body.error.message, "string");
  t.deepEqual((await alice.gets("/api/models")).body.data, []);
});
