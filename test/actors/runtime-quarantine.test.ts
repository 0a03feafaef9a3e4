// A behaviour with a bug in an effect of a record: that effect of that record is left out, and everything else goes on. The
// tests bring a bell tower (an actor of the kind `conversation`) that records the words it strikes.
import test from "ava";
import { type Contract, contract, defineActor } from "../../actors/runtime/contract.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { decodeCommit } from "../../actors/runtime/log/commit.ts";
import { shardOf } from "../../actors/runtime/sharding.ts";
import { LoneHost } from "../simulation/lone-host.ts";
import { allOf } from "../simulation/network.ts";

interface BellCommands {
  strike(input: { word: string }): null;
}
interface BellQueries {
  words(input: Record<string, never>): { words: string[] };
}
const Bell: Contract<BellCommands, BellQueries> = contract("conversation");
type Part = "project" | "notify" | "head" | "due" | "encode" | "apply";

/** `broken`: which part of the behaviour throws, and for which word. It may break after records were decided. */
function openTower() {
  const broken: { part?: Part; word: string; rows?: unknown; dueMs?: number } = { word: "bad" };
  const check = (part: Part, words: readonly string[]) => {
    if (broken.part === part && words.includes(broken.word)) throw new Error(`${part} is broken`);
  };
  const behaviour = defineActor(Bell, {
    initial: (): string[] => [],
    apply(state: string[], word: string): void {
      check("apply", [word]);
      state.push(word);
    },
    commands: {
      strike(turn, { word }) {
        turn.emit(word);
        return null;
      },
    },
    queries: { words: ({ state }) => ({ words: [...state] }) },
    project(events, { key, stamp }) {
      check("project", events);
      if (broken.rows !== undefined && events.includes(broken.word)) return broken.rows as never;
      return [{ table: "directory", userId: `${key} ${events[0]}`, nickname: "", avatar: "", stamp }];
    },
    notify(_, word, { key, atMs }) {
      check("notify", [word]);
      return [{ type: "message.new", target: { users: [key] }, atMs, frame: "NEW_MESSAGE", data: { word } }];
    },
    head(state) {
      check("head", state);
      return undefined;
    },
    due(state) {
      check("due", state);
      return broken.dueMs;
    },
    encode(state) {
      check("encode", state);
      return state;
    },
    decode: (plain) => [...(plain as string[])],
  });
  const tower = new LoneHost([behaviour], { snapshotEveryRecords: 3, passivateAfterMs: 300 });
  const areMarksUp = (key: string) => {
    const shard = shardOf("conversation", key);
    const mark = tower.views.marks.get(shard) ?? 0;
    return tower.journal
      .log(shard)
      .every(({ sequence, commit }) => sequence <= mark || decodeCommit(commit).type !== "records");
  };
  return {
    ...{ tower, broken, areMarksUp },
    strike: (word: string, key = "tower") => tower.until(tower.host.actors.get(Bell, key).strike({ word })),
    words: async (key = "tower") => (await tower.until(tower.host.actors.get(Bell, key).words({}))).words,
  };
}

test("a record whose rows cannot be made stands without them, and the projector goes on", async (t) => {
  const { tower, broken, strike, words, areMarksUp } = openTower();
  broken.part = "project";
  for (const word of ["one", "bad", "two"]) await strike(word);
  await strike("elsewhere", "other");
  await tower.untilTrue(() => areMarksUp("tower") && areMarksUp("other"));
  t.is(tower.host.stats.effectsLeftOut, 1);
  t.true(tower.errorReports.some((message) => message.includes("record 2 goes on without its rows")));
  const found = await tower.views.store.directory.findMany(["tower one", "tower bad", "tower two", "other elsewhere"]);
  t.deepEqual([...found.keys()].sort(), ["other elsewhere", "tower one", "tower two"]);
  tower.restart();
  t.deepEqual(await words(), ["one", "bad", "two"], "nothing is lost of it");
});

for (const [what, rows] of [
  ["no rows at all", 5],
  ["a row without a value", [{ table: "directory", userId: "x", nickname: undefined, avatar: "", stamp: 1 }]],
  [
    "a row with a number that is none",
    [{ table: "due", shard: 7, kind: "user", key: "x", dueMs: Number.NaN, stamp: 1 }],
  ],
  ["a row with a part of a millisecond", [{ table: "due", shard: 7, kind: "user", key: "x", dueMs: 1.5, stamp: 1 }]],
] as const) {
  test(`a record of which ${what} is made stands without rows; the views of the whole host go on`, async (t) => {
    const { tower, broken, strike, words, areMarksUp } = openTower();
    refuseAsStoresDo(tower);
    broken.rows = rows;
    for (const word of ["one", "bad", "two"]) await strike(word);
    await strike("elsewhere", "other");
    await tower.untilTrue(() => areMarksUp("tower") && areMarksUp("other"));
    t.is(tower.host.stats.effectsLeftOut, 1);
    t.true(tower.errorReports.some((message) => message.includes("record 2 goes on without its rows")));
    const found = await tower.views.store.directory.findMany(["tower one", "tower two", "other elsewhere"]);
    t.is(found.size, 3);
    tower.restart();
    t.deepEqual(await words(), ["one", "bad", "two"], "nothing is lost of it");
  });
}

for (const dueMs of [4e12 + 0.2, 1e300]) {
  test(`an actor that is due at ${dueMs} ms stops no views`, async (t) => {
    const { tower, broken, strike, areMarksUp } = openTower();
    refuseAsStoresDo(tower);
    await strike("one");
    broken.dueMs = dueMs;
    await strike("two");
    await tower.untilTrue(() => areMarksUp("tower"));
    t.is(tower.host.stats.effectsLeftOut, 0);
  });
}

/** SQLite and Cassandra refuse a whole write for one value that they cannot bind, however often it is repeated. */
function refuseAsStoresDo(tower: LoneHost): void {
  const { views } = tower.views.store;
  const { write } = views;
  views.write = (batch) => {
    const values = batch.rows.flatMap((row) => Object.values(row) as unknown[]);
    const isRefused = (value: unknown) =>
      typeof value === "number" ? !Number.isSafeInteger(value) : value === undefined;
    if (values.some(isRefused)) throw new Error("a value cannot be bound");
    return write(batch);
  };
}

for (const part of ["notify", "head", "due", "project"] as const) {
  test(`a record that breaks ${part} at takeover holds no mark, and no other notification`, async (t) => {
    const { tower, broken, strike, areMarksUp } = openTower();
    await strike("first");
    const away = { matches: allOf("views"), loss: 1 };
    tower.network.rules.add(away);
    for (const word of ["bad", "good"]) await strike(word);
    await tower.untilTrue(() => tower.notifications.some(({ data }) => data.word === "good"));
    broken.part = part;
    tower.notifications.length = 0;
    tower.restart();
    tower.network.rules.delete(away);
    const words = () => tower.notifications.map(({ data }) => data.word);
    await tower.untilTrue(() => tower.host.stats.effectsLeftOut > 0 && areMarksUp("tower") && words().includes("good"));
    t.is(words().includes("bad"), part !== "notify");
    // What throws while a record is being decided parks the command instead.
    if (part === "project") await strike("after");
    else if (part !== "notify") await t.throwsAsync(strike("after"), { message: /dead-lettered/ });
    await tower.untilTrue(() => areMarksUp("tower"));
  });
}

test("an actor whose records cannot be folded answers so at once, and holds no other actor up", async (t) => {
  const { tower, broken, strike, words, areMarksUp } = openTower();
  const away = { matches: allOf("views"), loss: 1 };
  await strike("first");
  await strike("before", "other");
  tower.network.rules.add(away);
  await strike("bad");
  await strike("elsewhere", "other");
  broken.part = "apply";
  tower.restart();
  tower.network.rules.delete(away);
  await tower.untilTrue(() => areMarksUp("tower") && areMarksUp("other"));
  const error = await t.throwsAsync(strike("again"), { instanceOf: RuntimeError });
  t.is(error.kind, "poisoned");
  t.deepEqual(await words("other"), ["before", "elsewhere"]);
  delete broken.part;
  t.deepEqual(await words(), ["first", "bad"], "mended, it has everything");
});

test("an actor whose snapshot cannot be made goes on without one", async (t) => {
  const { tower, broken, strike, words, areMarksUp } = openTower();
  broken.part = "encode";
  for (const word of ["a", "bad", "c", "d", "e", "f", "g"]) await strike(word);
  t.is(tower.host.stats.effectsLeftOut, 2, "tried again when the next is due, not at every record");
  t.is(tower.host.stats.deadLettered, 0);
  tower.restart();
  t.is((await words()).length, 7);
  await tower.untilTrue(() => areMarksUp("tower"));
});
