// /v1/responses over a whole node: with the official client, and raw.

import test from "ava";
import OpenAI from "openai";
import { eventually } from "../suites/eventually.ts";
import { json, refusal, stallAfter, writes } from "../support/llm/openai-bytes.ts";
import {
  completed,
  created,
  part,
  response,
  responseEvent,
  running,
  streamedResponse,
  upstreamId,
} from "../support/llm/response-bytes.ts";
import { startV1 } from "../support/llm/v1-node.ts";
import { soonMs } from "../support/soon.ts";

test("a response is streamed and whole under one id, which is this server's, and can be read, continued and deleted", async (t) => {
  const { client, upstream, post } = await startV1(t);
  upstream.next(streamedResponse(["a", "b"]));
  const seen: { id?: string; seq: number; type: string }[] = [];
  for await (const event of await client.responses.create({ model: "m", input: "hi", stream: true })) {
    seen.push({ seq: event.sequence_number, type: event.type, ...("response" in event && { id: event.response.id }) });
  }
  t.deepEqual(
    seen.map(({ seq }) => seq),
    [0, 1, 2, 3, 4],
  );
  const ids = [...new Set(seen.flatMap(({ id }) => id ?? []))];
  t.is(ids.length, 1);
  t.regex(ids[0] ?? "", /^resp_[0-9a-f]{32}$/);
  const kept = await client.responses.retrieve(ids[0]!);
  t.like(kept, { id: ids[0], status: "completed", output_text: "ab" });
  t.false(JSON.stringify(kept).includes(upstreamId));

  upstream.next(json(response("completed", { usage: { input_tokens: 1, output_tokens: 1 } })));
  const next = await client.responses.create({ model: "m", input: "more", previous_response_id: ids[0]! });
  t.not(next.id, ids[0]);
  t.is(upstream.journal[1]?.json().previous_response_id, upstreamId);
  t.is((await post("/responses", { model: "m", input: "x", previous_response_id: "resp_unknown" })).status, 404);

  await client.responses.delete(ids[0]!);
  await t.throwsAsync(client.responses.retrieve(ids[0]!), { instanceOf: OpenAI.NotFoundError });
  t.is(upstream.journal.length, 2, "only creating asks the upstream");
});

test("another caller has no part in a response", async (t) => {
  const { client, upstream, owner, baseUrl } = await startV1(t);
  upstream.next(json(response("completed")));
  const { id } = await client.responses.create({ model: "m", input: "hi" });
  const other = new OpenAI({ baseURL: baseUrl, apiKey: owner.token, maxRetries: 0 });
  for (const attempt of [
    () => other.responses.retrieve(id),
    () => other.responses.delete(id),
    () => other.responses.cancel(id),
    () => other.responses.create({ model: "m", input: "x", previous_response_id: id }),
  ]) {
    await t.throwsAsync(attempt, { instanceOf: OpenAI.NotFoundError });
  }
  t.is(upstream.journal.length, 1);
});

test("a response in the background outlives its viewer, and its stream goes on from any event", async (t) => {
  const { client, upstream, post, baseUrl, key } = await startV1(t);
  const go = Promise.withResolvers<void>();
  upstream.next(async (call) => {
    await call.write(created + running + part(2, "a"));
    await go.promise;
    await call.write(part(3, "b") + completed(4, "ab"));
    call.end();
  });
  const gone = new AbortController();
  const viewed = await post(
    "/responses",
    { model: "m", input: "hi", background: true, stream: true },
    { signal: gone.signal },
  );
  const reader = viewed.body!.getReader();
  let raw = "";
  while (!raw.includes('"delta":"a"')) raw += Buffer.from((await reader.read()).value ?? []).toString();
  gone.abort();
  const id = /"id":"(resp_[0-9a-f]+)"/.exec(raw)?.[1] ?? "";
  t.is((await client.responses.retrieve(id)).status, "in_progress");
  t.is(upstream.journal[0]?.json().background, undefined);

  const resumed: number[] = [];
  const stream = await client.responses.retrieve(id, { stream: true, starting_after: 1 });
  let text = "";
  for await (const event of stream) {
    resumed.push(event.sequence_number);
    if (event.type === "response.output_text.delta") text += event.delta;
    go.resolve();
  }
  t.deepEqual(resumed, [2, 3, 4]);
  t.is(text, "ab");
  t.like(await client.responses.retrieve(id), { status: "completed", output_text: "ab" });
  const after = await fetch(`${baseUrl}/responses/${id}?stream=true&starting_after=4`, {
    headers: { authorization: `Bearer ${key}` },
  });
  t.is(await after.text(), "");
  const malformed = await fetch(`${baseUrl}/responses/${id}?stream=true&starting_after=x`, {
    headers: { authorization: `Bearer ${key}` },
  });
  t.is(malformed.status, 400);
  t.false(upstream.journal[0]?.wasLeft);
});

test("a response in the background is answered at once, and cancelled from anywhere", async (t) => {
  const { client, upstream } = await startV1(t);
  upstream.next(stallAfter(created + running + part(2, "a")));
  const { id, status } = await client.responses.create({ model: "m", input: "hi", background: true });
  t.is(status, "in_progress");
  await eventually(() => (upstream.journal[0]?.writes.length ?? 0) > 0);
  const cancelledMs = performance.now();
  t.is((await client.responses.cancel(id)).status, "cancelled");
  await eventually(() => upstream.journal[0]?.closedAtMs !== undefined);
  t.true(upstream.journal[0]!.closedAtMs! - cancelledMs < soonMs);
  t.is((await client.responses.retrieve(id)).status, "cancelled");
  t.is((await client.responses.cancel(id)).status, "cancelled");
  upstream.next(json(response("completed")));
  const plain = await client.responses.create({ model: "m", input: "hi" });
  await t.throwsAsync(client.responses.cancel(plain.id), { instanceOf: OpenAI.ConflictError });
});

test("faults: an error after the opening reaches the client in the protocol's form, an incomplete response passes as such", async (t) => {
  const { upstream, post, client } = await startV1(t);
  const ask = async () => (await post("/responses", { model: "m", input: "hi", stream: true })).text();
  upstream.next(
    writes(created + part(1, "half") + responseEvent("error", 2, { code: "server_error", message: "boom" })),
  );
  const broken = await ask();
  t.regex(
    broken,
    /event: error\ndata: \{"type":"error","code":"[^"]+","message":"boom","param":null,"sequence_number":2\}\n\n$/,
  );
  upstream.next(writes(created + part(1, "half")));
  t.regex(await ask(), /event: error\n/);
  upstream.next(
    writes(created, running, responseEvent("error", 2, { code: "insufficient_quota", message: "no money" })),
  );
  t.is((await post("/responses", { model: "m", input: "hi", stream: true })).status, 429);
  upstream.next(writes(created + part(1, "a") + completed(2, "a", "incomplete")));
  t.regex(await ask(), /"type":"response.incomplete"/);
  upstream.next(refusal(400, {}, { message: "bad tool", param: "tools" }));
  await t.throwsAsync(client.responses.create({ model: "m", input: "x" }), { instanceOf: OpenAI.BadRequestError });
  t.is((await post("/responses", { model: "m" })).status, 400);
});

test("a line of eight megabytes passes byte for byte", async (t) => {
  const { upstream, post } = await startV1(t);
  const picture = responseEvent("response.image_generation_call.partial_image", 1, {
    partial_image_b64: "A".repeat(8_000_000),
  });
  upstream.next(async (call) => {
    await call.write(created);
    for (let at = 0; at < picture.length; at += 65_536) await call.write(picture.slice(at, at + 65_536));
    await call.write(completed(2, "done"));
    call.end();
  });
  const raw = await (await post("/responses", { model: "m", input: "hi", stream: true })).text();
  t.true(raw.includes(picture));
  t.regex(raw.slice(-2_000), /response\.completed/);
});
