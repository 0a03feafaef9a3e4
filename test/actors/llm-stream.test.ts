// Reading the stream of an upstream: events from bytes, chunks, tool calls, usage, whole answers.
import test from "ava";
import { createParser } from "eventsource-parser";
import { chunkOfAnswer, createAnswerBuilder } from "../../actors/llm/answer.ts";
import { type Chunk, createChatTally, createDeltaReader, reasonOf } from "../../actors/llm/chunk.ts";
import { createChatReader } from "../../actors/llm/reader.ts";
import { createEventCutter, EventTooLarge, type SseEvent } from "../../actors/llm/sse.ts";
import { AmbiguousToolCall, createToolCalls, type ToolCallPiece } from "../../actors/llm/tool-calls.ts";
import { usageOf, writeUsage } from "../../actors/llm/usage-of.ts";
import { chunk } from "../support/llm/openai-bytes.ts";
import { createSeededRandom } from "../support/seeded-random.ts";

const utf8 = new TextDecoder();

function cut(parts: readonly (Uint8Array | string)[], { maxEventBytes = 1 << 20, isEnded = true } = {}) {
  const events: SseEvent[] = [];
  const cutter = createEventCutter((event) => events.push(event), { maxEventBytes });
  for (const part of parts) cutter.push(typeof part === "string" ? Buffer.from(part) : part);
  if (isEnded) cutter.end();
  return { events, data: events.map(({ data }) => data), dropped: cutter.dropped };
}

const answer = "北京🦀今天";
const letters = [...answer].map((letter) => JSON.stringify({ c: letter }));
const lines = letters.map((each) => `data: ${each}\n\n`).join("");
const bytesOf = (text: string) => [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));

test("an answer that comes byte by byte is the same answer, event by event, as the bytes it came in", (t) => {
  const { events, data } = cut(bytesOf(lines));
  t.deepEqual(data, letters);
  t.is(events.map(({ bytes }) => utf8.decode(bytes)).join(""), lines);
});

test("line ends may be CRLF, cut in the middle, or bare carriage returns", (t) => {
  const crlf = lines.replaceAll("\n", "\r\n");
  t.deepEqual(cut([crlf]).data, letters);
  t.deepEqual(cut(crlf.split(/(?<=\r)/)).data, letters);
  t.deepEqual(cut(bytesOf(crlf)).data, letters);
  t.deepEqual(cut([lines.replaceAll("\n", "\r")]).data, letters);
  for (const { bytes } of cut(bytesOf(crlf)).events) t.regex(utf8.decode(bytes), /^data: .*\n\n$/);
});

test("a BOM, data without a space, comments and blank lines: only whole events come out", (t) => {
  const torture = `\uFEFF${letters.map((each) => `: OPENROUTER PROCESSING\n\n\ndata:${each}\n\n`).join("")}`;
  for (const parts of [[torture], bytesOf(torture)]) {
    const { events, data, dropped } = cut(parts);
    t.deepEqual(data, letters);
    t.is(dropped, letters.length);
    t.false(events.some(({ bytes }) => utf8.decode(bytes).includes("OPENROUTER")));
  }
  const inside = cut([`: ping\nevent: delta\nid: 7\ndata: {"a":\ndata: 1}\n\n`]);
  t.is(utf8.decode(inside.events[0]?.bytes), `id: 7\nevent: delta\ndata: {"a":\ndata: 1}\n\n`);
  t.is(inside.events[0]?.name, "delta");
  t.deepEqual(cut(["data:\n\ndata: \n\ndata: x\n\n"]), { ...cut(["data: x\n\n"]), dropped: 2 });
});

test("the last event counts without its blank line, unless the stream was cut", (t) => {
  t.deepEqual(cut(["data: a\n\ndata: [DONE]"]).data, ["a", "[DONE]"]);
  t.deepEqual(cut(["data: a\n\ndata: {"], { isEnded: false }).data, ["a"]);
});

test("a large event costs one copy, and one above the limit is refused by name", (t) => {
  const big = `data: ${"x".repeat(300_000)}\n\n`;
  const parts = Array.from({ length: 5 }, (_, n) => big.slice(n * 64_000, (n + 1) * 64_000));
  const { events } = cut(parts);
  t.is(utf8.decode(events[0]?.bytes), big);
  t.throws(() => cut(parts, { maxEventBytes: 100_000 }), { instanceOf: EventTooLarge });
});

test("any stream in any pieces gives the events of a reference parser", (t) => {
  const tokens = [
    "data: a",
    "data:b",
    "data",
    "data: ",
    "event: e",
    ": c",
    "id: 1",
    "北🦀",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
  ];
  for (let seed = 1; seed <= 3_000; seed += 1) {
    const random = createSeededRandom(seed);
    const text = `${Array.from({ length: random.below(24) }, () => random.pick(tokens)).join("")}\n\n`;
    const expected: string[] = [];
    const parser = createParser({ onEvent: ({ data }) => data !== "" && expected.push(data) });
    parser.feed(text);
    const bytes = Buffer.from(text);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const next = Math.min(bytes.length, at + 1 + random.below(8));
      parts.push(bytes.subarray(at, next));
      at = next;
    }
    const { events, data } = cut(parts);
    t.deepEqual(data, expected, `seed ${seed}: ${JSON.stringify(text)}`);
    const again = cut(events.map((event) => event.bytes));
    t.deepEqual(again.data, data, `what is written reads as the same: seed ${seed}`);
  }
});

test("reports without choices, usage on every chunk: the text is whole and the last usage counts", (t) => {
  const filter = { choices: [], prompt_filter_results: [{}], id: "", model: "" };
  const counted = (completion: number) => ({ prompt_tokens: 100, completion_tokens: completion });
  const chunks = [
    filter,
    chunk({ role: "assistant", content: "" }),
    ...[..."abcde"].map((content, n) => chunk({ content }, { usage: counted(n + 1) })),
    { ...chunk(), choices: [{ index: 0, content_filter_offsets: {}, finish_reason: null }] },
    chunk({}, { finish: "stop" }),
    { ...chunk(), choices: [], usage: counted(6) },
    { ...chunk(), usage: null },
    { choices: null },
    { choices: [null] },
  ] as Chunk[];
  const tally = createChatTally();
  const reader = createDeltaReader();
  const builder = createAnswerBuilder();
  const content = chunks.map((each) => tally.add(each));
  t.deepEqual(
    content.map((has, n) => (has ? n : -1)).filter((n) => n >= 0),
    [2, 3, 4, 5, 6],
  );
  t.like(tally, {
    id: "chatcmpl-up",
    model: "up-model-1",
    finishReason: "stop",
    usage: { inputTokens: 100, outputTokens: 6 },
  });
  t.is(
    chunks
      .flatMap((each) => reader.read(each))
      .map((delta) => (delta.type === "text" ? delta.text : "?"))
      .join(""),
    "abcde",
  );
  for (const each of chunks) builder.add(each);
  t.like(builder.finish(), {
    id: "chatcmpl-up",
    object: "chat.completion",
    model: "up-model-1",
    choices: [{ index: 0, message: { role: "assistant", content: "abcde" }, finish_reason: "stop" }],
    usage: counted(6),
  });
});

test("a finish reason may be an empty text on every chunk, and be one that nobody knows", (t) => {
  const tally = createChatTally();
  tally.add(chunk({ content: "a" }, { finish: "" }) as Chunk);
  t.is(reasonOf(tally.finishReason), undefined);
  tally.add(chunk({ content: "b" }, { finish: "stop" }) as Chunk);
  t.is(reasonOf(tally.finishReason), "stop");
  t.is(reasonOf("weird"), "unknown");
});

const weather = (
  index: number | undefined,
  id: string | undefined,
  name: string | undefined,
  args: string,
): ToolCallPiece => ({
  index,
  id,
  function: { name, arguments: args },
});

for (const [title, pieces] of Object.entries({
  "both calls have the index 0": [
    weather(0, "c1", "get_weather", ""),
    weather(0, undefined, undefined, '{"city":'),
    weather(0, undefined, undefined, '"杭州"}'),
    weather(0, "c2", "get_time", "{}"),
  ],
  "no index": [
    weather(undefined, "c1", "get_weather", '{"city":'),
    weather(undefined, undefined, undefined, '"杭州"}'),
    weather(undefined, "c2", "get_time", ""),
  ],
  "the indexes 1 and 3": [
    weather(1, "c1", "get_weather", '{"city":'),
    weather(3, "c2", "get_time", ""),
    weather(1, undefined, undefined, '"杭州"}'),
  ],
  "id and name on every piece": [
    weather(0, "c1", "get_weather", '{"city":'),
    weather(0, "c1", "get_weather", '"杭州"}'),
    weather(1, "c2", "get_time", ""),
    weather(1, "c2", "get_time", "{}"),
  ],
})) {
  test(`parallel tool calls are two calls: ${title}`, (t) => {
    const calls = createToolCalls();
    const deltas = pieces.flatMap((piece) => calls.add(piece) ?? []);
    t.deepEqual(calls.finish(), [
      { id: "c1", type: "function", function: { name: "get_weather", arguments: '{"city":"杭州"}' } },
      { id: "c2", type: "function", function: { name: "get_time", arguments: "{}" } },
    ]);
    t.deepEqual([...new Set(deltas.map(({ index }) => index))], [0, 1]);
    t.is(deltas.filter(({ name }) => name !== undefined).length, 2);
    t.is(deltas.filter(({ id }) => id !== undefined).length, 2);
  });
}

test("calls without ids and indexes are told apart by their names, and glued arguments are an error", (t) => {
  const named = createToolCalls();
  named.add(weather(undefined, undefined, "a", "{}"));
  named.add(weather(undefined, undefined, "b", "{}"));
  t.deepEqual(
    named.finish().map(({ id, function: { name } }) => [id, name]),
    [
      ["call_0", "a"],
      ["call_1", "b"],
    ],
  );
  const glued = createToolCalls();
  glued.add(weather(undefined, undefined, "a", "{}"));
  glued.add(weather(undefined, undefined, undefined, '{"x":1}'));
  t.throws(() => glued.finish(), { instanceOf: AmbiguousToolCall });
});

test("an answer with choices, reasoning, tools and logprobs is put together field by field", (t) => {
  const builder = createAnswerBuilder();
  const chunks = [
    { id: "x", created: 5, choices: [{ index: 1, delta: { role: "assistant", content: "B" } }] },
    { choices: [{ index: 0, delta: { reasoning_content: "hm" }, logprobs: { content: [1] } }] },
    { choices: [{ index: 0, delta: { content: "A" }, logprobs: { content: [2] } }] },
    { choices: [{ index: 0, delta: { tool_calls: [weather(0, "c", "f", "")] }, finish_reason: "tool_calls" }] },
    { choices: [{ index: 1, delta: { content: "b" }, finish_reason: "length" }] },
  ];
  for (const each of chunks) builder.add(each);
  const call = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
  t.deepEqual(builder.finish(), {
    id: "x",
    created: 5,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        logprobs: { content: [1, 2] },
        message: { role: "assistant", reasoning_content: "hm", content: "A", tool_calls: [call] },
        finish_reason: "tool_calls",
      },
      { index: 1, message: { role: "assistant", content: "Bb" }, finish_reason: "length" },
    ],
  });
});

test("a whole answer with an empty choice is read, and is a chunk of the others", (t) => {
  const answer = { id: "x", choices: [null, { index: 1, message: { content: "A" }, finish_reason: "stop" }] };
  t.is(createChatReader().readWhole(answer), undefined);
  const choices = [{ index: 1, delta: { content: "A" }, finish_reason: "stop" }];
  t.deepEqual(chunkOfAnswer(answer), { id: "x", object: "chat.completion.chunk", choices });
});

test("each token of a usage is counted in one class, whatever the upstream wrote", (t) => {
  t.is(usageOf(null), undefined);
  t.is(usageOf({ prompt_tokens: "7" }), undefined);
  t.deepEqual(usageOf({ prompt_tokens: 0, completion_tokens: 0 }), { inputTokens: 0, outputTokens: 0 });
  t.deepEqual(
    usageOf({
      prompt_tokens: 17_111,
      prompt_tokens_details: { cached_tokens: 17_102 },
      completion_tokens: 1_000,
      completion_tokens_details: { reasoning_tokens: 900 },
    }),
    { inputTokens: 9, cachedInputTokens: 17_102, outputTokens: 1_000, reasoningTokens: 900 },
  );
  t.deepEqual(
    usageOf({ input_tokens: 5, input_tokens_details: { cached_tokens: 9, audio_tokens: 3 }, output_tokens: 2 }),
    {
      inputTokens: 0,
      cachedInputTokens: 5,
      outputTokens: 2,
    },
  );
  t.like(writeUsage({ inputTokens: 1, cachedInputTokens: 2, outputTokens: 3 }), {
    prompt_tokens: 3,
    total_tokens: 6,
    prompt_tokens_details: { cached_tokens: 2 },
  });
});
