// Unmodified clients for node against /v1 of a whole node: the official `openai` package, and `ai` with its package for servers of
// OpenAI's format. What the upstream gets and answers is scripted; the client's own types and errors are the judge.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import test from "ava";
import OpenAI from "openai";
import { eventually } from "../suites/eventually.ts";
import {
  chunk,
  cutAfter,
  done,
  event,
  finish,
  json,
  refusal,
  role,
  stallAfter,
  text,
  toolPiece,
  usage,
  writes,
} from "../support/llm/openai-bytes.ts";
import { onePixel } from "../support/llm/plausible-answer.ts";
import type { Script } from "../support/llm/script.ts";
import { startV1 } from "../support/llm/v1-node.ts";

const question = [{ role: "user" as const, content: "What is the weather?" }];
const picture = `data:image/png;base64,${onePixel}`;
const errorClasses: [number, number, new (...args: never[]) => Error][] = [
  [400, 400, OpenAI.BadRequestError],
  [401, 502, OpenAI.InternalServerError],
  [403, 502, OpenAI.InternalServerError],
  [404, 404, OpenAI.NotFoundError],
  [413, 413, OpenAI.APIError],
  [422, 422, OpenAI.UnprocessableEntityError],
  [429, 429, OpenAI.RateLimitError],
  [500, 502, OpenAI.InternalServerError],
  [503, 503, OpenAI.InternalServerError],
];

/** Two parallel calls, in the pieces that a model sends. */
const twoCalls = writes(
  role,
  toolPiece(0, { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":' } }),
  toolPiece(0, { function: { arguments: '"杭州"}' } }),
  toolPiece(1, { id: "c2", type: "function", function: { name: "time", arguments: "{}" } }),
  finish("tool_calls"),
  usage(20, 10),
  done,
);

test("openai: tools are run and answered, streamed", async (t) => {
  const { client, upstream } = await startV1(t);
  upstream.next(twoCalls, writes(role, text("23 °C "), text("at noon"), finish(), usage(40, 4), done));
  const asked: unknown[] = [];
  const parameters = { type: "object", properties: { city: { type: "string" } } } as const;
  const runner = client.chat.completions.runTools({
    ...{ model: "m", messages: question, stream: true },
    tools: [
      {
        type: "function",
        function: {
          ...{ name: "weather", description: "The weather of a city", parameters, parse: JSON.parse },
          function(input: object) {
            asked.push(input);
            return "23 °C";
          },
        },
      },
      {
        type: "function",
        function: { name: "time", description: "Now", parameters, function: () => "noon" },
      },
    ],
  });
  t.is(await runner.finalContent(), "23 °C at noon");
  t.deepEqual(asked, [{ city: "杭州" }]);
  const { messages } = upstream.journal[1]!.json<{ messages: { role: string; tool_call_id?: string }[] }>();
  t.deepEqual(
    messages.map(({ role: from, tool_call_id: call }) => call ?? from),
    ["user", "assistant", "c1", "c2"],
  );
});

test("openai: pictures go up as they are, and reasoning and usage come down", async (t) => {
  const { client, upstream } = await startV1(t);
  const details = { completion_tokens_details: { reasoning_tokens: 7 }, prompt_tokens_details: { cached_tokens: 3 } };
  upstream.next(
    writes(
      ...[role, event(chunk({ reasoning_content: "It looks " })), event(chunk({ reasoning_content: "red." }))],
      ...[text("Red."), finish(), usage(50, 9, details), done],
    ),
  );
  const content = [
    { type: "text" as const, text: "Which colour?" },
    { type: "image_url" as const, image_url: { url: picture, detail: "low" as const } },
  ];
  const stream = client.chat.completions.stream({
    ...{ model: "m", messages: [{ role: "user" as const, content }], reasoning_effort: "low" as const },
    stream_options: { include_usage: true },
  });
  let reasoning = "";
  for await (const { choices } of stream) {
    reasoning += (choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? "";
  }
  t.is(reasoning, "It looks red.");
  const answer = await stream.finalChatCompletion();
  t.is(answer.choices[0]?.message.content, "Red.");
  t.like(answer.usage, { prompt_tokens: 50, completion_tokens: 9, ...details });
  t.like(upstream.journal[0]?.json(), { messages: [{ role: "user", content }], reasoning_effort: "low" });
});

test("openai: each refusal is the error class of its status, and the client's own retries lead to an answer", async (t) => {
  const { baseUrl, key, client, upstream } = await startV1(t, { env: { LLM_COOLDOWN_MS: "1", MAX_LLM_ATTEMPTS: "1" } });
  for (const stream of [false, true]) {
    for (const [status, seen, Failure] of errorClasses) {
      upstream.next(refusal(status));
      const error = await t.throwsAsync<InstanceType<typeof OpenAI.APIError>>(
        Promise.resolve(client.chat.completions.create({ model: "m", messages: question, stream })),
      );
      t.true(error instanceof Failure, `${status} → ${error}`);
      t.is(error?.status, seen, `${status}, stream: ${stream}`);
      t.truthy(error?.type, `${status}`);
      t.regex(error?.requestID ?? "", /^[0-9a-f]{32}$/);
    }
  }
  const patient = new OpenAI({ baseURL: baseUrl, apiKey: key, maxRetries: 2 });
  const before = upstream.journal.length;
  upstream.next(refusal(500), refusal(503));
  const { choices } = await patient.chat.completions.create({ model: "m", messages: question });
  t.is(choices[0]?.message.content, "You said: What is the weather?");
  t.is(upstream.journal.length, before + 3);
});

test("openai: an error inside a stream is thrown after what came before it", async (t) => {
  const { client, upstream } = await startV1(t);
  const broken: Script[] = [
    writes(role, text("half"), event({ error: { message: "overloaded", type: "overloaded_error", code: null } }), done),
    cutAfter(role + text("half")),
    writes(role, text("half")),
  ];
  for (const script of broken) {
    upstream.next(script);
    let seen = "";
    const error = await t.throwsAsync(async () => {
      const stream = await client.chat.completions.create({ model: "m", messages: question, stream: true });
      for await (const { choices } of stream) seen += choices[0]?.delta.content ?? "";
    });
    t.true(error instanceof OpenAI.APIError, String(error));
    t.is(seen, "half");
  }
});

test("openai: an abort closes the upstream, streamed and whole", async (t) => {
  const { client, upstream } = await startV1(t);
  upstream.always(async (call) => {
    if (call.request.json().stream) await call.write(role + text("a"));
    await call.left;
  });
  const stream = await client.chat.completions.create({ model: "m", messages: question, stream: true });
  for await (const _ of stream) stream.controller.abort();
  await eventually(() => upstream.journal[0]?.wasLeft === true);
  const gone = new AbortController();
  const whole = client.chat.completions.create({ model: "m", messages: question }, { signal: gone.signal });
  const aborted = t.throwsAsync(whole, { instanceOf: OpenAI.APIUserAbortError });
  await eventually(() => upstream.journal.length === 2);
  gone.abort();
  await aborted;
  await eventually(() => upstream.journal[1]?.wasLeft === true);
  const late = client.chat.completions.create({ model: "m", messages: question }, { timeout: 2_000 });
  await t.throwsAsync(late, { instanceOf: OpenAI.APIConnectionTimeoutError });
  await eventually(() => upstream.journal[2]?.wasLeft === true);
});

test("openai: embeddings of every kind of input have the upstream's numbers, whatever it does with base64", async (t) => {
  const { client, upstream } = await startV1(t);
  const vectors = (count: number) => Array.from({ length: count }, (_, i) => [i / 4, 0.5, -0.25]);
  const floats: Script = (call) => {
    const { input } = call.request.json<{ input: unknown }>();
    const count = Array.isArray(input) && typeof input[0] !== "number" ? input.length : 1;
    const data = vectors(count).map((embedding, index) => ({ object: "embedding", index, embedding }));
    return json({ object: "list", data, model: "e", usage: { prompt_tokens: count, total_tokens: count } })(call);
  };
  upstream.always(floats);
  const many = Array.from({ length: 2_048 }, (_, i) => `text ${i}`);
  for (const [input, count] of [
    ["one", 1],
    [["one", "two"], 2],
    [[1, 2, 3], 1],
    [[[1, 2], [3]], 2],
    [many, 2_048],
  ] as [string, number][]) {
    const { data, usage: used } = await client.embeddings.create({ model: "e", input });
    t.deepEqual(
      data.map(({ embedding, index }) => ({ embedding, index })),
      vectors(count).map((embedding, index) => ({ embedding, index })),
    );
    t.is(used.prompt_tokens, count);
    t.deepEqual(upstream.journal.at(-1)?.json().input, input);
  }
  upstream.next(refusal(400, {}, { message: "input may not be empty" }));
  await t.throwsAsync(client.embeddings.create({ model: "e", input: "" }), { message: /input may not be empty/ });
});

test("openai: a picture is made, and edited from several files with a mask", async (t) => {
  const { client, upstream } = await startV1(t);
  const png = (name: string) =>
    new File([Buffer.from(onePixel, "base64"), Buffer.from([13, 10])], name, { type: "image/png" });
  t.is((await client.images.generate({ model: "i", prompt: "a cat" })).data?.[0]?.b64_json, onePixel);
  for (const image of [png("一.png"), [png("一.png"), png("b.png"), png("c.png")]]) {
    const edited = await client.images.edit({ model: "i", prompt: "brighter", image, mask: png("m.png") });
    t.is(edited.data?.[0]?.b64_json, onePixel);
    const { body, headers, path } = upstream.journal.at(-1)!;
    t.is(path, "/v1/images/edits");
    const form = await new Response(body, { headers: { "content-type": headers["content-type"]! } }).formData();
    const names = [...form.keys()].toSorted();
    t.deepEqual(
      names,
      Array.isArray(image)
        ? ["image[]", "image[]", "image[]", "mask", "model", "prompt"]
        : ["image", "mask", "model", "prompt"],
    );
    const file = (form.get("image") ?? form.get("image[]")) as File;
    t.is(file.name, "一.png");
    t.deepEqual(Buffer.from(await file.arrayBuffer()), Buffer.from(await png("x").arrayBuffer()));
  }
});

test("ai: text, tools, reasoning and usage, streamed and whole", async (t) => {
  const { baseUrl, key, upstream } = await startV1(t);
  const provider = createOpenAICompatible({ name: "parley", baseURL: baseUrl, apiKey: key, includeUsage: true });
  upstream.next(
    writes(role, event(chunk({ reasoning_content: "hm" })), text("北"), text("京"), finish(), usage(8, 2), done),
  );
  const streamed = streamText({ model: provider("m"), messages: question, maxRetries: 0 });
  let whole = "";
  for await (const piece of streamed.textStream) whole += piece;
  t.is(whole, "北京");
  t.is(await streamed.reasoningText, "hm");
  t.like(await streamed.usage, { inputTokens: 8, outputTokens: 2 });

  const cities: unknown[] = [];
  const schema = { type: "object", properties: { city: { type: "string" } } } as const;
  const tools = {
    weather: tool({
      inputSchema: jsonSchema<{ city: string }>(schema),
      async execute(input) {
        cities.push(input);
        return "23 °C";
      },
    }),
    time: tool({ inputSchema: jsonSchema<object>({ type: "object", properties: {} }), execute: async () => "noon" }),
  };
  upstream.next(twoCalls, writes(role, text("23 °C"), finish(), usage(9, 1), done));
  const { text: answer, steps } = await generateText({
    ...{ model: provider("m"), messages: question, tools, maxRetries: 0, stopWhen: stepCountIs(3) },
  });
  t.is(answer, "23 °C");
  t.is(steps.length, 2);
  t.deepEqual(cities, [{ city: "杭州" }]);
});

test("ai: pictures, embeddings, errors, an abort, and its own retries", async (t) => {
  const { baseUrl, key, upstream } = await startV1(t, { env: { LLM_COOLDOWN_MS: "1", MAX_LLM_ATTEMPTS: "1" } });
  const provider = createOpenAICompatible({ name: "parley", baseURL: baseUrl, apiKey: key });
  const model = provider("m");
  const content = [
    { type: "text" as const, text: "Which colour?" },
    { type: "file" as const, data: picture, mediaType: "image" },
  ];
  const seen = await generateText({ model, messages: [{ role: "user", content }], maxRetries: 0 });
  t.is(seen.text, "You said: Which colour? [image_url]");
  const { embeddings } = await embedMany({ model: provider.embeddingModel("e"), values: ["a", "bc"], maxRetries: 0 });
  t.deepEqual(
    embeddings.map(({ length }) => length),
    [8, 8],
  );
  for (const [status, expected] of errorClasses) {
    upstream.next(refusal(status));
    const error = await t.throwsAsync(generateText({ model, messages: question, maxRetries: 0 }));
    t.true(APICallError.isInstance(error), `${error}`);
    t.is((error as APICallError).statusCode, expected, `${status}`);
  }
  upstream.next(refusal(500));
  t.regex((await generateText({ model, messages: question, maxRetries: 1 })).text, /^You said/);
  upstream.next(stallAfter(role + text("a")));
  const gone = new AbortController();
  const { textStream } = streamText({ model, messages: question, abortSignal: gone.signal, maxRetries: 0 });
  for await (const _ of textStream) gone.abort();
  await eventually(() => upstream.journal.at(-1)?.wasLeft === true);
});
