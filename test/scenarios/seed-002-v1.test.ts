// The contract of the GPT2API gateway for programs with an `sk-` key: /v1 over a pool of accounts, and what the administrator
// sees of their requests. They know its port, paths and fields, and nothing else of this server.
import test from "ava";
import OpenAI from "openai";
import { eventually } from "../suites/eventually.ts";
import { completion, json, refusal, stream } from "../support/llm/openai-bytes.ts";
import { emailOf, fileOf, type Gpt2apiNode, startGpt2api } from "../support/seeds/gpt2api-node.ts";

const hello = { model: "gpt-5", messages: [{ role: "user", content: "hello" }] };

/** Imports an account of each name. */
async function imports(gpt: Gpt2apiNode, names: readonly string[], options: { expiresInMs?: number } = {}) {
  const accounts = names.map((name) => gpt.provider.issue({ name, ...options }));
  await gpt.admin.posts(
    "/admin/tokens/import",
    accounts.map((account) => fileOf(account)),
  );
  return accounts;
}

const rowsOf = async ({ admin }: Gpt2apiNode, query = "") => (await admin.gets(`/admin/logs${query}`)).body.logs;

test("a chat is answered in OpenAI's format, whole and as a stream, to an unmodified client", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann"]);
  const { program, key } = await gpt.makesKey();
  const { status, body } = await program.posts("/v1/chat/completions", hello);
  t.is(status, 200);
  t.like(body, {
    object: "chat.completion",
    choices: [{ message: { role: "assistant", content: "from ann@example.test" } }],
  });
  const openai = new OpenAI({ baseURL: `http://127.0.0.1:${gpt.node.port}/v1`, apiKey: key, maxRetries: 0 });
  const answer = await openai.chat.completions.create({
    model: "gpt-5",
    messages: [{ role: "user", content: "hi" }],
    stream: true,
  });
  let said = "";
  for await (const part of answer) said += part.choices[0]?.delta.content ?? "";
  t.is(said, "from ann@example.test");
  const raw = await program.posts("/v1/chat/completions", { ...hello, stream: true });
  t.regex(raw.headers.get("content-type") ?? "", /^text\/event-stream/);
  t.regex(raw.body, /^data: \{.*\n\n[\s\S]*data: \[DONE\]\n\n$/);
});

test("models are listed in OpenAI's format", async (t) => {
  await using gpt = await startGpt2api({ LLM_MODELS: "gpt-5,gpt-5-codex" });
  const { program } = await gpt.makesKey();
  const { status, body } = await program.gets("/v1/models");
  t.is(status, 200);
  t.is(body.object, "list");
  t.deepEqual(
    body.data.map(({ id }: { id: string }) => id),
    ["gpt-5", "gpt-5-codex"],
  );
  for (const model of body.data) {
    t.is(model.object, "model");
    t.deepEqual([typeof model.created, typeof model.owned_by], ["number", "string"]);
  }
});

test("without a good key /v1 answers 401 in OpenAI's shape, as often as it is asked, and no account is used", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann"]);
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on("warning", warned);
  const client = gpt.client();
  const keys = [undefined, "", "sk-", `sk-${"0".repeat(32)}`, "x.y.z", `sk-${"a".repeat(5_000)}`];
  for (const key of [...keys, ...keys, ...keys]) {
    client.token = key;
    for (const answer of [await client.posts("/v1/chat/completions", hello), await client.gets("/v1/models")]) {
      t.is(answer.status, 401, key);
      t.like(answer.body.error, { param: null });
      t.deepEqual([typeof answer.body.error.message, typeof answer.body.error.type], ["string", "string"]);
      t.is(answer.body.error.code, "invalid_api_key");
    }
  }
  process.off("warning", warned);
  t.deepEqual(
    warnings.filter(({ name }) => name.startsWith("MaxListeners")),
    [],
  );
  t.is(gpt.upstream.journal.length, 0);
});

test("a wrong request is refused in OpenAI's shape, and its account stays good", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann"]);
  const { program } = await gpt.makesKey();
  const wrong = [
    "{",
    "null",
    "[]",
    {},
    { model: "m" },
    { model: "m", messages: [] },
    { ...hello, stream: "yes" },
    { ...hello, model: 7 },
  ];
  for (const body of [...wrong, `${"[".repeat(90_000)}${"]".repeat(90_000)}`]) {
    const { status, body: answer } = await program.posts("/v1/chat/completions", body);
    t.is(status, 400, JSON.stringify(body).slice(0, 50));
    t.deepEqual([typeof answer.error.message, typeof answer.error.type], ["string", "string"]);
  }
  for (const [method, path, expected] of [
    ["GET", "/v1/chat/completions", 405],
    ["POST", "/v1/nothing", 404],
    ["POST", "/v1/models", 405],
  ] as const) {
    const { status, body } = await program.asks(method, path, method === "POST" ? hello : undefined);
    t.deepEqual([status, typeof body.error.message], [expected, "string"], path);
  }
  gpt.upstream.next(refusal(400, {}, { message: "That image is broken.", code: "invalid_image", param: "messages" }));
  const refused = await program.posts("/v1/chat/completions", hello);
  t.deepEqual(
    [refused.status, refused.body.error.message, refused.body.error.code],
    [400, "That image is broken.", "invalid_image"],
  );
  t.is((await program.posts("/v1/chat/completions", hello)).status, 200);
  t.is((await gpt.admin.gets("/admin/tokens")).body.data[0].status, "active");
});

test("requests go round the accounts; those that are disabled or deleted are left out", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann", "bob", "cid"]);
  const { program } = await gpt.makesKey();
  const asks = async (count: number) => {
    const from = gpt.upstream.journal.length;
    for (let i = 0; i < count; i += 1) await program.posts("/v1/chat/completions", hello);
    return gpt.upstream.journal.slice(from).map(({ key = "" }) => emailOf(key).split("@")[0]);
  };
  const counts = Object.entries(Object.groupBy(await asks(9), (name) => name ?? "")).map(([name, all]) => [
    name,
    all?.length,
  ]);
  t.deepEqual(counts.toSorted(), [
    ["ann", 3],
    ["bob", 3],
    ["cid", 3],
  ]);
  const { data } = (await gpt.admin.gets("/admin/tokens")).body;
  const idOf = (name: string) => data.find(({ email }: { email: string }) => email.startsWith(name)).id;
  await gpt.admin.asks("PATCH", `/admin/tokens/${idOf("ann")}`, { is_active: false });
  await gpt.admin.deletes(`/admin/tokens/${idOf("bob")}`);
  t.deepEqual([...new Set(await asks(4))], ["cid"]);
});

test("a request whose account fails is answered by another one, unseen", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann", "bob", "cid", "dan"]);
  const { program } = await gpt.makesKey();
  for (const status of [429, 500, 503]) {
    gpt.upstream.next(refusal(status, { "retry-after": "1" }));
    const { status: seen, body } = await program.posts("/v1/chat/completions", hello);
    t.is(seen, 200, `${status}`);
    t.regex(body.choices[0].message.content, /^from /);
  }
});

test("when all accounts fail the error is OpenAI's, without a secret, also in the log", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann", "bob"]);
  const { program } = await gpt.makesKey();
  gpt.upstream.always((call) => json({ error: { message: `no good: ${call.request.key}` } }, 500)(call));
  const { status, body } = await program.posts("/v1/chat/completions", hello);
  t.is(status, 502);
  t.is(typeof body.error.message, "string");
  await eventually(async () => (await rowsOf(gpt)).length === 1);
  const rows = await rowsOf(gpt);
  t.like(rows[0], { status_code: 502, model: "gpt-5", endpoint: "/v1/chat/completions" });
  t.is(typeof rows[0].error_message, "string");
  t.notRegex(JSON.stringify([body, rows]), /eyJ/);
});

test("an expired account is refreshed before its request, once for many requests", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann"], { expiresInMs: -1_000 });
  const { program } = await gpt.makesKey();
  const answers = await Promise.all(Array.from({ length: 40 }, () => program.posts("/v1/chat/completions", hello)));
  t.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  t.is(gpt.provider.journal.length, 1);
});

test("an account whose token the upstream refuses is refreshed, and the request is answered", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann"]);
  const { program } = await gpt.makesKey();
  gpt.upstream.next(refusal(401));
  t.is((await program.posts("/v1/chat/completions", hello)).status, 200);
  t.is(gpt.provider.journal.length, 1);
});

test("an account is refreshed before it expires, without any request, and a failed refresh shows", async (t) => {
  await using gpt = await startGpt2api();
  const [ann, bob] = await imports(gpt, ["ann", "bob"], { expiresInMs: 4_000 });
  gpt.provider.revoke(bob!);
  const stateOf = async (name: string) =>
    (await gpt.admin.gets("/admin/tokens")).body.data.find(({ email }: { email: string }) => email.startsWith(name));
  await eventually(() => gpt.provider.journal.length >= 2);
  t.true(gpt.provider.journal.some(({ refreshToken }) => refreshToken === ann!.refreshToken));
  await eventually(async () => (await stateOf("bob")).status === "refresh_failed");
  await eventually(async () => Date.parse((await stateOf("ann")).expired_at) > Date.now() + 60_000);
});

test("the log has a row for each request: key, account, model, endpoint, status, error, time; newest first, page by page", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann"]);
  const { program, id } = await gpt.makesKey();
  for (let i = 0; i < 4; i += 1) await program.posts("/v1/chat/completions", { ...hello, model: `m-${i}` });
  gpt.upstream.next(refusal(400, {}, { message: "No." }));
  await program.posts("/v1/chat/completions", { ...hello, model: "m-4" });
  await eventually(async () => (await rowsOf(gpt)).length === 5);
  const rows = await rowsOf(gpt);
  t.deepEqual(
    rows.map(({ model }: { model: string }) => model),
    ["m-4", "m-3", "m-2", "m-1", "m-0"],
  );
  const [{ id: tokenId }] = (await gpt.admin.gets("/admin/tokens")).body.data;
  t.like(rows[1], {
    api_key_id: id,
    token_id: tokenId,
    endpoint: "/v1/chat/completions",
    status_code: 200,
    error_message: null,
  });
  t.like(rows[0], { status_code: 400, error_message: "No." });
  t.true(Date.parse(rows[0].created_at) >= Date.parse(rows[1].created_at));
  const first = (await gpt.admin.gets("/admin/logs?limit=3")).body;
  const second = (await gpt.admin.gets(`/admin/logs?limit=3&cursor=${encodeURIComponent(first.next_cursor)}`)).body;
  t.deepEqual([...first.logs, ...second.logs], rows);
  t.is(second.next_cursor, null);
  t.deepEqual(await rowsOf(gpt, "?status=error"), [rows[0]]);
  t.deepEqual(await rowsOf(gpt, "?model=m-2"), [rows[2]]);
  for (const query of ["limit=0", "limit=x", "cursor=%00", "status=maybe"]) {
    const { status, body } = await gpt.admin.gets(`/admin/logs?${query}`);
    t.deepEqual([status, typeof body.error], [400, "string"], query);
  }
});

test("the overview counts keys, accounts and the requests of today", async (t) => {
  await using gpt = await startGpt2api();
  const empty = await gpt.admin.gets("/admin/stats/overview");
  t.is(empty.status, 200);
  t.like(empty.body, { apiKeys: 0, tokens: 0, todayRequests: 0 });
  await imports(gpt, ["ann", "bob"]);
  const { program } = await gpt.makesKey();
  for (let i = 0; i < 3; i += 1) await program.posts("/v1/chat/completions", hello);
  gpt.upstream.next(refusal(400));
  await program.posts("/v1/chat/completions", hello);
  const read = async () => (await gpt.admin.gets("/admin/stats/overview")).body;
  await eventually(async () => (await read()).todayRequests === 4);
  t.like(await read(), { apiKeys: 1, tokens: 2, successRate: 0.75, totals: { requests: 4 } });
});

test("the usage is a series by time, of all, by model, by key and by account, and its sum is the log's", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann", "bob"]);
  const { program } = await gpt.makesKey();
  for (const model of ["m-1", "m-1", "m-2", "m-2"]) await program.posts("/v1/chat/completions", { ...hello, model });
  await eventually(async () => (await rowsOf(gpt)).length === 4);
  const logged = (await rowsOf(gpt)).reduce((sum: number, row: { total_tokens: number }) => sum + row.total_tokens, 0);
  const sumsOf = async (query: string) => {
    const { status, body } = await gpt.admin.gets(`/admin/stats/usage?${query}`);
    t.is(status, 200, query);
    const add = (name: string) => body.data.reduce((sum: number, each: Record<string, number>) => sum + each[name]!, 0);
    return [add("requests"), add("total_tokens"), new Set(body.data.map(({ group }: { group: string }) => group)).size];
  };
  for (const range of ["24h", "7d", "30d"]) {
    t.deepEqual((await sumsOf(`range=${range}`)).slice(0, 2), [4, logged], range);
    t.deepEqual(await sumsOf(`range=${range}&group_by=model`), [4, logged, 2]);
    t.deepEqual(await sumsOf(`range=${range}&group_by=key`), [4, logged, 1]);
    t.deepEqual(await sumsOf(`range=${range}&group_by=token`), [4, logged, 2]);
  }
  for (const query of ["range=1y", "group_by=colour"]) {
    const { status, body } = await gpt.admin.gets(`/admin/stats/usage?${query}`);
    t.deepEqual([status, typeof body.error], [400, "string"], query);
  }
});

test("60 streams at once over one account are all whole", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann"]);
  const { program } = await gpt.makesKey();
  gpt.upstream.always(
    stream(
      Array.from({ length: 20 }, (_, i) => `${i} `),
      { everyMs: 5 },
    ),
  );
  const ask = () => program.posts("/v1/chat/completions", { ...hello, stream: true });
  const answers = await Promise.all(Array.from({ length: 60 }, ask));
  for (const { status, body } of answers) {
    t.is(status, 200);
    t.is(body.match(/"content":"\d+ "/g)?.length, 20);
    t.true(body.endsWith("data: [DONE]\n\n"));
  }
});

test("an answer that the upstream gives to a program is no other program's", async (t) => {
  await using gpt = await startGpt2api();
  await imports(gpt, ["ann"]);
  gpt.upstream.always((call) => {
    const { messages } = call.request.json<{ messages: { content: string }[] }>();
    return json(completion(`re ${messages[0]?.content}`))(call);
  });
  const programs = await Promise.all(Array.from({ length: 10 }, () => gpt.makesKey()));
  const answers = await Promise.all(
    programs.map(({ program, id }) =>
      program.posts("/v1/chat/completions", { ...hello, messages: [{ role: "user", content: `${id}` }] }),
    ),
  );
  t.deepEqual(
    answers.map(({ body }) => body.choices[0].message.content),
    programs.map(({ id }) => `re ${id}`),
  );
});
