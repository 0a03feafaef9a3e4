// Chats of the NextChat surface: completions and streams, alone and in a session, resumed and stopped.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { startModelNode } from "../support/llm/model-node.ts";
import { heldAfter, json, stallAfter, stream, text } from "../support/llm/openai-bytes.ts";
import { registersAtChat } from "../support/surface-client.ts";

const messages = [{ role: "user", content: "hello" }];
const textOf = (events: { data: { choices?: { delta: { content?: string } }[] } }[]) =>
  events.map(({ data }) => data.choices?.[0]?.delta.content ?? "").join("");

test("a completion passes through: with the system's key, or the caller's own of that provider", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtChat(node, "alice");
  const body = { model: "gpt-4o-mini", messages, temperature: 0.5, session_id: null, vendor_field: 7 };
  const whole = await alice.posts("/api/chat/completions", body);
  t.is(whole.status, 200);
  t.is(whole.body.choices[0].message.content, "You said: hello");
  t.truthy(whole.headers.get("x-request-id"));
  const [asked] = node.upstream.journal;
  t.is(asked?.key, "sk-system");
  t.like(asked?.json(), { model: "gpt-4o-mini", temperature: 0.5, vendor_field: 7 });
  t.false("session_id" in asked!.json());
  await alice.posts("/api/api-keys", { provider: "openai", api_key: "sk-mine" });
  const events = await alice.streams("POST", "/api/chat/stream", { ...body, provider: "openai" });
  t.is(textOf(events), "You said: hello");
  t.is(events.at(-1)?.data, "[DONE]");
});

test("a node whose users bring their own keys stops in order, and the uses of the keys are counted before it does", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtChat(node, "alice");
  await alice.posts("/api/api-keys", { provider: "openai", api_key: "sk-mine" });
  t.is((await alice.posts("/api/chat/completions", { model: "m", messages, provider: "openai" })).status, 200);
  const { clean } = await node.node.node.lifecycle.shutdown("the host goes down");
  t.true(clean);
  await node.node.restart();
  t.is((await alice.gets("/api/api-keys")).body.data[0].usage_count, 1);
});

test("an unknown session is 404, and a request without a message of the user is refused", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const bob = await registersAtChat(node, "bob");
  t.is((await bob.posts("/api/chat/completions", { model: "m", messages, session_id: "7" })).status, 404);
  const { id } = (await bob.posts("/api/sessions", { title: "s" })).body;
  t.is((await bob.posts("/api/chat/completions", { model: "m", messages: [], session_id: id })).status, 400);
  t.is((await bob.asks("POST", "/api/chat/completions", "{")).status, 400);
  t.is(node.upstream.journal.length, 0);
});

test("in a session the newest message and the answer are stored, and the older ones are the session's", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const carol = await registersAtChat(node, "carol");
  const { id } = (await carol.posts("/api/sessions", { title: "s" })).body;
  const ask = (content: string) =>
    carol.posts("/api/chat/completions", { model: "m-1", session_id: id, messages: [{ role: "user", content }] });
  const first = await ask("one");
  t.is(first.status, 200);
  t.like(first.body, { object: "chat.completion", session_id: id });
  t.is(first.body.choices[0].message.content, "You said: one");
  t.true(first.body.usage.total_tokens > first.body.usage.completion_tokens);
  t.is((await ask("two")).body.choices[0].message.content, "You said: two");
  const stored = (await carol.gets(`/api/sessions/${id}/messages`)).body.data;
  t.deepEqual(
    stored.map(({ content }: { content: string }) => content),
    ["one", "You said: one", "two", "You said: two"],
  );
  const sent = node.upstream.journal.at(-1)?.json<{ messages: { content: string }[] }>().messages;
  t.deepEqual(
    sent?.map(({ content }) => content),
    ["one", "You said: one", "two"],
  );
  t.like((await carol.gets(`/api/sessions/${id}`)).body.model_config, { model: "m-1" });
});

test("a stream goes on when its reader leaves, is resumed by the last event's id, and is stopped from elsewhere", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const dora = await registersAtChat(node, "dora");
  const { id } = (await dora.posts("/api/sessions", { title: "s" })).body;
  t.is((await dora.gets(`/api/chat/${id}/stream`)).status, 204, "nothing runs");
  const { script, goOn } = heldAfter(["a", "b"], ["c"]);
  node.upstream.next(script);
  const leave = new AbortController();
  const reading = await fetch(`http://127.0.0.1:${node.port}/api/chat/stream`, {
    method: "POST",
    headers: { authorization: `Bearer ${dora.token}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "m-1", session_id: id, messages }),
    signal: leave.signal,
  });
  const reader = reading.body!.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  while (!seen.includes("id: 2\n")) seen += (await reader.read()).value ?? "";
  leave.abort();
  const resumed = dora.streams("GET", `/api/chat/${id}/stream`, undefined, { "last-event-id": "1" });
  t.is((await dora.gets(`/api/chat/${id}/stream?offset=x`)).status, 400);
  goOn();
  const events = await resumed;
  t.is(textOf(events), "bc");
  t.deepEqual(
    events.map((each) => each.id).filter((each) => each !== undefined),
    ["2", "3"],
  );
  t.is(events.at(-1)?.data, "[DONE]");

  node.upstream.next(stallAfter(text("half")));
  const stopped = dora.streams("POST", "/api/chat/stream", { model: "m-1", session_id: id, messages });
  await eventually(async () => (await dora.gets(`/api/sessions/${id}/messages`)).body.total === 3);
  await eventually(() => node.upstream.journal.at(-1)?.writes.length === 1);
  t.is((await dora.posts(`/api/chat/${id}/stop`)).status, 200);
  t.is(textOf(await stopped), "half");
  t.deepEqual((await dora.posts(`/api/chat/${id}/stop`)).body.stopped, []);
  await eventually(() => node.upstream.journal.at(-1)?.wasLeft === true);
});

test("a failure of the model is the surface's error, in a stream at an event's border", async (t) => {
  await using node = await startModelNode({ isSystem: true, env: { MAX_LLM_ATTEMPTS: "1" } });
  const erin = await registersAtChat(node, "erin");
  const { id } = (await erin.posts("/api/sessions", { title: "s" })).body;
  node.upstream.always(json({ error: { message: "no such model", code: "model_not_found" } }, 404));
  const whole = await erin.posts("/api/chat/completions", { model: "m-1", session_id: id, messages });
  t.true(whole.status >= 400 && whole.status < 600);
  t.is(typeof whole.body.error.message, "string");
  const events = await erin.streams("POST", "/api/chat/stream", { model: "m-1", session_id: id, messages });
  t.is(typeof events.at(-1)?.data.error.message, "string");
  t.false(events.some(({ data }) => data === "[DONE]"));
  node.upstream.always(stream(["fine"]));
  t.is(textOf(await erin.streams("POST", "/api/chat/stream", { model: "m-1", session_id: id, messages })), "fine");
});
