// The notification bus of a host with actors and sockets: notifications of its own actors arrive in memory, those of other
// hosts over NATS, and each is delivered once.
import test from "ava";
import { connectNats } from "../../infra/nats/connection.ts";
import { createLocalFirstBus } from "../../infra/nats/local-first-bus.ts";
import { createNatsSink } from "../../infra/nats/sink.ts";
import { createNatsSource } from "../../infra/nats/source.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { busSuite } from "../suites/bus.ts";
import { eventually } from "../suites/eventually.ts";
import { needs } from "../support/needs.ts";
import { silentLog as log } from "../support/silent-log.ts";
import { startNats } from "../support/stack.ts";

const natsTest = needs("nats");

async function openHost(url: string, name: string) {
  const connection = await connectNats({ urls: [url], name, log, noEcho: true });
  const sink = createNatsSink({ connection, clock: systemClock, log });
  const bus = createLocalFirstBus({
    sink,
    createSource: () => createNatsSource({ connection, clock: systemClock, log }),
    onError: (error) => {
      throw error;
    },
  });
  return {
    ...bus,
    async close() {
      sink.close();
      await connection.close();
    },
  };
}

// A host alone delivers everything in memory, and needs no network.
busSuite(test, "local-first bus", async () => {
  const alone = createLocalFirstBus({
    sink: { publish() {}, flush: async () => {} },
    createSource: () => ({
      onNotification() {},
      onGap() {},
      addUser() {},
      removeUser() {},
      addConversation: async () => {},
      removeConversation() {},
    }),
    onError: (error) => {
      throw error;
    },
  });
  return { sink: alone.sink, createSource: async () => alone.createSource(), close: async () => {} };
});

natsTest("a host's notification is delivered once to its own sockets, and once to those of another host", async (t) => {
  const nats = await startNats();
  t.teardown(() => nats.close());
  const [east, west] = await Promise.all([openHost(nats.urls[0]!, "east"), openHost(nats.urls[0]!, "west")]);
  t.teardown(() => Promise.all([east.close(), west.close()]));
  const received: string[] = [];
  for (const [name, host] of Object.entries({ east, west })) {
    const source = host.createSource();
    source.onNotification(({ data }) => received.push(`${name} gets ${data.n}`));
    source.addUser("alice");
    await source.addConversation("g_1");
  }
  const notification = (n: number, target: { users: string[] } | { conversationId: string }) =>
    ({ type: "message.new", target, atMs: 1, frame: "NEW_MESSAGE", data: { n } }) as const;
  east.sink.publish([notification(1, { users: ["alice"] }), notification(2, { conversationId: "g_1" })]);
  west.sink.publish([notification(3, { users: ["alice"] })]);
  // A last notification from each host: when both have arrived, all earlier ones have, too.
  await Promise.all([east.sink.flush(), west.sink.flush()]);
  east.sink.publish([notification(4, { users: ["alice"] })]);
  west.sink.publish([notification(5, { users: ["alice"] })]);
  await eventually(() => [4, 5].every((n) => ["east", "west"].every((name) => received.includes(`${name} gets ${n}`))));
  const expected = ["east", "west"].flatMap((name) => [1, 2, 3, 4, 5].map((n) => `${name} gets ${n}`));
  t.deepEqual([...received].sort(), expected);
});
