import test, { type TestFn } from "ava";
import { systemClock } from "../../infra/clock.ts";
import { connectNats, type NatsConnection } from "../../infra/nats/connection.ts";
import { createNatsSink } from "../../infra/nats/sink.ts";
import { createNatsSource } from "../../infra/nats/source.ts";
import { busSuite } from "../suites/bus.ts";
import { startNats, type TestNats } from "../support/stack.ts";

const log = { info() {}, warn() {}, error() {} };
const clock = systemClock;
let nats: TestNats;
test.before(async () => {
  nats = await startNats();
});
test.after.always(async () => nats?.close());

// One after the other: they share the users of one server.
busSuite(test.serial as TestFn, "NATS bus", async () => {
  const connections: NatsConnection[] = [];
  const open = async () => {
    const connection = await connectNats({ urls: nats.urls, name: "test", log });
    connections.push(connection);
    return connection;
  };
  return {
    sink: createNatsSink({ connection: await open(), clock, log }),
    createSource: async () => createNatsSource({ connection: await open(), clock, log }),
    close: async () => void (await Promise.all(connections.map((connection) => connection.close()))),
  };
});
