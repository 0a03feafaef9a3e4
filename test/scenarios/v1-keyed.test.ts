// Requests with an Idempotency-Key, over a whole node.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { event, json, refusal, silence, stream } from "../support/llm/openai-bytes.ts";
import { startV1 } from "../support/llm/v1-node.ts";

test("a repeat gets the same bytes and asks no upstream, another body is a conflict, another key is another request", async (t) => {
  const { post, hello, upstream } = await startV1(t);
  const ask = (more: object = {}, key = "k1") =>
    post("/chat/completions", hello({ stream: true, ...more }), { headers: { "idempotency-key": key } });
  const first = await ask();
  const bytes = await first.text();
  const again = await ask();
  t.is(await again.text(), bytes);
  t.is(again.headers.get("content-type"), first.headers.get("content-type"));
  t.is(again.headers.get("x-request-id"), first.headers.get("x-request-id"));
  t.is(upstream.journal.length, 1);
  t.is((await ask({ temperature: 1 })).status, 409);
  t.is(await (await ask({}, "k2")).text(), bytes);
  t.is(upstream.journal.length, 2);
  t.is((await ask({}, "with space")).status, 400);
});

test("parallel requests with one key are one request, and a client that leaves does not end it", async (t) => {
  const { post, upstream } = await startV1(t);
  const go = Promise.withResolvers<void>();
  upstream.next(async (call) => {
    await go.promise;
    await json({ created: 1, data: [{ b64_json: "A".repeat(600_000) }] })(call);
  });
  const ask = (signal?: AbortSignal) =>
    post(
      "/images/generations",
      { model: "i", prompt: "a cat" },
      { headers: { "idempotency-key": "k" }, ...(signal && { signal }) },
    );
  const gone = new AbortController();
  const left = ask(gone.signal);
  left.catch(() => {});
  await eventually(() => upstream.journal.length === 1);
  gone.abort();
  const others = [ask(), ask()];
  go.resolve();
  const bodies = await Promise.all(others.map(async (each) => (await each).text()));
  t.is(bodies[0], bodies[1]);
  t.is(bodies[0]?.length, JSON.stringify({ created: 1, data: [{ b64_json: "A".repeat(600_000) }] }).length);
  t.is(await (await ask()).text(), bodies[1]!);
  t.is(upstream.journal.length, 1);
  t.false(upstream.journal[0]?.wasLeft);
});

test("a chat that failed is tried again under its key; a picture that may have been made is not", async (t) => {
  const { post, hello, upstream } = await startV1(t);
  const headers = { "idempotency-key": "k" };
  upstream.next(refusal(500), stream(["ok"]));
  t.is((await post("/chat/completions", hello(), { headers })).status, 502);
  t.is((await post("/chat/completions", hello(), { headers })).status, 200);
  upstream.next((call) => call.cut(), silence);
  const ask = () =>
    post("/images/generations", { model: "i", prompt: "a cat" }, { headers: { "idempotency-key": "k3" } });
  t.is((await ask()).status, 502);
  t.is((await ask()).status, 502);
  t.is(upstream.journal.length, 3);
});

test("a streamed picture whose stream was cut is not made again under its key", async (t) => {
  const { post, upstream } = await startV1(t);
  upstream.next(async (call) => {
    await call.write(`event: image_generation.partial_image\n${event({ b64_json: "QQ==" })}`);
    call.cut();
  });
  const ask = () =>
    post("/images/generations", { model: "i", prompt: "a cat", stream: true }, { headers: { "idempotency-key": "k" } });
  const first = await (await ask()).text();
  t.regex(first, /partial_image.*"error"/s);
  t.is(await (await ask()).text(), first);
  t.is(upstream.journal.length, 1);
});
