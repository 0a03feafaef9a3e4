import test from "ava";
import type { ProcessKind, Step, StepOutcome } from "../../actors/process/contract.ts";
import { announceAfterMs, claimMarginMs, handOverMs, maxStepBytes } from "../../actors/process/limits.ts";
import { createProcess } from "../../actors/process/process.ts";
import { LoneActor } from "../support/lone-actor.ts";

/** A meal: cook, then serve, then clean; after a failure, and for a dish that nobody needs, less. */
interface Meal {
  left: string[];
}
const step = (activity: string): Step => ({ activity, input: {}, timeoutMs: 60_000, maxTries: 2, retryMinMs: 100 });
const meal: ProcessKind<{ dish: string }, Meal> = {
  name: "upload",
  begin: ({ dish }) => ({ left: dish === "nothing" ? [] : ["cook", "serve", "clean"] }),
  decide: ({ left: [next] }) =>
    next === undefined ? { kind: "end", result: null } : { kind: "run", step: step(next) },
  apply: ({ left: [, ...left] }, { kind }) => ({ left: kind === "failed" && left.length > 0 ? ["clean"] : left }),
  describe: () => ({}),
};

const done = (value: unknown = null): StepOutcome => ({ kind: "done", value });
const failed = (isFinal?: true): StepOutcome => {
  return { kind: "failed", error: "kitchen.fire", message: "It burns.", ...(isFinal && { isFinal }) };
};

function open() {
  const poked: string[] = [];
  const closed = new Set<string>();
  const behaviour = createProcess({
    kinds: { upload: meal },
    poke: (key) => poked.push(key),
    isClosed: (boot) => closed.has(boot),
  });
  const process = new LoneActor(behaviour, "upload:1");
  return { process, poked, closed };
}
function started() {
  const all = open();
  all.process.run("start", { input: { dish: "soup" } });
  return all;
}
function claimed(boot = "a") {
  const all = started();
  const claim = all.process.run("claim", { boot });
  if (claim.kind !== "run") throw new Error(claim.kind);
  return { ...all, claim };
}
const everySnapshotHolds = (
  t: { deepEqual(a: unknown, b: unknown): unknown },
  { process }: ReturnType<typeof open>,
) => {
  for (let i = 0; i <= process.records.length; i += 1) t.deepEqual(process.replayed(i), process.state);
};

test("a process runs its steps in order, each reported once, and is over then", (t) => {
  const all = started();
  const { process, poked } = all;
  t.deepEqual(poked, ["upload:1"]);
  t.like(process.run("claim", { boot: "a" }), { kind: "run", run: 1, tries: 1, step: { activity: "cook" } });
  const second = process.run("report", { boot: "a", run: 1, outcome: done() });
  t.like(second, { kind: "run", run: 2, tries: 1, step: { activity: "serve" } });
  t.like(process.run("report", { boot: "a", run: 2, outcome: done() }), { step: { activity: "clean" } });
  t.like(process.ask("state", {}), { status: "running", run: 3 });
  t.deepEqual(process.run("report", { boot: "a", run: 3, outcome: done() }), { kind: "over" });
  t.like(process.ask("state", {}), { status: "over" });
  t.deepEqual(process.run("claim", { boot: "a" }), { kind: "over" });
  everySnapshotHolds(t, all);
});

test("a second start changes nothing, also after the end", (t) => {
  const { process } = started();
  process.run("start", { input: { dish: "cake" } });
  t.is(process.records.length, 1);
  const idle = open().process;
  t.deepEqual(idle.run("claim", { boot: "a" }), { kind: "over" });
  idle.run("start", { input: { dish: "nothing" } });
  t.like(idle.ask("state", {}), { status: "over" });
  idle.run("start", { input: { dish: "soup" } });
  t.like(idle.ask("state", {}), { status: "over" });
});

test("one host works on a process: another one waits until the first is gone, or its time is over", (t) => {
  const { process, closed } = claimed("a");
  t.like(process.run("claim", { boot: "b" }), { kind: "wait" });
  closed.add("a");
  t.like(process.run("claim", { boot: "b" }), { kind: "run", run: 2, tries: 2 });
  const other = claimed("a").process;
  other.nowMs += 60_000 + claimMarginMs;
  t.like(other.run("claim", { boot: "b" }), { kind: "run", run: 2 });
});

test("a report of an older run has no effect", (t) => {
  const { process, closed } = claimed("a");
  closed.add("a");
  process.run("claim", { boot: "b" });
  const { length } = process.records;
  t.like(process.run("report", { boot: "a", run: 1, outcome: done() }), { kind: "wait" });
  t.is(process.records.length, length);
  t.like(process.run("report", { boot: "b", run: 2, outcome: done() }), { step: { activity: "serve" } });
});

test("a host whose claim was answered to nobody claims again", (t) => {
  const { process } = claimed("a");
  t.like(process.run("claim", { boot: "a" }), { kind: "run", run: 2 });
  t.like(process.run("report", { boot: "a", run: 2, outcome: done() }), { step: { activity: "serve" } });
});

test("a failed try is repeated after a pause; the last one leads to a decision", (t) => {
  const all = claimed();
  const { process } = all;
  const atMs = process.nowMs;
  t.deepEqual(process.run("report", { boot: "a", run: 1, outcome: failed() }), { kind: "wait", untilMs: atMs + 100 });
  t.deepEqual(process.run("claim", { boot: "a" }), { kind: "wait", untilMs: atMs + 100 });
  process.nowMs += 100;
  t.like(process.run("claim", { boot: "a" }), { kind: "run", run: 2, tries: 2 });
  t.like(process.run("report", { boot: "a", run: 2, outcome: failed() }), { kind: "run", step: { activity: "clean" } });
  everySnapshotHolds(t, all);
});

test("a final failure is not tried again", (t) => {
  const { process } = claimed();
  t.like(process.run("report", { boot: "a", run: 1, outcome: failed(true) }), { step: { activity: "clean" } });
});

test("a step whose workers are all lost fails as process.lost", (t) => {
  const { process, closed } = claimed("a");
  closed.add("a");
  t.like(process.run("claim", { boot: "b" }), { tries: 2 });
  closed.add("b");
  t.like(process.run("claim", { boot: "c" }), { kind: "run", tries: 1, step: { activity: "clean" } });
});

test("a host that goes down gives its step back: it is taken at once, and the try does not count", (t) => {
  const { process, poked } = claimed("a");
  process.run("release", { run: 1 });
  t.is(poked.length, 2);
  t.like(process.run("claim", { boot: "b" }), { kind: "run", run: 2, tries: 1 });
  process.run("release", { run: 1 });
  t.like(process.run("claim", { boot: "c" }), { kind: "wait" });
});

test("cancelling ends the present step, and the process decides over it once", (t) => {
  const all = claimed();
  const { process, poked } = all;
  process.run("cancel", {});
  t.is(poked.length, 2, "the runner looks at it");
  t.true(process.ask("state", {}).isCancelled);
  const cancelled = { kind: "failed", error: "process.cancelled", message: "", isFinal: true } as const;
  t.like(process.run("report", { boot: "a", run: 1, outcome: cancelled }), { step: { activity: "clean" } });
  process.run("cancel", {});
  t.false(process.ask("state", {}).isCancelled, "what follows a cancellation is not cancelled");
  t.deepEqual(process.run("report", { boot: "a", run: 2, outcome: done() }), { kind: "over" });
  everySnapshotHolds(t, all);
});

test("a step that was done in spite of the cancellation is followed by the decision over it", (t) => {
  const { process } = claimed();
  process.run("cancel", {});
  t.like(process.run("report", { boot: "a", run: 1, outcome: done() }), { step: { activity: "clean" } });
});

test("a cancelled process that nobody works on runs no step but those after the cancellation", (t) => {
  const waiting = started().process;
  waiting.run("cancel", {});
  t.like(waiting.run("claim", { boot: "a" }), { step: { activity: "clean" } });
  const { process, closed } = claimed("a");
  process.run("cancel", {});
  closed.add("a");
  t.like(process.run("claim", { boot: "b" }), { step: { activity: "clean" } });
});

test("what is too large to be kept fails, and the process goes on from there", (t) => {
  const { process } = claimed();
  const outcome = done("x".repeat(maxStepBytes));
  t.like(process.run("report", { boot: "a", run: 1, outcome }), { step: { activity: "clean" } });
  const large = open().process;
  t.throws(() => large.run("start", { input: { dish: "x".repeat(maxStepBytes) } }), { message: /too large/ });
});

test("an open process is announced to the runner of its owner, and of every later owner", (t) => {
  const { process, poked } = started();
  t.false(process.wake(), "a short process is announced once");
  process.run("claim", { boot: "a" });
  process.nowMs += announceAfterMs;
  t.true(process.wake());
  t.is(poked.length, 2);
});

test("where Temporal answers, the process is handed over, and its workflow begins it", (t) => {
  const all = started();
  const { process } = all;
  const claim = process.run("claim", { boot: "a", canHandOver: true });
  t.like(claim, { kind: "hand_over", input: { dish: "soup" }, untilMs: process.nowMs + handOverMs });
  t.like(process.run("claim", { boot: "b", canHandOver: true }), { kind: "hand_over" }, "a start may be lost");
  t.deepEqual(process.run("begin", {}), { isYours: true });
  t.deepEqual(process.run("begin", {}), { isYours: true }, "an activity may run twice");
  t.deepEqual(process.run("claim", { boot: "a" }), { kind: "watch", isCancelled: false });
  t.like(process.ask("state", {}), { status: "temporal" });
  process.run("cancel", {});
  t.deepEqual(process.run("claim", { boot: "a" }), { kind: "watch", isCancelled: true });
  process.run("end", {});
  t.deepEqual(process.run("claim", { boot: "a" }), { kind: "over" });
  everySnapshotHolds(t, all);
});

test("a process that Temporal does not begin in time runs here, and its workflow learns that it is too late", (t) => {
  const { process } = started();
  process.run("claim", { boot: "a", canHandOver: true });
  process.nowMs += handOverMs;
  t.like(process.run("claim", { boot: "a", canHandOver: true }), { kind: "run", run: 1 });
  t.deepEqual(process.run("begin", {}), { isYours: false });
  process.run("end", {});
  t.like(process.ask("state", {}), { status: "running" });
});

test("a process that runs here is not handed over any more", (t) => {
  const { process, closed } = claimed("a");
  closed.add("a");
  t.like(process.run("claim", { boot: "b", canHandOver: true }), { kind: "run", run: 2 });
});

test("a workflow that was terminated leaves what a cancelled process has to do", (t) => {
  const all = started();
  const { process } = all;
  process.run("claim", { boot: "a", canHandOver: true });
  process.run("begin", {});
  process.run("abandon", {});
  t.deepEqual(process.run("begin", {}), { isYours: false });
  t.like(process.run("claim", { boot: "a", canHandOver: true }), { kind: "run", step: { activity: "clean" } });
  everySnapshotHolds(t, all);
});
