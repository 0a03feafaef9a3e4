import { Agent, request } from "node:http";
import test from "ava";
import OpenAI from "openai";
import { eventually } from "../suites/eventually.ts";
import { chunk, cutAfter, done, event, refusal, silence, text, writes } from "../support/llm/openai-bytes.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";

async function open(t: { teardown(run: () => unknown): void }) {
  const upstream = await startScriptedUpstream();
  t.teardown(() => upstream.close());
  const client = new OpenAI({ baseURL: upstream.url, apiKey: "sk-up", maxRetries: 0 });
  const ask = (content: string, more: { signal?: AbortSignal } = {}) =>
    client.chat.completions.create({ model: "m", messages: [{ role: "user", content }], stream: true }, more);
  return { upstream, client, ask };
}

test("without a script, the upstream repeats the prompt, and its journal holds the request and the answer", async (t) => {
  const { upstream, ask } = await open(t);
  let answer = "";
  for await (const part of await ask("北京 and back")) answer += part.choices[0]?.delta.content ?? "";
  t.is(answer, "You said: 北京 and back");
  const [request] = upstream.journal;
  t.is(request?.path, "/v1/chat/completions");
  t.is(request?.key, "sk-up");
  t.is(request?.json<{ model: string }>().model, "m");
  await eventually(() => request?.closedAtMs !== undefined);
  t.false(request?.wasLeft);
  t.true(
    Buffer.concat(request?.writes.map(({ bytes }) => bytes) ?? [])
      .toString()
      .endsWith(done),
  );
});

test("scripts answer the next requests in order: bytes, statuses, cuts, silence", async (t) => {
  const { upstream, client, ask } = await open(t);
  upstream.next(
    writes(text("one"), event(chunk({ content: " two" })), done),
    refusal(429, { "retry-after": "3" }),
    cutAfter(text("half")),
    silence,
  );
  const parts: string[] = [];
  for await (const part of await ask("x")) parts.push(part.choices[0]?.delta.content ?? "");
  t.deepEqual(parts, ["one", " two"]);
  const refused = await t.throwsAsync(ask("x"), { instanceOf: OpenAI.RateLimitError });
  t.is(refused?.headers.get("retry-after"), "3");
  await t.throwsAsync(async () => {
    for await (const part of await ask("x")) t.is(part.choices[0]?.delta.content, "half");
  });
  const gone = new AbortController();
  const waiting = ask("x", { signal: gone.signal });
  await eventually(() => upstream.journal.length === 4);
  gone.abort();
  await t.throwsAsync(waiting, { instanceOf: OpenAI.APIUserAbortError });
  await eventually(() => upstream.journal[3]?.closedAtMs !== undefined);
  t.deepEqual(
    upstream.journal.map(({ wasLeft }) => wasLeft),
    [false, false, false, true],
  );
  const { data } = await client.embeddings.create({ model: "e", input: ["a", "b"] });
  t.is(data[1]?.embedding.length, 8);
});

test("an idle connection can be reset without the next request being read", async (t) => {
  const { upstream } = await open(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const ask = () =>
    new Promise((resolve, reject) => {
      const sent = request(`${upstream.url}/models`, { agent }, (answer) => answer.resume().once("end", resolve));
      sent.once("error", reject).end();
    });
  await ask();
  upstream.resetUnread(1);
  await t.throwsAsync(ask(), { code: "ECONNRESET" });
  t.is(upstream.journal.length, 1);
  await ask();
  t.deepEqual(
    upstream.journal.map(({ connection }) => connection),
    [1, 2],
  );
});
