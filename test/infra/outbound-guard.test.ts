// Addresses that users give lead to no place inside: a canary on loopback sees no connection.
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server as SocketServer } from "node:net";
import test, { type ExecutionContext } from "ava";
import { Agent, request } from "undici";
import { isPublicAddress } from "../../infra/llm/guard/addresses.ts";
import { parseAllowed } from "../../infra/llm/guard/allowed.ts";
import { createGuardedFetch } from "../../infra/llm/guard/fetch.ts";
import { guardedConnect, UnreachableError } from "../../infra/llm/guard/guard.ts";

const limits = { maxBytes: 10_000, timeoutMs: 2_000 };
const nothing = parseAllowed([]);

test("public addresses are open; private, local, reserved and disguised ones are closed", (t) => {
  for (const address of ["1.1.1.1", "93.184.215.14", "172.15.255.255", "172.32.0.0", "2606:4700::1111", "2a00::1"]) {
    t.true(isPublicAddress(address), address);
  }
  for (const address of [
    ...["0.0.0.0", "127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    ...["169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1"],
    ...["224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1"],
    ...["::", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
    ...["2001:0:1::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"],
    ...["::ffff:0:127.0.0.1", "0:0:0:0:0:ffff:127.0.0.1", "", "localhost", "127.1"],
  ]) {
    t.false(isPublicAddress(address), address);
  }
});

test("the canary on loopback gets no connection in whatever spelling", async (t) => {
  const canary = await startCanary(t);
  const { port } = canary;
  const get = fetchWith(t, { allowed: nothing });
  for (const host of [
    ...["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1", "127.0.0.1."],
    ...["127。0。0。1", "１２７.0.0.1", "%31%32%37.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"],
    ...["0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.", "[0:0:0:0:0:0:0:1]"],
  ]) {
    await t.throwsAsync(get(`http://${host}:${port}/secret`), { instanceOf: UnreachableError }, host);
  }
  t.is(canary.connections, 0);
});

test("other schemes, a user name before the host, and ports of other services are refused", async (t) => {
  const canary = await startCanary(t);
  const get = fetchWith(t, { allowed: parseAllowed([`127.0.0.1:${canary.port}`]) });
  for (const url of [
    ...[`ftp://127.0.0.1:${canary.port}/`, "file:///etc/passwd", "gopher://127.0.0.1/", "data:text/plain,x", "x"],
    `http://vendor.test@127.0.0.1:${canary.port}/`,
  ]) {
    await t.throwsAsync(get(url), { instanceOf: UnreachableError }, url);
  }
  t.is(canary.connections, 0);
  const open = fetchWith(t, { allowed: nothing, resolve: async () => ["127.0.0.1"] });
  await t.throwsAsync(open("http://mail.test:25/"), { instanceOf: UnreachableError });
});

test("a name with a closed address among its addresses is closed, and so is one that resolves to nothing", async (t) => {
  const canary = await startCanary(t);
  for (const addresses of [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["169.254.169.254"], ["::1"], []]) {
    const get = fetchWith(t, { allowed: nothing, resolve: async () => addresses });
    await t.throwsAsync(get(`http://api.vendor.test:${canary.port}/`), { instanceOf: UnreachableError });
  }
  t.is(canary.connections, 0);
});

test("a name that resolves to a public address and then to loopback: each connection goes to what was checked", async (t) => {
  const canary = await startCanary(t);
  const answers = ["192.0.2.77", "127.0.0.1", "127.0.0.1"];
  let asked = 0;
  // 192.0.2.77 is closed by itself and open here: nothing answers there.
  const allowed = parseAllowed(["192.0.2.77"]);
  const resolve = async () => [answers[asked++] ?? "127.0.0.1"];
  const connect = guardedConnect({ allowed, resolve });
  const agent = new Agent({ connect, headersTimeout: 500 });
  t.teardown(() => agent.destroy());
  const url = `http://rebind.test:${canary.port}/`;
  const first = request(url, { dispatcher: agent, signal: AbortSignal.timeout(500) });
  await t.throwsAsync(first);
  t.is(asked, 1, "resolved once: the connection did not ask for the name again");
  await t.throwsAsync(request(url, { dispatcher: agent, signal: AbortSignal.timeout(2_000) }));
  t.true(asked >= 1);
  t.is(canary.connections, 0);
});

test("an allowed name is resolved once, and the server sees the name", async (t) => {
  const hosts: (string | undefined)[] = [];
  const { port } = await startServer(t, (incoming, response) => {
    hosts.push(incoming.headers.host);
    response.end("picture");
  });
  let asked = 0;
  const resolve = async () => {
    asked += 1;
    return ["127.0.0.1"];
  };
  const get = fetchWith(t, { allowed: parseAllowed([`Models.Test:${port}`]), resolve });
  t.is(Buffer.from((await get(`http://models.test:${port}/v1`)).bytes).toString(), "picture");
  t.deepEqual(hosts, [`models.test:${port}`]);
  t.is(asked, 1);
  await t.throwsAsync(get(`http://other.test:${port}/v1`), { instanceOf: UnreachableError });
});

test("a redirect is checked like the first address, and carries nothing along", async (t) => {
  const canary = await startCanary(t);
  const seen: string[] = [];
  const { port } = await startServer(t, (incoming, response) => {
    seen.push(`${incoming.url} ${incoming.headers.authorization ?? ""}${incoming.headers.cookie ?? ""}`);
    if (incoming.url === "/in") response.writeHead(302, { location: `http://127.0.0.1:${canary.port}/` }).end();
    else if (incoming.url === "/scheme") response.writeHead(307, { location: "file:///etc/passwd" }).end();
    else if (incoming.url === "/loop") response.writeHead(302, { location: "/loop" }).end();
    else if (incoming.url === "/near") response.writeHead(301, { location: "/done" }).end();
    else response.writeHead(200, { "content-type": "image/png; x=1" }).end("png");
  });
  const get = fetchWith(t, { allowed: parseAllowed([`127.0.0.1:${port}`]) });
  for (const path of ["in", "scheme", "loop"]) {
    await t.throwsAsync(get(`http://127.0.0.1:${port}/${path}`), { instanceOf: UnreachableError }, path);
  }
  t.is((await get(`http://127.0.0.1:${port}/near`)).mime, "image/png");
  t.is(seen.filter((line) => line.startsWith("/loop")).length, 4);
  t.true(seen.every((line) => line.endsWith(" ")));
  t.is(canary.connections, 0);
});

test("an endless body, a body above the limit and a slow one end within the limits", async (t) => {
  const { port } = await startServer(t, (incoming, response) => {
    if (incoming.url === "/large") response.end("x".repeat(limits.maxBytes + 1));
    else if (incoming.url === "/endless") void writeForEver(response);
    else response.write("x");
  });
  const get = fetchWith(t, { allowed: parseAllowed([`127.0.0.1:${port}`]) }, { ...limits, timeoutMs: 500 });
  for (const path of ["large", "endless", "slow"]) {
    const startedMs = performance.now();
    await t.throwsAsync(get(`http://127.0.0.1:${port}/${path}`), { instanceOf: UnreachableError }, path);
    t.true(performance.now() - startedMs < 2_000, path);
  }
});

test("the error does not tell a closed address from an open one that nobody listens at", async (t) => {
  const canary = await startCanary(t);
  const free = await startCanary(t);
  await free.stop();
  const closed = await t.throwsAsync(fetchWith(t, { allowed: nothing })(`http://127.0.0.1:${canary.port}/`));
  const silent = await t.throwsAsync(
    fetchWith(t, { allowed: parseAllowed(["127.0.0.0/8"]) })(`http://127.0.0.1:${free.port}/`),
  );
  t.deepEqual([closed.name, closed.message], [silent.name, silent.message]);
});

test("a caller's abort is the caller's own error", async (t) => {
  const { port } = await startServer(t, () => {});
  const aborted = new AbortController();
  const fetched = createGuardedFetch({ allowed: parseAllowed([`127.0.0.1:${port}`]) }, limits);
  t.teardown(() => fetched.close());
  setTimeout(() => aborted.abort(), 50);
  await t.throwsAsync(fetched.get(`http://127.0.0.1:${port}/`, aborted.signal), { name: "AbortError" });
});

test("entries of OUTBOUND_ALLOW open what they name and nothing beside it", (t) => {
  const allowed = parseAllowed(["10.0.0.0/8", "127.0.0.1:8080", "[::1]:9000", "fd00::/8", "ollama", "gpu.lan:1234"]);
  t.true(allowed.hasAddress("10.200.3.4", 1));
  t.false(allowed.hasAddress("11.0.0.1", 1));
  t.true(allowed.hasAddress("127.0.0.1", 8_080));
  t.true(allowed.hasAddress("::ffff:127.0.0.1", 8_080), "one address in two spellings");
  t.false(allowed.hasAddress("127.0.0.1", 8_081));
  t.false(allowed.hasAddress("127.0.0.2", 8_080));
  t.true(allowed.hasAddress("::1", 9_000));
  t.true(allowed.hasAddress("fd12::1", 443));
  t.true(allowed.hasName("OLLAMA.", 11_434));
  t.true(allowed.hasName("gpu.lan", 1_234));
  t.false(allowed.hasName("gpu.lan", 80));
  t.false(allowed.hasName("x.gpu.lan", 1_234));
  for (const wrong of ["http://a", "10.0.0.0/33", "a:99999", "[::1", "a b", "::1/129", "host/8"]) {
    t.throws(() => parseAllowed([wrong]), { message: /is no host/ }, wrong);
  }
});

function fetchWith(t: ExecutionContext, deps: Parameters<typeof createGuardedFetch>[0], caps = limits) {
  const fetched = createGuardedFetch(deps, caps);
  t.teardown(() => fetched.close());
  return (url: string) => fetched.get(url);
}

async function startServer(t: ExecutionContext, answer: RequestListener): Promise<{ port: number }> {
  const server = createServer(answer);
  return { port: await listen(t, server) };
}

/** A server inside that must never be reached. */
async function startCanary(t: ExecutionContext) {
  const canary = { port: 0, connections: 0, stop: () => stop(server) };
  const server = createSocketServer((socket) => {
    canary.connections += 1;
    socket.destroy();
  });
  canary.port = await listen(t, server);
  return canary;
}

async function listen(t: ExecutionContext, server: Server | SocketServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.teardown(() => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function stop(server: SocketServer): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

async function writeForEver(response: NodeJS.WritableStream & { destroyed?: boolean }): Promise<void> {
  while (!response.destroyed) {
    response.write("x".repeat(1_000));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
