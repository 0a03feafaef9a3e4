// The official `openai` package for Python, unmodified, against /v1 of a whole node whose upstream is scripted. The script prints
// what it saw, by the package's own types and errors.
import {
  cutAfter,
  done,
  finish,
  json,
  refusal,
  role,
  text,
  toolPiece,
  usage,
  writes,
} from "../support/llm/openai-bytes.ts";
import { onePixel } from "../support/llm/plausible-answer.ts";
import { startV1 } from "../support/llm/v1-node.ts";
import { needs } from "../support/needs.ts";
import { runPython } from "../support/python-openai.ts";

const test = needs("python-openai");

const start = `
import json, os, base64, openai
client = openai.OpenAI(base_url=os.environ["BASE_URL"], api_key=os.environ["API_KEY"], max_retries=0)
question = [{"role": "user", "content": "北京 🦀?"}]
`;
const ends = (value: string) => `\nprint(json.dumps(${value}))\n`;

test("python: whole, streamed, with tools, a picture and usage", async (t) => {
  const { baseUrl, key, upstream } = await startV1(t);
  const call = { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":' } };
  upstream.next(
    writes(role, text("今"), text("天🦀"), finish(), usage(12, 3), done),
    writes(
      ...[role, toolPiece(0, call), toolPiece(0, { function: { arguments: '"杭州"}' } })],
      ...[finish("tool_calls"), usage(9, 5), done],
    ),
  );
  const script = `${start}
pieces, used = [], None
for part in client.chat.completions.create(model="m", messages=question, stream=True, stream_options={"include_usage": True}):
    if part.choices: pieces.append(part.choices[0].delta.content or "")
    if part.usage: used = [part.usage.prompt_tokens, part.usage.completion_tokens]
tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
with client.chat.completions.stream(model="m", messages=question, tools=[tool]) as stream:
    called = stream.get_final_completion().choices[0].message.tool_calls[0].function
picture = [{"type": "text", "text": "colour?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,${onePixel}"}}]
whole = client.chat.completions.with_raw_response.create(model="m", messages=[{"role": "user", "content": picture}])
seen = whole.parse().choices[0].message.content
models = [each.id for each in client.models.list()]
${ends('["".join(pieces), used, called.name, called.arguments, seen, whole.headers["x-attempts"], models]')}`;
  t.deepEqual(await runPython(script, { BASE_URL: baseUrl, API_KEY: key }), [
    ...["今天🦀", [12, 3], "weather", '{"city":"杭州"}', "You said: colour? [image_url]", "1"],
    ["up-model-1", "up-model-2"],
  ]);
});

test("python: each refusal is the exception of its status, also in a stream, and retries lead to an answer", async (t) => {
  const { baseUrl, key, upstream } = await startV1(t, { env: { LLM_COOLDOWN_MS: "1", MAX_LLM_ATTEMPTS: "1" } });
  const statuses = [400, 401, 403, 404, 413, 422, 429, 500, 503];
  upstream.next(...statuses.map((status) => refusal(status)));
  upstream.next(writes(role, text("half")), cutAfter(role + text("half")));
  upstream.next(refusal(500), refusal(503));
  const script = `${start}
seen = []
for _ in range(${statuses.length}):
    try: client.chat.completions.create(model="m", messages=question)
    except openai.APIStatusError as error: seen.append([type(error).__name__, error.status_code, bool(error.message)])
broken = []
for _ in range(2):
    text = ""
    try:
        for part in client.chat.completions.create(model="m", messages=question, stream=True):
            text += part.choices[0].delta.content or ""
    except openai.APIError as error: broken.append(text)
patient = client.with_options(max_retries=2).chat.completions.create(model="m", messages=question)
${ends("[seen, broken, patient.choices[0].message.content]")}`;
  t.deepEqual(await runPython(script, { BASE_URL: baseUrl, API_KEY: key }), [
    [
      ["BadRequestError", 400, true],
      ["InternalServerError", 502, true],
      ["InternalServerError", 502, true],
      ["NotFoundError", 404, true],
      ["APIStatusError", 413, true],
      ["UnprocessableEntityError", 422, true],
      ["RateLimitError", 429, true],
      ["InternalServerError", 502, true],
      ["InternalServerError", 503, true],
    ],
    ["half", "half"],
    "You said: 北京 🦀?",
  ]);
});

test("python: embeddings whatever the upstream does with base64, and files of an edit", async (t) => {
  const { baseUrl, key, upstream } = await startV1(t);
  const floats = json({
    ...{ object: "list", model: "e", usage: { prompt_tokens: 1, total_tokens: 1 } },
    data: [{ object: "embedding", index: 0, embedding: [0.5, -0.25, 1] }],
  });
  const base64 = Buffer.from(new Float32Array([0.5, -0.25, 1]).buffer).toString("base64");
  upstream.next(
    json({ object: "list", model: "e", data: [{ object: "embedding", index: 0, embedding: base64 }] }),
    floats,
    ...[refusal(400, {}, { message: "encoding_format is not supported" }), floats],
  );
  const script = `${start}
vectors = [client.embeddings.create(model="e", input=given).data[0].embedding for given in ["a", ["a"], [1, 2]]]
png = base64.b64decode("${onePixel}")
edited = client.images.edit(model="i", prompt="brighter", image=[("一.png", png), ("b.png", png)], mask=("m.png", png))
${ends("[vectors, edited.data[0].b64_json]")}`;
  const numbers = [0.5, -0.25, 1];
  t.deepEqual(await runPython(script, { BASE_URL: baseUrl, API_KEY: key }), [[numbers, numbers, numbers], onePixel]);
  const { body, headers } = upstream.journal.at(-1)!;
  const form = await new Response(body, { headers: { "content-type": headers["content-type"]! } }).formData();
  t.deepEqual([...form.keys()].toSorted(), ["image[]", "image[]", "mask", "model", "prompt"]);
  t.deepEqual(Buffer.from(await (form.get("mask") as File).arrayBuffer()), Buffer.from(onePixel, "base64"));
});
