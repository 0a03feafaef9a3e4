// What every journal must do. `make` starts an empty one.
import { randomBytes } from "node:crypto";
import type { AppendOutcome, Journal } from "../../actors/runtime/ports.ts";
import { createSuite, type SuiteTest, type TestFunction, type UnderTest } from "./suite.ts";

interface JournalUnderTest extends UnderTest {
  readonly journal: Journal;
}
/** A journal that outlives the process, and can be opened again on the same data. */
interface KeptJournalUnderTest extends JournalUnderTest {
  readonly reopen: () => Promise<Journal>;
}

export function journalSuite(test: TestFunction, name: string, make: () => Promise<JournalUnderTest>): void {
  const it = createSuite(test, name, make);
  decisions(it);
  pages(it);
  loads(it);
}

/** The same suite, and what a journal that outlives the process must keep. */
export function keptJournalSuite(test: TestFunction, name: string, make: () => Promise<KeptJournalUnderTest>): void {
  journalSuite(test, name, make);
  lifetimes(createSuite(test, name, make));
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const triesMax = 50;

/**
 * Appends as a shard's owner does (J4): after an unknown outcome the same bytes again, until the log accepts or refuses
 * them.
 */
async function append(journal: Journal, shard: number, expected: number, text: string): Promise<AppendOutcome> {
  for (let tries = 1; ; tries++) {
    try {
      return await journal.append(shard, expected, encode(text));
    } catch (cause) {
      if (tries === triesMax) throw cause;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Appends; throws when the log refuses. */
async function put(journal: Journal, shard: number, expected: number, text: string): Promise<number> {
  const outcome = await append(journal, shard, expected, text);
  if (outcome.kind !== "appended") throw new Error(`expected ${expected}, the log is at ${outcome.lastSequence}`);
  return outcome.sequence;
}

export async function lastSequence(journal: Journal, shard: number): Promise<number> {
  return (await journal.last(shard))?.sequence ?? 0;
}

async function texts(journal: Journal, shard: number, from = 0, max = 10_000): Promise<string[]> {
  return (await journal.read(shard, from, max)).map(({ commit }) => decode(commit));
}

function decisions(it: SuiteTest<JournalUnderTest>): void {
  it("of two writers that append the same bytes at once one wins", async (t, { journal }) => {
    const start = await put(journal, 8, 0, "released");
    for (let round = 0, last = start; round < 10; round++) {
      const outcomes = await Promise.all([
        append(journal, 8, last, `fence ${round}`),
        append(journal, 8, last, `fence ${round}`),
      ]);
      t.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["appended", "conflict"]);
      last = await lastSequence(journal, 8);
    }
    t.is((await texts(journal, 8)).length, 11);
  });

  it("an empty log holds no commit and has no last one", async (t, { journal }) => {
    t.deepEqual(await journal.read(7, 0, 10), []);
    t.is(await journal.last(7), undefined);
    t.deepEqual([...(await journal.lastSequences())], []);
  });

  it("a commit is accepted only when the log ends at the sequence that the writer expects", async (t, { journal }) => {
    const first = await put(journal, 7, 0, "first");
    t.true(first > 0);
    t.deepEqual(await append(journal, 7, 0, "stale"), { kind: "conflict", lastSequence: first });
    t.deepEqual(await append(journal, 7, first + 1_000, "from the future"), {
      kind: "conflict",
      lastSequence: first,
    });
    const second = await put(journal, 7, first, "second");
    t.true(second > first);
    t.deepEqual(await texts(journal, 7), ["first", "second"]);
  });

  it("of several writers that expect the same last sequence one wins", async (t, { journal }) => {
    const start = await put(journal, 3, 0, "start");
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, writer) => append(journal, 3, start, `writer ${writer}`)),
    );
    const winners = outcomes.flatMap((outcome, writer) => (outcome.kind === "appended" ? [writer] : []));
    t.is(winners.length, 1);
    t.deepEqual(await texts(journal, 3), ["start", `writer ${winners[0]}`]);
    const last = await lastSequence(journal, 3);
    for (const outcome of outcomes) if (outcome.kind === "conflict") t.is(outcome.lastSequence, last);
  });

  it("each shard has its own log and its own last sequence", async (t, { journal }) => {
    const sequences = await Promise.all(
      Array.from({ length: 256 }, (_, shard) => put(journal, shard, 0, `of shard ${shard}`)),
    );
    for (const shard of [0, 1, 127, 255]) t.deepEqual(await texts(journal, shard), [`of shard ${shard}`]);
    const lasts = await journal.lastSequences();
    t.deepEqual(
      sequences,
      Array.from({ length: 256 }, (_, shard) => lasts.get(shard)),
    );
  });
}

function pages(it: SuiteTest<JournalUnderTest>): void {
  it("a reader that names a known last commit gets the commits up to it, and need not get later ones", async (t, {
    journal,
  }) => {
    const sequences: number[] = [];
    for (let n = 0; n < 8; n++) sequences.push(await put(journal, 12, sequences.at(-1) ?? 0, `commit ${n}`));
    const end = await journal.last(12);
    t.is(end?.sequence, sequences.at(-1));
    t.is(decode(end!.commit), "commit 7");
    await put(journal, 12, end!.sequence, "later");
    for (const from of [0, sequences[3]!, sequences[7]!]) {
      const page = await journal.read(12, from, 100, end!.sequence);
      const wanted = sequences.filter((sequence) => sequence >= from);
      t.deepEqual(
        page.map(({ sequence }) => sequence).filter((sequence) => sequence <= end!.sequence),
        wanted,
      );
    }
    t.deepEqual(await journal.read(12, sequences[2]!, 2, end!.sequence), (await journal.read(12, 0, 100)).slice(2, 4));
  });

  it("a log is read in pages, oldest first, from any sequence", async (t, { journal }) => {
    const sequences: number[] = [];
    for (let n = 0; n < 25; n++) {
      sequences.push(await put(journal, 9, sequences.at(-1) ?? 0, `commit ${n}`));
      await put(journal, 10, await lastSequence(journal, 10), "neighbour");
    }
    const seen: number[] = [];
    for (let from = 0; ; ) {
      const page = await journal.read(9, from, 10);
      if (page.length === 0) break;
      t.true(page.length <= 10);
      seen.push(...page.map(({ sequence }) => sequence));
      from = seen.at(-1)! + 1;
    }
    t.deepEqual(seen, sequences);
    t.deepEqual(await texts(journal, 9, sequences[20]!), [
      "commit 20",
      "commit 21",
      "commit 22",
      "commit 23",
      "commit 24",
    ]);
    t.deepEqual(await texts(journal, 9, sequences[3]! + 1, 2), ["commit 4", "commit 5"]);
    t.deepEqual(await texts(journal, 9, sequences.at(-1)! + 1), []);
    await put(journal, 9, sequences.at(-1)!, "later");
    t.deepEqual(await texts(journal, 9, sequences[24]!), ["commit 24", "later"]);
  });

  it("a trim removes old commits and keeps the order, the last sequences and the newest commit", async (t, {
    journal,
  }) => {
    const sequences: number[] = [];
    for (let n = 0; n < 10; n++) sequences.push(await put(journal, 1, sequences.at(-1) ?? 0, `commit ${n}`));
    const other = await put(journal, 2, 0, "of another shard");
    t.is((await texts(journal, 1)).length, 10);

    await journal.trim(1, sequences[6]!);
    t.deepEqual(await texts(journal, 1), ["commit 7", "commit 8", "commit 9"]);
    await journal.trim(1, other + 1_000);
    t.deepEqual(await texts(journal, 1), ["commit 9"]);
    t.is(await lastSequence(journal, 1), sequences[9]!);
    t.deepEqual(await append(journal, 1, 0, "as if empty"), { kind: "conflict", lastSequence: sequences[9]! });
    const next = await put(journal, 1, sequences[9]!, "goes on");
    t.true(next > sequences[9]!);
    t.deepEqual(await texts(journal, 1), ["commit 9", "goes on"]);
    t.deepEqual(await texts(journal, 2), ["of another shard"]);
  });
}

function loads(it: SuiteTest<JournalUnderTest>): void {
  it("a long log is read whole, page by page and in one page", async (t, { journal }) => {
    const commits = 1_200;
    const pad = "·".repeat(200);
    let last = 0;
    for (let n = 0; n < commits; n++) last = await put(journal, 11, last, `${n} ${pad}`);
    await put(journal, 12, 0, "of a neighbour");
    const expected = Array.from({ length: commits }, (_, n) => `${n} ${pad}`);
    t.deepEqual(await texts(journal, 11), expected);
    const paged: string[] = [];
    for (let from = 0; ; ) {
      const page = await journal.read(11, from, 500);
      paged.push(...page.map(({ commit }) => decode(commit)));
      // The reader of a tail takes a short page for the end of the log.
      if (page.length < 500) break;
      from = page.at(-1)!.sequence + 1;
    }
    t.deepEqual(paged, expected);
  });

  it("commits of 256 KiB are read byte for byte as they were written", async (t, { journal }) => {
    const commits = Array.from({ length: 12 }, () => new Uint8Array(randomBytes(256 * 1024)));
    await Promise.all(commits.map((commit, shard) => journal.append(shard, 0, commit)));
    for (const [shard, commit] of commits.entries()) {
      const [stored] = await journal.read(shard, 0, 1);
      t.true(Buffer.from(commit).equals(stored!.commit));
    }
  });

  it("2 000 concurrent appends over all shards are all accepted, in order", async (t, { journal }) => {
    const perShard = 8;
    const writeShard = async (shard: number): Promise<void> => {
      let last = 0;
      for (let n = 0; n < perShard; n++) last = await put(journal, shard, last, `${shard}.${n}`);
    };
    await Promise.all(Array.from({ length: 250 }, (_, shard) => writeShard(shard)));
    const all = new Set<number>();
    for (let shard = 0; shard < 250; shard++) {
      const page = await journal.read(shard, 0, 100);
      t.deepEqual(
        page.map(({ commit }) => decode(commit)),
        Array.from({ length: perShard }, (_, n) => `${shard}.${n}`),
      );
      for (const { sequence } of page) all.add(sequence * 256 + shard);
    }
    t.is(all.size, 2_000);
  });

  it("of two appends of one tick to the same shard the second one conflicts", async (t, { journal }) => {
    // An owner never does this, but a retry after an unknown outcome may look like it.
    const outcomes = await Promise.all([append(journal, 5, 0, "a"), append(journal, 5, 0, "a")]);
    t.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["appended", "conflict"]);
    t.deepEqual(await texts(journal, 5), ["a"]);
  });
}

function lifetimes(it: SuiteTest<KeptJournalUnderTest>): void {
  it("all commits are there after the journal is opened again", async (t, made) => {
    const first = await put(made.journal, 4, 0, "before");
    const second = await put(made.journal, 4, first, "before, too");
    await put(made.journal, 200, 0, "elsewhere");
    const journal = await made.reopen();
    t.deepEqual(await texts(journal, 4), ["before", "before, too"]);
    t.is(await lastSequence(journal, 4), second);
    t.is((await journal.lastSequences()).size, 2);
    t.like(await append(journal, 4, first, "stale"), { kind: "conflict" });
    t.true((await put(journal, 4, second, "after")) > second);
    t.deepEqual(await texts(journal, 4), ["before", "before, too", "after"]);
  });

  it("trimmed commits stay removed after the journal is opened again", async (t, made) => {
    let last = 0;
    for (let n = 0; n < 5; n++) last = await put(made.journal, 6, last, `commit ${n}`);
    await made.journal.trim(6, last);
    const journal = await made.reopen();
    t.deepEqual(await texts(journal, 6), ["commit 4"]);
    t.true((await put(journal, 6, last, "next")) > last);
  });
}
