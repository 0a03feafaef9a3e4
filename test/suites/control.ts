// What every CONTROL must do (J5): a compare-and-set per subject, and one order of entries for all watchers.
import type { ExecutionContext } from "ava";
import type { AppendOutcome, Control, ControlEntry } from "../../actors/runtime/ports.ts";
import { eventually } from "./eventually.ts";
import { createSuite, type TestFunction, type UnderTest } from "./suite.ts";

interface ControlUnderTest extends UnderTest {
  readonly control: Control;
}

function watch(t: ExecutionContext, control: Control): ControlEntry[] {
  const seen: ControlEntry[] = [];
  t.teardown(control.watch((entry) => seen.push(entry)));
  return seen;
}
const values = (entries: readonly ControlEntry[]): string[] =>
  entries.map(({ subject, value }) => `${subject}=${value}`);

const triesMax = 50;
/** Real servers share the machine with other tests. */
const patienceMs = 30_000;

/** A put with an unknown outcome may be repeated: if the first one was accepted, the repeat is refused. */
async function putUntilDecided(control: Control, value: string, expected: number): Promise<AppendOutcome> {
  for (let tries = 1; ; tries++) {
    try {
      return await control.put("host.a", value, expected);
    } catch (cause) {
      if (tries === triesMax) throw cause;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

export function controlSuite(test: TestFunction, name: string, make: () => Promise<ControlUnderTest>): void {
  const it = createSuite(test, name, make);

  it("a subject is written only over the entry that the writer knows", async (t, { control }) => {
    const first = await control.put("host.a", "1", 0);
    if (first.kind !== "appended") return void t.fail();
    t.deepEqual(await control.put("host.a", "stale", 0), { kind: "conflict", lastSequence: first.sequence });
    t.like(await control.put("host.b", "other subject", 0), { kind: "appended" });
    const second = await control.put("host.a", "2", first.sequence);
    t.like(second, { kind: "appended" });
    const outcomes = await Promise.all(
      [1, 2, 3].map((n) => putUntilDecided(control, `race ${n}`, second.kind === "appended" ? second.sequence : -1)),
    );
    t.is(outcomes.filter(({ kind }) => kind === "appended").length, 1);
  });

  it("a watcher sees the kept entries, then every new one, in one order", async (t, { control }) => {
    const first = await control.put("host.a", "1", 0);
    await control.put("revoked.7", "logout", 0);
    await control.put("host.a", "2", first.kind === "appended" ? first.sequence : -1);
    const early = watch(t, control);
    await control.put("host.b", "1", 0);
    const late = watch(t, control);
    await control.put("host.c", "1", 0);
    const expected = ["revoked.7=logout", "host.a=2", "host.b=1", "host.c=1"];
    await eventually(() => early.length === 4 && late.length === 4, patienceMs);
    t.deepEqual(values(early), expected);
    t.deepEqual(values(late), expected);
    for (const [index, entry] of early.entries()) {
      t.true(entry.sequence > (early[index - 1]?.sequence ?? 0));
      t.true(entry.atMs > 1_600_000_000_000);
    }
  });

  it("a handler that puts an entry, and a watcher that stops, do not change the order", async (t, { control }) => {
    const seen: string[] = [];
    const stop = control.watch(({ subject }) => {
      seen.push(subject);
      if (subject === "host.a") void control.put("host.reply", "1", 0);
    });
    const other = watch(t, control);
    await control.put("host.a", "1", 0);
    await eventually(() => seen.length === 2 && other.length === 2, patienceMs);
    stop();
    await control.put("host.z", "1", 0);
    await eventually(() => other.length === 3, patienceMs);
    t.deepEqual(seen, ["host.a", "host.reply"]);
    t.deepEqual(
      other.map(({ subject }) => subject),
      ["host.a", "host.reply", "host.z"],
    );
  });

  it("every watcher has seen an entry before any watcher sees the next", async (t, { control }) => {
    // So a host that has read back its renewal knows that every watcher of the process has seen each revocation before it.
    const seen: string[] = [];
    for (const watcher of ["lease", "sockets", "tokens"]) {
      t.teardown(control.watch(({ subject }) => seen.push(`${subject} by ${watcher}`)));
    }
    const subjects = Array.from({ length: 20 }, (_, n) => `revoked.${n}`);
    for (const subject of subjects) await control.put(subject, "logout", 0);
    await eventually(() => seen.length === 60, patienceMs);
    const expected = subjects.flatMap((s) => [`${s} by lease`, `${s} by sockets`, `${s} by tokens`]);
    t.deepEqual(seen, expected);
  });

  it("an id may hold any characters", async (t, { control }) => {
    const ids = ["a.b", "with blanks\tand\nlines", "*", ">", "=2e", "=", "", "你好", "$JS.ACK", "a".repeat(200)];
    const seen = watch(t, control);
    for (const id of ids) t.like(await control.put(`revoked.${id}`, id, 0), { kind: "appended" });
    t.like(await control.put("revoked.a.b", "again", 0), { kind: "conflict" });
    await eventually(() => seen.length === ids.length, patienceMs);
    t.deepEqual(
      seen.map(({ subject, value }) => [subject, value]),
      ids.map((id) => [`revoked.${id}`, id]),
    );
  });
}
