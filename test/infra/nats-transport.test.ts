import test, { type TestFn } from "ava";
import { systemClock } from "../../infra/clock.ts";
import { connectNats, type NatsConnection } from "../../infra/nats/connection.ts";
import { createNatsTransport } from "../../infra/nats/transport.ts";
import { systemRandom } from "../../infra/random.ts";
import { transportSuite } from "../suites/transport.ts";
import { startNats, type TestNats } from "../support/stack.ts";

const log = { info() {}, warn() {}, error() {} };
let nats: TestNats;
test.before(async () => {
  nats = await startNats();
});
test.after.always(async () => nats?.close());

// One after the other: they share the hosts of one server.
transportSuite(test.serial as TestFn, "NATS transport", async () => {
  const connections: NatsConnection[] = [];
  return {
    async createTransport() {
      const connection = await connectNats({ urls: nats.urls, name: "test", log });
      connections.push(connection);
      return createNatsTransport({ connection, clock: systemClock, random: systemRandom, log });
    },
    close: async () => void (await Promise.all(connections.map((connection) => connection.close()))),
  };
});
