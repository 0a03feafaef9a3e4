// The journal protocol (J1–J5) on JetStream while servers hang, die, change their leader or lose data.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { logRules } from "../../actors/runtime/log/log-rules.ts";
import { readTail } from "../../actors/runtime/log/read-tail.ts";
import type { Journal } from "../../actors/runtime/ports.ts";
import { NatsError } from "../../infra/nats/errors.ts";
import { manageJetStream } from "../../infra/nats/jetstream.ts";
import { eventually } from "../suites/eventually.ts";
import { lastSequence } from "../suites/journal.ts";
import { NatsWorld, sharedWorld, sizeName } from "../support/nats-world.ts";
import { needs } from "../support/needs.ts";
import { own, ShardWriter, saidIn } from "../support/shard-writer.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const test = needs("nats");

const sizes = [1, 3] as const;
const worlds = { 1: sharedWorld(1), 3: sharedWorld(3) };
test.after.always("the servers end", async () => {
  for (const size of sizes) await worlds[size].close();
});

const patienceMs = 60_000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const size of sizes) {
  const name = sizeName(size);

  test.serial(
    `${name}: J4: an append that timed out and is stored late is recognized as the writer's own, exactly once`,
    async (t) => {
      const world = await worlds[size].cleared();
      const connection = await world.connect();
      const journal = await world.journal({ connection, streams: 1, appendMsMax: 200 });
      const writer = await own(journal, 7);
      t.true(await writer.say("before"));
      const leader = world.nats.servers[await world.leaderOf("JOURNAL_0", connection)];
      leader?.pause();
      const saying: Promise<boolean>[] = [];
      // On a busy machine the pause takes effect later. The wait allows some repeats and is too short for the writer to give
      // up.
      await eventually(() => {
        if (!writer.log.hasUndecided) saying.push(writer.say(`while it hangs ${saying.length}`));
        return writer.errorReports.length >= 3;
      }, patienceMs);
      leader?.resume();
      for (const isIn of await Promise.all(saying)) t.true(isIn);
      t.true(await writer.say("after"));
      const expected = ["before", ...saying.map((_, n) => `while it hangs ${n}`), "after"];
      t.deepEqual(await saidIn(journal, 7), expected);
      t.deepEqual(writer.committed, expected);
      t.false(writer.isLost);
    },
  );

  test.serial(`${name}: J4: a writer whose own repeat conflicts with its first attempt continues`, async (t) => {
    // The second attempt arrives while the first is being decided (10164 on three servers), or after that (10071).
    const world = await worlds[size].cleared();
    const inner = await world.journal();
    const unknowns: NatsError[] = [];
    const stuttering: Journal = {
      ...inner,
      async append(shard, expected, commit) {
        const first = inner.append(shard, expected, commit);
        first.catch(() => {});
        try {
          return await inner.append(shard, expected, commit);
        } catch (cause) {
          if (cause instanceof NatsError) unknowns.push(cause);
          throw cause;
        } finally {
          await first.catch(() => {});
        }
      },
    };
    const writer = await own(stuttering, 3);
    const texts = Array.from({ length: 100 }, (_, n) => `text ${n}`);
    for (const text of texts) t.true(await writer.say(text));
    t.deepEqual(await saidIn(inner, 3), texts);
    t.deepEqual(writer.committed, texts);
    t.true(unknowns.every(({ kind, message }) => kind === "unknown" && message.includes("10164")));
    if (size === 3) t.true(unknowns.length > 0, "three servers answer 10164");
  });

  test.serial(
    `${name}: J3: of hosts that take a shard at once one owns it, and its tail ends with its fence`,
    async (t) => {
      const world = await worlds[size].cleared();
      const journals = await Promise.all([world.journal(), world.journal(), world.journal()]);
      const shards = Array.from({ length: 20 }, (_, shard) => shard);
      await Promise.all(
        shards.map(async (shard) => {
          const hosts = journals.map((journal, n) => new ShardWriter(journal, shard, `host ${n}`));
          const outcomes = await Promise.all(hosts.map((host) => host.take(undefined, (last) => last === undefined)));
          t.is(outcomes.filter(({ kind }) => kind === "taken").length, 1);
          const end = await journals[0].last(shard);
          const tail = await readTail(journals[0], logRules, { shard, mark: undefined, end });
          if (tail.kind !== "tail") return void t.fail();
          t.is(tail.commits.length, 1);
          const { commit } = tail.commits[0] ?? {};
          const owner = hosts[outcomes.findIndex(({ kind }) => kind === "taken")];
          t.true(commit?.type === "fence" && commit.boot === owner?.boot);
        }),
      );
    },
  );

  test.serial(`${name}: J2: an owner that lost its shard commits nothing more, however fast it appends`, async (t) => {
    const world = await worlds[size].cleared();
    const [here, there] = await Promise.all([world.journal(), world.journal()]);
    const former = await own(here, 9);
    const said = Array.from({ length: 300 }, (_, n) => ({ text: `former ${n}`, isIn: former.say(`former ${n}`) }));
    const next = new ShardWriter(there, 9);
    // Each attempt conflicts with a newer commit of the former owner, until one arrives between two commits.
    await eventually(async () => (await next.take()).kind === "taken", patienceMs);
    t.true(await next.say("next"));
    t.false(await former.say("too late"));
    t.true(former.isLost);
    const kept = await Promise.all(said.map(async ({ text, isIn }) => ((await isIn) ? [text] : [])));
    t.deepEqual(await saidIn(there, 9), [...kept.flat(), "next"]);
  });

  test.serial(`${name}: J1: an emptied, shortened or foreign log is quarantined, and never restarted`, async (t) => {
    const world = await worlds[size].cleared();
    const connection = await world.connect();
    const journal = await world.journal({ connection, streams: 1 });
    const jsm = await manageJetStream(connection);
    const emptied = await own(journal, 1);
    const trimmed = await own(journal, 2);
    for (const writer of [emptied, trimmed]) for (const text of ["a", "b", "c"]) await writer.say(text);
    const oldMark = trimmed.mark;
    await trimmed.say("d");

    await jsm.streams.purge("JOURNAL_0", { filter: "journal.1" });
    t.is(await lastSequence(journal, 1), 0);
    t.like(await new ShardWriter(journal, 1).take(emptied.mark), { kind: "quarantined" });
    // The living owner commits nothing more: its next append names a sequence that no longer exists.
    t.false(await emptied.say("into the void"));
    t.is(await lastSequence(journal, 1), 0);

    await journal.trim(2, trimmed.mark?.sequence ?? 0);
    t.like(await new ShardWriter(journal, 2).take(oldMark), { kind: "quarantined" });
    t.like(await new ShardWriter(journal, 2).take(undefined), { kind: "quarantined" });
    t.like(await new ShardWriter(journal, 2).take(trimmed.mark), { kind: "taken" });
    const foreign = { shard: 2, sequence: trimmed.mark?.sequence ?? 0, commitId: "2/1/of-another-store/1" };
    t.like(await new ShardWriter(journal, 2).take(foreign), { kind: "quarantined" });
  });

  test.serial(
    `${name}: G1: kill -9 of every server loses nothing acknowledged, and the owner continues without help`,
    async (t) => {
      const world = await worlds[size].cleared();
      const journal = await world.journal();
      const writers = await Promise.all([10, 11, 12, 13].map((shard) => own(journal, shard)));
      let isOver = false;
      const saying = writers.map(async (writer) => {
        for (let n = 0; !isOver; n++) t.true(await writer.say(`text ${n}`));
      });
      await eventually(() => writers.every(({ committed }) => committed.length > 20), patienceMs);
      await Promise.all(world.nats.servers.map((server) => server.kill9()));
      const counts = writers.map(({ committed }) => committed.length);
      await Promise.all(world.nats.servers.map((server) => server.restart()));
      await eventually(() => writers.every(({ committed }, i) => committed.length > (counts[i] ?? 0) + 20), patienceMs);
      isOver = true;
      await Promise.all(saying);
      for (const { committed, log, isLost } of writers) {
        t.false(isLost);
        t.deepEqual(await saidIn(journal, log.index), committed);
        t.deepEqual(
          committed,
          Array.from({ length: committed.length }, (_, n) => `text ${n}`),
        );
      }
    },
  );
}

/** Eight owners commit one text after the other while `disturb` runs. */
async function writeThrough(
  world: NatsWorld,
  disturb: (tick: () => Promise<void>) => Promise<void>,
): Promise<ShardWriter[]> {
  const journal = await world.journal();
  const writers = await Promise.all(Array.from({ length: 8 }, (_, shard) => own(journal, shard)));
  let isOver = false;
  const saying = writers.map(async (writer) => {
    for (let n = 0; !isOver; n++) if (!(await writer.say(`text ${n}`))) throw new Error(`text ${n} was refused`);
  });
  const allCommitMore = async () => {
    const counts = writers.map(({ committed }) => committed.length);
    await eventually(() => writers.every(({ committed }, i) => committed.length > (counts[i] ?? 0) + 10), patienceMs);
  };
  await allCommitMore();
  await disturb(allCommitMore);
  isOver = true;
  await Promise.all(saying);
  return writers;
}

test.serial("J4: a change of the leader between commits loses and repeats no commit", async (t) => {
  const world = await worlds[3].cleared();
  const connection = await world.connect();
  const writers = await writeThrough(world, async (allCommitMore) => {
    for (const stream of ["JOURNAL_0", "JOURNAL_1", "JOURNAL_0"]) {
      await world.stepDown(stream, connection);
      await allCommitMore();
    }
  });
  await checkLogs(t, world, writers);
});

test.serial("J4: the death of the leader, and its return, lose and repeat no commit", async (t) => {
  const world = await worlds[3].cleared();
  const connection = await world.connect();
  const writers = await writeThrough(world, async (allCommitMore) => {
    const leader = world.nats.servers[await world.leaderOf("JOURNAL_0", connection)];
    await leader?.kill9();
    t.log(`writable again after ${await timed(allCommitMore)} ms`);
    await leader?.restart();
    await allCommitMore();
  });
  await checkLogs(t, world, writers);
});

test.serial(
  "J4: a leader that hangs until another is elected, and then continues, loses and repeats no commit",
  async (t) => {
    const world = await worlds[3].cleared();
    const connection = await world.connect();
    const writers = await writeThrough(world, async (allCommitMore) => {
      const leader = world.nats.servers[await world.leaderOf("JOURNAL_0", connection)];
      leader?.pause();
      try {
        t.log(`writable again after ${await timed(allCommitMore)} ms`);
      } finally {
        leader?.resume();
      }
      await allCommitMore();
    });
    await checkLogs(t, world, writers);
  },
);

async function timed(run: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await run();
  return Math.round(performance.now() - startMs);
}

async function checkLogs(t: { deepEqual(a: unknown, b: unknown): boolean }, world: NatsWorld, writers: ShardWriter[]) {
  const journal = await world.journal();
  for (const { log, committed } of writers) {
    t.deepEqual(await saidIn(journal, log.index), committed);
    t.deepEqual(
      committed,
      Array.from({ length: committed.length }, (_, n) => `text ${n}`),
    );
  }
}

test.serial("J3: a read through a replica that lags returns the whole log", async (t) => {
  const world = await worlds[3].cleared();
  const connection = await world.connect();
  await world.journal({ streams: 1, connection });
  const leader = await world.leaderOf("JOURNAL_0", connection);
  const follower = [0, 1, 2].find((n) => n !== leader) ?? 0;
  const writerJournal = await world.journal({ streams: 1, connection: await world.connect({ only: leader }) });
  // The reader is connected to the follower, which answers direct reads from its own replica.
  const reader = await world.journal({ streams: 1, connection: await world.connect({ only: follower }) });
  // Enough data to keep the follower busy with catching up for a while.
  const pad = "x".repeat(20_000);
  const texts: string[] = [];
  let last = 0;
  for (let round = 0; round < 3; round++) {
    world.nats.servers[follower]?.pause();
    for (let n = 0; n < 300; n++) {
      const text = `round ${round}, text ${n} ${pad}`;
      const outcome = await until(() => writerJournal.append(4, last, encode(text)));
      if (outcome.kind !== "appended") throw new Error("a conflict, though this is the only writer");
      last = outcome.sequence;
      texts.push(text);
    }
    world.nats.servers[follower]?.resume();
    for (let reads = 0; reads < 5; reads++) {
      const read = await until(() => reader.read(4, 0, 1_000));
      t.is(read.length, texts.length);
      t.true(Buffer.from(encode(texts.at(-1) ?? "")).equals(read.at(-1)?.commit ?? Buffer.alloc(0)));
    }
  }
});

async function until<T>(attempt: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (performance.now() > endMs) throw cause;
      await sleep(20);
    }
  }
}

test.serial("J1: a log restored from an older copy is quarantined, also when it grew again", async (t) => {
  const dir = createTempFolder("nats");
  const folder = join(dir, "1");
  const copy = join(dir, "copy");
  let world = await NatsWorld.start(1, { dir });
  try {
    const writer = await own(await world.journal({ streams: 1 }), 5);
    for (const text of ["a", "b", "c"]) await writer.say(text);
    const oldMark = writer.mark;
    await world.close();
    cpSync(folder, copy, { recursive: true });

    world = await NatsWorld.start(1, { dir });
    const next = await own(await world.journal({ streams: 1 }), 5, oldMark);
    for (const text of ["d", "e"]) await next.say(text);
    t.deepEqual(await saidIn(await world.journal({ streams: 1 }), 5), ["a", "b", "c", "d", "e"]);
    await world.close();
    rmSync(folder, { recursive: true });
    cpSync(copy, folder, { recursive: true });

    world = await NatsWorld.start(1, { dir });
    const journal = await world.journal({ streams: 1 });
    t.like(await new ShardWriter(journal, 5).take(next.mark), { kind: "quarantined" });
    // Another writer continued the restored log: the same sequences now hold other commits.
    const forger = await own(journal, 5, oldMark);
    for (const text of ["x", "y", "z"]) await forger.say(text);
    t.true((forger.mark?.sequence ?? 0) > (next.mark?.sequence ?? 0));
    t.like(await new ShardWriter(journal, 5).take(next.mark), { kind: "quarantined" });
  } finally {
    await world.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
