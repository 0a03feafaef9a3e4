// Three hosts: which one owns a shard, which takes it over and how soon, and what a former owner may still do (G4, G9).
import test from "ava";
import { Conversation } from "../../actors/conversation/contract.ts";
import { Handle } from "../../actors/handle/contract.ts";
import { createActors } from "../../actors/runtime/calls/actor-system.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { DueIndex } from "../../actors/runtime/host/due-index.ts";
import { createHost } from "../../actors/runtime/host/host.ts";
import type { Invocation } from "../../actors/runtime/invocation.ts";
import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import { decodeCommit, encodeOwnership } from "../../actors/runtime/log/commit.ts";
import { logRules } from "../../actors/runtime/log/log-rules.ts";
import { ShardLog } from "../../actors/runtime/log/shard-log.ts";
import { Replay } from "../../actors/runtime/shard/replay.ts";
import { rankHosts, shardOf } from "../../actors/runtime/sharding.ts";
import { createStats } from "../../actors/runtime/stats.ts";
import { Gate } from "../../actors/shared/gate.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import { User } from "../../actors/user/contract.ts";
import { hostNames, pair, users } from "../simulation/cast.ts";
import { Cluster } from "../simulation/cluster.ts";
import { LoneHost } from "../simulation/lone-host.ts";
import { Machine } from "../simulation/machine.ts";
import { allOf, bothWays, type Rule } from "../simulation/network.ts";
import { startMs, World } from "../simulation/world.ts";
import { createMemoryJournal } from "../support/memory-journal.ts";
import { user } from "../support/user-behaviour.ts";

const [owner, next, third] = rankHosts(shardOf("conversation", pair), hostNames) as [string, string, string];
const failoverMsMax = 2_000;
const patienceMs = 60_000;

class Story {
  readonly world: World;
  readonly cluster: Cluster;
  #sends = 0;

  constructor(seed: number) {
    this.world = new World(seed);
    this.cluster = new Cluster(this.world, { perUserFanoutMax: 32, deliver: () => {} });
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const noted = promise.finally(() => {
      isSettled = true;
    });
    noted.catch(() => {});
    if (!(await this.world.run(this.world.nowMs + patienceMs, () => isSettled))) throw new Error("Nothing came of it");
    return noted;
  }

  /** As a client does: the same key until it is acked. */
  async say(host: string, deadlineMs = 5_000): Promise<{ seq: number; tookMs: number }> {
    this.#sends += 1;
    const fromMs = this.world.nowMs;
    const { actors, machine } = this.cluster.find(host)!;
    const input = {
      ...{ senderId: users.ann, senderName: "ann", senderAvatar: "", clientMsgId: `m${this.#sends}` },
      ...{ contentType: "text", content: { text: "hello" } },
    };
    const options = { deadlineMs: machine.clock.nowMs() + deadlineMs };
    const { seq } = await this.until(actors.get(Conversation, pair).send(input, options));
    return { seq, tookMs: this.world.nowMs - fromMs };
  }

  look(host: string, deadlineMs = 5_000): Promise<number> {
    const { actors, machine } = this.cluster.find(host)!;
    const options = { deadlineMs: machine.clock.nowMs() + deadlineMs };
    const window = actors.get(Conversation, pair).window({ userId: users.ann }, options);
    return this.until(window.then(({ head }) => head.seq));
  }

  cut(matches: Rule["matches"]): () => void {
    const rule = { matches, loss: 1 };
    this.cluster.network.rules.add(rule);
    return () => this.cluster.network.rules.delete(rule);
  }
}

async function begin(seed = 1): Promise<Story> {
  const story = new Story(seed);
  const { actors } = story.cluster.find(owner)!;
  for (const [nickname, userId] of Object.entries(users)) {
    const input = { nickname, phone: "", email: "", account: "", atMs: startMs };
    await story.until(actors.get(User, userId).create(input));
  }
  await story.say(owner);
  await story.until(story.world.sleep(1_000)); // by then every shard is at home
  return story;
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

async function eachSeed(play: (story: Story) => Promise<void>): Promise<void> {
  for (const seed of seeds) {
    const story = await begin(seed);
    await play(story);
    story.cluster.end();
  }
}

test("a killed owner's conversations are writable again within two seconds", (t) =>
  eachSeed(async (story) => {
    story.cluster.crash(owner, patienceMs);
    const { seq, tookMs } = await story.say(next);
    t.is(seq, 2);
    t.true(tookMs <= failoverMsMax, `${tookMs} ms`);
  }));

test("so are a paused owner's; when it wakes it commits nothing and answers nothing of its own", (t) =>
  eachSeed(async (story) => {
    const { machine, actors } = story.cluster.find(owner)!;
    machine.pause();
    const { tookMs } = await story.say(next);
    t.true(tookMs <= failoverMsMax, `${tookMs} ms`);
    // Asked while it slept: the answer must not be what it remembers.
    const asked = actors.get(Conversation, pair).window({ userId: users.ann });
    machine.resume();
    const seen = await Promise.race([story.until(asked), story.until(story.world.sleep(5_000))]);
    t.true(seen === undefined || seen.head.seq >= 2);
    t.is((await story.say(next)).seq, 3);
  }));

test("so are those of an owner that is cut off; it serves no reads meanwhile", (t) =>
  eachSeed(async (story) => {
    const heal = story.cut(allOf(owner));
    await story.until(story.world.sleep(1_200));
    t.is((await story.say(next)).seq, 2);
    await t.throwsAsync(story.look(owner, 500), { instanceOf: RuntimeError });
    heal();
    await story.until(story.world.sleep(1_000));
    t.is(await story.look(owner), 2);
  }));

test("an owner that another host cannot reach keeps its shards: only the log and CONTROL decide", (t) =>
  eachSeed(async (story) => {
    story.cut(bothWays(owner, next));
    const { takeovers } = story.cluster.stats();
    await story.until(story.world.sleep(3_000));
    t.is((await story.say(owner)).seq, 2);
    t.is(story.cluster.stats().takeovers, takeovers);
  }));

test("a rolling restart makes no send fail, and each shard comes home", (t) =>
  eachSeed(async (story) => {
    for (const host of hostNames) {
      const other = hostNames.find((name) => name !== host)!;
      const restarting = story.cluster.restart(host);
      await story.say(other, 15_000);
      await story.until(restarting);
      await story.say(other, 15_000);
      await story.until(story.world.sleep(1_500));
    }
    t.is(await story.look(owner), 7);
  }));

test("a shard that is handed over pauses for less than a tenth of a second, whoever asks", (t) =>
  eachSeed(async (story) => {
    let isOver = false;
    const restarting = story.cluster.restart(owner).then(() => {
      isOver = true;
    });
    for (let longestMs = 0, turn = 0; !isOver; turn += 1) {
      const { tookMs } = await story.say(turn % 2 === 0 ? next : third);
      longestMs = Math.max(longestMs, tookMs);
      t.true(longestMs < 100, `${longestMs} ms`);
    }
    await story.until(restarting);
  }));

test("a shard that is handed over leaves its next owner nothing to replay; views that are away do not delay it", (t) =>
  eachSeed(async (story) => {
    const shard = shardOf("conversation", pair);
    const released = () =>
      story.cluster.journal.log(shard).flatMap(({ commit }) => {
        const decoded = decodeCommit(commit);
        return decoded.type === "released" ? [decoded.isDone === true] : [];
      });
    const before = released().length;
    await story.say(next);
    await story.until(story.cluster.restart(owner));
    t.deepEqual(released().slice(before), [true]);
    await story.until(story.world.sleep(40_000)); // it comes home
    await story.say(next);
    t.deepEqual(released().slice(before), [true, true]);
    const heal = story.cut(bothWays(owner, "views"));
    await story.say(next);
    await story.until(story.cluster.restart(owner));
    t.deepEqual(released().slice(before), [true, true, false]);
    heal();
    t.is((await story.say(next)).seq, 5);
  }));

test("a release counts as complete only while its host lives: the views may have lost data since", async (t) => {
  const story = await begin();
  const { cluster, world } = story;
  for (let i = 0; i < 4; i += 1) await story.say(next);
  await story.until(world.sleep(500));
  const last = () => decodeCommit(cluster.journal.log(shardOf("conversation", pair)).at(-1)!.commit);
  void cluster.find(owner)!.host.handOver(2_000);
  await world.run(world.nowMs + 5_000, () => last().type === "released");
  t.like(last(), { type: "released", isDone: true });
  for (const host of hostNames) cluster.find(host)?.machine.kill();
  await story.until(world.sleep(30_000));
  cluster.views.lose();
  cluster.boot(next);
  t.is((await story.say(next, 20_000)).seq, 6, "everything is read from the log");
  cluster.end();
});

test("a log that was cut short behind such a release is noticed all the same", async (t) => {
  const journal = createMemoryJournal();
  const header = { id: "7/1/A/1", epoch: 1, stamp: 10, prev: 0 };
  await journal.append(7, 0, encodeOwnership(header, "released", { host: "a", boot: "A" }, true));
  const { clock } = new Machine(new World(1), "h1", "C", { offsetMs: 0 });
  const log = new ShardLog(7, {
    ...{ journal, clock, place: { host: "c", boot: "C" }, nextNumber: () => 1, limits: defaultRuntimeLimits },
    ...{ rules: logRules, isPresent: () => true, onCommitted() {}, onLost() {}, reportError: t.fail },
  });
  const mark = { shard: 7, sequence: 150, commitId: "7/2/B/9" };
  const outcome = await log.take(
    async () => mark,
    () => true,
  );
  t.is(outcome.kind, "quarantined");
});

test("an owner whose shard was fenced and trimmed meanwhile notices at once that it lost the shard", async (t) => {
  const world = new World(1);
  const journal = createMemoryJournal();
  const { clock } = new Machine(world, "h1", "A", { offsetMs: 0 });
  let isLost = false;
  const onLost = () => {
    isLost = true;
  };
  const log = new ShardLog(7, {
    ...{ journal, clock, place: { host: "a", boot: "A" }, nextNumber: () => 1, limits: defaultRuntimeLimits },
    ...{ rules: logRules, isPresent: () => true, onCommitted() {}, onLost, reportError() {} },
  });
  await log.take(
    async () => undefined,
    () => true,
  );
  let last = log.lastSequence;
  for (const n of [1, 2, 3]) {
    const header = { id: `7/2/B/${n}`, epoch: 2, stamp: 10 + n, prev: last };
    const outcome = await journal.append(7, last, encodeOwnership(header, "fence", { host: "b", boot: "B" }));
    last = outcome.kind === "appended" ? outcome.sequence : last;
  }
  await journal.trim(7, last);
  const outputs: boolean[] = [];
  const record = { kind: "user", key: "1", n: 1, stamp: 99, atMs: 0, events: [] } as const;
  log.decide({ record, text: JSON.stringify(record) }, (isCommitted) => outputs.push(isCommitted));
  log.flush();
  await world.run(world.nowMs + 2_000, () => outputs.length > 0);
  t.deepEqual(outputs, [false]);
  t.true(isLost);
  t.is(log.unresolvedAfter, undefined);
});

test("when all hosts leave at once, sends are still answered", (t) =>
  eachSeed(async (story) => {
    const leaving = Promise.all(hostNames.map((name) => story.cluster.find(name)!.host.handOver(2_500)));
    await story.until(story.world.sleep(60));
    const { tookMs } = await story.say(next, 15_000);
    t.true(tookMs < 200, `${tookMs} ms`);
    await story.until(leaving);
  }));

test("a host that cannot announce its leaving releases nothing: no other host would take its shards", (t) =>
  eachSeed(async (story) => {
    const { host } = story.cluster.find(owner)!;
    const { owned } = host.status();
    const heal = story.cut(bothWays(owner, "control"));
    await story.until(host.handOver(2_500));
    t.is(host.status().owned, owned);
    heal();
  }));

test("a host that joins while two others leave takes over their shards", (t) =>
  eachSeed(async (story) => {
    const { cluster, world } = story;
    cluster.crash(third, 500);
    for (const name of [owner, next]) void cluster.find(name)!.host.handOver(2_500);
    await story.until(world.sleep(2_000));
    const { tookMs } = await story.say(third, 5_000);
    t.true(tookMs < 700, `${tookMs} ms`);
    await story.until(world.sleep(2_000));
    t.deepEqual(
      [owner, next].map((name) => cluster.find(name)!.host.status().owned),
      [0, 0],
    );
  }));

test("shards that a host was taking when it had to leave go on to the next host", async (t) => {
  for (let waitMs = 850; waitMs <= 1_150; waitMs += 50) {
    const story = await begin();
    const { cluster, world } = story;
    cluster.crash(owner, patienceMs);
    const slow: Rule = { matches: bothWays(next, "journal"), delay: { share: 1, maxMs: 150 } };
    cluster.network.rules.add(slow);
    await story.until(world.sleep(waitMs));
    const { host } = cluster.find(next)!;
    await story.until(host.handOver(2_500));
    cluster.network.rules.delete(slow);
    t.is(host.status().owned, 0, `left after ${waitMs} ms`);
    await story.say(third);
    cluster.end();
  }
});

test("a call to the first-ranked host for a shard that another host keeps soon goes there", (t) =>
  eachSeed(async (story) => {
    story.cluster.crash(owner, 3_000);
    await story.say(next);
    // Back again, but shards do not go to and fro: the one who took this one keeps it for a while.
    await story.until(story.cluster.restart(next));
    await story.until(story.world.sleep(4_000));
    const { tookMs } = await story.say(third);
    t.true(tookMs < 200, `${tookMs} ms`);
  }));

test("a host whose clock is wrong gives its shards to the next one, and takes them back when it is right", (t) =>
  eachSeed(async (story) => {
    story.cluster.walls.get(owner)!.offsetMs = -10_000;
    await story.until(story.world.sleep(1_500));
    const { tookMs } = await story.say(next);
    t.true(tookMs < 200, `${tookMs} ms`);
    story.cluster.walls.get(owner)!.offsetMs = 0;
    await story.until(story.world.sleep(31_000));
    t.is((await story.say(owner)).seq, 3);
  }));

test("without CONTROL nobody reads or takes over; with it back everything goes on", (t) =>
  eachSeed(async (story) => {
    const heal = story.cut(allOf("control"));
    await story.until(story.world.sleep(2_000));
    await t.throwsAsync(story.look(owner, 500), { instanceOf: RuntimeError });
    heal();
    t.is((await story.say(next)).seq, 2);
  }));

test("after CONTROL went back to an older state every conversation is soon writable again, and nothing acked is lost", (t) =>
  eachSeed(async (story) => {
    const { cluster, world } = story;
    const backup = cluster.control.copy();
    cluster.crash(third, 100); // its next boot is unknown to the backup
    await story.until(world.sleep(3_000));
    await story.say(next);
    cluster.control.restore(backup);
    const { seq, tookMs } = await story.say(next, 15_000);
    t.is(seq, 3);
    t.true(tookMs < 6_000, `${tookMs} ms`);
    await story.until(world.sleep(5_000));
    for (const host of hostNames) await story.say(host);
    t.is(await story.look(owner), 6);
  }));

test("when all hosts are killed at once nothing acked is lost", (t) =>
  eachSeed(async (story) => {
    for (let i = 0; i < 5; i += 1) await story.say(next);
    for (const host of hostNames) story.cluster.crash(host, 100);
    await story.until(story.world.sleep(300));
    t.is((await story.say(next)).seq, 7);
  }));

test("a host has started when it has looked at every shard, also those that others keep for a while", async (t) => {
  const first = new LoneHost([]);
  const { world } = first;
  await first.untilTrue(() => first.host.status().owned === 256);
  first.machine.kill();
  const machine = new Machine(world, "h2", "boot-of-h2", { offsetMs: 0 });
  const host = createHost({
    ports: {
      journal: first.journal.port(machine),
      views: first.views.port(machine).views,
      heads: first.heads.port(machine),
      sink: { publish: () => {}, flush: async () => {} },
      clock: machine.clock,
    },
    transport: { call: () => Promise.reject(new Error("nobody is called")), serve: () => () => {} },
    random: world.random.fork(),
    lease: {
      place: { host: "h2", boot: "boot-of-h2" },
      isHeld: () => true,
      openHosts: () => ["h2"],
      mayFence: () => false,
      isOpen: (name) => name === "h2",
      isPresent: (boot) => boot === "boot-of-h2",
      leavingHosts: () => [],
      isStaying: (boot) => boot === "boot-of-h2",
      // Many hosts renew their leases: news come faster than the shards can be looked at.
      onChange: (handler) => {
        const again = () => machine.clock.after(5, () => [handler(), again()]);
        again();
      },
    },
    behaviours: [],
    limits: defaultRuntimeLimits,
    reportError: (message) => t.fail(message),
  });
  await first.until(host.start());
  t.is(host.status().owned, 0);
  machine.kill();
});

test("a command that may have taken effect here is recognised by the next host", async (t) => {
  const world = new World(1);
  const { clock } = new Machine(world, "h1", "boot-of-h1", { offsetMs: 0 });
  const seen: Invocation[] = [];
  let isOwner = true;
  const actors = createActors({
    clock,
    random: world.random.fork(),
    limits: defaultRuntimeLimits,
    openHosts: () => (isOwner ? ["h1", "h2"] : ["h2"]),
    isOpen: (host) => host === "h2" || isOwner,
    leavingHosts: () => [],
    transport: {
      async call(_, invocation) {
        seen.push(invocation);
        return { kind: "ok", value: null };
      },
      serve: () => () => {},
    },
    local: {
      host: "h1",
      owns: () => isOwner,
      accept(invocation, answer) {
        seen.push(invocation);
        isOwner = false;
        answer({ kind: "failed", error: "not_owner", message: "closed by others, a commit in flight" });
      },
    },
  });
  let isDone = false;
  const call = actors.get(User, "1").create({ nickname: "ann", phone: "", email: "", account: "", atMs: startMs });
  void call.then(() => {
    isDone = true;
  });
  await world.run(world.nowMs + 5_000, () => isDone);
  t.is(seen.length, 2);
  t.truthy(seen[0]?.commandId);
  t.is(seen[1]?.commandId, seen[0]?.commandId);
});

test("a call of a kind that only newer hosts know keeps no other waiting call from its answer", async (t) => {
  const lone = new LoneHost([user]);
  const shard = shardOf("user", "1");
  const key = Array.from({ length: 5_000 }, (_, i) => `h${i}`).find((each) => shardOf("handle", each) === shard)!;
  const { actors } = lone.host;
  const options = { deadlineMs: lone.world.nowMs + 10_000 };
  const account = { nickname: "ann", phone: "", email: "", account: "", atMs: startMs };
  const unknown = actors.get(Handle, key).reserve({ by: "email:alice@example.test" }, options);
  const known = actors.get(User, "1").create(account, options);
  await t.throwsAsync(lone.until(unknown), { instanceOf: RuntimeError });
  await t.notThrowsAsync(lone.until(known));
  lone.machine.kill();
});

test("the due times of a shard are read once at a time, however often they are asked for while the views are away", (t) => {
  let asked = 0;
  const due = () => {
    asked += 1;
    return new Promise<never>(() => {});
  };
  const clock = { nowMs: () => 0, after: () => () => {} };
  const index = new DueIndex({ views: { due } as never, clock: clock as never, horizonMs: 1, reportError: t.fail });
  const shards = Array.from({ length: 8 }, (_, i) => ({ index: i, isLive: true, wake: () => {} }));
  for (let round = 0; round < 50; round += 1) for (const shard of shards) void index.read(shard);
  t.is(asked, 4);
});

test("a shard without an owner for long is reported, with the outcome of the last look", async (t) => {
  const lone = new LoneHost([]);
  await lone.untilTrue(() => lone.host.status().owned === 256);
  lone.machine.kill();
  lone.network.rules.add({ matches: allOf("views"), loss: 1 });
  lone.boot();
  await lone.until(lone.world.sleep(40_000));
  const reports = lone.errorReports.filter((message) =>
    /^shard 7 has had no owner for 15 s: .*did not answer/.test(message),
  );
  t.true(reports.length > 0);
  lone.machine.kill();
});

test("a shard that is lost leaves no timers behind", (t) => {
  const world = new World(1);
  const { clock } = new Machine(world, "h1", "boot-of-h1", { offsetMs: 0 });
  let timers = 0;
  const after = () => {
    timers += 1;
    return () => {};
  };
  const index = new DueIndex({
    views: {} as never,
    clock: { ...clock, after },
    horizonMs: 60_000,
    reportError: t.fail,
  });
  const shard = { index: 7, isLive: true, wake: () => {} };
  index.schedule(shard, { kind: "user", key: "1" }, clock.nowMs() + 5);
  shard.isLive = false;
  index.schedule(shard, { kind: "user", key: "2" }, clock.nowMs() + 5);
  t.is(timers, 1);
});

test("a new owner that inherits a thousand actors reads a few at a time, and replays all", async (t) => {
  const world = new World(1);
  const { clock } = new Machine(world, "h1", "boot-of-h1", { offsetMs: 0 });
  const reading = { now: 0, most: 0, failures: 0 };
  const replayed = new Set<string>();
  const load = async ({ key }: { key: string }) => {
    reading.now += 1;
    reading.most = Math.max(reading.most, reading.now);
    await sleep(clock, 2);
    reading.now -= 1;
    if (world.random.chance(0.1)) throw new Error("the views are busy");
    replayed.add(key);
    return { folded: { state: null } } as never;
  };
  let isDone = false;
  const gate = new Gate(32);
  const replay = {
    ...{ shard: 7, clock, stats: createStats(), retryMs: 1_000, isLive: () => true, load },
    behaviourOf: () => user,
    inTurn: (work: () => Promise<void>) => gate.run(work),
    ...{ putHeads() {}, publish() {}, addRows() {}, scheduleDue() {}, reportError() {} },
    onDone: () => {
      isDone = true;
    },
  };
  const records = Array.from({ length: 1_000 }, (_, i) => ({
    record: { kind: "user", key: `u${i}`, n: 1, events: [] },
  }));
  const commit = { logged: { records }, isPublished: false };
  new Replay(replay, [commit as never]).start();
  await world.run(world.nowMs + 60_000, () => isDone);
  t.is(replayed.size, 1_000);
  t.true(commit.isPublished);
  t.true(reading.most <= 16, `${reading.most} at once`);
});
