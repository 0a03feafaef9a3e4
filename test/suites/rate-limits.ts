// What shared limits must do: all gateways take from one bucket, a refusal names the wait, and the bucket fills again.
import type { TestFn } from "ava";
import type { RateLimits } from "../../gateway/ports.ts";
import { eventually } from "./eventually.ts";
import { createSuite, type UnderTest } from "./suite.ts";

interface RateLimitsUnderTest extends UnderTest {
  /** Two gateways of one system. */
  readonly east: RateLimits;
  readonly west: RateLimits;
  /** Lets time pass, for the buckets. */
  pass(ms: number): Promise<void>;
}

export function rateLimitsSuite(test: TestFn, name: string, make: () => Promise<RateLimitsUnderTest>): void {
  const it = createSuite(test, name, make);
  // Slow enough that no token is added while a test runs.
  const logins = { name: "logins", burst: 3, perMinute: 1, isShared: true } as const;

  it("a shared limit holds across gateways", async (t, { east, west }) => {
    for (const gateway of [east, west, east]) t.deepEqual(await gateway.takeShared(logins, "alice"), { ok: true });
    for (const gateway of [east, west]) {
      const refused = await gateway.takeShared(logins, "alice");
      t.false(refused.ok);
      if (!refused.ok)
        t.true(refused.retryAfterMs > 50_000 && refused.retryAfterMs <= 60_000, `${refused.retryAfterMs}`);
    }
  });

  it("each pair of limit and key has a bucket of its own", async (t, { east, west }) => {
    for (let n = 0; n < 3; n += 1) await east.takeShared(logins, "alice");
    t.deepEqual(await west.takeShared(logins, "bob"), { ok: true });
    t.deepEqual(await west.takeShared({ ...logins, name: "codes" }, "alice"), { ok: true });
    t.like(await west.takeShared(logins, "alice"), { ok: false });
  });

  it("a look at a bucket takes nothing", async (t, { east }) => {
    for (let n = 0; n < 3; n += 1) {
      t.deepEqual(east.look(logins, "alice"), { ok: true });
      await east.takeShared(logins, "alice");
    }
    t.like(east.look(logins, "alice"), { ok: false });
  });

  it("what is given back can be taken again, from any gateway, and a bucket never holds more than its burst", async (t, made) => {
    const { east, west } = made;
    for (let n = 0; n < 3; n += 1) await east.takeShared(logins, "alice");
    east.giveBack(logins, "alice");
    await eventually(async () => (await west.takeShared(logins, "alice")).ok);
    t.like(await east.takeShared(logins, "alice"), { ok: false });
    for (let n = 0; n < 5; n += 1) west.giveBack(logins, "bob");
    await made.pass(100);
    for (let n = 0; n < 3; n += 1) t.deepEqual(await west.takeShared(logins, "bob"), { ok: true });
    t.like(await west.takeShared(logins, "bob"), { ok: false });
  });

  it("of many takes at the same time exactly as many as the burst succeed", async (t, { east, west }) => {
    const taken = await Promise.all(
      Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? east : west).takeShared(logins, "alice")),
    );
    t.is(taken.filter(({ ok }) => ok).length, 3);
  });

  it("an empty bucket fills again, up to its burst", async (t, made) => {
    const quick = { name: "quick", burst: 4, perMinute: 1_200, isShared: true } as const;
    t.deepEqual(await made.east.takeShared(quick, "alice", 4), { ok: true });
    t.like(await made.west.takeShared(quick, "alice", 4), { ok: false });
    await made.pass(1_000);
    t.deepEqual(await made.west.takeShared(quick, "alice", 4), { ok: true });
    t.like(await made.east.takeShared(quick, "alice", 4), { ok: false });
  });
}
