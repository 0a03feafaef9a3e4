// /v1/responses for the official client, while the upstream speaks chat completions alone.
import test, { type ExecutionContext } from "ava";
import OpenAI from "openai";
import {
  chunk,
  completion,
  cutAfter,
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
import type { Script } from "../support/llm/script.ts";
import { startV1 } from "../support/llm/v1-node.ts";

/** Knows no responses, and answers a chat with the script. */
const chatOnly =
  (script: Script): Script =>
  (call) =>
    (call.request.path.endsWith("/responses") ? refusal(404, {}, { message: "Not Found" }) : script)(call);

async function open(t: ExecutionContext, script: Script) {
  const started = await startV1(t);
  started.upstream.always(chatOnly(script));
  const streamed = async (more: object = {}) => {
    const seen: OpenAI.Responses.ResponseStreamEvent[] = [];
    const stream = await started.client.responses.create({ model: "m", input: "hi", ...more, stream: true });
    for await (const each of stream) seen.push(each);
    return seen;
  };
  return { ...started, streamed };
}

const calls = (deltas: object[]) => deltas.map((delta) => event(chunk({ tool_calls: [delta] }))).join("");

test("an answer with reasoning, text, parallel tools and usage is streamed as a response with dense numbers and one id", async (t) => {
  const { streamed, upstream, client } = await open(
    t,
    writes(
      role + event(chunk({ reasoning_content: "hmm" })) + text("Hel") + text("lo"),
      calls([
        { index: 0, id: "c1", type: "function", function: { name: "get_weather", arguments: '{"city":' } },
        { index: 0, id: "c2", type: "function", function: { name: "get_time", arguments: "" } },
        { index: 0, id: "c1", function: { arguments: '"杭州"}' } },
      ]),
      finish("tool_calls") + usage(100, 6, { completion_tokens_details: { reasoning_tokens: 2 } }) + done,
    ),
  );
  const events = await streamed({ instructions: "Be short.", max_output_tokens: 50 });
  t.deepEqual(
    events.map(({ sequence_number: seq }) => seq),
    events.map((_, n) => n),
  );
  t.deepEqual(
    events.map(({ type }) => type.replace("response.", "")),
    [
      ...["created", "in_progress", "output_item.added", "content_part.added", "reasoning_text.delta"],
      ...["reasoning_text.done", "content_part.done", "output_item.done"],
      ...["output_item.added", "content_part.added", "output_text.delta", "output_text.delta"],
      ...["output_text.done", "content_part.done", "output_item.done"],
      ...["output_item.added", "function_call_arguments.delta", "output_item.added", "function_call_arguments.delta"],
      ...["function_call_arguments.done", "output_item.done", "function_call_arguments.done", "output_item.done"],
      "completed",
    ],
  );
  const last = events.at(-1);
  if (last?.type !== "response.completed") return t.fail();
  t.like(last.response, { status: "completed", instructions: "Be short.", max_output_tokens: 50, error: null });
  t.like(last.response.usage, { input_tokens: 100, output_tokens: 6, output_tokens_details: { reasoning_tokens: 2 } });
  t.like(last.response.output, [
    { type: "reasoning", content: [{ type: "reasoning_text", text: "hmm" }] },
    { type: "message", role: "assistant", status: "completed", content: [{ type: "output_text", text: "Hello" }] },
    { type: "function_call", call_id: "c1", name: "get_weather", arguments: '{"city":"杭州"}' },
    { type: "function_call", call_id: "c2", name: "get_time", arguments: "{}" },
  ]);
  const ids = new Set(events.flatMap((each) => ("response" in each ? [each.response.id] : [])));
  t.is(ids.size, 1);
  const sent = upstream.journal.at(-1)?.json();
  t.like(sent, { stream: true, max_completion_tokens: 50, stream_options: { include_usage: true } });
  t.deepEqual(sent?.messages, [
    { role: "system", content: "Be short." },
    { role: "user", content: "hi" },
  ]);
  const kept = await client.responses.retrieve([...ids][0]!);
  t.deepEqual(kept.output, last.response.output);
});

test("whole answers are converted, and that the upstream has no responses is remembered", async (t) => {
  const { client, upstream, streamed } = await open(t, json(completion("hello")));
  const { data, response } = await client.responses.create({ model: "m", input: "hi" }).withResponse();
  t.is(data.output_text, "hello");
  t.is(data.status, "completed");
  t.like(data.usage, { input_tokens: 10, output_tokens: 5, total_tokens: 15 });
  t.is(response.headers.get("x-attempts"), "1");
  t.deepEqual(
    upstream.journal.map(({ path }) => path),
    ["/v1/responses", "/v1/chat/completions"],
  );
  t.is((await client.responses.create({ model: "m", input: "again" })).output_text, "hello");
  t.is(upstream.journal.length, 3);
  const whole = (await streamed()).at(-1);
  t.like(whole, { type: "response.completed", response: { status: "completed" } });
  const error = await t.throwsAsync(
    client.responses.create({ model: "m", input: "x", previous_response_id: data.id }),
    { instanceOf: OpenAI.BadRequestError },
  );
  t.is(error?.param, "previous_response_id");
});

test("an answer that is cut short is incomplete, one that broke off fails, and a background one is converted too", async (t) => {
  const { streamed, upstream, client } = await open(t, writes(role, text("a"), finish("length"), done));
  t.like((await streamed()).at(-1), {
    type: "response.incomplete",
    response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
  });
  upstream.next(cutAfter(role + text("half")));
  const raw: string[] = [];
  await t.throwsAsync(async () => {
    const stream = await client.responses.create({ model: "m", input: "hi", stream: true });
    for await (const { type } of stream) raw.push(type);
  });
  t.is(raw.at(-1), "response.output_text.delta");
  upstream.next(writes(role, text("b"), finish(), done));
  const { id } = await client.responses.create({ model: "m", input: "hi", background: true });
  const types: string[] = [];
  for await (const { type } of await client.responses.retrieve(id, { stream: true })) types.push(type);
  t.is(types.at(-1), "response.completed");
  t.is((await client.responses.retrieve(id)).output_text, "b");
});

test("a model that the upstream does not know is no reason to ask in another form", async (t) => {
  const { client, upstream } = await startV1(t);
  upstream.always(refusal(404, {}, { message: "The model `m` does not exist", code: "model_not_found" }));
  await t.throwsAsync(client.responses.create({ model: "m", input: "hi" }), { instanceOf: OpenAI.NotFoundError });
  t.is(upstream.journal.length, 1);
});
