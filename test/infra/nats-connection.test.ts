// The one connection of a host to NATS: which failures it survives, and which changes it reports.
import { createServer, type Server } from "node:net";
import { connectNats, type NatsConnection, type NatsOptions, type NatsStatus } from "../../infra/nats/connection.ts";
import { NatsError } from "../../infra/nats/errors.ts";
import { eventually } from "../suites/eventually.ts";
import { NatsWorld } from "../support/nats-world.ts";
import { needs } from "../support/needs.ts";
import { silentLog as log } from "../support/silent-log.ts";

const test = needs("nats");

const patienceMs = 60_000;

async function world(t: { teardown(end: () => Promise<void>): void }, size: 1 | 3): Promise<NatsWorld> {
  const made = await NatsWorld.start(size);
  t.teardown(() => made.close());
  return made;
}

function listen(connection: NatsConnection): NatsStatus[] {
  const statuses: NatsStatus[] = [];
  connection.onStatus((status) => statuses.push(status));
  return statuses;
}

/** A server that refuses every user. */
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

test.serial("when no server answers, the first connect rejects with an error that names the address", async (t) => {
  const url = "nats://127.0.0.1:1";
  const error = await t.throwsAsync(connectNats({ urls: [url], name: "host", log, firstConnectMs: 300 }), {
    instanceOf: NatsError,
  });
  t.is(error.kind, "unreachable");
  t.true(error.message.includes(url));
});

test.serial("the first connect waits for a server that starts a little later", async (t) => {
  const { nats } = await world(t, 1);
  await nats.servers[0]?.kill9();
  const connecting = connectNats({ urls: nats.urls, name: "host", log });
  await nats.servers[0]?.restart();
  const connection = await connecting;
  t.true(connection.isConnected());
  await connection.close();
});

test.serial("wrong credentials fail the first connect at once, and are in no error message", async (t) => {
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
  const received: string[] = [];
  server.on("connection", (socket) => socket.on("data", (data) => received.push(String(data))));
  const urls = [url.replace("nats:", "tls:")];
  const options = { urls, name: "host", user: "parley", password: "hush", log, firstConnectMs: 300 };
  const error = await t.throwsAsync(connectNats(options), { instanceOf: NatsError });
  t.regex(error.message, /does not support 'tls'/);
  t.deepEqual(received, []);
});

test.serial("the connection to a server that hangs is ended, and restored when the server answers again", async (t) => {
  const made = await world(t, 1);
  const { nats } = made;
  const connection = await made.connect();
  const statuses = listen(connection);
  nats.servers[0]?.pause();
  await eventually(() => !connection.isConnected(), patienceMs);
  t.deepEqual(statuses, ["disconnected"]);
  nats.servers[0]?.resume();
  await eventually(() => connection.isConnected(), patienceMs);
  t.deepEqual(statuses, ["disconnected", "reconnected"]);
  await connection.client.flush();
});

test.serial("a server that hangs is left also when all buffers on the way to it are full", async (t) => {
  const made = await world(t, 3);
  const connection = await made.connect();
  const server = made.nats.servers.find(({ port }) => connection.client.getServer().endsWith(`:${port}`));
  server?.pause();
  const chunk = new Uint8Array(1_000_000);
  for (let n = 0; n < 60; n++) connection.client.publish("nobody.listens", chunk);
  const statuses = listen(connection);
  await eventually(() => statuses.includes("reconnected"), patienceMs);
  t.false(connection.client.getServer().endsWith(`:${server?.port}`));
  await connection.client.flush();
  server?.resume();
});

test.serial("subscriptions survive a restart of the server", async (t) => {
  const made = await world(t, 1);
  const [here, there] = [await made.connect(), await made.connect()];
  const received: string[] = [];
  here.client.subscribe("news", { callback: (_, message) => void received.push(message.string()) });
  await here.client.flush();
  await made.nats.servers[0]?.restart();
  await eventually(() => here.isConnected() && there.isConnected(), patienceMs);
  await here.client.flush();
  there.client.publish("news", "again");
  await eventually(() => received.includes("again"), patienceMs);
});

test.serial("an append made while there is no connection is sent after the reconnect", async (t) => {
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

test.serial("an append that was sent before the connection was lost is unknown at once", async (t) => {
  const made = await world(t, 1);
  const connection = await made.connect();
  const journal = await made.journal({ connection, appendMsMax: patienceMs });
  made.nats.servers[0]?.pause();
  // The pause takes effect a moment later; until then the server still accepts appends.
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

test.serial("closing notifies the listeners, and later appends are refused", async (t) => {
  const made = await world(t, 1);
  const connection = await made.connect();
  const journal = await made.journal({ connection });
  const statuses = listen(connection);
  await connection.close();
  await connection.close();
  t.deepEqual(statuses.at(-1), "closed");
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
