// What every store of verification codes must do: each call takes effect in one step, at whichever gateway.
import type { TestFn } from "ava";
import type { CodeRules, CodeStore } from "../../infra/codes/store.ts";
import { createSuite, type UnderTest } from "./suite.ts";

interface CodesUnderTest extends UnderTest {
  /** Two gateways of one system. */
  readonly east: CodeStore;
  readonly west: CodeStore;
  pass(ms: number): Promise<void>;
}

const rules: CodeRules = { lifeMs: 60_000, maxTries: 3, pauseMs: 0, maxPerWindow: 100, windowMs: 600_000 };
const alice = { target: "alice", purpose: "login" } as const;

export function codesSuite(test: TestFn, name: string, make: () => Promise<CodesUnderTest>): void {
  const it = createSuite(test, name, make);

  it("a code is accepted once, at any gateway, and only for its target and purpose", async (t, { east, west }) => {
    t.is(await east.keep({ ...alice, hash: "right" }, rules), 0);
    t.is(await west.answer({ target: "bob", purpose: "login", hash: "right" }), "wrong");
    t.is(await west.answer({ target: "alice", purpose: "reset", hash: "right" }), "wrong");
    t.is(await west.answer({ ...alice, hash: "right" }), "right");
    t.is(await east.answer({ ...alice, hash: "right" }), "expired");
  });

  it("of many right answers at the same time exactly one is accepted", async (t, { east, west }) => {
    await east.keep({ ...alice, hash: "right" }, rules);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? east : west).answer({ ...alice, hash: "right" })),
    );
    t.is(answers.filter((answer) => answer === "right").length, 1);
  });

  it("tries are counted across gateways, and the last wrong one ends the code", async (t, { east, west }) => {
    await east.keep({ ...alice, hash: "right" }, rules);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? east : west).answer({ ...alice, hash: `wrong ${n}` })),
    );
    t.is(answers.filter((answer) => answer === "wrong").length, 3);
    t.is(await east.answer({ ...alice, hash: "right" }), "expired");
  });

  it("a newer code replaces the older one, and a drop that names the older code keeps the newer", async (t, {
    east,
    west,
  }) => {
    await east.keep({ ...alice, hash: "older" }, rules);
    await west.keep({ ...alice, hash: "newer" }, rules);
    await east.drop("alice", "login", "older");
    t.is(await east.answer({ ...alice, hash: "older" }), "wrong");
    t.is(await east.answer({ ...alice, hash: "newer" }), "right");
    await east.keep({ ...alice, hash: "third" }, rules);
    await west.drop("alice", "login");
    t.is(await east.answer({ ...alice, hash: "third" }), "wrong");
  });

  it("a code expires at the end of the life that the rules give it", async (t, made) => {
    await made.east.keep({ ...alice, hash: "right" }, { ...rules, lifeMs: 300 });
    await made.pass(301);
    for (const gateway of [made.west, made.east]) t.is(await gateway.answer({ ...alice, hash: "right" }), "expired");
  });

  it("the sends to one target are counted across gateways and purposes", async (t, { east, west }) => {
    const strict = { ...rules, maxPerWindow: 2, windowMs: 3_600_000 };
    const asked = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        (n % 2 === 0 ? east : west).keep({ ...alice, purpose: n % 3 === 0 ? "login" : "reset", hash: `${n}` }, strict),
      ),
    );
    t.is(asked.filter((waitMs) => waitMs === 0).length, 2);
    const refused = asked.filter((waitMs) => waitMs > 0);
    t.true(
      refused.every((waitMs) => waitMs > 3_500_000 && waitMs <= 3_600_000),
      refused.join(" "),
    );
    t.is(await west.keep({ target: "bob", purpose: "login", hash: "x" }, strict), 0);
    const pause = { ...rules, pauseMs: 60_000 };
    t.is(await east.keep({ target: "carol", purpose: "login", hash: "x" }, pause), 0);
    const waitMs = await west.keep({ target: "carol", purpose: "reset", hash: "y" }, pause);
    t.true(waitMs > 50_000 && waitMs <= 60_000, `${waitMs}`);
  });
}
