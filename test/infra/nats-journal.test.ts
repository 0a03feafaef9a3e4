// The journal on JetStream, on one server and on three: the suite of every journal, and how the streams are created.

import { readNatsDurability } from "../../infra/nats/durability.ts";
import { NatsError } from "../../infra/nats/errors.ts";
import { manageJetStream } from "../../infra/nats/jetstream.ts";
import { keptJournalSuite } from "../suites/journal.ts";
import { NatsWorld, sharedWorld, sizeName } from "../support/nats-world.ts";
import { needs } from "../support/needs.ts";

const test = needs("nats");

const sizes = [1, 3] as const;
const worlds = { 1: sharedWorld(1), 3: sharedWorld(3) };
test.after.always("the servers end", async () => {
  for (const size of sizes) await worlds[size].close();
});

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const size of sizes) {
  keptJournalSuite(test.serial, sizeName(size), async () => {
    const world = await worlds[size].cleared();
    return {
      journal: await world.journal(),
      async reopen() {
        await world.closeHosts();
        // With one server the whole cluster restarts; with three, one of them.
        await world.nats.servers[0]?.restart();
        return world.journal();
      },
      close: () => world.closeHosts(),
    };
  });

  test.serial(
    `${sizeName(size)}: hosts that create the journal at once get one journal with one store id`,
    async (t) => {
      const world = await worlds[size].cleared();
      const journals = await Promise.all([world.journal(), world.journal(), world.journal()]);
      t.is(new Set(journals.map(({ storeId }) => storeId)).size, 1);
      t.regex(journals[0].storeId, /^[0-9a-f]{32}$/);
      const jsm = await manageJetStream(await world.connect());
      for (const name of journals[0].streamNames) {
        const { config } = await jsm.streams.info(name);
        t.like(config, { max_age: 0, discard: "new", storage: "file", num_replicas: size, deny_delete: false });
      }
    },
  );
}

test.serial("a host that is configured with another number of streams refuses to start", async (t) => {
  const world = await worlds[1].cleared();
  await world.journal({ streams: 2 });
  const error = await t.throwsAsync(world.journal({ streams: 4 }), { instanceOf: NatsError });
  t.is(error.kind, "format");
  t.regex(error.message, /JOURNAL_0 was created with streams 2, not 4.*cannot change/);
});

test.serial("a stream of that name that Parley did not create is not changed", async (t) => {
  const world = await worlds[1].cleared();
  const jsm = await manageJetStream(await world.connect());
  await jsm.streams.add({ name: "JOURNAL_0", subjects: ["somebody.else"] });
  t.regex((await t.throwsAsync(world.journal())).message, /not created by Parley/);
});

test.serial("streams of two stores are refused as one journal", async (t) => {
  const world = await worlds[1].cleared();
  await world.journal();
  const jsm = await manageJetStream(await world.connect());
  await jsm.streams.delete("JOURNAL_0");
  const error = await t.throwsAsync(world.journal(), { instanceOf: NatsError });
  t.is(error.kind, "format");
});

test.serial("the streams are resized when the configured size changes", async (t) => {
  const world = await worlds[1].cleared();
  await world.journal({ maxBytesPerStream: 8 << 20 });
  const journal = await world.journal({ maxBytesPerStream: 16 << 20 });
  t.is((await journal.usage()).maxBytes, 16 << 20);
});

test.serial("more replicas than servers are refused at once, and the error names the stream", async (t) => {
  const world = await worlds[1].cleared();
  const error = await t.throwsAsync(world.journal({ replicas: 3 }), { instanceOf: NatsError });
  t.is(error.kind, "refused");
  t.regex(error.message, /JOURNAL_0 \(3 replicas\)/);
});

test.serial(
  "a stream reports that it is crowded before it is full, refuses when full, and accepts again after a trim",
  async (t) => {
    const world = await worlds[1].cleared();
    const journal = await world.journal({ streams: 1, maxBytesPerStream: 1 << 20 });
    const commit = new Uint8Array(50_000);
    let last = 0;
    let wasCrowdedFirst = false;
    t.false(journal.isCrowded(5));
    const error = await t.throwsAsync(
      async () => {
        for (;;) {
          const outcome = await journal.append(5, last, commit);
          last = outcome.kind === "appended" ? outcome.sequence : -1;
          wasCrowdedFirst ||= journal.isCrowded(5);
        }
      },
      { instanceOf: NatsError },
    );
    t.is(error.kind, "full");
    t.regex(error.message, /is full/);
    t.true(wasCrowdedFirst);
    t.true(journal.isCrowded(5));
    t.regex(journal.failure() ?? "", /is full/);
    const { usedBytes, maxBytes } = await journal.usage();
    t.true(usedBytes > 0.9 * maxBytes && usedBytes <= maxBytes);

    await journal.trim(5, last);
    t.true((await journal.usage()).usedBytes < 0.1 * maxBytes);
    t.false(journal.isCrowded(5));
    t.like(await journal.append(5, last, commit), { kind: "appended" });
    t.is(journal.failure(), undefined);
  },
);

test.serial(
  "a commit that is too large, and appends beyond the host's limit, are refused and not stored",
  async (t) => {
    const world = await worlds[1].cleared();
    const journal = await world.journal({ maxCommitBytes: 1_000 });
    t.like(await t.throwsAsync(journal.append(1, 0, new Uint8Array(1_001))), { kind: "too_large" });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5_000 }, (_, n) => journal.append(n % 256, 999_999, encode("x"))),
    );
    const refusals = outcomes.filter(({ status }) => status === "rejected");
    t.true(refusals.length >= 900);
    t.true(refusals.every((refusal) => refusal.status === "rejected" && refusal.reason.kind === "overloaded"));
    t.is((await journal.lastSequences()).size, 0);
  },
);

test.serial("the reported durability matches the replicas and the sync setting of the servers", async (t) => {
  const read = async (world: NatsWorld, monitorUrls: string[]) => {
    const connection = await world.connect();
    const journal = await world.journal({ connection });
    const control = await world.control({ connection });
    const streamNames = [...journal.streamNames, control.streamName];
    return readNatsDurability({ connection, streamNames, monitorUrls });
  };
  const one = await worlds[1].cleared();
  const alone = await read(one, one.nats.monitorUrls);
  t.like(alone, { replicas: 1, isSyncedAlways: false, survivesPowerLossOfOne: false, isEnoughForProduction: false });
  t.regex(alone.text, /may lose what was acknowledged/);
  const unasked = await read(one, []);
  t.like(unasked, { isSyncedAlways: undefined, isEnoughForProduction: false });
  t.regex(unasked.text, /monitoring addresses are not configured/);

  const three = await worlds[3].cleared();
  const replicated = await read(three, three.nats.monitorUrls);
  t.like(replicated, { replicas: 3, isSyncedAlways: false, survivesPowerLossOfOne: true, isEnoughForProduction: true });
  t.is(replicated.peers.length, 3);

  const synced = await NatsWorld.start(1, { syncAlways: true });
  try {
    const safe = await read(synced, synced.nats.monitorUrls);
    t.like(safe, { replicas: 1, isSyncedAlways: true, survivesPowerLossOfOne: true, isEnoughForProduction: true });
    t.regex(safe.text, /on disk before it is acknowledged/);
    const halfAsked = await read(synced, [...synced.nats.monitorUrls, "http://127.0.0.1:1"]);
    t.is(halfAsked.isSyncedAlways, undefined);
  } finally {
    await synced.close();
  }
});
