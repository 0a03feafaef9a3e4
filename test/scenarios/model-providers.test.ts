// Who answers a chat, seen from outside: users' own addresses, what the operator has configured, and what stays closed.
import { createServer } from "node:net";
import test, { type ExecutionContext } from "ava";
import { anthropicAnswer } from "../support/llm/anthropic-upstream.ts";
import { googleAnswer } from "../support/llm/google-upstream.ts";
import type { Script } from "../support/llm/script.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { startV1 } from "../support/llm/v1-node.ts";
import { startTestNode } from "../support/start-node.ts";
import { registersAtChat, type SurfaceClient } from "../support/surface-client.ts";

test("a user without a model is asked to set one, and after that their own address answers with their own key", async (t) => {
  const own = await start(t);
  await using node = await startTestNode({
    env: { OUTBOUND_ALLOW: `127.0.0.1:${own.port}`, OPENAI_BASE_URL: own.url },
  });
  const alice = await registersAtChat(node, "alice");
  const chat = await opens(alice);
  chat.socket.sends({ type: "message", content: "hello" });
  await chat.socket.sees("error");
  t.is(own.journal.filter(({ path }) => path.includes("chat")).length, 0, "the system's provider is not used unasked");
  await alice.puts("/auth/config", { model_url: `${own.url}/`, model_name: "own-1", api_key: "sk-alice" });
  chat.socket.sends({ type: "message", content: "hello" });
  await chat.socket.sees("done");
  const asked = own.journal.filter(({ path }) => path === "/v1/chat/completions");
  t.is(asked[0]?.key, "sk-alice");
  t.is(asked[0]?.json().model, "own-1");
});

test("where the operator has configured a default, a user without a model is answered by it", async (t) => {
  const house = await start(t);
  await using node = await startTestNode({
    env: { DEFAULT_MODEL_URL: house.url, DEFAULT_MODEL_NAME: "house-1", DEFAULT_MODEL_API_KEY: "sk-house" },
  });
  const bob = await registersAtChat(node, "bob");
  const chat = await opens(bob);
  chat.socket.sends({ type: "message", content: "hello" });
  await chat.socket.sees("done");
  t.like(house.journal[0], { key: "sk-house" });
  t.is(house.journal[0]?.json().model, "house-1");
});

test("the official client of OpenAI streams text and tool calls from Anthropic and Google, and lists their models", async (t) => {
  const claude = await start(
    t,
    anthropicAnswer({
      blocks: [
        { type: "text", pieces: ["I ", "look."] },
        { type: "tool_use", id: "t1", name: "get_weather", pieces: ['{"city":', '"杭州"}'] },
      ],
      stopReason: "tool_use",
      usage: { input: 5, cacheRead: 100, output: 20 },
    }),
  );
  const gemini = await start(t, googleAnswer({ parts: [{ text: "Bon" }, { text: "jour" }] }));
  const { client, upstream } = await startV1(t, {
    env: {
      ...{ ANTHROPIC_BASE_URL: claude.url, ANTHROPIC_API_KEY: "sk-ant-test" },
      ...{ GOOGLE_BASE_URL: gemini.url, GOOGLE_API_KEY: "AIza-test" },
    },
  });
  const messages = [{ role: "user" as const, content: "Weather?" }];
  const stream = client.chat.completions.stream({
    ...{ model: "claude-sonnet-4-5", messages, stream_options: { include_usage: true } },
    tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } }],
  });
  const answer = await stream.finalChatCompletion();
  const [choice] = answer.choices;
  t.like(choice, { finish_reason: "tool_calls", message: { content: "I look." } });
  t.like(choice?.message.tool_calls?.[0], {
    id: "t1",
    function: { name: "get_weather", arguments: '{"city":"杭州"}' },
  });
  t.like(answer.usage, { prompt_tokens: 105, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 100 } });
  const whole = await client.chat.completions.create({ model: "gemini-2.5-flash", messages });
  t.is(whole.choices[0]?.message.content, "Bonjour");
  t.is(upstream.journal.filter(({ path }) => path.endsWith("/chat/completions")).length, 0);
  const ids = (await client.models.list()).data.map(({ id }) => id);
  for (const id of ["up-model-1", "claude-sonnet-4-5", "gemini-2.5-flash"]) t.true(ids.includes(id), id);
});

test("an address inside that a user sets is not reached, and the error is that of an address where nothing answers", async (t) => {
  let connections = 0;
  const canary = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  canary.listen(0, "127.0.0.1");
  await new Promise((resolve) => canary.once("listening", resolve));
  t.teardown(() => canary.close());
  const { port } = canary.address() as { port: number };
  await using node = await startTestNode({ env: { OUTBOUND_ALLOW: "127.0.0.1:9", LLM_FIRST_TOKEN_MS: "5000" } });
  const dora = await registersAtChat(node, "dora");
  const errors: unknown[] = [];
  for (const host of ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0x7f.1"]) {
    errors.push(await errorAt(dora, `http://${host}:${port}/v1`));
  }
  errors.push(await errorAt(dora, "http://127.0.0.1:9/v1"));
  t.is(new Set(errors).size, 1, errors.join("\n"));
  t.is(connections, 0);
});

async function errorAt(client: SurfaceClient, model_url: string): Promise<unknown> {
  const { status } = await client.puts("/auth/config", { model_url, model_name: "m", api_key: "sk-x" });
  if (status !== 200) throw new Error(`refused with ${status}`);
  const { socket } = await opens(client);
  socket.sends({ type: "message", content: "hello" });
  return (await socket.sees("error")).message;
}

async function opens(client: SurfaceClient) {
  const { id } = (await client.posts("/conversations")).body;
  return { id, socket: await client.opens(`/ws/conversations/${id}?token=${client.token}`) };
}

async function start(t: ExecutionContext, script?: Script) {
  const upstream = await startScriptedUpstream();
  if (script) upstream.always(script);
  t.teardown(() => upstream.close());
  return upstream;
}
