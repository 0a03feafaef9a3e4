// The surface of OpenAI's format, over a whole node, against a scripted upstream: the official client, and raw requests.

import { once } from "node:events";
import { Agent, request as httpRequest, request } from "node:http";
import test from "ava";
import OpenAI from "openai";
import { eventually } from "../suites/eventually.ts";
import {
  chunk,
  completion,
  done,
  event,
  finish,
  json,
  refusal,
  role,
  text,
  usage,
  writes,
} from "../support/llm/openai-bytes.ts";
import { startV1 } from "../support/llm/v1-node.ts";
import { soonMs } from "../support/soon.ts";

test("the official client gets an answer, whole and streamed, and the headers say what it cost to get it", async (t) => {
  const { client, upstream } = await startV1(t);
  const messages = [{ role: "user" as const, content: "北京 🦀" }];
  const { data, response } = await client.chat.completions.create({ model: "m", messages }).withResponse();
  t.is(data.choices[0]?.message.content, "You said: 北京 🦀");
  t.is(response.headers.get("x-attempts"), "1");
  t.regex(response.headers.get("x-request-id") ?? "", /^[0-9a-f]{32}$/);
  t.regex(response.headers.get("x-overhead-ms") ?? "", /^\d+$/);
  const stream = client.chat.completions.stream({ model: "m", messages });
  t.is(await stream.finalContent(), "You said: 北京 🦀");
  t.is(upstream.journal[0]?.key, "system-key-1");
});

test("what the client did not ask for it does not see, and the ledger has the usage", async (t) => {
  const { streamed, upstream, owner } = await startV1(t);
  upstream.always(writes(role, text("a"), finish(), usage(100, 6), done));
  const plain = await streamed();
  t.is(plain.text, role + text("a") + finish() + done);
  t.is(plain.response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  t.is(plain.response.headers.get("x-accel-buffering"), "no");
  t.true(plain.response.headers.get("cache-control")?.includes("no-transform"));
  const asked = await streamed({ stream_options: { include_usage: true } });
  t.is(asked.text, role + text("a") + finish() + usage(100, 6) + done);
  const refused = await streamed({ stream_options: { include_usage: false } });
  t.is(refused.text, plain.text);
  t.truthy(owner);
});

test("a body goes up as it came, but for what this server says it changes", async (t) => {
  const { post, upstream } = await startV1(t, { env: { LLM_ALIASES: "fast:up-model-1" } });
  const body = `{"model":"up-model-1", "vendor":{"x":9007199254740993,"y":1.0,"z":1e-7},"名":"é",
    "messages":[{"role":"developer","content":[{"type":"text","text":"hi"}]},
      {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"c","content":"1"},{"role":"assistant","content":"x","tool_calls":null},
      {"role":"narrator","content":"?"}],"max_completion_tokens":5}`;
  t.is((await post("/chat/completions", body)).status, 200);
  t.is(upstream.journal[0]?.body.toString(), body);
  t.is((await post("/chat/completions", body.replace("up-model-1", "fast"))).status, 200);
  t.is(upstream.journal[1]?.body.toString(), body, "an alias is the only difference");
  const streamed = body.replace("{", '{"stream":true,');
  await (await post("/chat/completions", streamed)).text();
  t.is(upstream.journal[2]?.body.toString(), streamed.replace("{", '{"stream_options":{"include_usage":true},'));
});

test("a page of an allowed origin may call, also its preflight, and another one may not", async (t) => {
  const { baseUrl, post, hello } = await startV1(t, { env: { ALLOWED_ORIGINS: "https://chat.example.test" } });
  const preflight = (origin: string) =>
    fetch(`${baseUrl}/chat/completions`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });
  const good = await preflight("https://chat.example.test");
  t.is(good.status, 204);
  t.is(good.headers.get("access-control-allow-headers"), "authorization");
  const bad = await preflight("https://evil.example.test");
  t.is(bad.headers.get("access-control-allow-origin"), null);
  t.is(bad.status, 405);
  for (const stream of [false, true]) {
    const answer = await post("/chat/completions", hello({ stream }), {
      headers: { origin: "https://chat.example.test" },
    });
    t.is(answer.headers.get("access-control-allow-origin"), "https://chat.example.test");
    t.regex(answer.headers.get("access-control-expose-headers") ?? "", /X-Attempts/);
    t.is(answer.headers.get("vary"), "Origin");
    t.regex(await answer.text(), /You/);
  }
  const refused = await post("/chat/completions", {}, { headers: { origin: "https://chat.example.test" } });
  t.is(refused.status, 400);
  t.is(refused.headers.get("access-control-allow-origin"), "https://chat.example.test");
});

test("a wrong request is refused in OpenAI's shape before an upstream is asked", async (t) => {
  const { post, hello, upstream, baseUrl, client } = await startV1(t);
  const wrong: [unknown, string | null][] = [
    [hello({ n: 0 }), "n"],
    [hello({ n: 1.5 }), "n"],
    [hello({ max_tokens: -1 }), "max_tokens"],
    [hello({ stream: "yes" }), "stream"],
    [hello({ messages: [] }), "messages"],
    [hello({ messages: "hi" }), "messages"],
    [hello({ model: 7 }), "model"],
    ["{not json", null],
    ["[1]", null],
    [`{"model":"m","messages":[{"role":"user","content":${"[".repeat(5_000)}${"]".repeat(5_000)}}]}`, null],
  ];
  for (const [body, param] of wrong) {
    const response = await post("/chat/completions", body);
    t.is(response.status, 400, JSON.stringify(body).slice(0, 60));
    const { error } = (await response.json()) as { error: { param: string | null; type: string } };
    t.is(error.param, param);
    t.is(error.type, "invalid_request_error");
    t.truthy(response.headers.get("x-request-id"));
  }
  const other = new OpenAI({ baseURL: baseUrl, apiKey: `sk-${"0".repeat(32)}`, maxRetries: 0 });
  await t.throwsAsync(other.models.list(), { instanceOf: OpenAI.AuthenticationError });
  t.is((await fetch(`${baseUrl}/chat/completions`)).status, 405);
  t.is((await post("/nothing", {})).status, 404);
  await t.throwsAsync(client.models.retrieve("nothing"), { instanceOf: OpenAI.NotFoundError });
  t.is(upstream.journal.filter(({ path }) => path !== "/v1/models").length, 0);
});

test("a server without a provider says so, and what its operator can do", async (t) => {
  const { post } = await startV1(t, { env: { OPENAI_BASE_URL: "", OPENAI_API_KEY: "" } });
  const response = await post("/chat/completions", { model: "m", messages: [{ role: "user", content: "hi" }] });
  t.is(response.status, 503);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  t.is(error.code, "no_provider");
  t.regex(error.message, /OPENAI_API_KEY/);
});

test("many refused requests over one connection leave nothing behind at it", async (t) => {
  const { hello, node } = await startV1(t);
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on("warning", note);
  t.teardown(() => process.off("warning", note));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  for (let count = 0; count < 12; count += 1) {
    const [answer] = await once(
      request({ port: node.port, path: "/v1/chat/completions", method: "POST", agent }).end(JSON.stringify(hello())),
      "response",
    );
    t.is(answer.statusCode, 401);
    await once(answer.resume(), "end");
  }
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(
    warnings.map(({ message }) => message),
    [],
  );
});

test("models are listed", async (t) => {
  const { client } = await startV1(t);
  const ids = [];
  for await (const { id } of client.models.list()) ids.push(id);
  t.deepEqual(ids, ["up-model-1", "up-model-2"]);
  t.is((await client.models.retrieve("up-model-2")).owned_by, "upstream");
});

test("tool calls, also those with wrong indexes, reach a client that wants the whole answer as two calls", async (t) => {
  const { client, upstream } = await startV1(t);
  const piece = (index: number, id: string | undefined, name: string | undefined, args: string) =>
    event(chunk({ tool_calls: [{ index, ...(id && { id, type: "function" }), function: { name, arguments: args } }] }));
  upstream.next(
    writes(
      role,
      piece(0, "c1", "get_weather", '{"city":'),
      piece(0, undefined, undefined, '"杭州"}'),
      piece(0, "c2", "get_time", ""),
      finish("tool_calls"),
      done,
    ),
  );
  const { choices } = await client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "?" }] });
  t.deepEqual(choices[0]?.message.tool_calls, [
    { id: "c1", type: "function", function: { name: "get_weather", arguments: '{"city":"杭州"}' } },
    { id: "c2", type: "function", function: { name: "get_time", arguments: "{}" } },
  ]);
});

test("an upstream's refusal of the request itself passes unchanged; its key never does", async (t) => {
  const { client, upstream } = await startV1(t);
  const messages = [{ role: "user" as const, content: "?" }];
  upstream.next(refusal(400, {}, { message: "no such parameter: foo", param: "foo", code: "unknown_parameter" }));
  const refused = await t.throwsAsync(client.chat.completions.create({ model: "m", messages }));
  t.true(refused instanceof OpenAI.BadRequestError);
  t.like(refused, { status: 400, code: "unknown_parameter", param: "foo" });
  upstream.next(refusal(401, {}, { message: "Incorrect API key provided: system-key-1" }));
  const unauthorized = await t.throwsAsync(client.chat.completions.create({ model: "m", messages }));
  t.like(unauthorized, { status: 502 });
  t.false(JSON.stringify(unauthorized).includes("system-key-1"));
});

test("embeddings are of full length, whatever the upstream does with the encoding", async (t) => {
  const { client, upstream, post } = await startV1(t);
  const ask = async () =>
    (await client.embeddings.create({ model: "e", input: ["a", "bc"] })).data.map((row) => row.embedding);
  const expected = await ask();
  t.is(expected[0]?.length, 8);
  const floats = (): Parameters<typeof upstream.next>[0] => (call) =>
    json({
      object: "list",
      data: expected.map((embedding, index) => ({ index, embedding })),
      usage: { prompt_tokens: 4 },
    })(call);
  upstream.next(floats());
  t.deepEqual(await ask(), expected, "the upstream ignores the encoding");
  upstream.next(refusal(400, {}, { message: "encoding_format is not supported" }), floats());
  t.deepEqual(await ask(), expected, "the upstream refuses the encoding");
  const before = upstream.journal.length;
  upstream.next(floats());
  t.deepEqual(await ask(), expected, "and is not asked for it again");
  t.is(upstream.journal.length, before + 1);
  t.is(upstream.journal.at(-1)?.json().encoding_format, undefined);
  const explicit = await post("/embeddings", { model: "e", input: [[1, 2], [3]], encoding_format: "float" });
  t.true(Array.isArray(((await explicit.json()) as { data: { embedding: unknown }[] }).data[0]?.embedding));
  upstream.next(refusal(400, {}, { message: "input may not be empty" }));
  t.is((await post("/embeddings", { model: "e", input: "" })).status, 400);
});

test("pictures: files go up as they came, under their names, and a job of unknown outcome is not sent again", async (t) => {
  const { upstream, post, client } = await startV1(t);
  const made = await client.images.generate({ model: "i", prompt: "a cat" });
  t.truthy(made.data?.[0]?.b64_json);
  const form = new FormData();
  form.append("model", "i");
  form.append("prompt", "brighter");
  form.append("vendor", "x");
  for (const name of ["一.png", "b.png"])
    form.append("image[]", new File([Buffer.from([1, 2, 13, 10, 3])], name, { type: "image/png" }));
  form.append("mask", new File([Buffer.from([9])], "m.png", { type: "image/png" }));
  const request = new Request("http://x/", { method: "POST", body: form });
  const bytes = Buffer.from(await request.arrayBuffer());
  const contentType = request.headers.get("content-type") ?? "";
  const edited = await post("/images/edits", bytes, { headers: { "content-type": contentType } });
  t.is(edited.status, 200);
  t.deepEqual(upstream.journal.at(-1)?.body, bytes);
  t.is(upstream.journal.at(-1)?.headers["content-type"], contentType);
  upstream.always((call) => call.cut());
  const before = upstream.journal.length;
  const lost = await post("/images/edits", bytes, { headers: { "content-type": contentType } });
  t.is(lost.status, 502);
  t.is(upstream.journal.length, before + 1);
  t.is((await post("/images/edits", bytes.subarray(0, 200), { headers: { "content-type": contentType } })).status, 400);
});

test("a body that is too large is refused before it is sent, and the connection lives on", async (t) => {
  const { post, hello, upstream } = await startV1(t, { env: { MAX_LLM_BODY_BYTES: "100000" } });
  const big = hello({ messages: [{ role: "user", content: "x".repeat(150_000) }] });
  const response = await post("/chat/completions", big);
  t.is(response.status, 413);
  t.is(((await response.json()) as { error: { type: string } }).error.type, "invalid_request_error");
  const chunked = await fetch(response.url, {
    method: "POST",
    body: new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(JSON.stringify(big)));
        controller.close();
      },
    }),
    duplex: "half",
    headers: { authorization: "Bearer x" },
  } as RequestInit);
  t.is(chunked.status, 401);
  t.is(
    (await post("/chat/completions", hello({ messages: [{ role: "user", content: "x".repeat(90_000) }] }))).status,
    200,
  );
  t.is(upstream.journal.length, 1);
});

test("an upload that is too large is refused before it is sent, and one without a length as soon as it is", async (t) => {
  const { baseUrl, key, hello, upstream, post } = await startV1(t, { env: { MAX_LLM_BODY_BYTES: "100000" } });
  const ask = (body: string, headers: Record<string, string>, url = baseUrl) =>
    new Promise<{ status: number; text: string; wasInvited: boolean }>((resolve, reject) => {
      let wasInvited = false;
      const request = httpRequest(`${url}/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
      });
      request.once("error", reject);
      request.once("continue", () => {
        wasInvited = true;
        request.end(body);
      });
      request.once("response", async (response) => {
        const text = Buffer.concat(await response.toArray()).toString();
        resolve({ status: response.statusCode ?? 0, text, wasInvited });
        request.destroy();
      });
      if (headers.expect) request.flushHeaders();
      else request.end(body);
    });
  const small = JSON.stringify(hello());
  const big = JSON.stringify(hello({ messages: [{ role: "user", content: "x".repeat(150_000) }] }));
  const announced = (body: string) => ({ expect: "100-continue", "content-length": String(Buffer.byteLength(body)) });
  const refused = await ask(big, announced(big));
  t.like(refused, { status: 413, wasInvited: false });
  t.is(JSON.parse(refused.text).error.type, "invalid_request_error");
  const otherName = baseUrl.replace(/\/v1$/, "/api/openai/v1");
  t.like(await ask(big, announced(big), otherName), { status: 413, wasInvited: false });
  t.like(await ask(small, announced(small)), { status: 200, wasInvited: true });
  const chunked = await ask(big, { "transfer-encoding": "chunked" });
  t.is(chunked.status, 413);
  t.is(JSON.parse(chunked.text).error.type, "invalid_request_error");
  t.like(await ask(small, { "transfer-encoding": "chunked" }), { status: 200 });
  t.is((await post("/chat/completions", small)).status, 200);
  t.is(upstream.journal.length, 3);
});

test("a client that leaves closes the upstream, at any moment, and is settled once", async (t) => {
  const { post, hello, upstream } = await startV1(t);
  for (const moment of ["before the head", "before content", "after content"]) {
    for (const stream of [true, false]) {
      upstream.next(async (call) => {
        if (moment !== "before the head") await call.write(role);
        if (moment === "after content") await call.write(text("a"));
        await call.left;
      });
      const before = upstream.journal.length;
      const gone = new AbortController();
      const answer = post("/chat/completions", hello({ stream }), { signal: gone.signal });
      answer.catch(() => {});
      const asked = () => upstream.journal[before];
      await eventually(() => asked() !== undefined && (moment === "before the head" || asked()!.writes.length > 0));
      const leftMs = performance.now();
      gone.abort();
      await eventually(() => asked()?.closedAtMs !== undefined);
      t.true(asked()!.closedAtMs! - leftMs < soonMs, `${moment}, stream: ${stream}`);
    }
  }
  t.is((await post("/chat/completions", hello())).status, 200);
});

test("a client of the whole answer gets it also when the upstream streams it", async (t) => {
  const { client, upstream } = await startV1(t);
  upstream.next(writes(role, text("a"), text("b"), finish("length"), usage(3, 2), done));
  const answer = await client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "?" }] });
  t.like(answer, { object: "chat.completion", usage: { prompt_tokens: 3, completion_tokens: 2 } });
  t.like(answer.choices[0], { message: { content: "ab" }, finish_reason: "length" });
  upstream.next(json(completion("x")));
  t.is(answer.choices.length, 1);
});
