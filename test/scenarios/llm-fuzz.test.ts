// Every route and every frame of all surfaces with input made from its schema: wrong types, missing and surplus fields, deep and
// large values, odd texts, ids of others. The answer to a refusal has the shape of its surface, nothing fails inside the server,
// nobody sees or changes what belongs to others, and the server serves on.
//
// FUZZ_ROUNDS: requests per route, 4 by default. FUZZ_SEED: other requests.
import test, { type ExecutionContext } from "ava";
import { WebSocket } from "ws";
import { Keyring } from "../../actors/keyring/contract.ts";
import { errors } from "../../actors/shared/errors.ts";
import { createApiKey } from "../../gateway/auth/api-keys.ts";
import type { Rule } from "../../gateway/input/validate.ts";
import { routes } from "../../gateway/rest/routes.ts";
import { surfaceRoutes } from "../../gateway/surfaces/routes.ts";
import { clientFrames } from "../../gateway/ws/frames.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { eventually } from "../suites/eventually.ts";
import { type FuzzedRoute, fuzzedRequest } from "../support/fuzz/requests.ts";
import { bodyOf, jsonOf, oddText, oddValue } from "../support/fuzz/values.ts";
import { startModelNode } from "../support/llm/model-node.ts";
import { completion, done, finish, json, role, text, writes } from "../support/llm/openai-bytes.ts";
import { plausibleAnswer } from "../support/llm/plausible-answer.ts";
import { response, streamedResponse } from "../support/llm/response-bytes.ts";
import { Person } from "../support/person.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const rounds = Number(process.env.FUZZ_ROUNDS ?? 4);
const seed = Number(process.env.FUZZ_SEED ?? 1);
const secret = "what bob alone may read";
const admin = { username: "root", password: "correct horse battery" };
/** Words of a stack or of an exception, which no client may read. */
const inside =
  /node_modules|at file:|at async|TypeError|RangeError|SyntaxError|is not a function|Cannot read|URI malformed/;
const errorFields = { chat: "detail", nextchat: "error", gpt2api: "error", image: "message", v1: "error" } as const;
/** The error of calls on a server that has no LiveKit. */
/** What a server without LiveKit, and without a provider of identities, says. */
const notConfigured = [`"codeStr":"${errors["rtc.unavailable"].code}"`, "knows no provider of identities"];
const answerTimeoutMs = 20_000;

const params = { model: "string", stream: "boolean", n: "number", user: "string" } as const;
const chatShape: Readonly<Record<string, Rule>> = {
  ...params,
  messages: {
    ...{ type: "array" },
    items: { type: "object", props: { role: { type: "string", enum: ["user", "system", "tool"] }, content: "any" } },
  },
  ...{ max_tokens: "number", max_completion_tokens: "number", temperature: "number", tools: "any" },
  ...{ stream_options: "any", response_format: "any", provider: "string", session_id: { type: "string" } },
};

test("requests to the model surfaces", async (t) => {
  const world = await openWorld(t);
  for (const route of surfaceRoutes) {
    // The body of a chat is read by the relay, and not by a schema.
    const body = route.path.startsWith("/api/chat/") ? chatShape : route.body?.shape;
    const fuzzed = { ...route, query: route.query?.shape, body };
    await world.fuzz(fuzzed, route.auth, (body) =>
      route.surfaces.some(({ name }) => (body as Record<string, unknown>)[errorFields[name]] !== undefined),
    );
  }
  await world.isWhole();
});

test("requests to /v1", async (t) => {
  const world = await openWorld(t);
  for (const route of v1Routes) {
    await world.fuzz(route, "key", (body) => {
      const { error } = body as { error?: { message?: unknown; type?: unknown } };
      return typeof error?.message === "string" && typeof error.type === "string";
    });
  }
  await world.isWhole();
});

test("requests to /api/v1", async (t) => {
  const world = await openWorld(t);
  for (const route of routes) {
    const fuzzed = {
      ...{ method: route.method, path: `/api/v1${route.path}` },
      ...{ query: route.query?.shape, body: route.body?.shape },
    };
    await world.fuzz(fuzzed, route.auth, (body) => {
      const { code, message, trace_id: traceId } = body as Record<string, unknown>;
      return typeof code === "number" && typeof message === "string" && typeof traceId === "string";
    });
  }
  await world.isWhole();
});

test("frames of every socket", async (t) => {
  const { node, random, ids, chatId, isWhole, alice } = await openWorld(t);
  const shapes: Record<string, [string, Readonly<Record<string, Rule>>][]> = {
    [`/ws?deviceId=${alice.deviceId}`]: [...clientFrames].map(([type, { schema }]) => [type, schema.shape]),
    [`/ws/conversations/${chatId}?`]: [["message", {}]],
    [`/ws/${chatId}?`]: ["join_session", "typing", "ping"].map((type) => [type, {}]),
    "/api/chat/stream?": [["chat", chatShape]],
  };
  for (const [path, frames] of Object.entries(shapes)) {
    for (const [type, shape] of frames) {
      const socket = await openSocket(`ws://127.0.0.1:${node.port}${path}&token=${alice.token}`);
      for (let round = 0; round < rounds * 4; round += 1) {
        const data = bodyOf(shape, random, ids);
        const loose = {
          ...{ content: oddValue(random), payload: { sessionId: random.pick(ids), isTyping: oddValue(random) } },
          ...{ [oddText(random)]: oddValue(random) },
        };
        const frame = {
          ...loose,
          type: random.below(12) === 0 ? oddValue(random) : type,
          msgId: `m${round}`,
          data,
          ...data,
        };
        socket.ws.send(jsonOf(frame, random), { binary: random.below(20) === 0 });
      }
      await t.notThrowsAsync(socket.answers(path.startsWith("/ws?")), `${path} ${type}: ${socket.seen.slice(-3)}`);
      const seen = socket.seen.join("\n");
      t.notRegex(seen, inside, type);
      t.notRegex(seen, /"code":6\b|"code":5\b|Something went wrong/, type);
      t.false(seen.includes(secret), type);
      t.true([undefined, 1000, 1007, 1009, 4400].includes(socket.closeCode()), `${type}: ${socket.closeCode()}`);
      socket.ws.close();
    }
  }
  await isWhole();
});

test("a frame that is no text, or too large, closes its socket with the code that says so", async (t) => {
  const { node, chatId, alice, isWhole } = await openWorld(t);
  const tooLarge = Buffer.alloc(2 * 1024 * 1024 + 1, 0x20);
  const notText = Buffer.from([0x22, 0xc3, 0x28, 0x22]);
  for (const path of [`/ws/conversations/${chatId}`, `/ws/${chatId}`]) {
    for (const [bytes, code] of [
      [notText, 1007],
      [tooLarge, 1009],
    ] as const) {
      for (let round = 0; round < 2; round += 1) {
        const socket = await openSocket(`ws://127.0.0.1:${node.port}${path}?token=${alice.token}`);
        // The answers to these wait to be sent when the code is.
        for (let count = 0; count < 2_000; count += 1) socket.ws.send("{");
        socket.ws.send(bytes, { binary: false });
        await eventually(() => socket.closeCode() !== undefined);
        t.is(socket.closeCode(), code, path);
      }
    }
  }
  await isWhole();
});

const v1Routes: readonly FuzzedRoute[] = [
  {
    ...{ method: "POST", path: "/v1/chat/completions" },
    body: chatShape,
  },
  { method: "POST", path: "/v1/embeddings", body: { ...params, input: "any", encoding_format: "any" } },
  { method: "POST", path: "/v1/images/generations", body: { ...params, prompt: "string", size: "any" } },
  { method: "POST", path: "/v1/images/edits", body: { ...params, prompt: "string", image: "any" } },
  { method: "POST", path: "/v1/responses", body: { ...params, input: "any", background: "boolean", tools: "any" } },
  { method: "GET", path: "/v1/responses/:id", query: { stream: "string", starting_after: "string" } },
  { method: "DELETE", path: "/v1/responses/:id" },
  { method: "POST", path: "/v1/responses/:id/cancel" },
  { method: "GET", path: "/v1/models" },
  { method: "GET", path: "/v1/models/:id" },
  { method: "POST", path: "/v1/:id", body: params },
];

async function openWorld(t: ExecutionContext) {
  const model = await startModelNode({
    isSystem: true,
    env: {
      ...{ ADMIN_USERNAME: admin.username, ADMIN_PASSWORD: admin.password, MAX_MALFORMED_FRAMES: "1000" },
    },
  });
  t.teardown(() => model[Symbol.asyncDispose]());
  const { node, upstream } = model;
  const random = createSeededRandom(seed);
  const problems: string[] = [];
  upstream.always((call) => {
    const { path, body } = call.request;
    if (path.endsWith("/models")) return plausibleAnswer(call);
    const isStream = body.includes('"stream":true');
    if (path.includes("/responses")) return (isStream ? streamedResponse(["a"]) : json(response("completed")))(call);
    if (!path.includes("/chat/")) return json({ object: "list", data: [{ index: 0, embedding: [0.5] }] })(call);
    return (isStream ? writes(role, text("a"), finish(), done) : json(completion("a")))(call);
  });
  const client = new SurfaceClient(node);
  const bob = await Person.registers(node, "bob");
  client.token = bob.token;
  const bobs = (await client.posts("/api/sessions", { title: secret })).body.id as string;
  const said = await client.posts(`/api/sessions/${bobs}/messages`, { role: "user", content: secret });
  const ids = [bobs, String(said.body.id), bob.userId, "4503599627370001"];
  const alice = await registers();
  const chatId = await startChat(alice);
  const logins = new Map<string, { get: () => Promise<string>; token: string }>();
  for (const [auth, get] of Object.entries({
    user: async () => (await registers()).token,
    key: async () => keyOf((await registers()).userId),
    admin: loggedInAdmin,
  })) {
    logins.set(auth, { get, token: await get() });
  }

  /** With a conversation of its own, whose id requests may name. */
  async function registers(): Promise<Person> {
    const person = await Person.registers(node, "fuzzed");
    ids.push(person.userId, await startChat(person));
    return person;
  }
  async function startChat({ token }: Person): Promise<string> {
    const own = new SurfaceClient(node);
    own.token = token;
    return (await own.posts("/api/sessions", { title: "mine" })).body.id as string;
  }
  async function keyOf(ownerId: string): Promise<string> {
    const { key, hash, hint } = createApiKey(systemRandom);
    await node.node.actors.get(Keyring, "system").addKey({ hash, hint, ownerId, name: "fuzzed", limits: {} });
    return key;
  }
  async function loggedInAdmin(): Promise<string> {
    return (await new SurfaceClient(node).posts("/admin/login", admin)).body.token;
  }

  async function fuzz(route: FuzzedRoute, auth: string, isError: (body: unknown) => boolean) {
    for (let round = 0; round < rounds; round += 1) {
      const request = fuzzedRequest(route, random, ids);
      const login = logins.get(auth);
      const title = `${request.method} ${request.path} ${JSON.stringify(request.headers)} ${String(request.body).slice(0, 400)}`;
      const answer = await fetch(`http://127.0.0.1:${node.port}${request.path}`, {
        ...{ method: request.method, body: request.body, signal: AbortSignal.timeout(answerTimeoutMs) },
        headers: { ...request.headers, ...(login && { authorization: `Bearer ${login.token}` }) },
      });
      const body = await answer.text();
      const note = (problem: string) => problems.push(`${problem}: ${answer.status} ${body.slice(0, 300)} to ${title}`);
      if (answer.status >= 500 && !notConfigured.some((text) => body.includes(text))) note("failed inside");
      if (inside.test(body)) note("shows the inside");
      if (body.includes(secret)) note("shows what belongs to others");
      if (answer.status >= 400 && !(body.startsWith("{") && isError(JSON.parse(body)))) note("has another shape");
      // A request may have ended the login, as it may.
      if (login && answer.status === 401) login.token = await login.get();
    }
  }

  async function isWhole(): Promise<void> {
    t.deepEqual(problems, []);
    const reader = new SurfaceClient(node);
    reader.token = bob.token;
    const { body } = await reader.gets(`/api/sessions/${bobs}/messages`);
    t.deepEqual(
      body.data.map(({ content }: { content: string }) => content),
      [secret],
    );
    t.is((await reader.gets(`/api/sessions/${bobs}`)).body.title, secret);
    t.is((await fetch(`http://127.0.0.1:${node.port}/health`)).status, 200);
  }
  return { node, random, ids, chatId, alice, fuzz, isWhole };
}

async function openSocket(url: string) {
  const ws = new WebSocket(url);
  const seen: string[] = [];
  let code: number | undefined;
  ws.on("message", (data) => seen.push(String(data)));
  ws.on("close", (closed) => {
    code = closed;
  });
  ws.on("error", () => {});
  await eventually(() => ws.readyState === WebSocket.OPEN || code !== undefined);
  return {
    ...{ ws, seen },
    closeCode: () => code,
    /** Until the socket has answered what came last, or is closed. */
    async answers(isIm: boolean) {
      if (code === undefined) ws.send(isIm ? '{"type":"none of these","msgId":"last"}' : '{"type":"none of these"}');
      const before = seen.length;
      await eventually(
        () => code !== undefined || seen.some((frame) => frame.includes('"last"')) || (!isIm && seen.length > before),
      );
    },
  };
}
