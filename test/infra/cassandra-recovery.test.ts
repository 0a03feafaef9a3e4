// Recovery: the views or the journal are lost.
import type { ExecutionContext } from "ava";
import { Conversation } from "../../actors/conversation/contract.ts";
import { createConversation } from "../../actors/conversation/conversation.ts";
import { defaultConversationRules } from "../../actors/conversation/model/rules.ts";
import { defaultReadingLimits } from "../../actors/reading/limits.ts";
import { createReading } from "../../actors/reading/reading.ts";
import { createHost } from "../../actors/runtime/host/host.ts";
import { soleLease } from "../../actors/runtime/lease/lease.ts";
import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import type { Journal } from "../../actors/runtime/ports.ts";
import { shardOf } from "../../actors/runtime/sharding.ts";
import { Session, type Vector } from "../../actors/session/contract.ts";
import { createSession } from "../../actors/session/session.ts";
import { pairId } from "../../actors/shared/ids.ts";
import { User } from "../../actors/user/contract.ts";
import { createClient } from "../../infra/cassandra/client.ts";
import { emptyViews } from "../../infra/cassandra/rebuild.ts";
import { reseed } from "../../infra/cassandra/reseed.ts";
import { openCassandraViews } from "../../infra/cassandra/views.ts";
import { createMemoryHeads } from "../../infra/memory/heads.ts";
import { createMemoryTransport } from "../../infra/memory/transport.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { eventually } from "../suites/eventually.ts";
import { dropKeyspace, freshKeyspace } from "../support/cassandra-keyspace.ts";
import { createMemoryJournal } from "../support/memory-journal.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent-log.ts";
import { useCassandra } from "../support/stack.ts";
import { user } from "../support/user-behaviour.ts";

const test = needs("cassandra");

const alice = "7000000000000001";
const bob = "7000000000000002";
const pair = pairId(alice, bob);
const rules = { ...defaultConversationRules, requireFriend: false };

const shards = [shardOf("conversation", pair)];
for (const userId of [alice, bob]) shards.push(shardOf("user", userId), shardOf("session", userId));

/** One host on views in Cassandra and on this journal, with a snapshot every few records. */
async function startChat(t: ExecutionContext, keyspace: string, journal: Journal, storeId: string) {
  const address = { ...(await useCassandra()), keyspace, replicas: 1 };
  const store = await openCassandraViews({ ...address, storeId, log: silentLog });
  const heads = createMemoryHeads();
  const behaviours = [user, createSession(), createConversation({ sends: store.sends, rules, random: systemRandom })];
  const reports: string[] = [];
  const host = createHost({
    ports: {
      journal,
      views: store.views,
      heads,
      clock: systemClock,
      sink: { publish() {}, flush: async () => {} },
    },
    transport: createMemoryTransport(),
    random: systemRandom,
    lease: soleLease({ host: "one", boot: systemRandom.hex(128) }),
    behaviours,
    shards,
    // A long time-out, because the machine may be busy.
    limits: { ...defaultRuntimeLimits, snapshotEveryRecords: 7, defaultCallTimeoutMs: 60_000 },
    reportError: (message, cause) => reports.push(`${message}: ${cause}`),
  });
  let isOver = false;
  const end = async () => {
    if (isOver) return;
    isOver = true;
    await host.drain(20_000);
    await store.close();
  };
  t.teardown(end);
  await host.start();
  const { actors } = host;
  const reading = createReading({
    ...store,
    ...{ actors, heads, clock: systemClock, storeId, limits: defaultReadingLimits },
  });
  let sends = 0;
  return {
    ...{ address, behaviours, reports, host, reading, store },
    async register() {
      for (const userId of [alice, bob]) {
        const atMs = systemClock.nowMs();
        await actors.get(Session, userId).create({ passwordHash: "", atMs });
        const account = { nickname: `nick ${userId}`, phone: "", email: "", account: "" };
        await actors.get(User, userId).create({ ...account, atMs });
      }
    },
    says: (senderId: string, words: string, clientMsgId = `${storeId}-${++sends}`) =>
      actors.get(Conversation, pair).send({
        ...{ senderId, senderName: "", senderAvatar: "", clientMsgId, contentType: "text" },
        content: { text: words },
      }),
    async sees() {
      const { messages } = await reading.history({
        ...{ userId: bob, conversationId: pair, startSeq: 0, limit: 100, direction: "forward" },
      });
      return messages.map(({ seq, content, messageId, status }) => ({ seq, content, messageId, status }));
    },
    sync: (from: { vector: Vector; storeId?: string }) =>
      reading.sync({ userId: bob, deviceId: "phone", from, maxMessages: 100, maxBytes: 1_000_000 }),
    end,
  };
}
type Chat = Awaited<ReturnType<typeof startChat>>;

async function talk(chat: Chat, t: ExecutionContext): Promise<void> {
  await chat.register();
  for (let i = 1; i <= 20; i++) await chat.says(i % 2 ? alice : bob, `word${i} 你好`);
  t.is((await chat.sees()).length, 20);
  // Names are read from the views only, so everything must be projected.
  await eventually(() => chat.host.status().lagBytes === 0, 20_000);
}
const listOf = async (chat: Chat) => (await chat.reading.sessions({ userId: bob })).sessions;
const search = (chat: Chat, query: string) =>
  chat.reading.search({ userId: bob, query, conversationId: pair, limit: 50 });

test.serial("emptied views are rebuilt from the journal", async (t) => {
  const keyspace = freshKeyspace("rebuild");
  const journal = createMemoryJournal();
  const chat = await startChat(t, keyspace, journal, "one");
  await talk(chat, t);
  const before = [await chat.sees(), (await search(chat, "你好")).messages, await listOf(chat)];
  await chat.end();

  await emptyViews({ ...chat.address, journal });
  const again = await startChat(t, keyspace, journal, "one");
  await eventually(
    async () => (await again.store.views.marks()).length === (await journal.lastSequences()).size,
    20_000,
  );
  const after = [await again.sees(), (await search(again, "你好")).messages, await listOf(again)];
  t.deepEqual(after, before);
  t.is((await again.says(alice, "and on", "after")).seq, 21);
  await again.end();
  await dropKeyspace(keyspace);
});

test.serial("views are not emptied when the journal lacks their first commits", async (t) => {
  const keyspace = freshKeyspace("trimmed");
  const journal = createMemoryJournal();
  const chat = await startChat(t, keyspace, journal, "one");
  await talk(chat, t);
  for (const { shard, sequence } of await chat.store.views.marks()) await journal.trim(shard, sequence - 1);
  await chat.end();
  await t.throwsAsync(emptyViews({ ...chat.address, journal }), { message: /begins at/ });
  const empty = emptyViews({ ...chat.address, journal: createMemoryJournal() });
  await t.throwsAsync(empty, { message: /is empty, though the views have a mark of it/ });
  const again = await startChat(t, keyspace, journal, "one");
  t.is((await again.sees()).length, 20);
  await again.end();
  await dropKeyspace(keyspace);
});

test.serial(
  "a new journal replaces a lost one: every message is there, and the next message has the next number",
  async (t) => {
    const keyspace = freshKeyspace("reseed");
    const chat = await startChat(t, keyspace, createMemoryJournal(), "one");
    await talk(chat, t);
    const before = await chat.sees();
    const { vector } = await chat.sync({ vector: { userVersion: 0, conversations: {} } });
    await chat.end();

    const journal = createMemoryJournal();
    const { address, behaviours } = chat;
    const options = { ...address, behaviours: () => behaviours, journal, clock: systemClock, log: silentLog };
    const names = { oldStoreId: "one", newStoreId: "two" };
    t.like(await reseed({ ...options, ...names }), { recordsDropped: 0 });
    await t.throwsAsync(emptyViews({ ...chat.address, journal }), { message: /replaced a lost journal/ });
    const again = await startChat(t, keyspace, journal, "two");
    t.deepEqual(await again.sees(), before);
    const next = await again.says(alice, "and on");
    t.is(next.seq, 21);
    t.true(Number(next.messageId) > Number(before.at(-1)?.messageId));
    t.is((await again.sees()).length, 21);
    // A retry of a send from before the loss is still recognized.
    t.is((await again.says(bob, "word20 你好", "one-20")).seq, 20);
    const synced = await again.sync({ vector, storeId: "one" });
    t.true(synced.full);
    t.is(synced.storeId, "two");
    t.deepEqual(again.reports, []);
    await again.end();
    await dropKeyspace(keyspace);
  },
);

test.serial("records that a broken write left after a gap are dropped", async (t) => {
  const keyspace = freshKeyspace("gap");
  const chat = await startChat(t, keyspace, createMemoryJournal(), "one");
  await talk(chat, t);
  await chat.end();
  const client = createClient(chat.address, keyspace);
  const held = await client.execute("SELECT last_n FROM actor_events WHERE address = ? AND chunk = 0", [
    `conversation/${pair}`,
  ]);
  const lastN = Number(held.rows.at(-1)?.get("last_n"));
  // The record after the last one is missing, and the one after that was written.
  await client.execute(
    "UPDATE actor_events USING TIMESTAMP 1 SET records = ? WHERE address = ? AND chunk = 0 AND last_n = ? AND first_n = ?",
    [JSON.stringify({ n: lastN + 2, stamp: 1, events: [] }), `conversation/${pair}`, lastN + 2, lastN + 2],
    { prepare: true },
  );
  await client.shutdown();
  const journal = createMemoryJournal();
  const { address, behaviours } = chat;
  const names = { oldStoreId: "one", newStoreId: "two" };
  const options = { ...address, behaviours: () => behaviours, journal, clock: systemClock, log: silentLog };
  t.like(await reseed({ ...options, ...names }), { recordsDropped: 1 });
  const again = await startChat(t, keyspace, journal, "two");
  t.is((await again.says(alice, "and on", "after")).seq, 21);
  t.deepEqual(again.reports, []);
  await again.end();
  await dropKeyspace(keyspace);
});
