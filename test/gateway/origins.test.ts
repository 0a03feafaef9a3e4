// Pages of other origins: which may call REST, and which may open a socket.
import { request } from "node:http";
import test from "ava";
import { startTestNode } from "../support/start-node.ts";

const page = "https://chat.example.test";

async function preflight(port: number, origin: string, path = "/api/v1/users/me"): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "authorization,content-type,idempotency-key",
    },
  });
}

/** The status of the answer to an upgrade. */
function upgrade(port: number, path: string, headers: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const asked = request({
    ...{ port, path, host: "127.0.0.1" },
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": Buffer.alloc(16, 7).toString("base64"),
      ...headers,
    },
  });
  asked.on("upgrade", ({ statusCode }, socket) => {
    socket.destroy();
    resolve(statusCode ?? 0);
  });
  asked.on("response", (answer) => {
    answer.resume();
    resolve(answer.statusCode ?? 0);
  });
  asked.on("error", reject);
  asked.end();
  return promise;
}

test("a page that the operator lists may ask before its login, and reads the headers that clients need", async (t) => {
  await using node = await startTestNode({ env: { ALLOWED_ORIGINS: `https://other.example.test, ${page}` } });
  const asked = await preflight(node.port, page);
  t.true([200, 204].includes(asked.status));
  t.is(asked.headers.get("access-control-allow-origin"), page);
  t.regex(asked.headers.get("access-control-allow-methods") ?? "", /PUT/);
  t.regex(asked.headers.get("access-control-allow-headers") ?? "", /authorization,content-type,idempotency-key/);
  t.true(Number(asked.headers.get("access-control-max-age")) > 0);
  t.regex(asked.headers.get("vary") ?? "", /Origin/);
  t.is(asked.headers.get("access-control-allow-credentials"), null);

  const refused = await fetch(`http://127.0.0.1:${node.port}/api/v1/users/me`, { headers: { origin: page } });
  t.is(refused.status, 401);
  t.is(refused.headers.get("access-control-allow-origin"), page);
  for (const name of ["X-Trace-Id", "Retry-After", "ETag", "Content-Range"]) {
    t.true(refused.headers.get("access-control-expose-headers")?.includes(name), name);
  }
});

test("no other page may call, and caches keep the answers of origins apart", async (t) => {
  await using node = await startTestNode({ env: { ALLOWED_ORIGINS: page } });
  for (const origin of [
    "https://evil.example.test",
    "null",
    "http://chat.example.test",
    `${page}:8443`,
    `${page}.evil.test`,
  ]) {
    const asked = await preflight(node.port, origin);
    t.is(asked.headers.get("access-control-allow-origin"), null, origin);
    t.regex(asked.headers.get("vary") ?? "", /Origin/, origin);
  }
});

test("a page of this server may call it whatever is listed", async (t) => {
  await using node = await startTestNode();
  const own = `http://127.0.0.1:${node.port}`;
  t.is((await preflight(node.port, own)).headers.get("access-control-allow-origin"), own);
  t.is(await upgrade(node.port, "/ws", { origin: own }), 101);
  t.is(await upgrade(node.port, "/ws", { origin: "https://chat.example.org", host: "chat.example.org" }), 101);
});

test("a socket opens for listed pages and for clients that are no page, and for no other page", async (t) => {
  await using node = await startTestNode({ env: { ALLOWED_ORIGINS: page } });
  t.is(await upgrade(node.port, "/ws", {}), 101);
  t.is(await upgrade(node.port, "/ws", { origin: page }), 101);
  for (const origin of ["https://evil.example.test", "null", "nonsense"]) {
    t.is(await upgrade(node.port, "/ws", { origin }), 403, origin);
    t.is(await upgrade(node.port, "/ws?token=x&deviceId=d&platform=Web", { origin }), 403, origin);
  }
});

test("with * in development every page may call and open sockets", async (t) => {
  await using node = await startTestNode({ env: { ALLOWED_ORIGINS: "*" } });
  t.is((await preflight(node.port, page)).headers.get("access-control-allow-origin"), page);
  t.is(await upgrade(node.port, "/ws", { origin: page }), 101);
});
