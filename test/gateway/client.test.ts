// The client before a server that the test plays, in time that passes by hand.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { ClientError } from "../../gateway/client/base/errors.ts";
import type { PlatformRequest } from "../../gateway/client/base/platform.ts";
import { createClient } from "../../gateway/client/client.ts";
import type { ClientOptions } from "../../gateway/client/options.ts";
import type { Unsent } from "../../gateway/client/outbox.ts";
import { closeCodes } from "../../gateway/ws/wire/close-codes.ts";
import { FakePlatform } from "../support/fake-platform.ts";

const room = "g_1";
const tokens = { userId: "1", accessToken: "access", refreshToken: "refresh", expiresIn: 7_200 };
const retry = { delaysMs: [0, 2_000, 4_000], jitter: 0.5, maxAttempts: 10 };

async function served(options: Partial<ClientOptions> = {}) {
  const platform = new FakePlatform();
  const device = { deviceId: "d", deviceType: "Web", mode: "push" } as const;
  const client = createClient({ url: "http://server", ...device, platform, ...options });
  const ended: ClientError[] = [];
  const problems: ClientError[] = [];
  client.on("ended", (error) => ended.push(error));
  client.on("problem", (error) => problems.push(error));
  client.session.use(tokens);
  const connecting = client.connect();
  connecting.catch(() => {});
  await platform.passes(0);
  await platform.socket.serves({ retry });
  return { platform, client, ended, problems, connecting };
}
const says = (text: string) => ({ sessionId: room, contentType: "text", content: text });
const ackOf = (msgId: string | undefined, seq: number) => ({
  ...{ type: "SEND_ACK", msgId },
  data: { messageId: `m${seq}`, sessionId: room, seq, version: seq, timestamp: 1 },
});
const newMessage = (seq: number, more: object = {}) => ({
  type: "NEW_MESSAGE",
  data: {
    ...{ messageId: `m${seq}`, sessionId: room, senderId: "2", contentType: "text", content: `text ${seq}` },
    ...{ seq, version: seq, timestamp: 1, ...more },
  },
});
const answer = (data: unknown, status = 200, code = 0) => ({
  status,
  text: JSON.stringify({ code, codeStr: String(code).padStart(6, "0"), message: "said", data, trace_id: "t-1" }),
});

test("it authenticates by its first frame, and the token is in no address", async (t) => {
  const { platform } = await served();
  t.is(platform.socket.url, "ws://server/ws?deviceId=d&platform=Web");
  t.deepEqual(platform.socket.sent[0], { type: "AUTH", data: { token: "access", deviceId: "d", platform: "Web" } });
});

test("after a cut it comes back with the pauses that the server advised, the last one again and again", async (t) => {
  const { platform } = await served();
  await platform.socket.closes(1006);
  for (const [pauseMs, sockets] of [
    [0, 2],
    [2_000, 3],
    [4_000, 4],
    [4_000, 5],
  ] as const) {
    if (pauseMs > 0) await platform.passes(pauseMs - 1);
    t.is(platform.sockets.length, sockets - 1);
    await platform.passes(1);
    t.is(platform.sockets.length, sockets);
    await platform.socket.closes(1006);
  }
  await platform.passes(4_000);
  await platform.socket.serves();
  await platform.socket.closes(1006);
  await platform.passes(0);
  t.is(platform.sockets.length, 7, "a connection that was served begins the pauses anew");
});

for (const row of Object.values(closeCodes)) {
  test(`close code ${row.code} ${row.reason}: ${row.reconnect}`, async (t) => {
    const { platform, ended } = await served();
    platform.answer = () => answer(null, 401, 10_106);
    await platform.socket.closes(row.code);
    await platform.passes(0);
    t.is(platform.sockets.length, row.reconnect === "now" ? 2 : 1, "at once");
    await platform.passes(60_000);
    t.is(platform.sockets.length > 1, row.reconnect !== "no", "later");
    t.deepEqual(
      ended.map(({ kind }) => kind),
      row.reconnect === "no" ? ["closed"] : [],
    );
  });
}

test("a device that is replaced by its own broken socket, whose login was processed late, comes back", async (t) => {
  const { platform, ended } = await served();
  await platform.socket.closes(1006);
  await platform.passes(0);
  await platform.socket.serves();
  await platform.socket.closes(4010);
  await platform.passes(2_000);
  t.is(platform.sockets.length, 3);
  await platform.socket.serves();
  await platform.passes(20_000);
  await platform.socket.says({ type: "PONG" });
  await platform.passes(40_000);
  await platform.socket.closes(4010);
  t.is(ended.length, 1, "later it is another client");
});

test("an expired token is renewed once for all who need it, and the socket comes back with the new one", async (t) => {
  const { platform, client, ended } = await served();
  platform.answer = ({ url, headers }: PlatformRequest & { url: string }) => {
    if (url.endsWith("/auth/refresh")) return answer({ ...tokens, accessToken: "fresh", refreshToken: "next" });
    return headers.authorization === "Bearer fresh" ? answer({ nickname: "alice" }) : answer(null, 401, 10_105);
  };
  const calls = [client.api.users.me(), client.api.users.me()];
  await platform.socket.closes(4401);
  t.deepEqual(
    (await Promise.all(calls)).map(({ nickname }) => nickname),
    ["alice", "alice"],
  );
  await platform.passes(0);
  await platform.socket.serves();
  t.is(platform.requests.filter(({ url }) => url.endsWith("/auth/refresh")).length, 1);
  t.deepEqual(platform.socket.sent[0]?.data, { token: "fresh", deviceId: "d", platform: "Web" });
  t.deepEqual(ended, []);
});

test("while no server answers the renewal, the client waits; a token that is refused for good ends it", async (t) => {
  const { platform, ended } = await served();
  await platform.socket.closes(4401);
  await platform.passes(5_000);
  t.deepEqual(ended, []);
  platform.answer = () => answer(null, 429, 9);
  await platform.passes(5_000);
  t.deepEqual(ended, []);
  platform.answer = () => answer(null, 401, 10_106);
  await platform.passes(5_000);
  t.is(ended.length, 1);
  t.like(ended[0]?.cause, { code: 10_106 });
});

test("new tokens are asked for before the old ones end, and reach the server on the open socket", async (t) => {
  const { platform } = await served();
  platform.answer = () => answer({ ...tokens, accessToken: "fresh" });
  for (let minute = 0; minute < 122; minute += 1) {
    await platform.socket.says({ type: "PONG" });
    await platform.passes(59_000);
  }
  t.is(platform.requests.length, 1);
  const refreshed = platform.sockets.flatMap((socket) => socket.of("AUTH_REFRESH"));
  t.deepEqual(refreshed[0]?.data, { token: "fresh" });
});

test("a socket on which nothing arrives counts as dead, though it was not closed", async (t) => {
  const { platform } = await served();
  await platform.passes(20_000);
  t.is(platform.socket.of("PING").length, 1);
  await platform.socket.says({ type: "PONG" });
  await platform.passes(59_000);
  t.is(platform.sockets.length, 1);
  await platform.passes(1_000);
  t.is(platform.sockets.length, 2);
});

test("a client that is closed before it was served rejects the wait for it", async (t) => {
  const platform = new FakePlatform();
  const client = createClient({ url: "http://server", deviceId: "d", deviceType: "Web", platform });
  const connecting = t.throwsAsync<ClientError>(client.connect());
  await platform.passes(0);
  await client.close();
  t.is((await connecting)?.kind, "closed");
  await platform.passes(60_000);
  t.is(platform.sockets.length, 1);
});

test("a server that accepts and then says nothing is given up", async (t) => {
  const { platform } = await served();
  await platform.socket.closes(1006);
  await platform.passes(0);
  platform.socket.readyState = 1;
  await platform.passes(9_999);
  t.is(platform.sockets.length, 2);
  await platform.passes(2_001);
  t.is(platform.sockets.length, 3);
});

test("a message is sent again under its msgId until it is acknowledged, in order, over cuts and silence", async (t) => {
  const { platform, client } = await served();
  const sent = [client.send(says("one")), client.send(says("two"))];
  await platform.passes(0);
  const first = platform.socket.of("SEND_MESSAGE");
  await platform.socket.says(ackOf(first[0]?.msgId, 1));
  await platform.socket.closes(1006);
  await platform.passes(0);
  const third = client.send(says("three"));
  await platform.socket.serves();
  const again = platform.socket.of("SEND_MESSAGE");
  t.deepEqual(
    again.map(({ data }) => (data as { content: string }).content),
    ["two", "three"],
  );
  t.is(again[0]?.msgId, first[1]?.msgId);
  await platform.socket.says({ type: "PONG" });
  await platform.passes(20_000);
  t.deepEqual(
    platform.socket.of("SEND_MESSAGE").map(({ msgId }) => msgId),
    [...again, ...again].map(({ msgId }) => msgId),
  );
  await platform.socket.says(ackOf(again[0]?.msgId, 2));
  await platform.socket.says(ackOf(again[1]?.msgId, 3));
  t.deepEqual(
    (await Promise.all([...sent, third])).map(({ seq }) => seq),
    [1, 2, 3],
  );
  t.is(client.unsent, 0);
});

test("a message that cannot be taken now holds back those behind it in its conversation, and no other", async (t) => {
  const { platform, client } = await served();
  void client.send(says("one"));
  await platform.passes(0);
  const [one] = platform.socket.of("SEND_MESSAGE");
  await platform.socket.says({ type: "ERROR", msgId: one?.msgId, code: 9, data: { retryAfterMs: 3_000 } });
  void client.send(says("two"));
  void client.send({ ...says("elsewhere"), sessionId: "g_2" });
  await platform.passes(2_999);
  const contents = () => platform.socket.of("SEND_MESSAGE").map(({ data }) => (data as { content: string }).content);
  t.deepEqual(contents(), ["one", "elsewhere"]);
  await platform.passes(1);
  t.deepEqual(contents(), ["one", "elsewhere", "one", "two"]);
});

test("a message that is refused for good says why; one too many is not taken", async (t) => {
  const { platform, client } = await served({ limits: { maxUnsent: 1 } });
  const refused = client.send(says("one"));
  await t.throwsAsync(client.send(says("two")), { instanceOf: ClientError, message: /1 messages wait/ });
  await platform.passes(0);
  const [one] = platform.socket.of("SEND_MESSAGE");
  await platform.socket.says({
    type: "ERROR",
    msgId: one?.msgId,
    code: 40_105,
    codeStr: "040105",
    message: "no member",
  });
  const error = await t.throwsAsync<ClientError>(refused);
  t.like(error, { kind: "refused", code: 40_105, codeStr: "040105", message: "no member" });
});

test("only so many messages are on their way at once; the others follow in order", async (t) => {
  const { platform, client } = await served({ limits: { maxSendsInFlight: 2 } });
  for (const [text, sessionId] of [
    ["a", "g_1"],
    ["b", "g_2"],
    ["c", "g_3"],
    ["d", "g_1"],
  ] as const) {
    void client.send({ ...says(text), sessionId });
  }
  await platform.passes(0);
  const sent = () => platform.socket.of("SEND_MESSAGE").map(({ data }) => (data as { content: string }).content);
  t.deepEqual(sent(), ["a", "b"]);
  await platform.socket.says(ackOf(platform.socket.of("SEND_MESSAGE")[0]?.msgId, 1));
  t.is(sent().length, 3);
});

test("unsent messages survive the end of the program, and leave under the same msgId", async (t) => {
  const kept = new Map<string, Unsent>();
  const storage = {
    load: async () => [...kept.values()],
    put: async (unsent: Unsent) => void kept.set(unsent.msgId, unsent),
    remove: async (msgId: string) => void kept.delete(msgId),
  };
  const first = await served({ storage });
  first.client.send(says("one"), "mine").catch(() => {});
  await first.platform.passes(0);
  t.deepEqual([...kept.keys()], ["mine"]);
  await first.client.close();
  const second = await served({ storage });
  t.is(second.platform.socket.of("SEND_MESSAGE")[0]?.msgId, "mine");
  await second.platform.socket.says(ackOf("mine", 1));
  t.is(kept.size, 0);
});

test("received messages are acknowledged once a second, or when 64 wait; those of a lost socket are not", async (t) => {
  const { platform } = await served();
  const acks = () => platform.socket.of("MESSAGE_ACK").map(({ data }) => data);
  for (const seq of [1, 2, 3]) await platform.socket.says(newMessage(seq));
  await platform.passes(999);
  t.deepEqual(acks(), []);
  await platform.passes(1);
  t.deepEqual(acks(), [{ sessionId: room, seq: 3, version: 3 }]);
  for (let seq = 4; seq < 68; seq += 1) await platform.socket.says(newMessage(seq));
  t.is(acks().length, 2);
  await platform.socket.says(newMessage(68));
  await platform.socket.closes(1006);
  await platform.passes(0);
  await platform.socket.serves();
  await platform.passes(1_000);
  t.deepEqual(acks(), []);
});

test("messages arrive once, with the edits and recalls that came in any order, and tombstones stay", async (t) => {
  const { platform, client, problems } = await served();
  const seen: string[] = [];
  client.on("messages", (_, messages) => seen.push(...messages.map(({ messageId }) => messageId)));
  for (const seq of [1, 2, 3, 2]) await platform.socket.says(newMessage(seq));
  t.deepEqual(seen, ["m1", "m2", "m3"]);
  const edited = (version: number, content: string, timestamp: number) => ({
    ...{ type: "MESSAGE_EDITED", timestamp },
    data: { sessionId: room, messageId: "m1", seq: 1, version, content },
  });
  await platform.socket.says(edited(5, "second", 20));
  await platform.socket.says(edited(4, "first", 10));
  await platform.socket.says(newMessage(1, { content: "as sent" }));
  await platform.socket.says({ type: "MESSAGE_RECALLED", data: { sessionId: room, messageId: "m2", version: 6 } });
  await platform.socket.says(newMessage(2));
  const held = client.replica.find(room);
  t.deepEqual(
    [...(held?.messages.values() ?? [])].map(({ content, status }) => [content, status]),
    [
      ["second", undefined],
      [null, "recalled"],
      ["text 3", undefined],
    ],
  );
  t.deepEqual([held?.versions.upTo, held?.unreadCount], [6, 2]);
  t.deepEqual(problems, []);
  await platform.socket.says(newMessage(3, { messageId: "m9" }));
  t.regex(problems[0]?.message ?? "", /g_1 3: m3, then m9/);
});

test("a pulling device asks for the difference at once, and again when a version is missing", async (t) => {
  const { platform, client } = await served({ mode: "pull" });
  t.true(platform.socket.url.endsWith("&sync=client"));
  const result = (version: number, more: object) => ({
    ...{ type: "SYNC_RESULT", msgId: platform.socket.of("SYNC").at(-1)?.msgId },
    data: {
      ...{ hasMore: false, full: false, storeId: "store" },
      changes: [{ type: "conversation", sessionId: room, fromVersion: 0, version, seq: version, full: false, ...more }],
    },
  });
  void client.send(says("waits for the difference"));
  await platform.passes(0);
  t.deepEqual(platform.socket.of("SEND_MESSAGE"), []);
  const messages = [newMessage(1).data, newMessage(2).data];
  await platform.socket.says(newMessage(3));
  t.is(client.replica.find(room), undefined, "a frame waits for the answer, which is older");
  await platform.socket.says(result(2, { messages, changes: [] }));
  t.is(client.replica.find(room)?.versions.upTo, 3);
  t.is(platform.socket.of("SEND_MESSAGE").length, 1);

  await platform.socket.says(newMessage(5));
  t.is(platform.socket.of("SYNC").length, 1);
  await platform.passes(1_000);
  t.deepEqual(platform.socket.of("SYNC")[1]?.data, { vector: { [room]: 3 }, userVersion: 0, storeId: "store" });
  const replaced: unknown[] = [];
  client.on("replaced", (conversation) => replaced.push(conversation?.id));
  await platform.socket.says(result(5, { full: true, messages: [newMessage(5).data], changes: [] }));
  t.deepEqual(replaced, [room]);
  t.deepEqual([...(client.replica.find(room)?.messages.keys() ?? [])], [5]);
  t.is(client.replica.find(room)?.floorSeq, 5);
});

test("a SYNC that is refused for now is tried again, and sending does not wait for it", async (t) => {
  const { platform, client } = await served({ mode: "pull" });
  void client.send(says("one"));
  await platform.passes(0);
  await platform.socket.says({ type: "ERROR", msgId: platform.socket.of("SYNC")[0]?.msgId, code: 9, message: "later" });
  t.is(platform.socket.of("SEND_MESSAGE").length, 1);
  await platform.passes(2_000);
  t.is(platform.socket.of("SYNC").length, 2);
});

test("a login that leads to another user drops what is held: the server's data was replaced", async (t) => {
  const { platform, client } = await served({
    logInAgain: (session) => session.login({ account: "alice", password: "Passw0rd1" }),
  });
  await platform.socket.says(newMessage(1));
  const lost = client.send(says("to nobody"));
  const replaced: unknown[] = [];
  client.on("replaced", (conversation) => replaced.push(conversation));
  platform.answer = ({ url }: PlatformRequest & { url: string }) =>
    url.endsWith("/auth/login") ? answer({ ...tokens, userId: "7" }) : answer(null, 401, 10_106);
  await platform.socket.closes(4401);
  await t.throwsAsync(lost, { message: /replaced/ });
  t.deepEqual(replaced, [undefined]);
  t.is(client.replica.conversations.size, 0);
});

test("only so much is held: the newest messages, and the conversations changed last", async (t) => {
  const { platform, client } = await served({ limits: { maxMessagesHeld: 2, maxConversations: 2 } });
  for (const seq of [1, 2, 3]) await platform.socket.says(newMessage(seq));
  t.deepEqual([...(client.replica.find(room)?.messages.keys() ?? [])], [2, 3]);
  await platform.socket.says(newMessage(1, { sessionId: "g_2" }));
  await platform.socket.says(newMessage(4));
  await platform.socket.says(newMessage(1, { sessionId: "g_3" }));
  t.deepEqual([...client.replica.conversations.keys()], [room, "g_3"]);
});

test("lists hold the user's own entries, and forget what was deleted or cleared", async (t) => {
  const { platform, client } = await served({ mode: "pull" });
  for (const seq of [1, 2, 3]) await platform.socket.says(newMessage(seq));
  const items = [
    { type: "friend", id: "2" },
    { type: "friend", id: "3", deleted: true },
    { type: "conversation", id: room, clearedSeq: 1 },
    { type: "deleted", id: room, messages: [{ seq: 3 }] },
  ];
  const sync = async (change: object) =>
    platform.socket.says({
      ...{ type: "SYNC_RESULT", msgId: platform.socket.of("SYNC").at(-1)?.msgId },
      data: { changes: [change], hasMore: false, full: false, storeId: "store" },
    });
  const messages = [newMessage(1), newMessage(2), newMessage(3)].map(({ data }) => data);
  await sync({
    type: "conversation",
    sessionId: room,
    fromVersion: 0,
    version: 3,
    seq: 3,
    full: false,
    messages,
    changes: [],
  });
  await platform.socket.says({ type: "NOTIFICATION", data: { type: "friend.accepted", userVersion: 4 } });
  await platform.passes(1_000);
  await sync({ type: "user", version: 4, items });
  t.deepEqual(
    client.replica.lists.of("friend").map(({ id }) => id),
    ["2"],
  );
  t.deepEqual([...(client.replica.find(room)?.messages.keys() ?? [])], [2]);
  t.is(client.replica.lists.version, 4);
  const asked = platform.socket.of("SYNC").length;
  const deleted = { type: "message.deleted", sessionId: room, messageIds: ["m2"], seqs: [2], userVersion: 5 };
  await platform.socket.says({ type: "MESSAGE_DELETED", data: deleted });
  t.deepEqual([...(client.replica.find(room)?.messages.keys() ?? [])], []);
  await platform.passes(1_000);
  t.is(platform.socket.of("SYNC").length, asked + 1, "the lists, too, hold what was deleted");
});

test("a notification that asks for it is confirmed, and no other one", async (t) => {
  const { platform } = await served({ mode: "push" });
  const says = (notificationId: string, requireAck: boolean) =>
    platform.socket.says({ type: "NOTIFICATION", data: { type: "friend.request", notificationId, requireAck } });
  await says("n1", true);
  await says("n2", false);
  t.deepEqual(
    platform.socket.of("NOTIFICATION_ACK").map(({ data }) => data),
    [{ notificationIds: ["n1"] }],
  );
});

test("what is no frame, or no envelope, is reported", async (t) => {
  const { platform, client, problems } = await served();
  platform.socket.onmessage?.({ data: "<html>" });
  t.is(problems[0]?.kind, "malformed");
  platform.answer = () => ({ status: 502, text: "<html>" });
  t.is((await t.throwsAsync<ClientError>(client.api.users.me()))?.kind, "malformed");
  platform.answer = () => answer({ field: "x" }, 404, 20_106);
  const error = await t.throwsAsync<ClientError>(client.api.users.get("5"));
  t.like(error, {
    kind: "refused",
    status: 404,
    code: 20_106,
    codeStr: "020106",
    traceId: "t-1",
    details: { field: "x" },
  });
});

test("frames that ask for an answer have only so much patience and so many places", async (t) => {
  const { platform, client } = await served({ limits: { maxWaitingAnswers: 1 }, heartbeat: "none" });
  const asked = client.recall("m1");
  await t.throwsAsync(client.recall("m2"), { message: /1 frames wait/ });
  const late = t.throwsAsync<ClientError>(asked);
  await platform.passes(20_000);
  t.is((await late)?.kind, "unreachable");
  const cut = t.throwsAsync<ClientError>(client.recall("m3"));
  await platform.socket.closes(1006);
  t.is((await cut)?.kind, "unreachable");
});

test("the client compiles with the language's own library alone: neither Node's types nor the DOM's", (t) => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const flags = "--ignoreConfig --noEmit --strict --skipLibCheck --allowImportingTsExtensions --module nodenext";
  const libraries = ["--target", "es2024", "--lib", "es2024", "--types", ""];
  const tsc = createRequire(import.meta.url)
    .resolve("typescript/package.json")
    .replace("package.json", "bin/tsc");
  const run = spawnSync(process.execPath, [tsc, ...flags.split(" "), ...libraries, "gateway/client/client.ts"], {
    cwd: root,
    encoding: "utf8",
  });
  t.is(run.status, 0, run.stdout);
});

test("the client, its terminal apart, imports nothing that a browser lacks", (t) => {
  const root = fileURLToPath(new URL("../../gateway/client/", import.meta.url));
  const waiting = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.startsWith("terminal"))
    .map((path) => join(root, path));
  const seen = new Set(waiting);
  const foreign: string[] = [];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const code = readFileSync(path, "utf8");
    for (const [, specifier = ""] of code.matchAll(/\b(?:from|import\()\s*"([^"]+)"/g)) {
      if (!specifier.startsWith(".")) foreign.push(`${path}: ${specifier}`);
      const target = join(dirname(path), specifier);
      if (!specifier.startsWith(".") || seen.has(target)) continue;
      seen.add(target);
      waiting.push(target);
    }
    if (/\b(process|Buffer|__dirname|require)\b\s*[.(]/.test(code)) foreign.push(`${path}: a global of Node`);
  }
  t.deepEqual(foreign, []);
  t.true(seen.size > 20, "the files were found");
});
