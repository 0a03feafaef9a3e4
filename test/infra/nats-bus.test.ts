import type { ExecutionContext, TestFn } from "ava";
import { connect } from "nats";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { connectNats, type NatsConnection } from "../../infra/nats/connection.ts";
import { createNatsSink } from "../../infra/nats/sink.ts";
import { createNatsSource } from "../../infra/nats/source.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { busSuite } from "../suites/bus.ts";
import { eventually } from "../suites/eventually.ts";
import { startNatsProcess } from "../support/nats-process.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent-log.ts";
import { startNats, type TestNats } from "../support/stack.ts";

const test = needs("nats");

const clock = systemClock;
/** The machine may be busy. */
const longMs = 60_000;
let nats: TestNats;
test.before(async () => {
  nats = await startNats();
});
test.after.always(async () => nats?.close());

// Serial, because the tests share the users of one server.
busSuite(test.serial as TestFn, "NATS bus", async () => {
  const connections: NatsConnection[] = [];
  const open = async () => {
    const connection = await connectNats({ urls: nats.urls, name: "test", log: silentLog });
    connections.push(connection);
    return connection;
  };
  return {
    sink: createNatsSink({ connection: await open(), clock, log: silentLog }),
    createSource: async () => createNatsSource({ connection: await open(), clock, log: silentLog }),
    close: async () => void (await Promise.all(connections.map((connection) => connection.close()))),
  };
});

function message(n: number, to: string, data: Record<string, unknown> = {}): FramedNotification {
  return { type: "message.new", target: { users: [to] }, atMs: 1, frame: "NEW_MESSAGE", data: { n, ...data } };
}

async function openSink(t: ExecutionContext, urls: readonly string[]) {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
  const connection = await connectNats({ urls, name: "sink", log });
  t.teardown(() => connection.close());
  const sink = createNatsSink({ connection, clock, log });
  return { connection, warnings, sink };
}

async function openGateway(t: ExecutionContext, urls: readonly string[], ...users: string[]) {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
  const connection = await connectNats({ urls, name: "gateway", log });
  t.teardown(() => connection.close());
  const source = createNatsSource({ connection, clock, log });
  const received: unknown[] = [];
  const gaps: number[] = [];
  source.onNotification(({ data }) => received.push(data.n));
  source.onGap(() => gaps.push(received.length));
  for (const user of users) source.addUser(user);
  await connection.client.flush();
  return { connection, warnings, source, received, gaps };
}

test.serial("a notification on the wire is the documented JSON on the documented subject", async (t) => {
  const client = await connect({ servers: nats.urls });
  t.teardown(() => client.close());
  const seen = new Map<string, Record<string, unknown>>();
  for (const target of ["1001", "1002", "g_77"]) {
    const callback = (_: Error | null, message: { subject: string; json<T>(): T }) =>
      void seen.set(message.subject, message.json());
    client.subscribe(`notification.*.*.${target}`, { callback });
  }
  await client.flush();
  const { sink } = await openSink(t, nats.urls);
  const versioned = { conversationId: "s_1001_1002", version: 9, seq: 7 };
  sink.publish([
    {
      type: "message.new",
      target: { users: ["1001", "1002"] },
      atMs: 1_767_225_600_123,
      fromUserId: "1003",
      versioned,
      frame: "NEW_MESSAGE",
      data: { text: "你好" },
      exceptDeviceId: "phone",
    },
    {
      type: "friend.request",
      target: { conversationId: "g_77" },
      atMs: 5,
      frame: "NOTIFICATION",
      data: {},
      membership: { joined: ["1"] },
    },
  ]);
  await sink.flush();
  await eventually(() => seen.size === 3);
  const toFirst = seen.get("notification.message.new.1001");
  t.deepEqual(toFirst, {
    notification_id: toFirst?.notification_id,
    type: "message.new",
    timestamp: 1_767_225_600_123,
    from_user_id: "1003",
    to_user_id: "1001",
    priority: "normal",
    payload: { text: "你好" },
    metadata: {
      ttl: 3_600,
      require_ack: true,
      gateway: { frame: "NEW_MESSAGE", versioned, exceptDeviceId: "phone" },
    },
  });
  t.regex(String(toFirst?.notification_id), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.deepEqual(seen.get("notification.message.new.1002"), { ...toFirst, to_user_id: "1002" });
  const toGroup = seen.get("notification.friend.request.g_77");
  t.deepEqual(toGroup, {
    notification_id: toGroup?.notification_id,
    type: "friend.request",
    timestamp: 5,
    priority: "high",
    payload: {},
    metadata: { ttl: 3_600, require_ack: true, gateway: { frame: "NOTIFICATION", membership: { joined: ["1"] } } },
  });
  t.not(toGroup?.notification_id, toFirst?.notification_id);
});

test.serial("a malformed notification is dropped and reported as one gap, and the next one is delivered", async (t) => {
  const gateway = await openGateway(t, nats.urls, "foreign");
  await gateway.source.addConversation("g_foreign");
  const client = await connect({ servers: nats.urls });
  t.teardown(() => client.close());
  const id = '"notification_id":"0b6c1c1e-7f3e-4a57-9d0e-0e5b7c1f1a11"';
  const known = `${id},"type":"message.new","timestamp":1,"payload":{}`;
  const payloads = ["", "x", "null", "[]", "{}", `{${id}`, `{${id}}`, `{${known}}`, `{${known},"metadata":{}}`];
  for (const gatewayPart of ["{}", '{"frame":7}', '{"frame":"X","versioned":{}}', '{"frame":"X","membership":[]}']) {
    payloads.push(`{${known},"metadata":{"gateway":${gatewayPart}}}`);
  }
  payloads.push(`{${id},"type":"toString","timestamp":1,"payload":{},"metadata":{"gateway":{"frame":"X"}}}`);
  for (const payload of payloads) {
    client.publish("notification.message.new.foreign", payload);
    client.publish("notification.message.new.g_foreign", payload);
  }
  await client.flush();
  const { sink } = await openSink(t, nats.urls);
  sink.publish([message(1, "foreign")]);
  await eventually(() => gateway.received.length === 1 && gateway.gaps.length === 1, longMs);
  t.deepEqual(gateway.received, [1]);
  t.deepEqual(gateway.warnings, ["nats: malformed notification"], "repeated warnings are not logged");
});

test.serial("a gateway whose handler throws gets a gap, and the next notification", async (t) => {
  const gateway = await openGateway(t, nats.urls, "bug");
  gateway.source.onNotification(({ data }) => {
    if (data.n === 1) throw new Error("bug");
  });
  const { sink } = await openSink(t, nats.urls);
  sink.publish([message(1, "bug"), message(2, "bug")]);
  await eventually(() => gateway.received.length === 2 && gateway.gaps.length === 1, longMs);
  t.deepEqual(gateway.received, [1, 2]);
});

test.serial(
  "a notification that is too large for the server becomes a gap, and the next ones are delivered",
  async (t) => {
    const gateway = await openGateway(t, nats.urls, "large");
    const { sink, warnings } = await openSink(t, nats.urls);
    const text = "x".repeat(1_100_000);
    sink.publish([message(1, "large"), message(2, "large", { text }), message(3, "large")]);
    await sink.flush();
    await eventually(() => gateway.received.length === 2 && gateway.gaps.length === 1, longMs);
    t.deepEqual(gateway.received, [1, 3]);
    t.deepEqual(warnings, ["nats: notification not published"]);
    sink.publish([message(4, "large", { text: text.slice(0, 1_000_000) })]);
    await eventually(() => gateway.received.includes(4), longMs);
  },
);

test.serial("a publisher that lost its connection reports the gap to gateways whose own connection held", async (t) => {
  const gateway = await openGateway(t, nats.urls, "sound");
  const { sink, connection } = await openSink(t, nats.urls);
  /** Resolves when the publisher is connected again. */
  const breakOff = async (meanwhile: () => void) => {
    const statuses: string[] = [];
    const stop = connection.onStatus((status) => {
      if (statuses.push(status) === 1) meanwhile();
    });
    await connection.client.reconnect();
    await eventually(() => statuses.includes("reconnected"), longMs);
    stop();
    t.deepEqual(statuses, ["disconnected", "reconnected"]);
  };
  sink.publish([message(1, "sound")]);
  await sink.flush();
  await breakOff(() => sink.publish([message(2, "sound")]));
  await sink.flush();
  await eventually(() => gateway.gaps.length === 1, longMs);
  t.deepEqual(gateway.received, [1]);
  // Everything was confirmed before the connection was lost, so no gap is reported.
  sink.publish([message(3, "sound")]);
  await sink.flush();
  await breakOff(() => {});
  sink.publish([message(4, "sound")]);
  await sink.flush();
  await eventually(() => gateway.received.includes(4), longMs);
  t.deepEqual(gateway.received, [1, 3, 4]);
  t.is(gateway.gaps.length, 1);
});

test.serial(
  "many flushes at once are all confirmed, and a flush with nothing to confirm sends no message",
  async (t) => {
    const { sink, connection } = await openSink(t, nats.urls);
    await sink.flush();
    t.is(connection.client.stats().outMsgs, 0);
    await Promise.all(
      Array.from({ length: 500 }, async (_, n) => {
        sink.publish([message(n, "nobody")]);
        await sink.flush();
      }),
    );
    t.is(connection.client.stats().outMsgs, 500);
  },
);

test("NATS restarts under load: publishing continues, gateways get a gap, and then every new notification", async (t) => {
  const own = await startNats();
  t.teardown(() => own.close());
  const gateway = await openGateway(t, own.urls, "alice");
  const { sink, connection } = await openSink(t, own.urls);
  let n = 0;
  let isRunning = true;
  let failedFlushes = 0;
  const load = (async () => {
    while (isRunning) {
      sink.publish(Array.from({ length: 20 }, () => message(n++, "alice")));
      await sink.flush().catch(() => {
        failedFlushes += 1;
      });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  await eventually(() => gateway.received.length > 100, longMs);
  await own.servers[0]?.kill9();
  await eventually(() => !connection.isConnected() && !gateway.connection.isConnected(), longMs);
  await eventually(() => failedFlushes > 0, longMs); // a flush neither hangs nor succeeds
  t.deepEqual(gateway.gaps, []);
  await own.servers[0]?.restart();
  await eventually(() => gateway.gaps.length > 0, longMs);
  // The gap is reported after the subscription is in force, so every notification published from now on arrives.
  const first = n + 1_000_000;
  n = first;
  await eventually(() => gateway.received.includes(first), longMs);
  isRunning = false;
  await load;
  await sink.flush();
  await eventually(() => gateway.received.at(-1) === n - 1, longMs);
  const afterwards = gateway.received.filter((each) => Number(each) >= first);
  t.deepEqual(
    afterwards,
    Array.from({ length: n - first }, (_, index) => first + index),
  );
  const conversation = gateway.source.addConversation("g_1");
  await t.notThrowsAsync(conversation);
});

test("while a NATS server is paused publishers do not wait, and their buffers stay bounded", async (t) => {
  const own = await startNats();
  t.teardown(() => own.close());
  const gateway = await openGateway(t, own.urls, "alice");
  const { sink, warnings } = await openSink(t, own.urls);
  own.servers[0]?.pause();
  const text = "x".repeat(500_000);
  for (let n = 0; n < 100; n++) sink.publish([message(n, "alice", { text })]);
  t.true(warnings.includes("nats: notifications dropped, send buffer full"));
  await t.throwsAsync(sink.flush());
  await t.throwsAsync(gateway.source.addConversation("g_1"));
  own.servers[0]?.resume();
  await eventually(
    () =>
      sink.flush().then(
        () => true,
        () => false,
      ),
    longMs,
  );
  await eventually(() => gateway.gaps.length > 0, longMs);
  sink.publish([message(1_000, "alice")]);
  await eventually(() => gateway.received.includes(1_000), longMs);
});

test("a gateway that the server disconnected as a slow consumer recovers and gets a gap", async (t) => {
  const own = await startNats();
  t.teardown(() => own.close());
  const gateway = await startNatsProcess({ url: own.urls[0] ?? "", listenFor: "alice" });
  t.teardown(() => gateway.kill9());
  const { sink } = await openSink(t, own.urls);
  const has = (what: string, n?: number) =>
    gateway.said.some((said) => said.what === what && (n === undefined || ("n" in said && said.n === n)));
  sink.publish([message(1, "alice")]);
  await eventually(() => has("told", 1), longMs);
  gateway.pause();
  const text = "x".repeat(500_000);
  const slowConsumers = async () => {
    const answer = await fetch(`${own.monitorUrls[0]}/varz`);
    return ((await answer.json()) as { slow_consumers: number }).slow_consumers;
  };
  for (let n = 2; n < 500 && (await slowConsumers()) === 0; n++) {
    sink.publish(Array.from({ length: 8 }, () => message(-1, "alice", { text })));
    await sink.flush();
  }
  t.is(await slowConsumers(), 1);
  gateway.resume();
  await eventually(() => has("gap"), longMs);
  sink.publish([message(1_000, "alice")]);
  await eventually(() => has("told", 1_000), longMs);
});

test("in a cluster a gateway whose server dies gets a gap, and continues at another server", async (t) => {
  const own = await startNats({ servers: 3 });
  t.teardown(() => own.close());
  const gateway = await openGateway(t, own.urls.slice(0, 1), "alice");
  const { sink } = await openSink(t, own.urls.slice(2));
  let n = 0;
  const publishNext = () => {
    sink.publish([message(n++, "alice")]);
    return sink.flush();
  };
  await eventually(async () => {
    await publishNext();
    return gateway.received.length > 0;
  }, longMs);
  await own.servers[0]?.kill9();
  await eventually(() => gateway.gaps.length >= 1, longMs);
  const from = n;
  await eventually(async () => {
    await publishNext();
    return gateway.received.some((each) => Number(each) >= from);
  }, longMs);
  await eventually(() => gateway.gaps.length >= 2, longMs); // the second gap follows when all servers know the subscription
});
