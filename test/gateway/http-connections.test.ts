// What one connection, and one address, may do to a gateway's places and to the order of its own requests.
import { connect, type Socket } from "node:net";
import test from "ava";
import { defaultGatewayLimits } from "../../gateway/limits.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { aliceId, aliceProfile, startEdge } from "./rest-edge.ts";

/** Resolves with all that the server said, when the connection is gone. */
function gone(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let said = "";
  socket.on("data", (chunk) => {
    said += chunk;
  });
  socket.on("error", () => {});
  socket.on("close", () => resolve(said));
  return promise;
}

function opened(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(port, "127.0.0.1", () => resolve(socket));
  socket.on("error", reject);
  return promise;
}

/** Keeps its half open when the server has ended, and never stops talking. */
async function refusedAndIgnoring(port: number, request: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const end = gone(socket);
  socket.write(request);
  await new Promise((resolve) => socket.once("end", resolve));
  const talking = setInterval(() => socket.write("x"), 20);
  const said = await end;
  clearInterval(talking);
  return said;
}

/** The status of a request, as soon as its address has a place; 0 when it gets none. */
async function answeredSoon(edge: Awaited<ReturnType<typeof startEdge>>): Promise<number> {
  let status = 0;
  for (let tries = 0; tries < 200 && status !== 200; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    status = (await edge.ask("GET", "/health").catch(() => ({ status: 0 }))).status;
  }
  return status;
}

// Twenty times faster, so that no test waits for the grace of a refusal.
const quickClock = { ...systemClock, after: (ms: number, act: () => void) => systemClock.after(ms / 20, act) };

test("a refused client that ignores the end of its connection is cut off", async (t) => {
  await using edge = await startEdge({}, { clock: quickClock });
  t.regex(await refusedAndIgnoring(edge.port, "HELLO\r\n\r\n"), /^HTTP\/1.1 400 /);
  edge.state.refused = "ws.connect.ip";
  const upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  t.regex(await refusedAndIgnoring(edge.port, upgrade), /^HTTP\/1.1 429 /);
});

test("one address does not take every place of a gateway", async (t) => {
  const limits = { ...defaultGatewayLimits, maxConnectionsPerAddress: 3 };
  await using edge = await startEdge({}, { limits });
  const first = await Promise.all([1, 2, 3].map(() => opened(edge.port)));
  t.is(await gone(await opened(edge.port)), "", "the fourth is dropped without an answer");
  first[0]?.destroy();
  t.is(await answeredSoon(edge), 200, "a place that was left is free again");
  for (const socket of first) socket.destroy();
});

test("a client that never reads its answer is cut off, and keeps neither a place nor the answer's memory", async (t) => {
  const limits = { ...defaultGatewayLimits, maxConnectionsPerAddress: 1, answerStallMs: 200 };
  const health = {
    ready: async () => ({ ready: true, draining: false, parts: {}, durability: "none" }),
    metrics: async () => ({ contentType: "text/plain", body: "x".repeat(64 * 1024 * 1024) }),
  };
  await using edge = await startEdge({}, { limits, health });
  const socket = await opened(edge.port);
  socket.pause();
  socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  t.is(await answeredSoon(edge), 200);
  socket.destroy();
});

test("behind a trusted proxy all clients have one address, and none is dropped for it", async (t) => {
  const limits = { ...defaultGatewayLimits, maxConnectionsPerAddress: 1 };
  await using edge = await startEdge({}, { limits, trustedProxies: 1 });
  const sockets = await Promise.all([1, 2, 3].map(() => opened(edge.port)));
  t.is((await edge.ask("GET", "/health")).status, 200);
  t.true(sockets.every((socket) => !socket.destroyed));
  for (const socket of sockets) socket.destroy();
});

test("an upgrade that is not known here is ignored, and the request answered", async (t) => {
  await using edge = await startEdge({ "user.profile": () => aliceProfile });
  const token = edge.tokenOf(aliceId);
  const offer = "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__";
  for (const path of ["/health", "/api/v1/users/me"]) {
    const socket = await opened(edge.port);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n${offer}\r\n\r\n`);
    t.regex(await gone(socket), /^HTTP\/1.1 200 /, path);
  }
  const socket = await opened(edge.port);
  const body = '{"nickname":""}';
  socket.write(
    `PUT /api/v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n${offer}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  t.regex(await gone(socket), /"code":1,/, "with its body");
});

test("requests sent in one go on one connection take effect in their order", async (t) => {
  const done: string[] = [];
  let waitMs = 60;
  await using edge = await startEdge({
    async "user.updateProfile"({ input }) {
      waitMs /= 2; // the first takes longest
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      done.push(input.patch.nickname);
      return { ...aliceProfile, ...input.patch };
    },
  });
  const names = ["first", "second", "third", "fourth"];
  const requests = names.map((nickname, n) => {
    const body = JSON.stringify({ nickname });
    const last = n === names.length - 1 ? "Connection: close\r\n" : "";
    return `PUT /api/v1/users/me HTTP/1.1\r\nHost: x\r\n${last}Authorization: Bearer ${edge.tokenOf(aliceId)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  const socket = await opened(edge.port);
  socket.write(requests.join(""));
  const said = await gone(socket);
  t.deepEqual(done, names);
  t.deepEqual(
    [...said.matchAll(/"nickname":"(\w+)"/g)].map(([, name]) => name),
    names,
  );
});

test("a connection that sends far more requests than it reads answers of is closed", async (t) => {
  await using edge = await startEdge({ "user.profile": () => new Promise(() => {}) });
  const socket = await opened(edge.port);
  const request = `GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${edge.tokenOf(aliceId)}\r\n\r\n`;
  socket.write(request.repeat(1_000));
  t.is(await gone(socket), "");
});

/** Renames alice to one name after the other in one write, with `between` behind the first. */
function renames(edge: Awaited<ReturnType<typeof startEdge>>, { between = "", first = "" }): string {
  const rename = (nickname: string, header: string) => {
    const body = JSON.stringify({ nickname });
    return `PUT /api/v1/users/me HTTP/1.1\r\nHost: x\r\n${header}Authorization: Bearer ${edge.tokenOf(aliceId)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  return rename("first", first) + between + rename("second", "");
}

async function renamed(more: { between?: string; first?: string }) {
  const done: string[] = [];
  await using edge = await startEdge({
    async "user.updateProfile"({ input }) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      done.push(input.patch.nickname);
      return { ...aliceProfile, ...input.patch };
    },
  });
  const socket = await opened(edge.port);
  const end = gone(socket);
  socket.write(renames(edge, more));
  const said = await end;
  return { done, statuses: [...said.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status), said };
}

test("bytes that are no request are refused behind the answers to the requests before them", async (t) => {
  const { done, statuses, said } = await renamed({ between: "NONSENSE\r\n\r\n" });
  t.deepEqual([done, statuses], [["first"], ["200", "400"]]);
  t.regex(said, /"code":90103,/);
});

test("an upgrade that is refused is answered behind the requests before it", async (t) => {
  await using edge = await startEdge({
    async "user.profile"() {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return aliceProfile;
    },
  });
  edge.state.refused = "ws.connect.ip";
  const socket = await opened(edge.port);
  const end = gone(socket);
  socket.write(
    `GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${edge.tokenOf(aliceId)}\r\n\r\nGET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  const said = await end;
  t.deepEqual(
    [...said.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status),
    ["200", "429"],
  );
  t.regex(said, /Retry-After: 3\r\n/);
});

test("a request that asks to close the connection is the last one, and is answered", async (t) => {
  const { done, statuses } = await renamed({ first: "Connection: close\r\n" });
  t.deepEqual([done, statuses], [["first"], ["200"]]);
});

test("what is refused before it is a request gets an envelope like every other refusal", async (t) => {
  await using edge = await startEdge();
  for (const [request, status, code] of [
    ["HELLO\r\n\r\n", 400, 90_103],
    [`GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`, 431, 13],
    ["GET http://[::bad/api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 90_103],
  ] as const) {
    const socket = await opened(edge.port);
    const end = gone(socket);
    socket.write(request);
    const [head = "", body = ""] = (await end).split("\r\n\r\n");
    t.true(head.startsWith(`HTTP/1.1 ${status} `), head);
    t.like(JSON.parse(body), { code });
    t.regex(JSON.parse(body).trace_id, /^[0-9a-f]{32}$/);
  }
  t.deepEqual(edge.logged, [], "none of them is an error of the server");
});

test("a target may name the host, as proxies send it", async (t) => {
  await using edge = await startEdge({ "user.profile": () => aliceProfile });
  const socket = await opened(edge.port);
  const end = gone(socket);
  socket.write(
    `GET http://x/api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${edge.tokenOf(aliceId)}\r\n\r\n`,
  );
  t.regex(await end, /^HTTP\/1.1 200 /);
});

test("a refusal that does not read the body keeps the connection, unless the body may be large", async (t) => {
  await using edge = await startEdge();
  const refused = "POST /api/v1/groups HTTP/1.1\r\nHost: x\r\n";
  const next = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  for (const [body, statuses] of [
    ['Content-Length: 12\r\n\r\n{"name":"a"', ["401", "200"]],
    ["Content-Length: 999999999\r\n\r\n", ["401"]],
    ["Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", ["401"]],
  ] as const) {
    const socket = await opened(edge.port);
    const end = gone(socket);
    socket.write(refused + body);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.write(`}${next}`);
    t.deepEqual(
      [...(await end).matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status),
      statuses,
    );
  }
});

test("a body that does not come is refused", async (t) => {
  await using edge = await startEdge({}, { clock: quickClock });
  const socket = await opened(edge.port);
  const end = gone(socket);
  const token = edge.tokenOf(aliceId);
  socket.write(
    `PUT /api/v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 20\r\n\r\n{`,
  );
  t.regex(await end, /^HTTP\/1.1 408 /);
});
