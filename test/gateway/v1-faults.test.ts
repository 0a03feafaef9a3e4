// What a client of /v1 sees of each fault, what is tried again where, and what the ledger is told: the rows of the table in
// gateway/v1/README.md.

import { brotliCompressSync, createGzip, gzipSync } from "node:zlib";
import test from "ava";
import OpenAI from "openai";
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
import type { Script } from "../support/llm/script.ts";
import { openV1 } from "../support/llm/v1-rig.ts";

type Rig = Awaited<ReturnType<typeof openV1>>;

const page: Script = (call) => {
  call.head(200, { "content-type": "text/html" });
  return writes("<html>")(call);
};

/** The text of a stream, its error, and whether it has a clean end. */
async function seen({ chat }: Rig, more: object = {}) {
  const response = await chat(true, more);
  const raw = await response.text();
  if (response.status !== 200) return { status: response.status, raw, response };
  const events = raw
    .split("\n\n")
    .flatMap((each) => /^data: ?(\{.*)$/m.exec(each)?.[1] ?? [])
    .map((each) => JSON.parse(each));
  const content = events.map((each) => each.choices?.[0]?.delta?.content ?? "").join("");
  const error = events.find((each) => each.error)?.error;
  const reasons = events.map((each) => each.choices?.[0]?.finish_reason).filter(Boolean);
  return { status: 200, raw, response, content, error, reasons, isDone: /data: ?\[DONE\]\s+$/.test(raw) };
}

async function settled({ ledger }: Rig) {
  await eventually(() => ledger.settles.length > 0);
  return ledger.settles[0]!;
}

for (const [title, script, end] of [
  ["a reason and [DONE]", writes(text("a"), finish(), done), { content: "a", reason: "stop" }],
  ["a reason, and the connection ends", writes(text("a"), finish()), { content: "a", reason: "stop" }],
  ["[DONE] without a reason", writes(text("a"), done), { content: "a", reason: "unknown", reasons: [] }],
  [
    "everything in one last chunk",
    writes(
      text("a"),
      event(chunk({ content: "b" }, { finish: "stop", usage: { prompt_tokens: 1, completion_tokens: 2 } })),
    ),
    { content: "ab", reason: "stop" },
  ],
  [
    "an empty reason on every chunk, then a reason",
    writes(event(chunk({ content: "a" }, { finish: "" })), finish(), done),
    { content: "a", reason: "stop" },
  ],
  ["a filter", writes(text("a"), finish("content_filter"), done), { content: "a", reason: "content_filter" }],
  ["a reason, and the connection breaks", cutAfter(text("a"), finish("length")), { content: "a", reason: "length" }],
] as [string, Script, { content: string; reason: string; reasons?: string[] }][]) {
  test(`an answer is complete with ${title}`, async (t) => {
    const rig = await openV1(t);
    rig.upstream.always(script);
    const { content, isDone, error, reasons } = await seen(rig);
    t.is(content, end.content);
    t.true(isDone);
    t.is(error, undefined);
    if (end.reasons) t.deepEqual(reasons, end.reasons, "no reason is made up");
    const whole = (await (await rig.chat(false)).json()) as OpenAI.ChatCompletion;
    t.is(whole.choices[0]?.message.content, end.content);
    t.like(await settled(rig), { reason: end.reason, status: 200, delivered: "whole" });
  });
}

for (const [title, script] of [
  ["ends without a reason", writes(role, text("half"))],
  ["is cut", cutAfter(role, text("half"))],
  ["brings an error", writes(role, text("half"), event({ error: { message: "boom", code: 500 } }), done)],
  ["brings an event that is no JSON", writes(role, text("half"), 'data: {"choices":\n\n', text("more"), done)],
] as [string, Script][]) {
  test(`an answer that ${title} after content ends in an error at an event's border, and no other answer follows`, async (t) => {
    const rig = await openV1(t, { accounts: ["a", "b"] });
    rig.upstream.next(script);
    const { content, isDone, error, reasons, status } = await seen(rig);
    t.is(status, 200);
    t.is(content, "half");
    t.is(error.type, "server_error");
    t.false(isDone);
    t.deepEqual(reasons, []);
    t.is(rig.upstream.journal.length, 1);
    t.like(await settled(rig), { delivered: "part", status: 502 });
  });

  test(`a client of the whole answer gets that of another account when one ${title}, and else 502`, async (t) => {
    const rig = await openV1(t, { accounts: ["a", "b"] });
    rig.upstream.next(script);
    const answered = await rig.chat(false);
    t.is(answered.status, 200);
    t.is(answered.headers.get("x-attempts"), "2");
    rig.upstream.always(script);
    const failed = await rig.chat(false);
    t.is(failed.status, 502);
    t.is(((await failed.json()) as { error: { type: string } }).error.type, "server_error");
  });
}

for (const [title, script, kind] of [
  ["429", refusal(429, { "retry-after": "7" }), "rate_limited"],
  ["402", refusal(402), "rate_limited"],
  ["403", refusal(403), "forbidden"],
  ["500", refusal(500), "server_error"],
  ["529", refusal(529), "server_error"],
  ["a redirect", refusal(302, { location: "http://127.0.0.1:1/" }), "server_error"],
  ["an empty stream", writes(), "server_error"],
  ["a stream of [DONE] alone", writes(done), "server_error"],
  ["a cut before content", cutAfter(role), "server_error"],
  ["a reset before the head", (call) => call.cut(), "server_error"],
  [
    "an error of 429 as the first event",
    writes(event({ error: { code: 429, message: "slow" } }), done),
    "rate_limited",
  ],
  [
    "an overloaded_error as the first event",
    writes(event({ error: { type: "overloaded_error", code: null } })),
    "server_error",
  ],
  [
    "an error after the role chunk",
    writes(role, event({ error: { type: "insufficient_quota", message: "x" } })),
    "rate_limited",
  ],
  ["an error in a 200 of JSON", json({ error: { message: "quota", code: "insufficient_quota" } }), "rate_limited"],
  ["a page", page, "server_error"],
] as [string, Script, string][]) {
  test(`before content another account takes over unseen: ${title}`, async (t) => {
    const rig = await openV1(t, { accounts: ["a", "b"] });
    rig.upstream.next(script);
    const { raw, response, content } = await seen(rig);
    t.is(content, "You said: hello", raw);
    t.is(raw.split('"role":"assistant"').length, 2, "one opening");
    t.is(response.headers.get("x-attempts"), "2");
    t.deepEqual(
      rig.upstream.journal.map(({ key }) => key),
      ["key-a", "key-b"],
    );
    t.deepEqual(
      rig.pool.seen.map((each) => each.kind),
      [kind, "ok"] as never,
    );
    const row = await settled(rig);
    t.is(row.attempts.length, 2);
    t.is(row.status, 200);
  });
}

test("a wrong request as the first event of a 200 is answered as a wrong request, and no account suffers", async (t) => {
  const rig = await openV1(t, { accounts: ["a", "b"] });
  rig.upstream.next(writes(event({ error: { code: 400, message: "too long" } }), done));
  const { status, raw } = await seen(rig);
  t.is(status, 400);
  t.is(JSON.parse(raw).error.message, "too long");
  t.is(rig.upstream.journal.length, 1);
  t.deepEqual(rig.pool.seen, [{ credentialId: "a", kind: "ok" }]);
});

for (const [title, script, status, limits] of [
  ["cut", cutAfter(role), 502, {}],
  ["silent", silence, 504, { firstTokenMs: 100 }],
  ["refused with 500", refusal(500), 502, {}],
  ["refused with 503", refusal(503), 503, {}],
  ["refused with 401", refusal(401), 502, {}],
  ["at the limit of the only account", refusal(429), 429, {}],
] as [string, Script, number, object][]) {
  test(`the last resort, streamed and whole, is ${status} when the upstream is ${title}`, async (t) => {
    for (const isStream of [true, false]) {
      const rig = await openV1(t, { limits });
      rig.upstream.always(script);
      const response = await rig.chat(isStream);
      t.is(response.status, status);
      t.truthy(((await response.json()) as { error: { message: string } }).error.message);
      if (status === 429) t.is(response.headers.get("retry-after"), "1");
      t.like(await settled(rig), { status, delivered: "nothing" });
    }
  });
}

test("when all accounts cool down, the client learns the shortest wait in whole seconds", async (t) => {
  const rig = await openV1(t, { accounts: ["a", "b"] });
  rig.upstream.next(refusal(429, { "retry-after": "9" }), refusal(429, { "retry-after": "2.2" }));
  const response = await rig.chat(true);
  t.is(response.status, 429);
  t.is(response.headers.get("retry-after"), "3");
  t.is((await rig.chat(true)).headers.get("x-attempts"), "0");
});

test("a stall ends in an error, and stream:false in 504", async (t) => {
  const rig = await openV1(t, { limits: { stallMs: 100 } });
  rig.upstream.always(stallAfter(role + text("half")));
  const { error, content } = await seen(rig);
  t.is(content, "half");
  t.is(error.code, "upstream_timeout");
  t.is((await rig.chat(false)).status, 504);
});

const answer = "北京🦀今天";
const pieces = [...answer];
for (const [title, bytes] of Object.entries({
  "one byte per write": [...Buffer.from(role + pieces.map(text).join("") + finish() + usage(3, 5) + done)].map((b) =>
    Buffer.of(b),
  ),
  "CRLF, cut between CR and LF": (role + pieces.map(text).join("") + finish() + usage(3, 5) + done)
    .replaceAll("\n", "\r\n")
    .split(/(?<=\r)/),
  "bare CR": [(role + pieces.map(text).join("") + finish() + usage(3, 5) + done).replaceAll("\n", "\r")],
  "BOM, no space, comments": [
    `\uFEFF${[role, ...pieces.map(text), finish(), usage(3, 5), done].map((each) => `: OPENROUTER PROCESSING\n\n${each.replace("data: ", "data:")}`).join("\n")}`,
  ],
  "junk events": [
    role,
    ...pieces.flatMap((each) => ["data: : keepalive\n\n", "data:\n\n", text(each)]),
    finish(),
    usage(3, 5),
    done,
  ],
})) {
  test(`whatever the framing, the client sees the same answer: ${title}`, async (t) => {
    const rig = await openV1(t);
    rig.upstream.always(writes(...bytes));
    const { content, isDone, raw, reasons } = await seen(rig);
    t.is(content, answer);
    t.true(isDone);
    t.deepEqual(reasons, ["stop"]);
    t.notRegex(raw, /OPENROUTER|keepalive|\uFFFD|\uFEFF/);
    const client = new OpenAI({ baseURL: rig.baseUrl, apiKey: rig.key, maxRetries: 0 });
    const streamed = client.chat.completions.stream({ model: "m", messages: [{ role: "user", content: "?" }] });
    t.is(await streamed.finalContent(), answer);
    t.deepEqual((await settled(rig)).usage, { inputTokens: 3, outputTokens: 5 });
  });
}

test("compressed answers are read, and their headers describe what is sent", async (t) => {
  const rig = await openV1(t);
  const body = Buffer.from(JSON.stringify(completion("whole")));
  for (const [encoding, bytes] of Object.entries({ gzip: gzipSync(body), br: brotliCompressSync(body) })) {
    rig.upstream.always(async (call) => {
      call.head(200, {
        "content-type": "application/json",
        "content-encoding": encoding,
        "content-length": String(bytes.length),
      });
      await call.write(bytes);
      call.end();
    });
    const response = await rig.chat(false);
    t.is(response.headers.get("content-encoding"), null);
    t.is(((await response.json()) as OpenAI.ChatCompletion).choices[0]?.message.content, "whole");
  }
  rig.upstream.always(async (call) => {
    call.head(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
    const gzip = createGzip();
    gzip.on("data", (part: Buffer) => void call.write(part));
    for (const part of [role, text("a"), text("b"), finish(), done]) {
      gzip.write(part);
      await new Promise<void>((resolve) => gzip.flush(() => resolve()));
    }
    gzip.end();
    await new Promise((resolve) => gzip.once("end", resolve));
    call.end();
  });
  t.is((await seen(rig)).content, "ab");
  rig.upstream.always(async (call) => {
    const refused = gzipSync(JSON.stringify({ error: { message: "too long" } }));
    call.head(400, { "content-type": "application/json", "content-encoding": "gzip" });
    await call.write(refused);
    call.end();
  });
  t.is(JSON.parse((await seen(rig)).raw).error.message, "too long");
  rig.upstream.always(async (call) => {
    call.head(200, { "content-type": "application/json", "content-encoding": "gzip" });
    await call.write(body);
    call.end();
  });
  t.is((await rig.chat(false)).status, 502, "a plain body that is called gzip");
});

test("a stream on which nothing goes out gets comments once the upstream has answered, and an error has its status before", async (t) => {
  const rig = await openV1(t, { accounts: ["a", "b"], v1: { keepAliveMs: 60 } });
  const alive = Promise.withResolvers<void>();
  rig.upstream.next(async (call) => {
    await call.write(": thinking\n\n");
    await alive.promise;
    await stream(["a"])(call);
  });
  const response = await rig.chat(true);
  let raw = "";
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    raw += part;
    alive.resolve();
  }
  t.regex(raw, /^(: keep-alive\n\n)+data: /);
  t.true(raw.includes('"content":"a"'));
  rig.upstream.next(async (call) => {
    await call.pause(200);
    await refusal(400, {}, { message: "late" })(call);
  });
  t.is((await seen(rig)).status, 400);
  rig.upstream.next(async (call) => {
    await call.write(role);
    await call.pause(200);
    call.cut();
  });
  const second = await seen(rig);
  t.is(second.content, "You said: hello", "another account takes over behind the comments");
});

test("a client that does not read is left after its limit, and its upstream is closed", async (t) => {
  const rig = await openV1(t, { v1: { writeStallMs: 150 } });
  const big = text("x".repeat(100_000));
  rig.upstream.next(async (call) => {
    for (let n = 0; n < 2_000 && call.request.closedAtMs === undefined; n += 1) await call.write(big);
    await call.left;
  });
  const response = await rig.chat(true);
  t.truthy(response.body);
  await eventually(() => rig.upstream.journal[0]?.closedAtMs !== undefined, 10_000);
  t.like(await settled(rig), { reason: "client_left", delivered: "part" });
  await response.body?.cancel().catch(() => {});
});

test("a host counts the requests to models, their tries, how they ended, and what could not be settled", async (t) => {
  const rig = await openV1(t, { accounts: ["a", "b"] });
  rig.upstream.next(refusal(500));
  await (await rig.chat(false)).text();
  t.like(rig.stats, { requests: 1, answered: 1, failed: 0, left: 0, attempts: 2, unsettled: 0 });
  t.true(rig.stats.tokens > 0);
  rig.upstream.always(refusal(400));
  await (await rig.chat(false)).text();
  t.like(rig.stats, { requests: 2, answered: 1, failed: 1, attempts: 3 });
  rig.upstream.always(silence);
  const gone = new AbortController();
  const left = rig.post(
    "/chat/completions",
    { model: "m", messages: [{ role: "user", content: "hi" }] },
    { signal: gone.signal },
  );
  await eventually(() => rig.stats.requests === 3);
  gone.abort();
  await t.throwsAsync(left);
  await eventually(() => rig.stats.left === 1);
  t.is(rig.stats.requests, rig.stats.answered + rig.stats.failed + rig.stats.left);
});
