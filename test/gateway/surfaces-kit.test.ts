// What all surfaces for clients of models share: which dialect a request speaks, how errors look, which origins may call.
import { createServer } from "node:net";
import test from "ava";
import { parseDialect, resolveDialect, splitPrefix } from "../../gateway/surfaces/kit/dialect.ts";
import { inWords } from "../../gateway/surfaces/kit/expected-words.ts";
import { silentLog } from "../support/silent-log.ts";
import { aliceId, startEdge } from "./rest-edge.ts";

const sessions = "/api/sessions";

for (const [why, facts, dialect] of [
  ["the prefix comes first", { path: "/v1/models", prefix: "image", header: "chat" }, "image"],
  ["then the header", { path: "/conversations", header: "004", port: "chat" }, "image"],
  ["a header that names no dialect says nothing", { path: sessions, header: "soap", port: "image" }, "image"],
  ["the one-to-one chat has paths of its own", { path: "/auth/login", port: "image" }, "chat"],
  ["and a socket", { path: "/ws/conversations/7" }, "chat"],
  ["administration and the OpenAI routes are of one product", { path: "/v1/models", claim: "chat" }, "gpt2api"],
  ["only the image surface has this registration", { path: "/api/auth/register" }, "image"],
  ["images", { path: "/api/images/upload", port: "nextchat" }, "image"],
  ["a socket of an image session", { path: "/ws/7" }, "image"],
  ["a path like one of them is another path", { path: "/authors", port: "image" }, "image"],
  ["shared routes: the port", { path: sessions, port: "image", claim: "nextchat" }, "image"],
  ["shared routes: the token", { path: sessions, claim: "image", body: { content: "" } }, "image"],
  ["shared routes: the body of a message", { path: sessions, body: { text: "hi" } }, "image"],
  ["shared routes: the images of a message", { path: sessions, body: { imageIds: [] } }, "image"],
  ["shared routes: content", { path: sessions, body: { content: "hi" } }, "nextchat"],
  ["a body that is no object", { path: sessions, body: "text" }, "nextchat"],
  ["nothing is known", { path: sessions }, "nextchat"],
] as const) {
  test(`a request speaks ${dialect}: ${why}`, (t) => t.is(resolveDialect(facts), dialect));
}

for (const [expected, said] of [
  ["stringMax 50", "at most 50 characters"],
  ["stringMin 1", "at least 1 character"],
  ["numberMax 100", "at most 100"],
  ["stringEnum a, b", "one of a, b"],
  ["an http or https address", "an http or https address"],
  ["required", "required"],
] as const) {
  test(`a refused field is explained in words: ${expected}`, (t) => t.is(inWords(expected), said));
}

test("a line of the log says who logged in, changed secrets or deleted something, and holds no secret", async (t) => {
  const lines: unknown[] = [];
  const log = { ...silentLog, info: (message: string, fields?: object) => void lines.push({ message, ...fields }) };
  await using edge = await startEdge({}, { log });
  const token = edge.tokenOf(aliceId);
  const secret = "sk-canary-0123456789";
  await edge.ask("POST", "/auth/login", { body: { username_or_email: "nobody", password: secret } });
  await edge.ask("PUT", "/auth/config", { token, body: { model_url: "https://m.test/v1", api_key: secret } });
  await edge.ask("DELETE", "/conversations/7", { token });
  await edge.ask("GET", "/auth/me", { token });
  t.like(lines, [
    { message: "audit: request", action: "POST /auth/login", userId: undefined },
    { message: "audit: request", action: "PUT /auth/config", userId: aliceId, status: 422 },
    { message: "audit: request", action: "DELETE /conversations/:id", params: { id: "7" }, userId: aliceId },
  ]);
  t.is(lines.length, 3);
  t.notRegex(JSON.stringify(lines), /canary/);
});

test("a prefix is taken off the path, and an unknown one is a path like any other", (t) => {
  t.deepEqual(splitPrefix("/compat/image/api/sessions"), { prefix: "image", path: "/api/sessions" });
  t.deepEqual(splitPrefix("/compat/001/auth/me"), { prefix: "chat", path: "/auth/me" });
  t.deepEqual(splitPrefix("/compat/chat"), { prefix: "chat", path: "/" });
  t.deepEqual(splitPrefix("/compat/soap/x"), { path: "/compat/soap/x" });
  t.is(parseDialect("003"), undefined);
});

test("an address without anything is answered in the shape of its surface, with the request's id", async (t) => {
  await using edge = await startEdge();
  const at = async (path: string, headers: Record<string, string> = {}) => {
    const { status, headers: answered, body } = await edge.ask("GET", path, { headers });
    t.is(status, 404, path);
    t.truthy(answered.get("x-request-id"), path);
    return body;
  };
  const message = "There is nothing at this address.";
  t.deepEqual(await at("/conversations/7/nothing"), { detail: message });
  t.deepEqual(await at("/v1/nothing"), {
    error: { message, type: "invalid_request_error", param: null, code: "common.not_found" },
  });
  t.deepEqual(await at("/api/images/7/nothing"), { success: false, error: message, message, code: "000011" });
  t.deepEqual(await at("/api/nothing"), { error: { code: "000011", message }, message });
  t.like(await at("/api/nothing", { "x-api-dialect": "image" }), { success: false });
  t.like(await at("/compat/image/api/nothing"), { success: false });
  t.like(await at("/api/v1/nothing"), { code: 11, message });
});

test("X-Request-Id of a client is kept", async (t) => {
  await using edge = await startEdge();
  const { headers } = await edge.ask("GET", "/api/nothing", { headers: { "x-request-id": "req-7" } });
  t.is(headers.get("x-request-id"), "req-7");
});

test("a port of a surface serves the same, in its dialect", async (t) => {
  const port = await freePort();
  const surfaces = {
    compatPorts: [{ port, dialect: "image" as const }],
    allowedOrigins: [],
    registration: "open" as const,
  };
  await using edge = await startEdge({}, { surfaces });
  const answer = await fetch(`http://127.0.0.1:${port}/api/nothing`);
  t.like(await answer.json(), { success: false });
  const elsewhere = await fetch(`http://127.0.0.1:${port}/nothing`);
  t.deepEqual([elsewhere.status, ((await elsewhere.json()) as { success: boolean }).success], [404, false]);
  t.like((await edge.ask("GET", "/api/nothing")).body, { error: { code: "000011" } });
  t.is((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
});

test("a page of an allowed origin may call, and another one may not", async (t) => {
  const allowedOrigins = ["https://chat.example.test"];
  await using edge = await startEdge({}, { surfaces: { compatPorts: [], allowedOrigins, registration: "open" } });
  const from = (origin: string) => ({ origin, "access-control-request-method": "PUT" });
  const asked = { "access-control-request-headers": "authorization" };
  const good = await edge.ask("OPTIONS", "/auth/config", {
    headers: { ...from("https://chat.example.test"), ...asked },
  });
  t.is(good.status, 204);
  t.is(good.headers.get("access-control-allow-origin"), "https://chat.example.test");
  t.is(good.headers.get("access-control-allow-headers"), "authorization");
  t.regex(good.headers.get("access-control-allow-methods") ?? "", /PUT/);
  const bad = await edge.ask("OPTIONS", "/auth/config", { headers: from("https://evil.example.test") });
  t.is(bad.headers.get("access-control-allow-origin"), null);
  const read = await edge.ask("GET", "/health", {
    headers: { origin: "https://chat.example.test" },
    token: edge.tokenOf(aliceId),
  });
  t.is(read.headers.get("access-control-allow-origin"), "https://chat.example.test");
  t.is(read.headers.get("access-control-allow-credentials"), null);
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
