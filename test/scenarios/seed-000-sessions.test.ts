// The NextChat back end as its document describes it: sessions and the messages in them.
import test from "ava";
import { startModelNode } from "../support/llm/model-node.ts";
import { registersAtNextChat } from "../support/nextchat-client.ts";
import { startTestNode } from "../support/start-node.ts";

const iso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

test("a session has the fields of the table sessions", async (t) => {
  await using node = await startTestNode();
  const dora = await registersAtNextChat(node, "dora");
  const given = {
    title: "标".repeat(255),
    description: "A trip to 杭州.\n".repeat(300),
    model_config: { provider: "openai", model: "gpt-4o-mini", temperature: 0.3, mask: { name: "guide" } },
    tags: ["fun", "旅行"],
  };
  const made = await dora.posts("/api/sessions", given);
  t.is(made.status, 200);
  t.like(made.body, { ...given, user_id: dora.userId });
  t.is(typeof made.body.id, "string");
  for (const field of ["created_at", "updated_at", "last_used_at"]) t.regex(made.body[field], iso, field);
  t.deepEqual((await dora.gets(`/api/sessions/${made.body.id}`)).body, made.body);
  await dora.posts(`/api/sessions/${made.body.id}/messages`, { role: "user", content: "hello" });
  const used = (await dora.gets(`/api/sessions/${made.body.id}`)).body;
  t.true(used.last_used_at > made.body.last_used_at);
  const bare = await dora.posts("/api/sessions", {});
  t.like(bare.body, { description: "", tags: [] });
  t.true(bare.body.title.length > 0);
});

test("sessions are listed newest first, in pages, by tag and by word", async (t) => {
  await using node = await startTestNode();
  const [dora, eve] = [await registersAtNextChat(node, "dora"), await registersAtNextChat(node, "eve")];
  for (const title of ["one", "two", "three"]) await dora.posts("/api/sessions", { title, tags: [title] });
  const lists = async (query = "") => (await dora.gets(`/api/sessions${query}`)).body;
  const titles = async (query = "") => (await lists(query)).data.map(({ title }: { title: string }) => title);
  t.deepEqual(await titles(), ["three", "two", "one"]);
  t.deepEqual(await titles("?limit=1&offset=1"), ["two"]);
  t.deepEqual(await titles("?tag=one"), ["one"]);
  t.deepEqual(await titles("?q=THR"), ["three"]);
  t.is((await lists("?limit=1")).total, 3);
  t.deepEqual((await eve.gets("/api/sessions")).body.data, []);
  for (const query of ["?limit=0", "?limit=x", "?limit=100000", "?offset=-1"]) {
    t.is((await dora.gets(`/api/sessions${query}`)).status, 400, query);
  }
});

test("the fields of a session that are given change, and a deleted session is gone with its messages", async (t) => {
  await using node = await startTestNode();
  const [dora, eve] = [await registersAtNextChat(node, "dora"), await registersAtNextChat(node, "eve")];
  const made = (await dora.posts("/api/sessions", { title: "Trip", description: "far", tags: ["a"] })).body;
  const at = `/api/sessions/${made.id}`;
  const changed = await dora.puts(at, { title: "Travel", tags: [] });
  t.like(changed.body, { title: "Travel", description: "far", tags: [] });
  t.true(changed.body.updated_at >= made.updated_at);
  t.like((await dora.puts(at, { model_config: { provider: "google", model: "gemini-2" } })).body, {
    ...{ title: "Travel", model_config: { provider: "google", model: "gemini-2" } },
  });
  const message = (await dora.posts(`${at}/messages`, { role: "user", content: "hello" })).body;
  for (const [method, path, body] of [
    ["GET", at, undefined],
    ["PUT", at, { title: "mine" }],
    ["DELETE", at, undefined],
    ["GET", `${at}/messages`, undefined],
    ["POST", `${at}/messages`, { role: "user", content: "hi" }],
    ["PUT", `/api/messages/${message.id}`, { content: "mine" }],
    ["DELETE", `/api/messages/${message.id}`, undefined],
  ] as const) {
    t.is((await eve.asks(method, path, body)).status, 404, `${method} ${path}`);
  }
  t.deepEqual((await dora.deletes(at)).body, { success: true });
  for (const path of [at, `${at}/messages`]) t.is((await dora.gets(path)).status, 404);
  t.is((await dora.puts(`/api/messages/${message.id}`, { content: "again" })).status, 404);
  t.deepEqual((await dora.gets("/api/sessions")).body.data, []);
  t.is((await dora.deletes(at)).status, 404);
});

test("a message has the fields of the table messages, in every role and type of content", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const erin = await registersAtNextChat(node, "erin");
  const { id } = (await erin.posts("/api/sessions", { title: "Notes" })).body;
  const call = { id: "c1", type: "function", function: { name: "get_time", arguments: "{}" } };
  const stored = [
    { role: "system", content: "Be short." },
    { role: "user", content: "What time is it?", content_type: "text", metadata: { from: "phone", deep: { n: [1] } } },
    { role: "assistant", content: "", tool_call: [call] },
    { role: "tool", content: "noon", tool_response: { tool_call_id: "c1" } },
    { role: "user", content: "https://example.test/a.png", content_type: "image" },
    { role: "user", content: "https://example.test/a.mp3", content_type: "audio" },
    { role: "assistant", content: "It is noon." },
  ];
  for (const message of stored) {
    const { status, body } = await erin.posts(`/api/sessions/${id}/messages`, message);
    t.is(status, 200, JSON.stringify(body));
    t.like(body, { ...message, session_id: id });
    t.true(Number.isSafeInteger(body.token_count));
    t.is(typeof body.id, "string");
    for (const field of ["created_at", "updated_at"]) t.regex(body[field], iso);
  }
  const { data, total } = (await erin.gets(`/api/sessions/${id}/messages`)).body;
  t.is(total, stored.length);
  for (const [i, message] of stored.entries()) t.like(data[i], message);
  const shown = data[1];
  t.like(shown, { tool_call: null, tool_response: null });
  t.is(data[0].token_count, 3, "as the tokenizer of OpenAI counts it");
  const changed = await erin.puts(`/api/messages/${shown.id}`, { content: "When?", metadata: { from: "desk" } });
  t.like(changed.body, { id: shown.id, role: "user", content: "When?", metadata: { from: "desk" } });
  t.true(changed.body.updated_at > shown.updated_at);
  t.deepEqual((await erin.deletes(`/api/messages/${shown.id}`)).body, { success: true });
  t.is((await erin.deletes(`/api/messages/${shown.id}`)).status, 404);
  t.is((await erin.gets(`/api/sessions/${id}/messages`)).body.total, stored.length - 1);
  t.is(node.upstream.journal.length, 0, "a stored message asks no model");
});

test("messages are read in pages, from an offset or before a message", async (t) => {
  await using node = await startTestNode();
  const erin = await registersAtNextChat(node, "erin");
  const { id } = (await erin.posts("/api/sessions", { title: "Long" })).body;
  for (let i = 0; i < 7; i += 1) await erin.posts(`/api/sessions/${id}/messages`, { role: "user", content: `m${i}` });
  const lists = async (query: string) => (await erin.gets(`/api/sessions/${id}/messages${query}`)).body;
  const texts = async (query: string) => (await lists(query)).data.map(({ content }: { content: string }) => content);
  t.deepEqual(await texts("?limit=3"), ["m0", "m1", "m2"]);
  t.deepEqual(await texts("?limit=3&offset=5"), ["m5", "m6"]);
  const [, , third] = (await lists("")).data;
  t.deepEqual(await texts(`?before=${third.id}&limit=1`), ["m1"]);
  t.is((await erin.gets(`/api/sessions/${id}/messages?before=12345`)).status, 404);
  t.is((await erin.gets(`/api/sessions/${id}/messages?limit=-1`)).status, 400);
});

test("what a session or a message may not be is refused, and changes nothing", async (t) => {
  await using node = await startTestNode();
  const erin = await registersAtNextChat(node, "erin");
  const { id } = (await erin.posts("/api/sessions", { title: "Notes" })).body;
  const sessions = [
    ...[{ title: 7 }, { title: "t".repeat(256) }, { description: {} }, { tags: "a" }, { tags: [7] }],
    ...[{ model_config: "gpt" }, { model_config: [] }, { model_config: { model: "m".repeat(2_000) } }, [], "x", 7],
  ];
  for (const body of sessions) {
    t.is((await erin.posts("/api/sessions", body)).status, 400, JSON.stringify(body).slice(0, 60));
    t.is((await erin.puts(`/api/sessions/${id}`, body)).status, 400, JSON.stringify(body).slice(0, 60));
  }
  const messages = [
    ...[{}, { role: "user" }, { role: "king", content: "x" }, { role: "user", content: 7 }, { role: 1, content: "x" }],
    ...[
      { role: "user", content: "x", content_type: "video" },
      { role: "user", content: "x", metadata: "m" },
    ],
    ...[{ role: "user", content: "" }, [], "x"],
  ];
  for (const body of messages) {
    const { status, body: answer } = await erin.posts(`/api/sessions/${id}/messages`, body);
    t.is(status, 400, JSON.stringify(body));
    t.is(typeof answer.error.message, "string");
  }
  t.is((await erin.posts(`/api/sessions/${id}/messages`, { role: "user", content: "x".repeat(300_000) })).status, 413);
  t.is(
    (await erin.posts(`/api/sessions/${id}/messages`, { role: "user", content: "x".repeat(8_000_000) })).status,
    413,
  );
  for (const size of [300_000, 3_000_000, 20_000_000]) {
    const question = { model: "m-1", session_id: id, messages: [{ role: "user", content: "x".repeat(size) }] };
    t.is((await erin.posts("/api/chat/completions", question)).status, 413, `a question of ${size} bytes`);
  }
  t.is((await erin.asks("POST", `/api/sessions/${id}/messages`, "{broken")).status, 400);
  t.is(
    (await erin.asks("POST", `/api/sessions/${id}/messages`, `${"[".repeat(5_000)}${"]".repeat(5_000)}`)).status,
    400,
  );
  t.is((await erin.gets(`/api/sessions/${id}/messages`)).body.total, 0);
  t.like((await erin.gets(`/api/sessions/${id}`)).body, { title: "Notes" });
  for (const bad of ["0", "-1", "x", "%2e%2e", "1e9", "99999999999999999999", "null", "%00"]) {
    t.is((await erin.gets(`/api/sessions/${bad}`)).status, 404, bad);
    t.is((await erin.puts(`/api/messages/${bad}`, { content: "x" })).status, 404, bad);
  }
  t.is((await erin.gets("/api/nothing")).status, 404);
  const wrong = await erin.asks("PATCH", `/api/sessions/${id}`, {});
  t.is(wrong.status, 405);
  t.is(typeof wrong.body.error.message, "string");
});
