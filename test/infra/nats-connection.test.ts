// The one connection of a host to NATS: what it survives, and what it tells.
import { createServer, type Server } from "node:net";
import { connectNats, type NatsConnection, type NatsOptions, type NatsStatus } from "../../infra/nats/connection.ts";
import { NatsError } from "../../infra/nats/errors.ts";
import { eventually } from "../suites/eventually.ts";
import { NatsWorld } from "../support/nats-world.ts";
import { needs } from "../support/needs.ts";

const test = needs("nats");

const patienceMs = 60_000;
const log = { info() {}, warn() {}, error() {} };

async function world(t: { teardown(end: () => Promise<void>): void }, size: 1 | 3): Promise<NatsWorld> {
  const made = await NatsWorld.start(size);
  t.teardown(() => made.close());
  return made;
}

function listen(connection: NatsConnection): NatsStatus[] {
  const told: NatsStatus[] = [];
  connection.onStatus((status) => told.push(status));
  return told;
}

/** Answers as a server that knows no such user. */
async function startRefusing(): Promise<{ url: string; server: Server }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write('INFO {"server_id":"x","version":"2.15.2","proto":1,"max_payload":1048576,"headers":true}\r\n');
    socket.once("data", () => socket.end("-ERR 'Authorization Violation'\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { url: `nats://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, server };
}

test.serial("where nobody answers the first connect ends with an error that names the address", async (t) => {
  const url = "nats://127.0.0.1:1";
  const error = await t.throwsAsync(connectNats({ urls: [url], name: "host", log, firstConnectMs: 300 }), {
    instanceOf: NatsError,
  });
  t.is(error.kind, "unreachable");
  t.true(error.message.includes(url));
});

test.serial("a server that comes a little later is waited for", async (t) => {
  const { nats } = await world(t, 1);
  await nats.servers[0]?.kill9();
  const connecting = connectNats({ urls: nats.urls, name: "host", log });
  await nats.servers[0]?.restart();
  const connection = await connecting;
  t.true(connection.isConnected());
  await connection.close();
});

test.serial("wrong credentials end the first connect at once, and stand in no message", async (t) => {
  const { url, server } = await startRefusing();
  t.teardown(() => void server.close());
  const options = { urls: [url], name: "host", user: "parley", password: "hush", log } satisfies NatsOptions;
  const error = await t.throwsAsync(connectNats(options), { instanceOf: NatsError });
  t.is(error.kind, "refused");
  t.regex(error.message, /refused the credentials/);
  t.notRegex(error.message, /hush/);
});

test.serial("a server without TLS gets no password at a tls:// address", async (t) => {
  const { url, server } = await startRefusing();
  t.teardown(() => void server.close());
  const heard: string[] = [];
  server.on("connection", (socket) => socket.on("data", (data) => heard.push(String(data))));
  const urls = [url.replace("nats:", "tls:")];
  const options = { urls, name: "host", user: "parley", password: "hush", log, firstConnectMs: 300 };
  const error = await t.throwsAsync(connectNats(options), { instanceOf: NatsError });
  t.regex(error.message, /does not support 'tls'/);
  t.deepEqual(heard, []);
});

test.serial("a server that hangs is left, and taken again when it wakes", async (t) => {
  const made = await world(t, 1);
  const { nats } = made;
  const connection = await made.connect();
  const told = listen(connection);
  nats.servers[0]?.pause();
  await eventually(() => !connection.isConnected(), patienceMs);
  t.deepEqual(told, ["disconnected"]);
  nats.servers[0]?.resume();
  await eventually(() => connection.isConnected(), patienceMs);
  t.deepEqual(told, ["disconnected", "reconnected"]);
  await connection.client.flush();
});

test.serial("so is one that hangs while everything on the way to it is full", async (t) => {
  const made = await world(t, 3);
  const connection = await made.connect();
  const server = made.nats.servers.find(({ port }) => connection.client.getServer().endsWith(`:${port}`));
  server?.pause();
  const chunk = new Uint8Array(1_000_000);
  for (let n = 0; n < 60; n++) connection.client.publish("nobody.listens", chunk);
  const told = listen(connection);
  await eventually(() => told.includes("reconnected"), patienceMs);
  t.false(connection.client.getServer().endsWith(`:${server?.port}`));
  await connection.client.flush();
  server?.resume();
});

test.serial("subscriptions stand after a restart of the server", async (t) => {
  const made = await world(t, 1);
  const [here, there] = [await made.connect(), await made.connect()];
  const heard: string[] = [];
  here.client.subscribe("news", { callback: (_, message) => void heard.push(message.string()) });
  await here.client.flush();
  await made.nats.servers[0]?.restart();
  await eventually(() => here.isConnected() && there.isConnected(), patienceMs);
  await here.client.flush();
  there.client.publish("news", "again");
  await eventually(() => heard.includes("again"), patienceMs);
  t.pass();
});

test.serial("what is appended while there is no connection goes out at the reconnect", async (t) => {
  const made = await world(t, 1);
  const connection = await made.connect();
  const journal = await made.journal({ connection, appendMsMax: patienceMs });
  t.like(await journal.append(1, 0, new Uint8Array(10)), { kind: "appended" });
  await made.nats.servers[0]?.kill9();
  await eventually(() => !connection.isConnected(), patienceMs);
  const appending = Promise.all([2, 3, 4].map((shard) => journal.append(shard, 0, new Uint8Array(10))));
  await made.nats.servers[0]?.restart();
  for (const outcome of await appending) t.is(outcome.kind, "appended");
});

test.serial("what was sent when the connection broke is unknown at once", async (t) => {
  const made = await world(t, 1);
  const connection = await made.connect();
  const journal = await made.journal({ connection, appendMsMax: patienceMs });
  made.nats.servers[0]?.pause();
  // A signal takes a moment: what the server still takes is in.
  const appendUntilRefused = async (last: number): Promise<NatsError> => {
    try {
      const outcome = await journal.append(1, last, new Uint8Array(10));
      return await appendUntilRefused(outcome.kind === "appended" ? outcome.sequence : outcome.lastSequence);
    } catch (error) {
      if (error instanceof NatsError) return error;
      throw error;
    }
  };
  const error = await appendUntilRefused(0);
  t.is(error.kind, "unknown");
  t.regex(error.message, /the connection was lost/);
  made.nats.servers[0]?.resume();
});

test.serial("closing tells who listens, and refuses what comes later", async (t) => {
  const made = await world(t, 1);
  const connection = await made.connect();
  const journal = await made.journal({ connection });
  const told = listen(connection);
  await connection.close();
  await connection.close();
  t.deepEqual(told.at(-1), "closed");
  const error = await t.throwsAsync(journal.append(1, 0, new Uint8Array(10)), { instanceOf: NatsError });
  t.is(error.kind, "closed");
});

test.serial("a connection whose server is gone can be closed", async (t) => {
  const made = await world(t, 1);
  const connection = await made.connect();
  await made.nats.servers[0]?.kill9();
  await eventually(() => !connection.isConnected(), patienceMs);
  await connection.close();
  t.true(connection.client.isClosed());
});
