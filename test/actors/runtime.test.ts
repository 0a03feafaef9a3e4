// One host: turns, commits, outbox, snapshots, passivation, and what a restart finds. On simulated ports, in virtual time.
// The tests bring two actors of their own: a till (of the kind `conversation`) has a total and pays amounts into a purse (of the
// kind `user`), which keeps what it received in order.
import test from "ava";
import { type AnyBehaviour, type Contract, contract, defineActor } from "../../actors/runtime/contract.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { decodeCommit } from "../../actors/runtime/log/commit.ts";
import { shardCount, shardOf } from "../../actors/runtime/sharding.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { LoneHost } from "../simulation/lone-host.ts";
import { allOf } from "../simulation/network.ts";

interface TillCommands {
  add(input: { amount: number }): { total: number };
  /** Decides, and then throws. */
  regret(input: { how: "refuse" | "crash" | "crash_while_folding" }): null;
  /** Waits for the purse within its turn. */
  weigh(input: { purse: string }): { total: number; held: number };
  pay(input: { purse: string; amount: number; waits: boolean }): null;
  /** Falls due at `atMs`, and has work for so many turns then. */
  wake(input: { atMs: number; turns?: number }): null;
  bloat(input: { bytes: number; letter?: string }): null;
}
interface TillQueries {
  total(input: Record<string, never>): { total: number; woken: number };
}
interface PurseCommands {
  receive(input: { amount: number }): null;
  askTill(input: { till: string }): null;
}
interface PurseQueries {
  held(input: Record<string, never>): { held: number; received: number[] };
}
const Till: Contract<TillCommands, TillQueries> = contract("conversation");
const Purse: Contract<PurseCommands, PurseQueries> = contract("user");

type TillEvent =
  | { add: number }
  | { bad: true }
  | { wakeAtMs: number; turns: number }
  | { woken: true }
  | { bloat: string };
interface TillState {
  total: number;
  wakeAtMs: number;
  turnsLeft: number;
  woken: number;
}

const till = defineActor(Till, {
  initial: (): TillState => ({ total: 0, wakeAtMs: 0, turnsLeft: 0, woken: 0 }),
  apply(state: TillState, event: TillEvent): void {
    if ("add" in event) state.total += event.add;
    else if ("wakeAtMs" in event) {
      state.wakeAtMs = event.wakeAtMs;
      state.turnsLeft = event.turns;
    } else if ("woken" in event) {
      state.woken += 1;
      state.turnsLeft -= 1;
      if (state.turnsLeft === 0) state.wakeAtMs = 0;
    } else if ("bad" in event) {
      state.total = Number.NaN;
      throw new Error("half folded");
    }
  },
  commands: {
    add(turn, { amount }) {
      turn.emit({ add: amount });
      return { total: turn.state.total + amount };
    },
    regret(turn, { how }) {
      turn.emit(how === "crash_while_folding" ? { bad: true } : { add: 1_000 });
      if (how === "refuse") throw new DomainError("message.empty");
      if (how === "crash") throw new Error("a bug");
      return null;
    },
    async weigh(turn, { purse }) {
      const { held } = await turn.ask(Purse, purse).held({});
      turn.emit({ add: 1 });
      return { total: turn.state.total + 1, held };
    },
    pay(turn, { purse, amount, waits }) {
      turn.emit({ add: -amount });
      turn.tell(Purse, purse).receive({ amount });
      if (waits) turn.settle();
      return null;
    },
    wake(turn, { atMs, turns = 1 }) {
      turn.emit({ wakeAtMs: atMs, turns });
      return null;
    },
    bloat(turn, { bytes, letter = "x" }) {
      turn.emit({ bloat: letter.repeat(bytes) });
      return null;
    },
  },
  queries: { total: ({ state: { total, woken } }) => ({ total, woken }) },
  notify: (_, event, { key, atMs, n }) =>
    "add" in event
      ? [{ type: "message.new", target: { users: [key] }, atMs, frame: "NEW_MESSAGE", data: { n, add: event.add } }]
      : [],
  due: ({ wakeAtMs }) => (wakeAtMs > 0 ? wakeAtMs : undefined),
  onDue(turn) {
    if (turn.state.wakeAtMs <= turn.nowMs) turn.emit({ woken: true });
  },
  encode: (state) => state,
  decode: (plain) => ({ ...(plain as TillState) }),
});

/** Cannot be folded. */
const falseCoin = 0.5;
/** So many coins that they fit into no record. */
const sack = 0.25;

/** Keeps what it was given, in order; away, it answers nobody. */
function createPurse() {
  const door = { isAway: false };
  const purse = defineActor(Purse, {
    initial: (): number[] => [],
    apply(state: number[], amount: number): void {
      if (amount === falseCoin) throw new Error("a false coin");
      state.push(amount);
    },
    commands: {
      receive(turn, { amount }) {
        if (door.isAway) throw new RuntimeError("unreachable", "nobody is at home");
        if (amount === sack) for (let i = 0; i < 20_000; i += 1) turn.emit(1_000);
        else turn.emit(amount);
        return null;
      },
      async askTill(turn, { till: key }) {
        await turn.ask(Till, key).total({});
        return null;
      },
    },
    queries: {
      held: ({ state }) => ({ held: state.reduce((sum, amount) => sum + amount, 0), received: [...state] }),
    },
    encode: (state) => state,
    decode: (plain) => [...(plain as number[])],
  });
  return { purse, door };
}

/** Smaller than usual, so that a test reaches it sooner. */
const maxRecordBytes = 64 * 1024;

function openShop(limits: ConstructorParameters<typeof LoneHost>[1] = {}) {
  const { purse, door } = createPurse();
  const shop = new LoneHost([till, purse], { maxRecordBytes, ...limits });
  return {
    shop,
    door,
    till: (key = "till") => shop.host.actors.get(Till, key),
    purse: (key = "purse") => shop.host.actors.get(Purse, key),
  };
}

test("commands to one actor run one after another, and commit in groups", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().add({ amount: 1 }));
  const before = shop.host.stats.commits;
  const totals = await shop.until(Promise.all(Array.from({ length: 100 }, () => till().add({ amount: 1 }))));
  t.deepEqual(
    totals.map(({ total }) => total),
    Array.from({ length: 100 }, (_, i) => i + 2),
  );
  t.true(shop.host.stats.commits - before <= 3);
  await shop.untilTrue(() => shop.notifications.length === 101);
});

test("a call that a port makes from within a turn finds what the turn decided", async (t) => {
  let heard: Promise<{ held: number }> | undefined;
  const { purse } = createPurse();
  const { receive: take } = purse.commands;
  const receive: typeof take = (turn, input) => {
    take(turn, input);
    heard ??= shop.host.actors.get(Purse, "purse").held({});
    return null;
  };
  const announcing = { ...purse, commands: { ...purse.commands, receive } } as AnyBehaviour;
  const shop = new LoneHost([till, announcing]);
  const held = () => shop.host.actors.get(Purse, "purse").held({});
  await shop.until(held()); // the purse is in memory: its turns run at once
  await shop.until(shop.host.actors.get(Purse, "purse").receive({ amount: 5 }));
  t.is((await shop.until(heard ?? held())).held, 5);
});

test("a turn that throws leaves no trace, here or outside", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().add({ amount: 5 }));
  const refused = await t.throwsAsync(shop.until(till().regret({ how: "refuse" })), { instanceOf: DomainError });
  t.is(refused.error, "message.empty");
  t.is((await shop.until(till().total({}))).total, 5);
  shop.restart();
  t.is((await shop.until(till().total({}))).total, 5);
});

for (const how of ["crash", "crash_while_folding"] as const) {
  test(`a command that ends in a ${how} is dead-lettered, and the actor goes on`, async (t) => {
    const { shop, till } = openShop();
    await shop.until(till().add({ amount: 5 }));
    const [before, crashed, after] = await shop.until(
      Promise.allSettled([till().add({ amount: 1 }), till().regret({ how }), till().add({ amount: 1 })]),
    );
    t.is(before.status, "fulfilled");
    t.like(crashed, { status: "rejected", reason: { kind: "poisoned" } });
    t.like(after, { status: "fulfilled", value: { total: 7 } });
    t.like(shop.host.deadLetters.at(-1), { method: "regret", address: { kind: "conversation", key: "till" } });
  });
}

test("a full mailbox refuses at once, and serves what it took", async (t) => {
  const { shop, till } = openShop({ maxMailboxCommands: 10 });
  await shop.until(till().add({ amount: 0 }));
  const first = till().weigh({ purse: "purse" });
  const outcomes = await shop.until(
    Promise.allSettled([first, ...Array.from({ length: 12 }, () => till().add({ amount: 1 }))]),
  );
  const refused = outcomes.filter(({ status }) => status === "rejected");
  t.is(refused.length, 2);
  for (const outcome of refused) t.like(outcome, { reason: { kind: "overloaded" } });
  t.is((await shop.until(till().total({}))).total, 11);
});

test("no caller waits longer than their deadline", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().add({ amount: 1 }));
  shop.network.rules.add({ matches: allOf("journal"), loss: 1 });
  const fromMs = shop.world.nowMs;
  const late = till().add({ amount: 1 });
  await t.throwsAsync(shop.until(late), { instanceOf: RuntimeError, message: /its outcome is unknown/ });
  t.true(shop.world.nowMs - fromMs < 11_000);
});

test("a record over its limit is refused, and nothing of it stands", async (t) => {
  const { shop, till } = openShop();
  const error = await t.throwsAsync(shop.until(till().bloat({ bytes: 70_000 })), { instanceOf: RuntimeError });
  t.is(error.kind, "too_large");
  await shop.until(till().bloat({ bytes: 60_000 }));
});

test("an actor may ask only kinds later in the order", async (t) => {
  const { shop, purse } = openShop();
  const error = await t.throwsAsync(shop.until(purse().askTill({ till: "till" })), { instanceOf: RuntimeError });
  t.regex(error.message, /may not ask/);
});

test("a command id gets its first answer again, also from the next owner; with another payload it is refused", async (t) => {
  const { shop, till } = openShop({ snapshotEveryRecords: 2 });
  const once = { commandId: "once" };
  t.deepEqual(await shop.until(till().add({ amount: 5 }, once)), { total: 5 });
  t.deepEqual(await shop.until(till().add({ amount: 5 }, once)), { total: 5 });
  await shop.until(till().add({ amount: 1 }));
  shop.restart();
  t.deepEqual(await shop.until(till().add({ amount: 5 }, once)), { total: 5 });
  const error = await t.throwsAsync(shop.until(till().add({ amount: 6 }, once)), { instanceOf: DomainError });
  t.is(error.error, "common.conflict");
  t.is((await shop.until(till().total({}))).total, 6);
});

test("a commit without an answer is repeated until the log tells its outcome, and counts once", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().add({ amount: 1 }));
  const rule = { matches: (from: string) => from === "journal", loss: 1 };
  shop.network.rules.add(rule);
  const added = till().add({ amount: 1 });
  await shop.untilTrue(() => shop.errorReports.length >= 2);
  shop.network.rules.delete(rule);
  t.deepEqual(await shop.until(added), { total: 2 });
  t.is((await shop.until(till().total({}))).total, 2);
});

test("a passivated or killed actor comes back with everything: from a snapshot, rows and the tail", async (t) => {
  const { shop, till } = openShop({ snapshotEveryRecords: 4, passivateAfterMs: 1_000 });
  for (let i = 0; i < 10; i += 1) await shop.until(till().add({ amount: 1 }));
  await shop.untilTrue(() => shop.host.stats.passivations === 1);
  t.is((await shop.until(till().total({}))).total, 10);
  shop.network.rules.add({ matches: (_, to) => to === "views" && shop.machine.isDead, loss: 1 });
  shop.views.tornShare = 1;
  for (let i = 0; i < 3; i += 1) await shop.until(till().add({ amount: 1 }));
  shop.restart();
  shop.views.tornShare = 0;
  t.is((await shop.until(till().total({}))).total, 13);
});

test("an actor that is passivated often gets its snapshot all the same", async (t) => {
  const { shop, till } = openShop({ snapshotEveryRecords: 4, passivateAfterMs: 500 });
  for (let i = 0; i < 6; i += 1) {
    await shop.until(till().add({ amount: 1 }));
    await shop.untilTrue(() => shop.host.stats.activations === 0);
  }
  t.is(shop.host.stats.snapshots, 1);
});

test("of many passivated actors a few are read at once; none is read for callers whose deadline passed", async (t) => {
  const { shop, till } = openShop({ maxLoadsAtOnce: 4 });
  const keys = Array.from({ length: 20 }, (_, n) => `till ${n}`);
  await shop.until(Promise.all(keys.map((key) => till(key).add({ amount: 1 }))));
  const shards = keys.map((key) => shardOf("conversation", key));
  await shop.untilTrue(() => shards.every((n) => shop.views.marks.get(n) === shop.journal.lastSequence(n)));
  const { views } = shop.views.store;
  const { snapshot } = views;
  const waiting: (() => void)[] = [];
  let reads = 0;
  views.snapshot = async (...address) => {
    reads += 1;
    await new Promise<void>((resolve) => waiting.push(resolve));
    return snapshot(...address);
  };
  shop.restart();
  await shop.untilTrue(() => shop.host.status().owned === shardCount);
  const patient = keys.slice(0, 10).map((key) => till(key).add({ amount: 1 }));
  const deadlineMs = shop.world.nowMs + 2_000;
  const hasty = keys.slice(10).map((key) => till(key).add({ amount: 1 }, { deadlineMs }));
  const refused = await shop.until(Promise.allSettled(hasty));
  for (const outcome of refused) t.like(outcome, { status: "rejected", reason: { kind: "deadline" } });
  t.is(reads, 4);
  let isOver = false;
  const answered = Promise.all(patient).finally(() => {
    isOver = true;
  });
  await shop.untilTrue(() => {
    for (const resolve of waiting.splice(0)) resolve();
    return isOver;
  });
  for (const { total } of await answered) t.is(total, 2);
  t.is(reads, 10);
});

test("commands to another actor take effect once and in order, however long that actor was away, across owners", async (t) => {
  const { shop, door, till, purse } = openShop({ reappendAfterMs: 500 });
  await shop.until(purse().receive({ amount: 0 }));
  await shop.until(till().add({ amount: 1 }));
  door.isAway = true;
  // Payments are on their way to the log while older ones are carried: they stand there out of order.
  shop.network.rules.add({ matches: (_, to) => to === "journal", delay: { share: 1, maxMs: 150 } });
  const paid: number[] = [];
  for (let amount = 1; shop.host.stats.reappended < 100; amount += 1) {
    const pay = till().pay({ purse: "purse", amount, waits: false });
    pay.then(
      () => paid.push(amount),
      () => {},
    );
    await shop.until(shop.world.sleep(20));
  }
  shop.restart();
  door.isAway = false;
  let received: readonly number[] = [];
  for (let tries = 0; tries < 100 && !paid.every((amount) => received.includes(amount)); tries += 1) {
    await shop.until(shop.world.sleep(200));
    ({ received } = await shop.until(purse().held({})));
  }
  t.deepEqual(
    paid.filter((amount) => !received.includes(amount)),
    [],
  );
  t.deepEqual(
    received,
    [...new Set(received)].sort((a, b) => a - b),
  );
});

test("commands for an actor that is away fit into commits of the usual size", async (t) => {
  const { shop, door, till, purse } = openShop({ reappendAfterMs: 500, maxCommitBytes: 1_000 });
  await shop.until(purse().receive({ amount: 0 }));
  door.isAway = true;
  for (let amount = 1; amount <= 40; amount += 1) {
    await shop.until(till().pay({ purse: "purse", amount, waits: false }));
  }
  await shop.untilTrue(() => shop.host.stats.reappended >= 100);
  const commits = shop.journal.log(shardOf("conversation", "till"));
  t.true(commits.every(({ commit }) => commit.length < 1_500));
  door.isAway = false;
  const received = async () => (await shop.until(purse().held({}))).received;
  for (let tries = 0; tries < 100 && (await received()).length < 41; tries += 1) {
    await shop.until(shop.world.sleep(200));
  }
  t.deepEqual(
    await received(),
    Array.from({ length: 41 }, (_, i) => i),
  );
});

for (const [what, amount] of [
  ["cannot be folded", falseCoin],
  ["fits into no record", sack],
] as const) {
  test(`a command from another actor that ${what} is dead-lettered, and does not hold up later ones`, async (t) => {
    const { shop, till, purse } = openShop();
    for (const each of [1, amount, 2]) await shop.until(till().pay({ purse: "purse", amount: each, waits: false }));
    await shop.until(shop.world.sleep(1_000));
    t.deepEqual((await shop.until(purse().held({}))).received, [1, 2]);
    t.is(shop.host.deadLetters.length, 1);
    shop.restart();
    await shop.until(till().pay({ purse: "purse", amount: 3, waits: true }));
    t.deepEqual((await shop.until(purse().held({}))).received, [1, 2, 3]);
  });
}

test("records decided at once fit into commits of the usual size, in any script", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().total({}));
  await shop.until(Promise.all(Array.from({ length: 12 }, () => till().bloat({ bytes: 16_000, letter: "群" }))));
  const sizes = shop.journal.log(shardOf("conversation", "till")).map(({ commit }) => commit.length);
  t.true(Math.max(...sizes) > 200 * 1024 && Math.max(...sizes) <= 257 * 1024, String(sizes));
});

test("a caller who asks for it reads their own write at the other actor, and does not wait for ever", async (t) => {
  const { shop, door, till, purse } = openShop();
  await shop.until(till().pay({ purse: "purse", amount: 7, waits: true }));
  t.is((await shop.until(purse().held({}))).held, 7);
  door.isAway = true;
  const fromMs = shop.world.nowMs;
  await shop.until(till().pay({ purse: "purse", amount: 1, waits: true }));
  const waitedMs = shop.world.nowMs - fromMs;
  t.true(waitedMs >= 2_000 && waitedMs < 2_100);
});

test("while the views are away commands are answered, up to a limit; then everything is caught up", async (t) => {
  const { shop, till } = openShop({ maxTailBytesPerShard: 20_000 });
  await shop.until(till().add({ amount: 1 }));
  const rule = { matches: allOf("views"), loss: 1 };
  shop.network.rules.add(rule);
  await shop.until(till().bloat({ bytes: 15_000 }));
  await shop.until(till().bloat({ bytes: 15_000 }));
  const error = await t.throwsAsync(shop.until(till().add({ amount: 1 })), { instanceOf: RuntimeError });
  t.is(error.kind, "overloaded");
  shop.network.rules.delete(rule);
  const shard = shardOf("conversation", "till");
  await shop.untilTrue(() => shop.views.marks.get(shard) === shop.journal.lastSequence(shard));
  await shop.untilTrue(() => shop.host.status().lagBytes === 0);
  t.is((await shop.until(till().add({ amount: 1 }))).total, 2);
});

test("an actor is woken when something falls due, also by a later owner, and once", async (t) => {
  const { shop, till } = openShop({ passivateAfterMs: 500, dueHorizonMs: 4_000 });
  const atMs = shop.machine.clock.nowMs() + 20_000;
  await shop.until(till().wake({ atMs }));
  await shop.until(shop.world.sleep(2_000));
  shop.restart();
  await shop.until(shop.world.sleep(16_000));
  t.is((await shop.until(till().total({}))).woken, 0);
  await shop.until(shop.world.sleep(6_000));
  t.is((await shop.until(till().total({}))).woken, 1);
  shop.restart();
  await shop.until(shop.world.sleep(10_000));
  t.is((await shop.until(till().total({}))).woken, 1);
});

test("an actor with more due work than fits into one turn is woken again at once", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().wake({ atMs: shop.machine.clock.nowMs() + 1_000, turns: 5 }));
  await shop.until(shop.world.sleep(2_000));
  t.is((await shop.until(till().total({}))).woken, 5);
});

test("an actor whose time moved to later is woken then, and not with the next look into the index", async (t) => {
  const { shop, till } = openShop();
  const atMs = shop.machine.clock.nowMs() + 5_000;
  await shop.until(till().wake({ atMs }));
  await shop.until(till().wake({ atMs: atMs + 2_000 }));
  await shop.until(shop.world.sleep(6_000));
  t.is((await shop.until(till().total({}))).woken, 0);
  await shop.until(shop.world.sleep(2_000));
  t.is((await shop.until(till().total({}))).woken, 1);
});

test("a log that lost data is quarantined and reported, never restarted; the others go on", async (t) => {
  const { shop, till } = openShop();
  await shop.until(Promise.all([till("a").add({ amount: 1 }), till("b").add({ amount: 1 })]));
  const lost = shardOf("conversation", "a");
  await shop.untilTrue(() => shop.views.marks.get(lost) === shop.journal.lastSequence(lost));
  shop.journal.lose(lost);
  shop.restart();
  t.is((await shop.until(till("b").add({ amount: 1 }))).total, 2);
  await t.throwsAsync(shop.until(till("a").add({ amount: 1 })), { instanceOf: RuntimeError });
  t.like(shop.host.status(), { quarantined: [{ shard: lost }] });
});

test("a log with a hole behind its mark is quarantined, and says where", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().add({ amount: 1 }));
  shop.network.rules.add({ matches: allOf("views"), loss: 1 });
  const shard = shardOf("conversation", "till");
  const ends: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    await shop.until(till().add({ amount: 1 }));
    ends.push(shop.journal.lastSequence(shard));
  }
  shop.journal.lose(shard, (sequence) => sequence === ends[1]);
  shop.network.rules.clear();
  shop.restart();
  await shop.untilTrue(() => shop.host.status().quarantined.length > 0);
  const [quarantined] = shop.host.status().quarantined;
  t.is(quarantined?.shard, shard);
  t.is(quarantined?.reason, `the log has lost the commits between ${ends[0]} and ${ends[2]}`);
});

test("a log that went back under its owner is quarantined, and not continued", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().add({ amount: 1 }));
  shop.network.rules.add({ matches: allOf("views"), loss: 1 });
  const shard = shardOf("conversation", "till");
  await shop.until(till().add({ amount: 1 }));
  const kept = shop.journal.lastSequence(shard);
  await shop.until(till().add({ amount: 1 }));
  const lost = shop.journal.lastSequence(shard);
  shop.journal.lose(shard, (sequence) => sequence > kept);
  shop.network.rules.clear();
  await t.throwsAsync(shop.until(till().add({ amount: 1 })), { instanceOf: RuntimeError });
  await shop.untilTrue(() => shop.host.status().quarantined.length > 0);
  const [quarantined] = shop.host.status().quarantined;
  t.is(quarantined?.reason, `the log went on to ${lost}, and ends at ${kept} now`);
  t.true(shop.errorReports.some((message) => message.includes(`is refused as ${kept} stands last`)));
});

test("a host that drains finishes what it took, empties its tail and gives its shards up", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().add({ amount: 1 }));
  const shard = shardOf("conversation", "till");
  const before = shop.journal.lastSequence(shard);
  await shop.until(shop.host.drain(5_000));
  t.is(decodeCommit(shop.journal.log(shard).at(-1)!.commit).type, "released");
  t.is(shop.views.marks.get(shard), before);
  shop.boot();
  t.is((await shop.until(till().add({ amount: 1 }))).total, 2);
});

test("a host that drains does not wait for views that are away", async (t) => {
  const { shop, till } = openShop();
  await shop.until(till().add({ amount: 1 }));
  shop.network.rules.add({ matches: allOf("views"), loss: 1 });
  await shop.until(till().add({ amount: 1 }));
  const fromMs = shop.world.nowMs;
  await shop.until(shop.host.drain(3_000));
  t.true(shop.world.nowMs - fromMs < 4_000);
  t.is(decodeCommit(shop.journal.log(shardOf("conversation", "till")).at(-1)!.commit).type, "released");
});
