import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import test, { type ExecutionContext } from "ava";
import { openMarkHistory } from "../../infra/retention/mark-history.ts";
import { startTrimmer } from "../../infra/retention/trimmer.ts";
import { DataDirLockedError } from "../../infra/sqlite/errors.ts";
import {
  decodeIdentity,
  encodeIdentity,
  identityOf,
  isAnotherFile,
  readIdentity,
} from "../../infra/sqlite/file-identity.ts";
import { openSqliteJournal, type SqliteJournalOptions } from "../../infra/sqlite/journal.ts";
import { openWorker } from "../../infra/sqlite/worker-link.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { StorageError } from "../../infra/views/storage-error.ts";
import { eventually } from "../suites/eventually.ts";
import { keptJournalSuite, lastSequence } from "../suites/journal.ts";
import type { DyingOperations } from "../support/dying-worker.ts";
import { silentLog } from "../support/silent-log.ts";
import { createTempFolder } from "../support/temp-folder.ts";

function makeFolder(): string {
  return createTempFolder("journal");
}

keptJournalSuite(test, "sqlite journal", async () => {
  const folder = makeFolder();
  let journal = await openSqliteJournal({ path: join(folder, "journal.db") });
  return {
    journal,
    async reopen() {
      await journal.close();
      journal = await openSqliteJournal({ path: join(folder, "journal.db") });
      return journal;
    },
    async close() {
      await journal.close();
      rmSync(folder, { recursive: true });
    },
  };
});

/** A journal in a folder of its own; both are removed at the end of the test. */
async function openJournal(t: ExecutionContext, options: Partial<SqliteJournalOptions> = {}) {
  const folder = makeFolder();
  const path = join(folder, "journal.db");
  const journal = await openSqliteJournal({ path, ...options });
  t.teardown(async () => {
    await journal.close();
    rmSync(folder, { recursive: true });
  });
  return { path, journal };
}
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

test("a file is taken for a copy only where its inode or its known time of creation is another", (t) => {
  const facts = { ino: 7n, birthtimeMs: 5n, birthtimeNs: 5_000_000n, ctimeNs: 9_000_000n };
  const file = identityOf(facts);
  const changed = (more: Partial<typeof facts>) => isAnotherFile(file, identityOf({ ...facts, ...more }));
  t.false(changed({ ctimeNs: 10_000_000n }), "written to");
  t.true(changed({ ino: 8n }));
  t.true(changed({ birthtimeMs: 6n, birthtimeNs: 6_000_000n }), "a freed inode is used again");
  t.false(changed({ birthtimeMs: 0n, birthtimeNs: 0n }), "the file system keeps no time of creation");
  t.false(
    changed({ birthtimeMs: 9n, birthtimeNs: 9_000_000n }),
    "the kernel does not tell it: the time of the last change",
  );
  const unknown = identityOf({ ...facts, birthtimeMs: 0n, birthtimeNs: 0n });
  t.false(isAnotherFile(unknown, file), "the file comes under a kernel that tells it");
  t.deepEqual(decodeIdentity(encodeIdentity(file)), file);
  if (process.platform === "linux") t.is(readIdentity("/proc/version"), undefined, "a file system that keeps no files");
});

test("a second server on the same folder is refused at once, and the first one is not disturbed", async (t) => {
  const { path, journal } = await openJournal(t);
  const error = await t.throwsAsync(openSqliteJournal({ path }), { instanceOf: DataDirLockedError });
  t.is(error?.message, `another server uses this data folder: ${path}`);
  t.like(await journal.append(1, 0, bytes(10)), { kind: "appended" });
});

test("a second process on the same folder is refused until the first one has ended", async (t) => {
  const folder = makeFolder();
  const path = join(folder, "journal.db");
  const { child } = await startAppender(path);
  await t.throwsAsync(openSqliteJournal({ path }), { instanceOf: DataDirLockedError });
  child.kill("SIGKILL");
  await once(child, "exit");
  const journal = await openSqliteJournal({ path });
  await journal.close();
  rmSync(folder, { recursive: true });
});

test("the store's id is drawn once and kept", async (t) => {
  const folder = makeFolder();
  const path = join(folder, "journal.db");
  const first = await openSqliteJournal({ path });
  await first.close();
  const second = await openSqliteJournal({ path });
  await second.close();
  t.regex(first.storeId, /^[0-9a-f]{32}$/);
  t.is(second.storeId, first.storeId);
  await t.throwsAsync(second.append(1, 0, bytes(1)), { instanceOf: StorageError });
  rmSync(folder, { recursive: true });
});

test("a file of another format is refused", async (t) => {
  const folder = makeFolder();
  const path = join(folder, "journal.db");
  await (await openSqliteJournal({ path })).close();
  const db = new DatabaseSync(path);
  db.exec("UPDATE meta SET value = '512' WHERE name = 'shards'");
  db.close();
  const error = await t.throwsAsync(openSqliteJournal({ path }), { instanceOf: StorageError });
  t.like(error, { kind: "format", message: `${path} was written with shards 512, this server has 256` });
  rmSync(folder, { recursive: true });
});

test("a file that is no journal, or a damaged one, is refused", async (t) => {
  const folder = makeFolder();
  const garbage = join(folder, "garbage.db");
  writeFileSync(garbage, "this is not a database".repeat(1_000));
  t.like(await t.throwsAsync(openSqliteJournal({ path: garbage })), { kind: "damaged" });

  const path = join(folder, "journal.db");
  const journal = await openSqliteJournal({ path });
  for (let n = 0, last = 0; n < 50; n++) {
    const outcome = await journal.append(1, last, bytes(5_000));
    if (outcome.kind === "appended") last = outcome.sequence;
  }
  await journal.close();
  truncateSync(path, statSync(path).size / 2);
  t.like(await t.throwsAsync(openSqliteJournal({ path })), { kind: "damaged" });
  rmSync(folder, { recursive: true });
});

test("a commit whose bytes changed on disk is reported as damaged when it is read", async (t) => {
  const folder = makeFolder();
  const path = join(folder, "journal.db");
  const journal = await openSqliteJournal({ path });
  await journal.append(1, 0, bytes(100));
  await journal.close();
  const db = new DatabaseSync(path);
  db.exec("UPDATE commits SET body = zeroblob(100)");
  db.close();
  const reopened = await openSqliteJournal({ path });
  t.like(await t.throwsAsync(reopened.read(1, 0, 1)), { kind: "damaged" });
  await reopened.close();
  rmSync(folder, { recursive: true });
});

test("a full disk refuses the whole group, and the journal accepts commits again when there is room", async (t) => {
  const { journal } = await openJournal(t, { maxFileBytes: 64 * 8_192 });
  let last = 0;
  const failure = await t.throwsAsync(async () => {
    for (;;) {
      const outcome = await journal.append(1, last, bytes(20_000));
      if (outcome.kind === "appended") last = outcome.sequence;
    }
  });
  t.like(failure, { kind: "failed" });
  t.regex(String(failure?.cause), /full/);
  t.regex(journal.failure() ?? "", /full/);
  // Neither append of a failed group is stored.
  const group = await Promise.allSettled([journal.append(2, 0, bytes(10)), journal.append(3, 0, bytes(200_000))]);
  t.deepEqual(
    group.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  t.is(await lastSequence(journal, 2), 0);
  t.is(await lastSequence(journal, 1), last);
  await journal.trim(1, last);
  t.like(await journal.append(2, 0, bytes(20_000)), { kind: "appended" });
  t.is(journal.failure(), undefined);
  t.like(await journal.append(1, last, bytes(20_000)), { kind: "appended" });
});

test("old commits are trimmed although the server restarts more often than they are kept, and never above the present mark", async (t) => {
  const { path, journal } = await openJournal(t);
  const hourMs = 3_600_000;
  let nowMs = Date.UTC(2026, 0, 1);
  let mark = 0;
  let tick = () => {};
  const clock = {
    ...systemClock,
    nowMs: () => nowMs,
    after: (_: number, callback: () => void) => {
      tick = callback;
      return () => {};
    },
  };
  const errors: unknown[] = [];
  const log = { ...silentLog, error: (...line: unknown[]) => errors.push(line) };
  const serve = async (durationMs: number) => {
    const trimmer = startTrimmer({
      journal,
      marks: async () => [{ shard: 1, sequence: mark, commitId: "c" }],
      history: openMarkHistory(`${path}.marks`),
      isTrimmer: () => true,
      clock,
      log,
      keptMs: 4 * hourMs,
    });
    for (const endMs = nowMs + durationMs; nowMs < endMs; nowMs += 60_000) {
      const run = tick;
      run();
      await eventually(() => tick !== run);
    }
    trimmer.stop();
  };
  const sequences: number[] = [];
  for (let hour = 0; hour < 8; hour += 1) {
    const outcome = await journal.append(1, sequences.at(-1) ?? 0, bytes(10));
    if (outcome.kind === "appended") sequences.push(outcome.sequence);
    mark = sequences.at(-1)!;
    await serve(hourMs);
  }
  const kept = async () => (await journal.read(1, 0, 100)).map(({ sequence }) => sequence);
  // After eight hours the marks of the fourth hour are older than four hours.
  t.deepEqual(await kept(), sequences.slice(3));
  mark = sequences[4]!;
  await serve(6 * hourMs);
  t.deepEqual(await kept(), sequences.slice(4));
  t.deepEqual(errors, []);
});

test("a journal that is half full is trimmed at once, however long commits should be kept", async (t) => {
  const { path, journal } = await openJournal(t, { maxFileBytes: 128 * 8_192 });
  let last = 0;
  for (let i = 0; i < 30; i += 1) {
    const outcome = await journal.append(1, last, bytes(20_000));
    if (outcome.kind === "appended") last = outcome.sequence;
  }
  const { usedBytes, maxBytes } = await journal.usage();
  t.true(usedBytes > maxBytes / 2);
  let tick = () => {};
  const clock = {
    ...systemClock,
    after: (_: number, callback: () => void) => {
      tick = callback;
      return () => {};
    },
  };
  const quiet = { ...silentLog, error: t.fail };
  const history = openMarkHistory(`${path}.marks`);
  const marks = async () => [{ shard: 1, sequence: last, commitId: "c" }];
  const trimmer = startTrimmer({
    journal,
    marks,
    history,
    isTrimmer: () => true,
    clock,
    log: quiet,
    keptMs: 3_600_000,
  });
  const run = tick;
  run();
  await eventually(() => tick !== run);
  trimmer.stop();
  t.is((await journal.read(1, 0, 100)).length, 1);
  t.true((await journal.usage()).usedBytes < maxBytes / 4);
});

test("a commit that is too large, and appends beyond the waiting limit, are refused and not stored", async (t) => {
  const { journal } = await openJournal(t, { maxCommitBytes: 1_000, maxWaitingBytes: 2_500 });
  t.like(await t.throwsAsync(journal.append(1, 0, bytes(1_001))), { kind: "too_large" });
  const many = await Promise.allSettled([0, 1, 2, 3].map((shard) => journal.append(shard, 0, bytes(1_000))));
  t.deepEqual(
    many.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "rejected"],
  );
  t.is((await journal.lastSequences()).size, 2);
});

/** A child process that appends to 16 shards and prints each acknowledged commit. */
async function startAppender(path: string): Promise<{ child: ChildProcess; acked: Map<string, number> }> {
  const script = new URL("../support/journal-appender.ts", import.meta.url);
  const child = spawn(process.execPath, [script.pathname, path], { stdio: ["ignore", "pipe", "inherit"] });
  const acked = new Map<string, number>();
  const lines = createInterface({ input: child.stdout! });
  const started = once(lines, "line");
  lines.on("line", (line) => {
    const [shard, n, sequence] = line.split(" ").map(Number);
    acked.set(`${shard}.${n}`, sequence!);
  });
  await started;
  return { child, acked };
}

test("kill -9 loses no acknowledged commit, also when the write-ahead log ends with garbage", async (t) => {
  const folder = makeFolder();
  const path = join(folder, "journal.db");
  for (let round = 0; round < 3; round++) {
    const { child, acked } = await startAppender(path);
    while (acked.size < 500) await once(child.stdout!, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    // A power loss may leave such bytes after the last synced frame.
    if (existsSync(`${path}-wal`)) appendFileSync(`${path}-wal`, bytes(5_000));

    const journal = await openSqliteJournal({ path });
    const found = new Map<string, number>();
    for (let shard = 0; shard < 16; shard++) {
      const commits = await journal.read(shard, 0, 1_000_000);
      commits.forEach(({ sequence, commit }, index) => {
        const text = new TextDecoder().decode(commit);
        t.is(text.split(" ")[0], `${shard}.${index}`);
        found.set(`${shard}.${index}`, sequence);
      });
    }
    for (const [commit, sequence] of acked) t.is(found.get(commit), sequence);
    await journal.close();
  }
  rmSync(folder, { recursive: true });
});

test("when a worker thread dies, waiting and later calls are refused with its reason", async (t) => {
  const script = new URL("../support/dying-worker.ts", import.meta.url);
  const deaths: string[] = [];
  const onDeath = (error: Error) => deaths.push(error.message);
  const healthy = await openWorker<DyingOperations>(script, { name: "healthy", data: {}, onDeath });
  await healthy.close();
  t.deepEqual(deaths, [], "a closed worker has not died");
  const link = await openWorker<DyingOperations>(script, { name: "dying", data: {}, onDeath });
  t.is(await link.call("echo", 1), 1);
  const waiting = [link.call("wait", undefined), link.call("die", undefined)];
  for (const outcome of await Promise.allSettled(waiting)) {
    if (outcome.status === "fulfilled") t.fail();
    else t.like(outcome.reason, { name: "StorageError", kind: "closed", message: "the dying worker died" });
  }
  t.like(await t.throwsAsync(link.call("echo", 3)), { kind: "closed" });
  t.deepEqual(deaths, ["the dying worker died"], "reported once");
  await link.close();
});
