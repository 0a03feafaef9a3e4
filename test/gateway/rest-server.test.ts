import { connect } from "node:net";
import test from "ava";
import { routes } from "../../gateway/rest/routes.ts";
import { surfaceRoutes } from "../../gateway/surfaces/routes.ts";
import { v1Routes } from "../../gateway/v1/routes.ts";
import { aliceId, startEdge } from "./rest-edge.ts";

test("the reference names every route, its fields and every error", async (t) => {
  await using edge = await startEdge();
  const { body: api } = await edge.ask("GET", "/openapi.json");
  const described = Object.values<object>(api.paths).flatMap((methods) => Object.keys(methods));
  t.is(described.length, routes.length + surfaceRoutes.length + v1Routes.length);
  t.is(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size, routes.length);
  const pin = api.paths["/sessions/{id}/pin"].put;
  t.deepEqual(pin.parameters[0], { name: "id", in: "path", required: true, schema: { type: "string" } });
  t.deepEqual(pin.requestBody.content["application/json"].schema.properties.pinned, { type: "boolean" });
  t.true(api["x-errors"].some((error: { code: string }) => error.code === "010101"));
  const docs = await edge.ask("GET", "/docs");
  t.regex(docs.body, /\/sessions\/\{id\}\/pin/);
  t.is((await edge.ask("GET", "/")).status, 200);
});

test("the reference is complete for programs, and its pages load nothing from elsewhere", async (t) => {
  await using edge = await startEdge();
  const { body: api } = await edge.ask("GET", "/openapi.json");
  type Described = {
    operationId: string;
    parameters: { name: string; in: string }[];
    responses: Record<string, unknown>;
  };
  const ids = new Set<string>();
  for (const [path, methods] of Object.entries<Record<string, Described>>(api.paths)) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { operationId, parameters, responses } of Object.values(methods)) {
      t.deepEqual(
        parameters.filter((each) => each.in === "path").map(({ name }) => name),
        inPath,
        operationId,
      );
      t.true(Object.keys(responses).some((status) => status.startsWith("2")));
      t.false(ids.has(operationId), operationId);
      ids.add(operationId);
    }
  }
  for (const [, ref] of JSON.stringify(api).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
    t.truthy(api.components.schemas[ref!]);
  }
  for (const page of ["/", "/docs"]) {
    const { body } = await edge.ask("GET", page);
    t.notRegex(body, /<script|<link|<img|@import|url\(|(?:href|src)="https?:/, `${page} is whole by itself`);
    t.regex(body, /width=device-width/);
    for (const [, id] of body.matchAll(/href="#([^"]+)"/g)) t.true(body.includes(`id="${id}"`), id);
  }
});

test("health, readiness and metrics have pages for machines", async (t) => {
  const parts = { journal: { ok: false, detail: "closed" } };
  const health = {
    ready: async () => ({ ready: false, draining: false, parts, durability: "none" }),
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", body: "parley_up 1\n" }),
  };
  await using edge = await startEdge({}, { health });
  const alive = await edge.ask("GET", "/health");
  t.is(alive.status, 503);
  t.like(alive.body, { status: "unavailable", stores: { journal: "unavailable" }, sockets: 3 });
  const ready = await edge.ask("GET", "/ready");
  t.is(ready.status, 503);
  t.like(ready.body, { ready: false, durability: "none", parts });
  t.is((await edge.ask("GET", "/metrics")).body, "parley_up 1\n");
});

/** The answer to bytes that no HTTP client would send. */
function sendRaw(port: number, bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", reject);
  socket.on("close", () => resolve(answer));
  return promise;
}

test("sockets are upgraded at /ws only, and bytes that are not HTTP are refused", async (t) => {
  await using edge = await startEdge();
  const upgrade = (path: string) =>
    sendRaw(edge.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`);
  t.regex(await upgrade("/ws?token=x"), /^HTTP\/1.1 101 /);
  t.regex(await upgrade("/elsewhere"), /^HTTP\/1.1 404 /);
  t.deepEqual(edge.upgrades, ["/ws?token=x"]);
  edge.state.refused = "ws.connect.ip";
  t.regex(await upgrade("/ws?token=x"), /^HTTP\/1.1 429 /, "one address does not take every place");
  t.is(edge.upgrades.length, 1);
  t.regex(await sendRaw(edge.port, "HELLO\r\n\r\n"), /^HTTP\/1.1 400 /);
  t.regex(
    await sendRaw(edge.port, `GET /health HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1.1 431 /,
  );
});

test("a draining host answers /ready with 503, and other requests until it closes", async (t) => {
  let draining = false;
  const health = {
    ready: async () => ({ ready: !draining, draining, parts: {}, durability: "none" }),
    metrics: async () => ({ contentType: "text/plain", body: "" }),
  };
  await using edge = await startEdge({}, { health });
  t.is((await edge.ask("GET", "/ready")).status, 200);
  draining = true;
  await edge.server.drain();
  const ready = await edge.ask("GET", "/ready");
  t.deepEqual([ready.status, ready.body.draining], [503, true]);
  t.is((await edge.ask("GET", "/health")).status, 200);
});

test("a port that is taken is an error, not a crash", async (t) => {
  await using edge = await startEdge();
  const second = await startEdge();
  await second.server.close();
  await t.throwsAsync(second.server.listen(edge.port, "127.0.0.1"), { code: "EADDRINUSE" });
});

test("a client that hangs up in the middle of its body leaves nothing behind", async (t) => {
  await using edge = await startEdge();
  const socket = connect(edge.port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write("POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  socket.destroy();
  t.is((await edge.ask("GET", "/health")).status, 200);
  t.is(edge.logged.length, 0);
});

test("a request whose client hangs up before its body is read comes to an end", async (t) => {
  const ended: string[] = [];
  const metrics = {
    ...{ connections() {}, frameIn() {}, framesOut() {}, closed() {}, gap() {} },
    request: (route: string) => void ended.push(route),
  };
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<{ active: boolean }>();
  const script = {
    "session.isActive"() {
      asked.resolve();
      return answer.promise;
    },
  };
  await using edge = await startEdge(script, { metrics });
  const socket = connect(edge.port, "127.0.0.1");
  socket.write(
    `PUT /api/v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${edge.tokenOf(aliceId)}\r\nContent-Length: 9\r\n\r\n{`,
  );
  await asked.promise;
  socket.destroy();
  await edge.ask("GET", "/health"); // by now the server has seen the end of the other connection
  await edge.ask("GET", "/health");
  answer.resolve({ active: true });
  for (let tries = 0; tries < 100 && ended.length < 3; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  t.deepEqual(ended.toSorted(), ["GET /health", "GET /health", "PUT /users/me"]);
});
