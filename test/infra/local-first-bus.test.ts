// The bell of a host with actors and sockets: own news in memory, others' over NATS, each told once.
import test from "ava";
import { connectNats } from "../../infra/nats/connection.ts";
import { createLocalFirstBus } from "../../infra/nats/local-first-bus.ts";
import { createNatsSink } from "../../infra/nats/sink.ts";
import { createNatsSource } from "../../infra/nats/source.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { busSuite } from "../suites/bus.ts";
import { eventually } from "../suites/eventually.ts";
import { needs } from "../support/needs.ts";
import { startNats } from "../support/stack.ts";

const story = needs("nats");
const log = { info() {}, warn() {}, error() {} };

async function openHost(url: string, name: string) {
  const connection = await connectNats({ urls: [url], name, log, noEcho: true });
  const sink = createNatsSink({ connection, clock: systemClock, log });
  const bell = createLocalFirstBus({
    sink,
    createSource: () => createNatsSource({ connection, clock: systemClock, log }),
    onError: (error) => {
      throw error;
    },
  });
  return {
    ...bell,
    async close() {
      sink.close();
      await connection.close();
    },
  };
}

// One host alone: nothing needs the network.
busSuite(test, "local-first bus", async () => {
  const nothing = createLocalFirstBus({
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
  return { sink: nothing.sink, createSource: async () => nothing.createSource(), close: async () => {} };
});

story("what a host tells is heard once by its own sockets, and once by those of another", async (t) => {
  const nats = await startNats();
  t.teardown(() => nats.close());
  const [east, west] = await Promise.all([openHost(nats.urls[0]!, "east"), openHost(nats.urls[0]!, "west")]);
  t.teardown(() => Promise.all([east.close(), west.close()]));
  const heard: string[] = [];
  for (const [name, host] of Object.entries({ east, west })) {
    const source = host.createSource();
    source.onNotification(({ data }) => heard.push(`${name} hears ${data.n}`));
    source.addUser("alice");
    await source.addConversation("g_1");
  }
  const tell = (n: number, target: { users: string[] } | { conversationId: string }) =>
    ({ type: "message.new", target, atMs: 1, frame: "NEW_MESSAGE", data: { n } }) as const;
  east.sink.publish([tell(1, { users: ["alice"] }), tell(2, { conversationId: "g_1" })]);
  west.sink.publish([tell(3, { users: ["alice"] })]);
  // A last word from each: everything before it has arrived by then.
  await Promise.all([east.sink.flush(), west.sink.flush()]);
  east.sink.publish([tell(4, { users: ["alice"] })]);
  west.sink.publish([tell(5, { users: ["alice"] })]);
  await eventually(() => [4, 5].every((n) => ["east", "west"].every((name) => heard.includes(`${name} hears ${n}`))));
  const expected = ["east", "west"].flatMap((name) => [1, 2, 3, 4, 5].map((n) => `${name} hears ${n}`));
  t.deepEqual([...heard].sort(), expected);
});
