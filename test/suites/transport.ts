// What every transport between hosts must do: a call is answered, or ends as unreachable at its deadline at the latest.
import type { TestFn } from "ava";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import type { Invocation, Reply } from "../../actors/runtime/invocation.ts";
import type { HostTransport } from "../../actors/runtime/ports.ts";
import { eventually } from "./eventually.ts";
import { createSuite, type SuiteTest, type UnderTest } from "./suite.ts";

interface TransportUnderTest extends UnderTest {
  /** Called once per process; each transport reaches the hosts that any of them serves. */
  createTransport(): Promise<HostTransport>;
}

export function callOf(method: string, input: unknown, { leftMs = 30_000 } = {}): Invocation {
  return { to: { kind: "user", key: "1" }, method, input, deadlineMs: Date.now() + leftMs };
}
const ok = (value: unknown): Reply => ({ kind: "ok", value });

export function transportSuite(test: TestFn, name: string, make: () => Promise<TransportUnderTest>): void {
  const it = createSuite(test, name, make);
  answers(it);
  failures(it);
}

/** Resolves when calls reach the host; until then they end as unreachable. */
async function untilServed(transport: HostTransport, host: string): Promise<void> {
  await eventually(() =>
    transport.call(host, callOf("ping", 0)).then(
      () => true,
      () => false,
    ),
  );
}

function answers(it: SuiteTest<TransportUnderTest>): void {
  it("a call reaches the host that it names, and the answer reaches the caller", async (t, made) => {
    const [east, west] = [await made.createTransport(), await made.createTransport()];
    west.serve("west", async ({ method, input }) => ok({ at: "west", method, input }));
    east.serve("east", async ({ method }) => ok({ at: "east", method }));
    await untilServed(east, "west");
    await untilServed(west, "east");
    t.deepEqual(await east.call("west", callOf("card", 1)), ok({ at: "west", method: "card", input: 1 }));
    t.deepEqual(await west.call("east", callOf("card", 1)), ok({ at: "east", method: "card" }));
    const replies: Reply[] = [
      { kind: "refused", error: "group.not_member", details: { a: [1] }, message: "no" },
      { kind: "failed", error: "not_owner", message: "moved" },
    ];
    east.serve("judge", async ({ input }) => replies[input as number] ?? ok(0));
    await untilServed(west, "judge");
    for (const [n, reply] of replies.entries()) t.deepEqual(await west.call("judge", callOf("judge", n)), reply);
  });

  it("a call arrives with all its fields, and its answer too", async (t, made) => {
    const [caller, callee] = [await made.createTransport(), await made.createTransport()];
    const seen: Invocation[] = [];
    callee.serve("callee", async (invocation) => {
      if (invocation.method !== "ping") seen.push(invocation);
      return ok(invocation.input);
    });
    await untilServed(caller, "callee");
    const inputs: unknown[] = [undefined, null, "", 0, false, [], {}, '你好 👋🏽 \u0000\ud800 "\\', 2 ** 53 - 1, 1e-7];
    inputs.push({ deep: [{ a: [[{ clé: null }]] }], long: "é".repeat(10_000) });
    for (const input of inputs) t.deepEqual(await caller.call("callee", callOf("echo", input)), ok(input));
    t.deepEqual(
      seen.map(({ input }) => input),
      inputs,
    );
    const all: Invocation = {
      to: { kind: "conversation", key: "g_1" },
      method: "send",
      input: { left: undefined, text: "x" },
      deadlineMs: Date.now() + 20_000,
      commandId: "c1",
      traceId: "t1",
      sizeBytes: 17,
      from: { shard: 255, stamp: 2 ** 53 - 1 },
      askedBy: "session",
    };
    await caller.call("callee", all);
    t.like(seen.at(-1), { ...all, input: { text: "x" }, deadlineMs: seen.at(-1)?.deadlineMs });
    const driftMs = Math.abs((seen.at(-1)?.deadlineMs ?? 0) - all.deadlineMs);
    t.true(driftMs < 10_000, `the deadline arrives: ${driftMs} ms off`);
  });

  it("of a thousand concurrent calls in each direction every call gets its own answer", async (t, made) => {
    const hosts = { east: await made.createTransport(), west: await made.createTransport() };
    let open = 0;
    let openMost = 0;
    for (const [name, transport] of Object.entries(hosts)) {
      transport.serve(name, async ({ input }) => {
        openMost = Math.max(openMost, ++open);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open -= 1;
        return ok(`${name} ${String(input)}`);
      });
    }
    await untilServed(hosts.east, "west");
    await untilServed(hosts.west, "east");
    const calls = Array.from({ length: 1_000 }, (_, n) => n);
    const [there, back] = await Promise.all([
      Promise.all(calls.map((n) => hosts.east.call("west", callOf("n", n)))),
      Promise.all(calls.map((n) => hosts.west.call("east", callOf("n", n)))),
    ]);
    t.deepEqual(
      there,
      calls.map((n) => ok(`west ${n}`)),
    );
    t.deepEqual(
      back,
      calls.map((n) => ok(`east ${n}`)),
    );
    t.true(openMost > 1, "calls are served concurrently");
  });

  it("a host's name may contain any characters", async (t, made) => {
    const [caller, callee] = [await made.createTransport(), await made.createTransport()];
    const names = ["a.b", "a b", "*", ">", "höst", "h".repeat(200)];
    for (const name of names) callee.serve(name, async () => ok(name));
    for (const name of names) {
      await untilServed(caller, name);
      t.deepEqual(await caller.call(name, callOf("name", 0)), ok(name));
    }
  });
}

function failures(it: SuiteTest<TransportUnderTest>): void {
  const unreachable = { instanceOf: RuntimeError };

  it("a call to a host that no process serves ends long before its deadline", async (t, made) => {
    const transport = await made.createTransport();
    const error = await t.throwsAsync(transport.call("nobody", callOf("x", 0, { leftMs: 3_600_000 })), unreachable);
    t.like(error, { kind: "unreachable" });
  });

  it("when a host throws, that call ends as unreachable, and the host answers the next one", async (t, made) => {
    const [caller, callee] = [await made.createTransport(), await made.createTransport()];
    callee.serve("callee", ({ method }) => {
      if (method === "throw") throw new Error("bug");
      return method === "reject" ? Promise.reject(new Error("bug")) : Promise.resolve(ok(1));
    });
    await untilServed(caller, "callee");
    for (const method of ["throw", "reject"]) {
      t.like(await t.throwsAsync(caller.call("callee", callOf(method, 0)), unreachable), { kind: "unreachable" });
    }
    t.deepEqual(await caller.call("callee", callOf("x", 0)), ok(1));
  });

  it("calls to a host that stops end at once, and a late answer is ignored", async (t, made) => {
    const [caller, callee] = [await made.createTransport(), await made.createTransport()];
    let reached = 0;
    let answer = (_: Reply) => {};
    const stop = callee.serve("callee", ({ method }) => {
      if (method === "ping") return Promise.resolve(ok(0));
      reached += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    await untilServed(caller, "callee");
    const call = caller.call("callee", callOf("wait", 0, { leftMs: 3_600_000 }));
    await eventually(() => reached === 1);
    stop();
    stop();
    t.like(await t.throwsAsync(call, unreachable), { kind: "unreachable" });
    answer(ok("late"));
    t.like(await t.throwsAsync(caller.call("callee", callOf("wait", 0)), unreachable), { kind: "unreachable" });
    t.is(reached, 1);
    callee.serve("callee", async () => ok("again"));
    await untilServed(caller, "callee");
    t.deepEqual(await caller.call("callee", callOf("x", 0)), ok("again"));
  });

  it("a call that is not answered ends at its deadline", async (t, made) => {
    const [caller, callee] = [await made.createTransport(), await made.createTransport()];
    let answer = (_: Reply) => {};
    callee.serve("callee", ({ method }) => {
      if (method === "ping") return Promise.resolve(ok(0));
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    await untilServed(caller, "callee");
    const error = await t.throwsAsync(caller.call("callee", callOf("wait", 0, { leftMs: 50 })), unreachable);
    t.like(error, { kind: "unreachable" });
    answer(ok("late"));
    t.deepEqual(await caller.call("callee", callOf("ping", 0)), ok(0));
    await t.throwsAsync(caller.call("callee", callOf("ping", 0, { leftMs: -1 })), unreachable);
  });
}
