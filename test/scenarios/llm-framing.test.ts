// Whatever an upstream does with lines, chunks and silence, clients of every surface see the same answer, and the ledger the same
// usage: OpenAI's format streamed and whole, NextChat's stream, and a reply over the socket of the one-to-one chat.
//
// LONG_SILENCE_MS: how long a thinking model is silent; 330000 in a nightly run, beyond the 300 s of node's own client.
import { once } from "node:events";
import { request } from "node:http";
import { text as readAll } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { eventually } from "../suites/eventually.ts";
import { chunk, completion, done, event, finish, role, text, usage, writes } from "../support/llm/openai-bytes.ts";
import type { Script } from "../support/llm/script.ts";
import { startV1 } from "../support/llm/v1-node.ts";
import { registersAtChat, type SurfaceClient } from "../support/surface-client.ts";

type World = Awaited<ReturnType<typeof openWorld>>;
const answer = "北京🦀今天";
const pieces = [...answer];
const plain = role + pieces.map(text).join("") + finish() + usage(100, 6) + done;

const framings: Record<string, (string | Uint8Array)[]> = {
  "one byte per write": [...Buffer.from(plain)].map((byte) => Buffer.of(byte)),
  "CRLF, cut between CR and LF": plain.replaceAll("\n", "\r\n").split(/(?<=\r)/),
  "bare CR": [plain.replaceAll("\n", "\r")],
  "a byte order mark, no space, comments and blank lines": [
    `\ufeff${plain.replaceAll("data: ", "\n: OPENROUTER PROCESSING\n\ndata:")}`,
  ],
  "junk events between the good ones": [plain.replaceAll("data: ", "data: : keepalive\n\ndata:\n\ndata: ")],
  "reports without choices, and usage on every chunk": [
    event({ choices: [], prompt_filter_results: [{ prompt_index: 0 }], id: "", model: "" }),
    role,
    ...pieces.map((content, n) =>
      event(chunk({ content }, { usage: { prompt_tokens: 100, completion_tokens: n + 1, total_tokens: 101 + n } })),
    ),
    event(chunk(undefined)),
    finish(),
    usage(100, 6),
    event({ ...chunk(), choices: [], usage: null }),
    done,
  ],
};

for (const [title, parts] of Object.entries(framings)) {
  test(`every surface shows the same answer: ${title}`, async (t) => {
    const world = await openWorld(t);
    world.upstream.always(writes(...parts));
    t.deepEqual(await seenEverywhere(world), {
      "v1 streamed": answer,
      "v1 whole": answer,
      "nextchat streamed": answer,
      "chat socket": answer,
      "chat history": answer,
    });
    const events = (await world.streamed()).text.split("\n\n").filter((each) => each !== "");
    t.deepEqual(
      events.filter((each) => !/^data: ?(\{|\[DONE\]$)/.test(each)),
      [],
      "no comment, no junk",
    );
    for (const user of [world.owner, world.alice]) {
      const rows = (await world.usageOf(user)) as { prompt_tokens: number; completion_tokens: number }[];
      t.true(rows.length > 0);
      for (const row of rows) t.like(row, { prompt_tokens: 100, completion_tokens: 6 });
    }
  });
}

const silenceMs = Number(process.env.LONG_SILENCE_MS ?? 1_500);
const isPatient = (call: Parameters<Script>[0], ms = silenceMs) => call.pause(ms);
const body = JSON.stringify(completion("thought"));
const headers = { "content-type": "application/json", "content-length": String(body.length) };
const silences: Record<string, [stream: boolean, Script]> = {
  "no headers": [
    false,
    async (call) => {
      await isPatient(call);
      call.head(200, headers);
      await call.write(body);
      call.end();
    },
  ],
  "headers, and no first chunk": [
    true,
    async (call) => {
      call.head(200, { "content-type": "text/event-stream" });
      await isPatient(call);
      await writes(role, text("thought"), finish(), done)(call);
    },
  ],
  "in the middle": [
    true,
    async (call) => {
      await call.write(role + text("tho"));
      await isPatient(call);
      await writes(text("ught"), finish(), done)(call);
    },
  ],
  "blank lines instead of an answer": [
    false,
    async (call) => {
      call.head(200, { "content-type": "application/json" });
      for (let n = 0; n < 33; n += 1) {
        await isPatient(call, silenceMs / 33);
        await call.write("\n");
      }
      await call.write(body);
      call.end();
    },
  ],
};

for (const [title, [stream, script]] of Object.entries(silences)) {
  test(`a model that thinks for long is waited for, and asked once: ${title}`, async (t) => {
    t.timeout(silenceMs + 60_000);
    const { hello, baseUrl, key, upstream } = await openWorld(t);
    upstream.always(script);
    const { status, seen } = await asksPatiently(`${baseUrl}/chat/completions`, key, hello({ stream }));
    t.is(status, 200, seen);
    t.is(stream ? contentOf(seen) : JSON.parse(seen).choices[0].message.content, "thought");
    t.is(upstream.journal.length, 1);
  });

  test(`a limit on silence ends it with 504, or an error in the stream: ${title}`, async (t) => {
    const limitMs = 200;
    const env = { LLM_FIRST_TOKEN_MS: `${limitMs}`, LLM_STALL_MS: `${limitMs}`, MAX_LLM_ATTEMPTS: "2" };
    const { hello, post, upstream } = await openWorld(t, env);
    upstream.always((call) => (title.startsWith("blank") ? writesBlankLines(call) : script(call)));
    const response = await post("/chat/completions", hello({ stream }));
    const seen = await response.text();
    if (title === "in the middle") t.regex(seen, /"error":\{/);
    else t.is(response.status, 504, seen);
    t.true(upstream.journal.length <= 2);
    await eventually(() => upstream.journal.every(({ wasLeft }) => wasLeft));
  });
}

test("blank lines before an error are followed by that error", async (t) => {
  const { hello, post, upstream } = await openWorld(t);
  upstream.next(async (call) => {
    call.head(200, { "content-type": "application/json" });
    for (let n = 0; n < 5; n += 1) await call.write("\n");
    await call.write(
      JSON.stringify({ error: { message: "the prompt is too long", type: "invalid_request_error", code: 400 } }),
    );
    call.end();
  });
  const response = await post("/chat/completions", hello());
  t.is(response.status, 400);
  t.regex(await response.text(), /the prompt is too long/);
});

async function writesBlankLines(call: Parameters<Script>[0]): Promise<void> {
  call.head(200, { "content-type": "application/json" });
  for (let n = 0; n < 100; n += 1) {
    await call.pause(20);
    await call.write("\n");
  }
  await call.left;
}

/** Node's fetch ends a request whose answer has not begun after 300 s. */
async function asksPatiently(url: string, key: string, asked: object) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const [response] = await once(request(url, { method: "POST", headers }).end(JSON.stringify(asked)), "response");
  return { status: response.statusCode, seen: await readAll(response) };
}

async function openWorld(t: ExecutionContext, env: Record<string, string> = {}) {
  const v1 = await startV1(t, { env: { OUTBOUND_ALLOW: "127.0.0.0/8", ...env } });
  const alice = await registersAtChat(v1.node, "alice");
  await alice.setsModel(v1.upstream.url);
  return {
    ...v1,
    alice,
    async usageOf({ token }: { token?: string }): Promise<unknown[]> {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`http://127.0.0.1:${v1.node.port}/api/usage`, { headers });
      return ((await response.json()) as { data: unknown[] }).data;
    },
  };
}

async function seenEverywhere({ alice, streamed, client }: World): Promise<Record<string, unknown>> {
  const messages = [{ role: "user" as const, content: "hello" }];
  const { id } = (await alice.posts("/conversations", { title: "Talk" })).body;
  const socket = await alice.opens(`/ws/conversations/${id}?token=${alice.token}`);
  socket.sends({ type: "message", content: "hello" });
  await socket.sees("done");
  socket.close();
  const chunks = socket.frames.filter(({ type }) => type === "chunk");
  return {
    "v1 streamed": contentOf((await streamed()).text),
    "v1 whole": (await client.chat.completions.create({ model: "m", messages })).choices[0]?.message.content,
    "nextchat streamed": contentOf(await bodyOf(alice, { model: "m", messages })),
    "chat socket": chunks.map(({ content }) => content).join(""),
    "chat history": (await alice.gets(`/conversations/${id}/messages`)).body.messages.at(-1).content,
  };
}

async function bodyOf(client: SurfaceClient, asked: object): Promise<string> {
  return (await client.posts("/api/chat/stream", asked)).body;
}

function contentOf(stream: string): string {
  return stream
    .split("\n\n")
    .flatMap((each) => /^data: ?(\{.*)$/m.exec(each)?.[1] ?? [])
    .map((each) => JSON.parse(each).choices?.[0]?.delta?.content ?? "")
    .join("");
}
