// Replies' requests to models, over the real transport, against a scripted upstream.

import test, { type ExecutionContext } from "ava";
import type { Delta } from "../../actors/llm/chat.ts";
import type { ChatListener, ModelRequest } from "../../actors/llm/contract.ts";
import { createModels } from "../../actors/relay/models.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { eventually } from "../suites/eventually.ts";
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
  silence,
  stallAfter,
  stream,
  text,
  usage,
  writes,
} from "../support/llm/openai-bytes.ts";
import { openRelay, pooled, targetOf } from "../support/llm/relay-rig.ts";
import type { Script } from "../support/llm/script.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { soonMs } from "../support/soon.ts";

async function open(t: ExecutionContext, options: Parameters<typeof openRelay>[0] = {}) {
  const rig = openRelay(options);
  const upstream = await startScriptedUpstream();
  t.teardown(async () => {
    await rig.close();
    await upstream.close();
  });
  const models = createModels(rig);
  const attempts: Delta[][] = [];
  const listener: ChatListener = {
    attempt: () => void attempts.push([]),
    delta: (delta) => void attempts.at(-1)?.push(delta),
  };
  let requests = 0;
  const gone = new AbortController();
  const chat = (more: Partial<ModelRequest> = {}, given: Partial<ChatListener> = {}) => {
    requests += 1;
    const request: ModelRequest = {
      requestId: `r${requests}`,
      payer: { userId: "7" },
      surface: "chat",
      endpoint: "/conversations",
      targets: [targetOf(upstream.url, options.accounts ? pooled : {})],
      body: { model: "m", messages: [{ role: "user", content: "hello" }], temperature: 0.5 },
      signal: gone.signal,
      ...more,
    };
    return models.chat(request, { ...listener, ...given });
  };
  return { ...rig, upstream, chat, attempts, gone };
}

test("an answer comes as deltas, is settled once, and its request carries what it was given", async (t) => {
  const { upstream, chat, attempts, ledger } = await open(t);
  upstream.next(
    writes(role, event(chunk({ reasoning_content: "hm" })), text("a"), text("b"), finish(), usage(9, 2), done),
  );
  const end = await chat();
  t.like(end, {
    status: "completed",
    reason: "stop",
    text: "ab",
    attempts: 1,
    model: "up-model-1",
    provider: "openai",
  });
  t.deepEqual(attempts, [
    [
      { type: "reasoning", text: "hm" },
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ],
  ]);
  const [request] = upstream.journal;
  t.is(request?.key, "system-key-1");
  t.is(request?.headers["accept-encoding"], "identity");
  t.like(request?.json(), {
    model: "up-model-1",
    temperature: 0.5,
    stream: true,
    stream_options: { include_usage: true },
  });
  await eventually(() => ledger.settles.length === 1);
  t.like(ledger.holds[0], { requestId: "r1", isFlexible: true });
  t.like(ledger.settles[0], {
    requestId: "r1",
    usage: { inputTokens: 9, outputTokens: 2 },
    delivered: "whole",
    reason: "stop",
    status: 200,
    attempts: [{ status: 200, reason: "stop", provider: "openai" }],
  });
});

test("a listener that takes time gets one delta after the other, and the upstream is not read meanwhile", async (t) => {
  const { upstream, chat } = await open(t);
  upstream.next(stream(["a", "b", "c", "d"]));
  const seen: string[] = [];
  let running = 0;
  const end = await chat(
    {},
    {
      delta: async (delta) => {
        running += 1;
        t.is(running, 1);
        await new Promise((resolve) => setTimeout(resolve, 5));
        seen.push(delta.type === "text" ? delta.text : "");
        running -= 1;
      },
    },
  );
  t.deepEqual(seen, ["a", "b", "c", "d"]);
  t.is(end.text, "abcd");
});

for (const [title, script, attempts] of [
  ["cut before content", cutAfter(role), 2],
  ["cut after content", cutAfter(role, text("half")), 2],
  ["ended without an end", writes(text("half")), 2],
  ["an error inside the stream", writes(text("half"), event({ error: { message: "boom", code: 500 } }), done), 2],
  ["an event that is no JSON", writes(text("half"), 'data: {"a":\n\n'), 2],
  ["status 500", refusal(500), 2],
] as [string, Script, number][]) {
  test(`an answer that fails begins anew: ${title}`, async (t) => {
    const { upstream, chat, attempts: seen, ledger } = await open(t);
    upstream.next(script, stream(["whole"]));
    const end = await chat();
    t.like(end, { status: "completed", text: "whole", attempts });
    t.deepEqual(seen.at(-1), [{ type: "text", text: "whole" }]);
    await eventually(() => ledger.settles.length === 1);
    t.is(ledger.settles[0]?.attempts.length, attempts);
  });
}

test("when no try succeeds, the end says why, and what was written is kept", async (t) => {
  const { upstream, chat, ledger } = await open(t, { limits: { maxAttempts: 2 } });
  upstream.always(cutAfter(text("half")));
  t.like(await chat(), { status: "failed", reason: "cut", text: "half", attempts: 2, error: { status: 502 } });
  await eventually(() => ledger.settles.length === 1);
  t.like(ledger.settles[0], { delivered: "part", status: 502, usage: { isEstimated: true } });
});

test("all prices that may hold are held, and the settle names that of the target that answered", async (t) => {
  const rates = { input: 1, cachedInput: 1, cacheWrite: 1, output: 2 };
  const prices = { small: { name: "p/small", ...rates }, large: { name: "p/large", ...rates, output: 9 } };
  const { chat, upstream, ledger } = await open(t, { prices });
  const targets = ["small", "large", "free", "large"].map((model) => targetOf(upstream.url, { model }));
  upstream.next(refusal(500));
  t.is((await chat({ targets })).status, "completed");
  t.is((await chat({ targets })).status, "completed");
  t.like(ledger.holds[0], { price: prices.small, otherPrices: [prices.large] });
  t.is(ledger.settles[0]?.price, "p/large");
  t.is(ledger.settles[1]?.price, undefined, "the first one's");
  upstream.next(refusal(500), cutAfter(role, text("a")));
  await chat({ targets });
  t.is(ledger.settles[2]?.price, null, "the third target has no price");
  t.like(ledger.settles[2]?.attempts[1], { price: "p/large", reason: "cut" });
});

test("a wrong request is answered at once and harms no account", async (t) => {
  const { upstream, chat, pool } = await open(t, { accounts: ["a", "b"] });
  upstream.next(refusal(400, {}, { code: "context_length_exceeded", message: "too long" }));
  t.like(await chat(), {
    status: "failed",
    reason: "refused",
    attempts: 1,
    error: { code: "context_length_exceeded", message: "too long", status: 400 },
  });
  t.deepEqual(pool.seen, [{ credentialId: "a", kind: "ok" }]);
});

test("an account at its limit is followed by the next, and all of them by a wait", async (t) => {
  const { upstream, chat, pool } = await open(t, { accounts: ["a", "b"] });
  upstream.next(refusal(429, { "retry-after": "7" }));
  t.like(await chat(), { status: "completed", attempts: 2 });
  t.deepEqual(
    upstream.journal.map(({ key }) => key),
    ["key-a", "key-b"],
  );
  t.deepEqual(pool.seen, [
    { credentialId: "a", kind: "rate_limited", retryAfterMs: 7_000 },
    { credentialId: "b", kind: "ok" },
  ]);
  upstream.next(refusal(429, { "retry-after": "3" }));
  t.like(await chat(), { status: "failed", attempts: 1, error: { status: 429 } });
});

test("a 401 is followed by one refresh and one more try, then by the next account", async (t) => {
  const { upstream, chat, pool } = await open(t, { accounts: ["a", "b"] });
  pool.newKey = (id) => `new-${id}`;
  upstream.next(refusal(401));
  t.like(await chat(), { status: "completed", attempts: 2 });
  upstream.next(refusal(401), refusal(401));
  t.like(await chat(), { status: "completed", attempts: 3 });
  t.deepEqual(
    upstream.journal.map(({ key }) => key),
    ["key-a", "new-a", "key-a", "new-a", "key-b"],
  );
  t.deepEqual(pool.renewed, ["a", "a"]);
});

test("silence and a stall end by their limits", async (t) => {
  const { upstream, chat } = await open(t, { limits: { firstTokenMs: 400, stallMs: 100, maxAttempts: 2 } });
  upstream.next(silence, stallAfter(text("a")));
  t.like(await chat(), { status: "failed", reason: "silent", error: { status: 504 } });
  await eventually(() => upstream.journal[0]?.wasLeft === true);
  upstream.always(stallAfter(text("a")));
  t.like(await chat(), { status: "failed", reason: "stalled", text: "a", error: { status: 504 } });
});

test("a stop closes the upstream at once, at any moment, and settles once", async (t) => {
  for (const moment of ["before the head", "before content", "after content"]) {
    const { upstream, chat, gone, ledger } = await open(t);
    upstream.next(async (call) => {
      if (moment !== "before the head") await call.write(role);
      if (moment === "after content") await call.write(text("a"));
      await call.left;
    });
    const answer = chat();
    await eventually(
      () => upstream.journal.length === 1 && (moment === "before the head" || upstream.journal[0]!.writes.length > 0),
    );
    const stoppedMs = performance.now();
    gone.abort();
    t.like(await answer, { status: "stopped", reason: "stopped" });
    await eventually(() => upstream.journal[0]?.closedAtMs !== undefined);
    t.true(upstream.journal[0]!.closedAtMs! - stoppedMs < soonMs, moment);
    await eventually(() => ledger.settles.length === 1);
  }
});

test("a refused budget asks no upstream", async (t) => {
  const { upstream, chat, ledger } = await open(t);
  ledger.refusal = new DomainError("llm.budget_spent");
  await t.throwsAsync(chat(), { instanceOf: DomainError });
  t.is(upstream.journal.length, 0);
  t.is(ledger.settles.length, 0);
});

test("an upstream that refuses to be asked for usage is asked once more without, and never again", async (t) => {
  const { upstream, chat, ledger } = await open(t);
  upstream.always(async (call) => {
    if (call.request.json().stream_options) await refusal(400, {}, { message: "unknown field stream_options" })(call);
    else await writes(text("abcdefgh"), finish(), done)(call);
  });
  t.like(await chat(), { status: "completed", attempts: 2, usage: { outputTokens: 2, isEstimated: true } });
  t.like(await chat(), { status: "completed", attempts: 1 });
  await eventually(() => ledger.settles.length === 2);
});

test("an upstream that answers whole although a stream was asked for is heard, too", async (t) => {
  const { upstream, chat, attempts } = await open(t);
  upstream.next(json(completion("whole")));
  t.like(await chat(), { status: "completed", text: "whole", usage: { inputTokens: 10, outputTokens: 5 } });
  t.deepEqual(attempts, [[{ type: "text", text: "whole" }]]);
});

test("a connection that the upstream closed meanwhile costs one more try", async (t) => {
  const { upstream, chat, ledger } = await open(t);
  upstream.always(json(completion("whole")));
  t.like(await chat(), { status: "completed", attempts: 1 });
  await new Promise((resolve) => setImmediate(resolve)); // the connection is free after this task
  upstream.resetUnread(1);
  t.like(await chat(), { status: "completed", attempts: 2 });
  t.is(upstream.journal.length, 2);
  await eventually(() => ledger.settles.length === 2);
});
