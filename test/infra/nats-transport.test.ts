import type { ExecutionContext, TestFn } from "ava";
import { connect } from "nats";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import type { Invocation, Reply } from "../../actors/runtime/invocation.ts";
import { connectNats, type NatsConnection } from "../../infra/nats/connection.ts";
import { createNatsTransport } from "../../infra/nats/transport.ts";
import type { TransportDeps } from "../../infra/nats/transport-shared.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { eventually } from "../suites/eventually.ts";
import { callOf, transportSuite } from "../suites/transport.ts";
import { startNatsProcess } from "../support/nats-process.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent-log.ts";
import { startNats, type TestNats } from "../support/stack.ts";

const test = needs("nats");

/** The machine may be busy. */
const longMs = 60_000;
const hourMs = 3_600_000;
let nats: TestNats;
test.before(async () => {
  nats = await startNats();
});
test.after.always(async () => nats?.close());

// Serial, because the tests share the hosts of one server.
transportSuite(test.serial as TestFn, "NATS transport", async () => {
  const connections: NatsConnection[] = [];
  return {
    async createTransport() {
      const connection = await connectNats({ urls: nats.urls, name: "test", log: silentLog });
      connections.push(connection);
      return createNatsTransport({ connection, clock: systemClock, random: systemRandom, log: silentLog });
    },
    close: async () => void (await Promise.all(connections.map((connection) => connection.close()))),
  };
});

const ok = (value: unknown): Reply => ({ kind: "ok", value });

async function open(t: ExecutionContext, urls = nats.urls, options: Partial<TransportDeps> = {}) {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
  const connection = await connectNats({ urls, name: "host", log });
  t.teardown(() => connection.close());
  const transport = createNatsTransport({ connection, clock: systemClock, random: systemRandom, log, ...options });
  return { transport, connection, warnings };
}

/** Resolves when the host serves and its subscription is in force. */
async function serve(
  host: { transport: { serve: ReturnType<typeof createNatsTransport>["serve"] }; connection: NatsConnection },
  name: string,
  answer: (invocation: Invocation) => Promise<Reply>,
): Promise<() => void> {
  const stop = host.transport.serve(name, answer);
  await host.connection.client.flush();
  return stop;
}

async function untilUnreachable(t: ExecutionContext, call: Promise<Reply>): Promise<void> {
  const error = await t.throwsAsync(call, { instanceOf: RuntimeError });
  t.like(error, { kind: "unreachable" });
}

test.serial(
  "the calls of one tick share a message, so do their answers, and each call names the time it has left",
  async (t) => {
    const [caller, callee] = [await open(t), await open(t)];
    const spy = await connect({ servers: nats.urls });
    t.teardown(() => spy.close());
    const seen: { v: number; calls?: { id: number; ms: number; call: unknown }[]; replies?: unknown[] }[] = [];
    for (const subject of ["actor.together", "actor_reply.>"]) {
      spy.subscribe(subject, {
        callback: (_, message) => {
          if (message.data.length > 0) seen.push(message.json()); // an empty message: no process serves a host of another test
        },
      });
    }
    await spy.flush();
    await serve(callee, "together", async ({ input }) => ok(input));
    const answers = [1, 2, 3].map((n) => caller.transport.call("together", callOf("n", n, { leftMs: 20_000 })));
    t.deepEqual(await Promise.all(answers), [ok(1), ok(2), ok(3)]);
    const calls = () =>
      seen.filter((message) => message.calls?.some(({ call }) => (call as Invocation).method === "n"));
    await eventually(() => calls().length > 0, longMs);
    t.is(calls().length, 1);
    const first = calls()[0]?.calls?.[0];
    t.deepEqual(first?.call, { to: { kind: "user", key: "1" }, method: "n", input: 1 });
    t.true(first !== undefined && first.ms > 10_000 && first.ms <= 20_000);
    const replies = [1, 2, 3].map((n, index) => ({ id: (first?.id ?? 0) + index, reply: ok(n) }));
    await eventually(() => seen.some((message) => message.replies?.length === 3), longMs);
    t.deepEqual(
      seen.find((message) => message.replies?.length === 3),
      { v: 1, replies },
    );
  },
);

test("a deadline is the same for hosts whose clocks differ", async (t) => {
  const calleeClock = { ...systemClock, nowMs: () => Date.now() + hourMs };
  const [caller, callee] = [await open(t), await open(t, nats.urls, { clock: calleeClock })];
  let seenMs = 0;
  await serve(callee, "ahead", async ({ deadlineMs }) => {
    seenMs = deadlineMs;
    return ok(0);
  });
  const deadlineMs = Date.now() + 30_000;
  await caller.transport.call("ahead", { ...callOf("x", 0), deadlineMs });
  t.true(Math.abs(seenMs - hourMs - deadlineMs) < 10_000, `${seenMs - hourMs - deadlineMs} ms off`);
});

test("a large call is sent in a message of its own, a call or answer too large for the server is answered as too_large", async (t) => {
  const [caller, callee] = [await open(t), await open(t)];
  await serve(callee, "large", async ({ method, input }) =>
    method === "grow" ? ok("é".repeat(input as number)) : ok((input as string).length),
  );
  const sizes = [10, 100_000, 900_000, 20, 200_000, 200_000, 30];
  const answers = sizes.map((size) => caller.transport.call("large", callOf("size", "x".repeat(size))));
  t.deepEqual(await Promise.all(answers), sizes.map(ok));
  const tooLarge = { kind: "failed", error: "too_large" } as const;
  t.like(await caller.transport.call("large", callOf("size", "x".repeat(1_100_000))), tooLarge);
  t.like(await caller.transport.call("large", callOf("size", "é".repeat(600_000))), tooLarge);
  t.like(await caller.transport.call("large", callOf("grow", 600_000)), tooLarge);
  const [big, small] = [callOf("grow", 500_000), callOf("size", "")];
  t.deepEqual(await caller.transport.call("large", big), ok("é".repeat(500_000)));
  t.deepEqual(await caller.transport.call("large", small), ok(0));
});

test("an input or an answer that is no plain data ends its call as unreachable", async (t) => {
  const [caller, callee] = [await open(t), await open(t)];
  await serve(callee, "plain", async ({ method }) => ok(method === "bigint" ? 1n : 1));
  await untilUnreachable(t, caller.transport.call("plain", callOf("x", 1n)));
  await untilUnreachable(t, caller.transport.call("plain", callOf("bigint", 0)));
  t.deepEqual(await caller.transport.call("plain", callOf("x", 0)), ok(1));
});

test("malformed calls are dropped and logged at a bounded rate, and the host serves on", async (t) => {
  const [caller, callee] = [await open(t), await open(t)];
  const bare = await connect({ servers: nats.urls });
  t.teardown(() => bare.close());
  let served = 0;
  await serve(callee, "bothered", async () => ok(++served));
  const call = '{"to":{"kind":"user","key":"1"},"method":"x"}';
  const texts = ["", "{", "null", "{}", '{"v":2,"calls":[]}', '{"v":1,"calls":{}}', '{"v":1,"calls":[null]}'];
  for (const item of ['{"id":1}', `{"id":"1","ms":1,"call":${call}}`, `{"id":1,"ms":"1","call":${call}}`]) {
    texts.push(`{"v":1,"calls":[${item}]}`);
  }
  for (const bad of [
    "{}",
    '{"to":{"kind":"stranger","key":"1"},"method":"x"}',
    '{"to":{"kind":"user"},"method":"x"}',
  ]) {
    texts.push(`{"v":1,"calls":[{"id":1,"ms":1000,"call":${bad}}]}`);
  }
  for (const text of texts) bare.publish("actor.bothered", text, { reply: "actor_reply.x.1" });
  const good = `{"v":1,"calls":[{"id":1,"ms":1000,"call":${call}}]}`;
  bare.publish("actor.bothered", good); // no reply subject
  bare.publish("actor.bothered", good, { reply: "notification.gap.1" });
  await bare.flush();
  const answer = caller.transport.call("bothered", callOf("x", 0));
  t.deepEqual(await answer, ok(1));
  t.deepEqual(callee.warnings, ["transport: malformed batch of calls"]);
});

test("malformed answers, and answers to unknown calls, disturb no call", async (t) => {
  const caller = await open(t);
  const bare = await connect({ servers: nats.urls });
  t.teardown(() => bare.close());
  const bad = ["", "{", '{"v":1,"replies":[{"id":1}]}', '{"v":1,"replies":[{"id":1,"reply":{"kind":"x"}}]}'];
  bare.subscribe("actor.liar", {
    callback: (_, message) => {
      const { id } = message.json<{ calls: { id: number }[] }>().calls[0] ?? { id: 0 };
      for (const text of bad) bare.publish(message.reply ?? "", text);
      bare.publish(message.reply ?? "", '{"v":1,"replies":[{"id":999,"reply":{"kind":"ok","value":1}}]}');
      for (const value of [1, 2]) {
        bare.publish(message.reply ?? "", `{"v":1,"replies":[{"id":${id},"reply":{"kind":"ok","value":${value}}}]}`);
      }
    },
  });
  await bare.flush();
  t.deepEqual(await caller.transport.call("liar", callOf("x", 0)), ok(1));
  t.deepEqual(await caller.transport.call("liar", callOf("x", 0)), ok(1));
  t.deepEqual(caller.warnings, ["transport: malformed batch of answers"]);
});

test("calls beyond the limits of the caller or the called host are refused at once", async (t) => {
  const limits = { maxOutstandingCalls: 10, maxServedCalls: 5 };
  const [caller, callee] = [await open(t, nats.urls, { limits }), await open(t, nats.urls, { limits })];
  const answers: ((reply: Reply) => void)[] = [];
  await serve(callee, "full", () => new Promise((resolve) => answers.push(resolve)));
  const calls = Array.from({ length: 10 }, (_, n) => caller.transport.call("full", callOf("x", n)));
  await untilUnreachable(t, caller.transport.call("full", callOf("x", 10)));
  for (const refused of calls.slice(5)) t.like(await refused, { kind: "failed", error: "overloaded" });
  await eventually(() => answers.length === 5, longMs);
  for (const answer of answers) answer(ok(0));
  t.deepEqual(await Promise.all(calls.slice(0, 5)), Array(5).fill(ok(0)));
  const next = caller.transport.call("full", callOf("x", 11));
  await eventually(() => answers.length === 6, longMs);
  answers[5]?.(ok(1));
  t.deepEqual(await next, ok(1));
});

test("a call that a host never answers frees its place at its deadline", async (t) => {
  const [caller, callee] = [await open(t), await open(t, nats.urls, { limits: { maxServedCalls: 3 } })];
  await serve(callee, "stuck", ({ method }) =>
    method === "echo" ? Promise.resolve(ok("served")) : new Promise(() => {}),
  );
  const stuck = [1, 2, 3].map((n) => caller.transport.call("stuck", callOf("x", n, { leftMs: 300 })));
  const overloaded = await caller.transport.call("stuck", callOf("echo", 0));
  t.like(overloaded, { kind: "failed", error: "overloaded" });
  for (const call of stuck) await untilUnreachable(t, call);
  await eventually(async () => (await caller.transport.call("stuck", callOf("echo", 0))).kind === "ok", longMs);
});

test("a closed transport ends its calls and serves no host", async (t) => {
  const [caller, callee] = [await open(t), await open(t)];
  let reached = 0;
  await serve(callee, "open", () => {
    reached += 1;
    return new Promise(() => {});
  });
  const waiting = caller.transport.call("open", callOf("x", 0, { leftMs: hourMs }));
  await eventually(() => reached === 1, longMs);
  caller.transport.close();
  await untilUnreachable(t, waiting);
  await untilUnreachable(t, caller.transport.call("open", callOf("x", 0, { leftMs: hourMs })));
  const other = await open(t);
  const served = other.transport.call("open", callOf("x", 0, { leftMs: hourMs }));
  await eventually(() => reached === 2, longMs);
  callee.transport.close();
  await untilUnreachable(t, served);
  await untilUnreachable(t, other.transport.call("open", callOf("x", 0, { leftMs: hourMs })));
});

test("calls to a killed host end by their deadline, and new calls end at once", async (t) => {
  const host = await startNatsProcess({ url: nats.urls[0] ?? "", serve: "victim" });
  t.teardown(() => host.kill9());
  const { transport } = await open(t);
  t.deepEqual(await transport.call("victim", callOf("echo", "alive")), ok("alive"));
  const calls = Array.from({ length: 100 }, (_, n) => transport.call("victim", callOf("wait", n, { leftMs: 2_000 })));
  const ended = Promise.allSettled(calls);
  await eventually(() => host.said.some((said) => said.what === "called" && said.n === 100), longMs);
  await host.kill9();
  for (const call of await ended) t.is(call.status, "rejected");
  // After NATS noticed that no process serves the host.
  await eventually(async () => {
    const error = await t.throwsAsync(transport.call("victim", callOf("wait", 0, { leftMs: 1_000 })));
    return /no process serves/.test(error?.message ?? "");
  }, longMs);
  await untilUnreachable(t, transport.call("victim", callOf("wait", 0, { leftMs: hourMs })));
});

test("NATS restarts under load: every call ends, and later calls are answered", async (t) => {
  const own = await startNats();
  t.teardown(() => own.close());
  const [caller, callee] = [await open(t, own.urls), await open(t, own.urls)];
  await serve(callee, "steady", async ({ input }) => ok(input));
  const counts = { answered: 0, unreachable: 0, wrong: 0 };
  let isRunning = true;
  const people = Array.from({ length: 50 }, async (_, n) => {
    while (isRunning) {
      await caller.transport.call("steady", callOf("x", n, { leftMs: 5_000 })).then(
        (reply) => {
          if (reply.kind === "ok" && reply.value === n) counts.answered += 1;
          else counts.wrong += 1;
        },
        () => {
          counts.unreachable += 1;
        },
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  await eventually(() => counts.answered > 500, longMs);
  await own.servers[0]?.kill9();
  await eventually(() => counts.unreachable > 50, longMs);
  await own.servers[0]?.restart();
  const before = counts.answered;
  await eventually(() => counts.answered > before + 500, longMs);
  isRunning = false;
  await Promise.all(people);
  t.is(counts.wrong, 0);
});

test("a call made during a short loss of the connection is answered; during a long one it ends long before its deadline", async (t) => {
  const own = await startNats();
  t.teardown(() => own.close());
  const patient = await open(t, own.urls, { limits: { downMsMax: hourMs } });
  const usual = await open(t, own.urls);
  const callee = await open(t, own.urls);
  await serve(callee, "far", async ({ input }) => ok(input));
  await own.servers[0]?.kill9();
  await eventually(() => ![patient, usual, callee].some(({ connection }) => connection.isConnected()), longMs);
  const held = patient.transport.call("far", callOf("x", "held", { leftMs: hourMs }));
  await untilUnreachable(t, usual.transport.call("far", callOf("x", 0, { leftMs: hourMs })));
  await own.servers[0]?.restart();
  // The called host may reconnect later than the caller; until then no process serves it.
  await held.then(
    (reply) => t.deepEqual(reply, ok("held")),
    (error: unknown) => t.like(error, { kind: "unreachable" }),
  );
  await eventually(
    () =>
      usual.transport.call("far", callOf("x", 0)).then(
        () => true,
        () => false,
      ),
    longMs,
  );
});

test("in a cluster hosts at different servers call each other, also when one server dies", async (t) => {
  const own = await startNats({ servers: 3 });
  t.teardown(() => own.close());
  const [caller, callee] = [await open(t, own.urls.slice(0, 1)), await open(t, own.urls.slice(2))];
  callee.transport.serve("there", async ({ input }) => ok(input));
  const answers = (n: number) => () =>
    caller.transport.call("there", callOf("x", n, { leftMs: 5_000 })).then(
      (reply) => reply.kind === "ok" && reply.value === n,
      () => false,
    );
  await eventually(answers(1), longMs);
  const statuses: string[] = [];
  caller.connection.onStatus((status) => statuses.push(status));
  await own.servers[0]?.kill9();
  await eventually(() => statuses.includes("reconnected"), longMs);
  await eventually(answers(2), longMs);
  await own.servers[2]?.kill9();
  await eventually(answers(3), longMs);
});
