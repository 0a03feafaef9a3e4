// Clients that flood, do not read, do not acknowledge or do not authenticate: the server answers or closes that client only (G7,
// G10), nothing acknowledged is lost, and other clients are served as before.
import { randomBytes } from "node:crypto";
import test from "ava";
import { type ErrorName, errors } from "../../actors/shared/errors.ts";
import { eventually } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import { callApi, type Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { TestDevice, type TestFrame } from "../support/test-device.ts";

const codeOf = (error: ErrorName) => Number(errors[error].code);
const maxWaitMs = 20_000;

async function crowd<Names extends string[]>(node: TestNode, ...names: Names) {
  const all = await people(node, ...names);
  const [first, ...others] = all;
  for (const other of others) await first!.befriends(other);
  return all;
}

test.serial("each of 10 000 sends in a burst is answered, no acked send is lost, and others chat on", async (t) => {
  await using node = await startTestNode({ limits: { maxUnacked: 100_000, maxOutboundBytes: 64 * 1024 * 1024 } });
  const [alice, bob, carol, dave] = await crowd(node, "alice", "bob", "carol", "dave");
  await carol.befriends(dave);
  await Promise.all([alice, carol, dave].map((who) => who.connects()));
  const chat = alice.chatWith(bob);
  const count = 10_000;
  const frames = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      type: "SEND_MESSAGE",
      msgId: `b${i}`,
      data: { sessionId: chat, contentType: "text", content: `${i}` },
    }),
  );
  const burstFromMs = performance.now();
  for (const frame of frames) alice.device.sends(frame);
  const talk = (async () => {
    const waitsMs: number[] = [];
    while (alice.device.frames.length < count) {
      const startMs = performance.now();
      const { messageId } = await carol.says(dave, "are you there?");
      await dave.device.sees("NEW_MESSAGE", ({ data }) => data.messageId === messageId);
      waitsMs.push(performance.now() - startMs);
    }
    return waitsMs;
  })();
  const answers = () => alice.device.frames.filter(({ msgId }) => msgId?.startsWith("b"));
  await eventually(() => answers().length >= count, maxWaitMs);
  const burstMs = performance.now() - burstFromMs;
  const acked = answers().filter(({ type }) => type === "SEND_ACK");
  const refused = answers().filter(({ type }) => type === "ERROR");
  t.is(new Set(answers().map(({ msgId }) => msgId)).size, count, "each send has one answer");
  t.is(acked.length + refused.length, count);
  t.true(acked.length >= 256);
  t.deepEqual([...new Set(refused.map(({ code }) => code))], [codeOf("common.too_many")]);
  const seqs = acked.map(({ data }) => Number(data.seq));
  t.deepEqual(
    seqs.toSorted((a, b) => a - b),
    seqs.map((_, i) => i + 1),
    "the seqs have no hole, and refused sends take none",
  );
  const inOrder = acked.toSorted((a, b) => Number(a.msgId?.slice(1)) - Number(b.msgId?.slice(1)));
  t.deepEqual(
    inOrder.map(({ data }) => data.seq),
    seqs.toSorted((a, b) => a - b),
    "in the order in which they were sent",
  );
  const kept = await syncAll(bob, chat);
  t.deepEqual(
    kept.map(({ messageId }) => messageId),
    inOrder.map(({ data }) => data.messageId),
  );
  const waitsMs = await talk;
  t.true(Math.min(...waitsMs) < burstMs, "others are served during the burst");
  t.is(alice.device.closeCode, undefined);
});

test.serial(
  "only the device that never reads is closed, and sync gives it everything when it comes back",
  async (t) => {
    await using node = await startTestNode({ limits: { maxOutboundBytes: 256 * 1024, maxUnacked: 100_000 } });
    const [alice, bob, carol] = await crowd(node, "alice", "bob", "carol");
    const group = await alice.createsGroup("readers", [bob, carol]);
    await Promise.all([alice, bob, carol].map((who) => who.connects()));
    const [sleeper, reader] = [bob.device, carol.device];
    const acks = setInterval(() => confirmAll(reader, group), 50);
    t.teardown(() => clearInterval(acks));
    sleeper.socket.pause();
    // The buffers of the operating system fill first (4 MiB were measured), then the server's queue.
    const count = 300;
    // One message at a time: a burst would pause the reader's delivery, and a paused socket is closed only after half a minute.
    for (let sent = 0; sent < count; sent += 1) await sendsLarge(alice, group);
    await eventually(() => reader.seen("NEW_MESSAGE").length === count, maxWaitMs);
    t.deepEqual([reader.closeCode, alice.device.closeCode], [undefined, undefined]);
    sleeper.socket.resume();
    t.is(await sleeper.closes(), 4008);
    const read = new Set<unknown>(sleeper.seen("NEW_MESSAGE").map(({ data }) => data.messageId));
    t.true(read.size < count);
    await bob.connects("&sync=client");
    for (const { messageId } of await syncAll(bob, group)) read.add(messageId);
    t.is(read.size, count);
  },
);

test.serial("a device that missed more than one outbound queue holds is not closed as a slow reader", async (t) => {
  await using node = await startTestNode({ limits: { maxOutboundBytes: 256 * 1024 } });
  const [alice, bob] = await crowd(node, "alice", "bob");
  const chat = alice.chatWith(bob);
  await alice.connects();
  await bob.connects();
  const first = await alice.says(bob, "hello");
  await bob.device.sees("NEW_MESSAGE");
  bob.device.sends({ type: "MESSAGE_ACK", data: { sessionId: chat, seq: first.seq } });
  bob.device.disconnects();
  await bob.device.closes();
  const count = 30;
  for (let i = 0; i < count; i += 1) await sendsLarge(alice, chat);
  const back = await bob.connects();
  const isSyncRequest = ({ data }: TestFrame) => data.type === "sync.request" && data.sessionId === chat;
  await eventually(() => {
    const closed = back.closeCode;
    if (closed !== undefined)
      throw new Error(`closed with ${closed} after ${back.seen("NEW_MESSAGE").length} messages`);
    return back.seen("NEW_MESSAGE").length >= count || back.seen("NOTIFICATION", isSyncRequest).length > 0;
  });
  await alice.says(bob, "and now?");
  await back.sees("NEW_MESSAGE", ({ data }) => data.content === "and now?");
  t.is(back.closeCode, undefined);
});

test.serial(
  "a client that never acks gets each message twice more, and is closed when too much is unacked",
  async (t) => {
    const maxUnacked = 30;
    await using node = await startTestNode({ limits: { resendAfterMs: [400, 800], maxUnacked } });
    const [alice, bob, carol] = await crowd(node, "alice", "bob", "carol");
    const group = await alice.createsGroup("listeners", [bob, carol]);
    await Promise.all([alice, bob, carol].map((who) => who.connects()));
    const { messageId, seq } = await alice.says(group, "hello");
    const copies = (of: TestDevice) => of.seen("NEW_MESSAGE", ({ data }) => data.messageId === messageId).length;
    await carol.device.sees("NEW_MESSAGE");
    carol.device.sends({ type: "MESSAGE_ACK", data: { sessionId: group, seq } });
    await eventually(() => copies(bob.device) === 3);
    await alice.says(group, "are you there?");
    t.is(copies(bob.device), 3, "after two repeats the message is left to sync");
    t.is(copies(carol.device), 1, "carol acked the message and got it once");
    const ackEach = setInterval(() => confirmAll(carol.device, group), 20);
    t.teardown(() => clearInterval(ackEach));
    for (let i = 0; i <= maxUnacked; i += 1) await alice.says(group, `${i}`);
    t.is(await bob.device.closes(), 4008);
    const last = await alice.says(group, "the last");
    await carol.device.sees("NEW_MESSAGE", ({ data }) => data.messageId === last.messageId);
    t.deepEqual([carol.device.closeCode, alice.device.closeCode], [undefined, undefined]);
    const back = await bob.connects();
    const missed = await back.sees("NEW_MESSAGE", ({ data }) => data.messageId === last.messageId);
    t.is(
      back.seen("NEW_MESSAGE").length,
      Number(missed.data.seq),
      "all unacked messages are pushed when the device comes back",
    );
  },
);

test.serial("a socket without a login, one that sends broken frames, and a silent one are closed", async (t) => {
  await using node = await startTestNode({
    limits: { authTimeoutMs: 100, maxMalformedFrames: 3, silenceMs: 600, heartbeatMs: 50 },
  });
  const [alice, bob] = await crowd(node, "alice", "bob");
  const url = `ws://127.0.0.1:${node.port}/ws`;
  const nobody = new TestDevice(url);
  t.is(await nobody.closes(), 4401);
  t.deepEqual(
    nobody.frames.map(({ type }) => type),
    ["CONNECT_ERROR"],
  );
  const chatter = new TestDevice(url);
  await chatter.opens();
  chatter.sends({ type: "PING" });
  t.is(await chatter.closes(), 4401, "a PING is no login");
  const broken = await alice.connects();
  const good = await bob.connects();
  for (let i = 0; i < 4; i += 1) broken.sends("{");
  t.is(await broken.closes(), 4400);
  t.is(broken.seen("ERROR").length, 4, "each broken frame was answered");
  const silent = await alice.connects();
  silent.socket.pause();
  let pings = 0;
  good.socket.on("ping", () => {
    pings += 1;
  });
  await eventually(() => pings >= 4);
  silent.socket.resume();
  t.is(await silent.closes(), 4408);
  t.is((await good.asks("SYNC", {})).type, "SYNC_RESULT", "a socket that answers pings stays open");
});

test.serial("a user who asks too often is refused with the time to wait, and others are answered", async (t) => {
  await using node = await startTestNode({ env: { RATE_LIMITS: "on" } });
  const [alice, bob] = await crowd(node, "alice", "bob");
  const device = await alice.connects();
  let answer: TestFrame;
  let sent = 0;
  do {
    answer = await device.asks("SYNC", {});
    sent += 1;
  } while (answer.type === "SYNC_RESULT" && sent < 1_000);
  t.is(answer.code, codeOf("common.too_many"));
  t.true(Number(answer.data.retryAfterMs) > 0);
  const refused = await fetch(`http://127.0.0.1:${node.port}/api/v1/sync`, {
    ...{ method: "POST", headers: { authorization: `Bearer ${alice.token}` }, body: "{}" },
  });
  t.is(refused.status, 429);
  t.true(Number(refused.headers.get("retry-after")) >= 1);
  t.is(((await refused.json()) as { code: number }).code, codeOf("common.too_many"));
  t.is((await bob.posts("/sync", {})).status, 200, "another user has limits of their own");
  t.is(
    (await device.asks("SEND_MESSAGE", textTo(alice.chatWith(bob)))).type,
    "SEND_ACK",
    "another kind of request has a limit of its own",
  );
  const guesses = [];
  for (let i = 0; i < 12; i += 1) {
    const body = { account: bob.email, password: `Wrong${i}xyz`, deviceType: "PC", deviceId: "d" };
    guesses.push((await callApi(node.port, "POST", "/auth/login", { body })).status);
  }
  t.deepEqual([guesses[0], guesses.at(-1)], [401, 429], "a password cannot be guessed at leisure");
});

function textTo(sessionId: string) {
  return { sessionId, contentType: "text", content: "hello" };
}

/** Random content, because sockets compress. */
async function sendsLarge(who: Person, sessionId: string): Promise<void> {
  const content = { filling: randomBytes(34 * 1024).toString("base64") };
  const answer = await who.device.asks("SEND_MESSAGE", { sessionId, contentType: "custom", content });
  if (answer.type !== "SEND_ACK") throw new Error(`not sent: ${JSON.stringify(answer)}`);
}

function confirmAll(device: TestDevice, sessionId: string): void {
  const seq = Math.max(0, ...device.seen("NEW_MESSAGE").map(({ data }) => Number(data.seq)));
  device.sends({ type: "MESSAGE_ACK", data: { sessionId, seq } });
}

/** All messages of a conversation, pulled as by a device that holds none. */
async function syncAll(who: Person, conversationId: string): Promise<Record<string, unknown>[]> {
  const messages: Record<string, unknown>[] = [];
  for (let lastSeq = 0, hasMore = true; hasMore; lastSeq = messages.length) {
    const conversationSeqs = [{ conversationId, lastSeq }];
    const body = { conversationSeqs, limitPerConversation: 200 };
    const { data } = await who.posts<{ conversations: Page[] }>("/sync/messages", body);
    messages.push(...(data.conversations[0]?.messages ?? []));
    hasMore = data.conversations[0]?.hasMore ?? false;
  }
  return messages;
}
interface Page {
  messages: Record<string, unknown>[];
  hasMore: boolean;
}
