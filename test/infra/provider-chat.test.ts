// Anthropic and Google by their packages, against stand-ins that speak the real wire formats.

import test, { type ExecutionContext } from "ava";
import type { ChatRequest } from "../../actors/llm/chat.ts";
import { type ProviderEvent, ProviderRefusal, type UpstreamTarget } from "../../actors/llm/contract.ts";
import { createProviderChat } from "../../infra/llm/providers/provider-chat.ts";
import {
  type AnthropicAnswer,
  type AnthropicBody,
  anthropicAnswer,
  anthropicError,
} from "../support/llm/anthropic-upstream.ts";
import { type GoogleAnswer, type GoogleBody, googleAnswer, googleError } from "../support/llm/google-upstream.ts";
import { onePixel } from "../support/llm/plausible-answer.ts";
import type { Script } from "../support/llm/script.ts";
import { type ScriptedUpstream, startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { soonMs } from "../support/soon.ts";

const keys = { anthropic: "sk-ant-test", google: "AIza-test" } as const;
const models = { anthropic: "claude-sonnet-4-5", google: "gemini-2.5-flash" } as const;
type Format = keyof typeof keys;
const formats = ["anthropic", "google"] as const;

const hello: ChatRequest = { model: "x", messages: [{ role: "user", content: "hello" }] };
const weatherTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
};
const toolRound: ChatRequest["messages"] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Weather?" },
  {
    role: "assistant",
    content: null,
    tool_calls: [
      { id: "c1", type: "function", function: { name: "get_weather", arguments: '{"city":"杭州"}' } },
      { id: "c2", type: "function", function: { name: "get_weather", arguments: "" } },
    ],
  },
  { role: "tool", tool_call_id: "c1", content: "rain" },
  { role: "tool", tool_call_id: "c2", content: "sun" },
];

test("a text is streamed piece by piece, with its usage before its end", async (t) => {
  const pieces = ["北京", "🦀", " ok"];
  const anthropic = await ask(t, "anthropic", { blocks: [{ type: "text", pieces }] });
  const google = await ask(t, "google", { parts: pieces.map((text) => ({ text })) });
  for (const events of [anthropic.events, google.events]) {
    t.deepEqual(
      deltasOf(events),
      pieces.map((text) => ({ type: "text", text })),
    );
    t.deepEqual(
      events.slice(-2).map(({ type }) => type),
      ["usage", "finish"],
    );
    t.like(events.at(-1), { reason: "stop" });
  }
});

test("each class of tokens is counted once: cached ones, those written into a cache, reasoning within the answer", async (t) => {
  const usage = { input: 100, cacheRead: 1_000, cacheWrite: 50, output: 40 };
  const anthropic = await ask(t, "anthropic", { blocks: [{ type: "text", pieces: ["a"] }], usage });
  t.deepEqual(usageOf(anthropic.events), {
    ...{ inputTokens: 100, cachedInputTokens: 1_000, cacheWriteTokens: 50, outputTokens: 40 },
  });
  const google = await ask(t, "google", {
    parts: [{ text: "hm", thought: true }, { text: "a" }],
    usage: { prompt: 1_100, cached: 1_000, candidates: 10, thoughts: 90 },
  });
  t.deepEqual(usageOf(google.events), {
    ...{ inputTokens: 100, cachedInputTokens: 1_000, outputTokens: 100, reasoningTokens: 90 },
  });
});

test("thoughts are reasoning and not text", async (t) => {
  const anthropic = await ask(t, "anthropic", {
    blocks: [
      { type: "thinking", pieces: ["I ", "think"] },
      { type: "text", pieces: ["so"] },
    ],
  });
  const google = await ask(t, "google", {
    parts: [{ text: "I ", thought: true }, { text: "think", thought: true }, { text: "so" }],
  });
  for (const { events } of [anthropic, google]) {
    t.deepEqual(deltasOf(events), [
      { type: "reasoning", text: "I " },
      { type: "reasoning", text: "think" },
      { type: "text", text: "so" },
    ]);
  }
});

test("parallel tool calls keep their ids, names and arguments, with dense indexes", async (t) => {
  const body = { ...hello, tools: [weatherTool], tool_choice: "auto" };
  const anthropic = await ask(
    t,
    "anthropic",
    {
      blocks: [
        { type: "text", pieces: ["I look."] },
        { type: "tool_use", id: "t1", name: "get_weather", pieces: ['{"city":', '"杭州"}'] },
        { type: "tool_use", id: "t2", name: "get_weather", pieces: [] },
      ],
      stopReason: "tool_use",
    },
    body,
  );
  const google = await ask(
    t,
    "google",
    {
      parts: [
        { functionCall: { name: "get_weather", args: { city: "杭州" } } },
        { functionCall: { name: "get_weather", args: {} } },
      ],
    },
    body,
  );
  for (const { events } of [anthropic, google]) {
    const calls = callsIn(events);
    t.deepEqual(
      calls.map(({ name }) => name),
      ["get_weather", "get_weather"],
    );
    t.deepEqual(
      calls.map(({ text }) => JSON.parse(text || "{}")),
      [{ city: "杭州" }, {}],
    );
    t.is(new Set(calls.map(({ id }) => id)).size, 2);
    t.like(events.at(-1), { type: "finish", reason: "tool_calls" });
  }
});

test("a tool round, a system text and parameters arrive in Anthropic's form", async (t) => {
  const { request } = await ask(
    t,
    "anthropic",
    { blocks: [{ type: "text", pieces: ["ok"] }] },
    {
      ...{ model: "x", messages: toolRound, tools: [weatherTool], tool_choice: "required", stop: "END" },
      ...{ max_completion_tokens: 77, temperature: 0.5, parallel_tool_calls: false, user: "u-1" },
    },
  );
  const body = request.json<AnthropicBody>();
  t.like(body, { model: models.anthropic, max_tokens: 77, temperature: 0.5, stop_sequences: ["END"], stream: true });
  t.deepEqual(
    body.system?.map(({ text }) => text),
    ["Be brief."],
  );
  t.deepEqual(
    body.messages.map(({ role }) => role),
    ["user", "assistant", "user"],
  );
  t.like(body.messages[1]?.content[0], { type: "tool_use", id: "c1", input: { city: "杭州" } });
  t.like(body.messages[1]?.content[1], { type: "tool_use", id: "c2", input: {} });
  t.like(body.messages[2]?.content[1], { type: "tool_result", tool_use_id: "c2", content: "sun" });
  t.like(body.tools?.[0], { name: "get_weather" });
  t.deepEqual(body.tool_choice, { type: "any", disable_parallel_tool_use: true });
  t.deepEqual(body.metadata, { user_id: "u-1" });
});

test("Anthropic's own parameter for thinking passes", async (t) => {
  const { request } = await ask(
    t,
    "anthropic",
    { blocks: [{ type: "text", pieces: ["ok"] }] },
    { ...hello, max_tokens: 5_000, thinking: { type: "enabled", budget_tokens: 2_048 } },
  );
  t.deepEqual(request.json<AnthropicBody>().thinking, { type: "enabled", budget_tokens: 2_048 });
});

test("a tool round, a system text and parameters arrive in Google's form", async (t) => {
  const { request } = await ask(
    t,
    "google",
    { parts: [{ text: "ok" }] },
    { model: "x", messages: toolRound, tools: [weatherTool], max_tokens: 77, top_p: 0.5, stop: ["A", "B"] },
  );
  const body = request.json<GoogleBody>();
  t.like(body.generationConfig, { maxOutputTokens: 77, topP: 0.5, stopSequences: ["A", "B"] });
  t.is(body.systemInstruction?.parts[0]?.text, "Be brief.");
  t.deepEqual(
    body.contents.map(({ role }) => role),
    ["user", "model", "user"],
  );
  t.like(body.contents[1]?.parts[0]?.functionCall, { name: "get_weather", args: { city: "杭州" } });
  t.like(body.contents[2]?.parts[1]?.functionResponse, { name: "get_weather" });
});

test("inline pictures go as they are; an address goes to Anthropic, and is fetched by us for Google", async (t) => {
  const picture = (url: string): ChatRequest => ({
    model: "x",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What?" },
          { type: "image_url", image_url: { url } },
        ],
      },
    ],
  });
  const inline = picture(`data:image/png;base64,${onePixel}`);
  const far = picture("https://pictures.example.test/a.png");
  const sentTo = async (format: Format, body: ChatRequest) => {
    const answer = { anthropic: { blocks: [] }, google: { parts: [{ text: "a cat" }] } }[format];
    return (await ask(t, format, answer as never, body)).request;
  };
  const blockOf = (body: AnthropicBody) => body.messages[0]?.content[1]?.source;
  t.like(blockOf((await sentTo("anthropic", inline)).json()), {
    type: "base64",
    media_type: "image/png",
    data: onePixel,
  });
  t.deepEqual(blockOf((await sentTo("anthropic", far)).json()), {
    type: "url",
    url: "https://pictures.example.test/a.png",
  });
  for (const body of [inline, far]) {
    const { contents } = (await sentTo("google", body)).json<GoogleBody>();
    t.deepEqual(contents[0]?.parts[1]?.inlineData, { mimeType: "image/png", data: onePixel });
  }
});

test("an address that leads nowhere, to no picture, or is none, is the client's mistake", async (t) => {
  for (const url of [
    "https://closed.example.test/x.png",
    "https://text.example.test/x.png",
    "ftp://a.test/x",
    "data:text/html;base64,AA",
  ]) {
    const body = { model: "x", messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] };
    const { error, upstream } = await refused(t, "google", googleAnswer({ parts: [{ text: "no" }] }), body);
    t.is(error.status, 400, url);
    t.is(upstream.journal.length, 0, "the provider is not asked");
  }
});

for (const [status, name, headers] of [
  [400, "invalid_request_error", {}],
  [401, "authentication_error", {}],
  [429, "rate_limit_error", { "retry-after": "7" }],
  [500, "api_error", {}],
  [529, "overloaded_error", {}],
] as const) {
  test(`Anthropic's ${status} ${name} keeps its status, name and headers, after one request`, async (t) => {
    const { error, upstream } = await refused(t, "anthropic", anthropicError(status, name, "It says why.", headers));
    t.like(error, { status, code: name, message: "It says why." });
    t.is(error.headers["retry-after"], (headers as Record<string, string>)["retry-after"]);
    t.is(upstream.journal.length, 1);
  });
}

for (const [status, name] of [
  [400, "INVALID_ARGUMENT"],
  [403, "PERMISSION_DENIED"],
  [429, "RESOURCE_EXHAUSTED"],
  [503, "UNAVAILABLE"],
] as const) {
  test(`Google's ${status} ${name} keeps its status, name and headers, after one request`, async (t) => {
    const { error, upstream } = await refused(
      t,
      "google",
      googleError(status, name, "It says why.", { "retry-after": "3" }),
    );
    t.like(error, { status, code: name, message: "It says why.", headers: { "retry-after": "3" } });
    t.is(upstream.journal.length, 1);
  });
}

test("a refused key does not come back in the error", async (t) => {
  const upstream = await start(t, anthropicAnswer({ blocks: [] }));
  const target = targetOf("anthropic", upstream);
  const error = await t.throwsAsync(collect(chatOf(t), target, hello, "sk-ant-canary-1234567890"), {
    instanceOf: ProviderRefusal,
  });
  t.is(error.status, 401);
  t.notRegex(error.message, /canary/);
});

test("an error inside the stream is a refusal with its name, whatever came before it", async (t) => {
  for (const blocks of [[], [{ type: "text", pieces: ["half"] } as const]]) {
    const { error } = await refused(t, "anthropic", anthropicAnswer({ blocks, ends: { error: "overloaded_error" } }));
    t.is(error.code, "overloaded_error");
    t.true(error.status === 529 || error.status === 503, String(error.status));
  }
});

for (const format of formats) {
  test(`a stream of ${format} that is cut, or ends without its end, has no finish`, async (t) => {
    for (const ends of ["cut", "without an end"] as const) {
      const script = {
        anthropic: anthropicAnswer({ blocks: [{ type: "text", pieces: ["half"] }], ends }),
        google: googleAnswer({ parts: [{ text: "half" }], ends }),
      }[format];
      const upstream = await start(t, script);
      const events: ProviderEvent[] = [];
      await collect(chatOf(t), targetOf(format, upstream), hello, keys[format], events).catch((error: unknown) => {
        t.false(error instanceof ProviderRefusal, "no refusal: the upstream did not answer with an error");
      });
      t.deepEqual(deltasOf(events), [{ type: "text", text: "half" }]);
      t.false(events.some(({ type }) => type === "finish"));
    }
  });

  test(`a caller who aborts, or stops reading, closes the connection to ${format} at once`, async (t) => {
    for (const how of ["abort", "break"] as const) {
      const upstream = await start(t, dripping(format));
      const stop = new AbortController();
      const request = { target: targetOf(format, upstream), key: keys[format], body: hello, signal: stop.signal };
      const reading = (async () => {
        for await (const event of chatOf(t).stream(request)) {
          if (event.type !== "delta") continue;
          if (how === "break") break;
          stop.abort();
        }
      })();
      if (how === "abort") await t.throwsAsync(reading, { name: "AbortError" });
      else await reading;
      const leftMs = performance.now();
      while (upstream.journal[0]?.closedAtMs === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      t.true(upstream.journal[0].wasLeft);
      t.true((upstream.journal[0].closedAtMs ?? 0) - leftMs < soonMs);
    }
  });
}

test("a closed port, and a redirect, are no refusal, and no key goes elsewhere", async (t) => {
  const elsewhere = await start(t, anthropicAnswer({ blocks: [] }));
  const upstream = await start(t, (call) => {
    call.head(307, { location: `${elsewhere.url}/messages` });
    call.end();
  });
  await t.throwsAsync(collect(chatOf(t), targetOf("anthropic", upstream), hello, keys.anthropic), {
    message: /^(?!.*ProviderRefusal)/,
  });
  t.is(elsewhere.journal.length, 0);
  await elsewhere.close();
  const error = await t.throwsAsync(collect(chatOf(t), targetOf("anthropic", elsewhere), hello, keys.anthropic));
  t.false(error instanceof ProviderRefusal);
});

test("what a provider cannot do is refused before it is asked", async (t) => {
  for (const more of [
    { n: 2 },
    { logprobs: true },
    { tools: [{ type: "web" }] },
    { tool_choice: "sometimes" },
    { messages: [{ role: "tool", tool_call_id: "lost", content: "x" }] },
    { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] },
    {
      messages: [
        { ...toolRound[2], tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{" } }] },
      ],
    },
    { messages: [{ role: "wizard", content: "x" }] },
  ]) {
    const { error, upstream } = await refused(t, "anthropic", anthropicAnswer({ blocks: [] }), {
      ...hello,
      ...more,
    } as ChatRequest);
    t.is(error.status, 400);
    t.regex(error.message, /cannot be made at this provider/);
    t.is(upstream.journal.length, 0);
  }
});

const scripts = { anthropic: anthropicAnswer, google: googleAnswer } as const;
type AnswerOf<F extends Format> = F extends "anthropic" ? AnthropicAnswer : GoogleAnswer;

async function ask<F extends Format>(t: ExecutionContext, format: F, answer: AnswerOf<F>, body = hello) {
  const upstream = await start(t, scripts[format](answer as never));
  const events = await collect(chatOf(t), targetOf(format, upstream), body, keys[format]);
  return { events, request: upstream.journal[0]! };
}

async function refused(t: ExecutionContext, format: Format, script: Script, body = hello) {
  const upstream = await start(t, script);
  const asked = collect(chatOf(t), targetOf(format, upstream), body, keys[format]);
  const error = await t.throwsAsync(asked, { instanceOf: ProviderRefusal });
  return { error, upstream };
}

async function start(t: ExecutionContext, script: Script): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream();
  upstream.always(script);
  t.teardown(() => upstream.close());
  return upstream;
}

function chatOf(t: ExecutionContext) {
  const chat = createProviderChat(async (url) => {
    if (url.includes("closed")) throw new Error("closed");
    const bytes = url.includes("text") ? Buffer.from("<html>") : Buffer.from(onePixel, "base64");
    return { bytes, mime: "image/png" };
  });
  t.teardown(() => chat.close());
  return chat;
}

function targetOf(format: Format, { url }: ScriptedUpstream): UpstreamTarget {
  const credential = { kind: "key", sealedKey: "sealed" } as const;
  return { provider: format, format, baseUrl: url, model: models[format], credential, isUserUrl: false };
}

async function collect(
  chat: ReturnType<typeof createProviderChat>,
  target: UpstreamTarget,
  body: ChatRequest,
  key: string,
  events: ProviderEvent[] = [],
): Promise<ProviderEvent[]> {
  for await (const event of chat.stream({ target, key, body, signal: new AbortController().signal }))
    events.push(event);
  return events;
}

/** Answers a piece every 20 ms until the client leaves. */
function dripping(format: Format): Script {
  return async (call) => {
    const start = {
      type: "message_start",
      message: {
        id: "m",
        type: "message",
        role: "assistant",
        model: "m",
        content: [],
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    };
    const block = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
    const write = (data: { type?: string }) => call.write(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
    if (format === "anthropic") for (const data of [start, block]) await write(data);
    const piece = {
      anthropic: { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "x" } },
      google: { candidates: [{ content: { parts: [{ text: "x" }], role: "model" }, index: 0 }] },
    }[format];
    let isLeft = false;
    void call.left.then(() => {
      isLeft = true;
    });
    while (!isLeft) {
      await write(piece);
      await call.pause(20);
    }
  };
}

const deltasOf = (events: readonly ProviderEvent[]) =>
  events.flatMap((event) => (event.type === "delta" ? [event.delta] : []));
const usageOf = (events: readonly ProviderEvent[]) => events.find((event) => event.type === "usage")?.usage;

function callsIn(events: readonly ProviderEvent[]) {
  const calls: { id?: string; name?: string; text: string }[] = [];
  for (const delta of deltasOf(events)) {
    if (delta.type !== "tool_call") continue;
    calls[delta.index] ??= { text: "" };
    const call = calls[delta.index]!;
    if (delta.id !== undefined) Object.assign(call, { id: delta.id, name: delta.name });
    call.text += delta.arguments ?? "";
  }
  return calls;
}
