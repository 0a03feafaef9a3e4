// Every limit has a typed error and affects no other user (G10). A repeated command takes effect once, also across a restart (G2).
import test from "ava";
import { Conversation } from "../../actors/conversation/contract.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { type ErrorName, errors } from "../../actors/shared/errors.ts";
import { maxChars, maxItems } from "../../actors/shared/limits.ts";
import { createEnvelopes, statusByKind } from "../../gateway/kit/envelope.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { people } from "../support/people.ts";
import { callApi, type Envelope } from "../support/person.ts";
import { silentLog } from "../support/silent-log.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { TestDevice } from "../support/test-device.ts";

const codeOf = (error: ErrorName) => Number(errors[error].code);
const refusal = (error: ErrorName) => ({ status: statusByKind[errors[error].kind], code: codeOf(error) });
const unknownIds = (count: number) => Array.from({ length: count }, (_, i) => String(4_503_599_627_370_000 + i));

test("a repeated key is the same message by socket and REST and after a restart, and with other content a conflict", async (t) => {
  await using node = await startTestNode();
  const [alice, bob] = await people(node, "alice", "bob");
  await alice.befriends(bob);
  const sessionId = alice.chatWith(bob);
  const body = { sessionId, clientMsgId: "key-1", contentType: "text", content: "hello" };
  const other = { ...body, content: "something else" };
  const first = await alice.posts("/messages", body);
  t.is(first.status, 200);
  for (const isRestarted of [false, true]) {
    if (isRestarted) await node.restart();
    await alice.connects();
    t.deepEqual((await alice.posts("/messages", body)).data, first.data);
    t.like(await alice.posts("/messages", other), refusal("common.conflict"));
    const again = await alice.says(bob, "hello", "key-1");
    t.deepEqual([again.messageId, again.seq], [first.data.messageId, first.data.seq]);
    alice.device.sends({ type: "SEND_MESSAGE", msgId: "key-1", data: textTo(sessionId, "something else") });
    t.is((await alice.device.sees("ERROR", ({ msgId }) => msgId === "key-1")).code, codeOf("common.conflict"));
    t.is((await bob.history(sessionId)).length, 1, "the message is there once");
  }
  const { clientMsgId: _, ...plain } = body;
  const headers = { "idempotency-key": "key-1" };
  const byHeader = await callApi(node.port, "POST", "/messages", { token: alice.token, body: plain, headers });
  t.is(byHeader.data.messageId, first.data.messageId);
  t.not((await bob.posts("/messages", body)).data.messageId, first.data.messageId, "each sender has keys of their own");
});

test("a change with an Idempotency-Key is made once, and the key is refused for another change", async (t) => {
  await using node = await startTestNode();
  const [alice, bob] = await people(node, "alice", "bob");
  const change = (method: string, path: string, key: string, body?: unknown): Promise<Envelope> =>
    callApi(node.port, method, path, { token: alice.token, body, headers: { "idempotency-key": key } });
  const group = { name: "ours", memberIds: [bob.userId] };
  const made = await change("POST", "/groups", "g1", group);
  const asked = await change("POST", "/friends/requests", "f1", { userId: bob.userId });
  t.deepEqual([made.code, asked.code], [0, 0]);
  const renamed = await change("PUT", `/groups/${made.data.groupId}`, "r1", { name: "mine" });
  t.is(renamed.data.name, "mine");
  await alice.puts(`/groups/${made.data.groupId}`, { name: "yours" });
  for (const isRestarted of [false, true]) {
    if (isRestarted) await node.restart();
    t.is((await change("POST", "/groups", "g1", group)).data.groupId, made.data.groupId);
    t.like(await change("POST", "/groups", "g1", { ...group, name: "another" }), refusal("common.conflict"));
    t.deepEqual((await change("POST", "/friends/requests", "f1", { userId: bob.userId })).data, asked.data);
    t.is((await change("PUT", `/groups/${made.data.groupId}`, "r1", { name: "mine" })).code, 0);
    t.is((await alice.gets(`/groups/${made.data.groupId}`)).data.name, "yours", "a retry changes nothing");
    t.is((await alice.gets("/groups")).data.total, 1);
  }
});

test("content beyond a message's limits is refused with an error of its own, and content at the limits is kept", async (t) => {
  await using node = await startTestNode();
  const [alice, bob, carol] = await people(node, "alice", "bob", "carol");
  await alice.befriends(bob);
  await alice.befriends(carol);
  const device = await alice.connects();
  const stored = await Promise.all(Array.from({ length: 101 }, (_, n) => alice.says(carol, `message ${n}`)));
  const sessionId = alice.chatWith(bob);
  const image = { url: "https://example.test/a.png" };
  const custom = (sizeBytes: number) => ({ filling: "x".repeat(sizeBytes - '{"filling":""}'.length) });
  const merged = (count: number) => ({
    title: "talk",
    messageIds: stored.slice(0, count).map(({ messageId }) => messageId),
  });
  const sent: [string, unknown, ErrorName | "fits"][] = [
    ["text", "x".repeat(5_000), "fits"],
    ["text", "x".repeat(5_001), "message.too_long"],
    ["text", { text: "x".repeat(5_001) }, "message.too_long"],
    ["text", "", "message.empty"],
    ["text", { text: " " }, "message.empty"],
    ["custom", custom(48 * 1024), "fits"],
    ["custom", custom(48 * 1024 + 1), "message.too_long"],
    ["custom", { filling: "字".repeat(17 * 1024) }, "message.too_long"],
    ["merged_forward", merged(100), "fits"],
    ["merged_forward", merged(101), "message.too_long"],
    ["merged_forward", merged(0), "message.empty"],
    ["image", image, "fits"],
    ["image", { url: "javascript:alert(1)" }, "message.url_invalid"],
    ["image", { url: `https://example.test/${"a".repeat(2_048)}` }, "message.url_invalid"],
    ["location", { latitude: 91, longitude: 0 }, "common.invalid"],
    ["system", { text: "you have won" }, "message.type_unknown"],
    ["call_record", { callId: "1" }, "message.type_unknown"],
    ["assistant", "I am no human", "message.type_unknown"],
  ];
  for (const [contentType, content, verdict] of sent) {
    const title = `${contentType} ${JSON.stringify(content).slice(0, 40)}`;
    const code = verdict === "fits" ? 0 : codeOf(verdict);
    const frame = await device.asks("SEND_MESSAGE", { sessionId, contentType, content });
    t.is(frame.code ?? 0, code, title);
    const answer = await alice.posts("/messages", { sessionId, contentType, content });
    t.like(answer, verdict === "fits" ? { status: 200, code } : refusal(verdict), title);
  }
  const kept = await bob.history(sessionId);
  t.is(kept.length, 2 * sent.filter(([, , verdict]) => verdict === "fits").length);
});

test("the limits of texts count characters at every route that stores a text, and mentions have a limit", async (t) => {
  await using node = await startTestNode();
  const [alice, bob, carol] = await people(node, "alice", "bob", "carol");
  await alice.befriends(bob);
  const group = await alice.createsGroup("ours", [bob]);
  const path = `/groups/${group.slice(2)}`;
  const sessionId = alice.chatWith(bob);
  const astral = (count: number) => "😀".repeat(count);
  const put = (url: string, field: string) => (value: unknown) => alice.puts(url, { [field]: value });
  const mentions = (count: number) => ({ ...textTo(group), mentions: unknownIds(count) });
  const limits: [string, number, (value: string) => Promise<Envelope<unknown>>][] = [
    ["nickname", maxChars.nickname, put("/users/me", "nickname")],
    ["avatar", maxChars.userAvatar, put("/users/me", "avatar")],
    ["signature", maxChars.signature, put("/users/me", "signature")],
    ["region", maxChars.region, put("/users/me", "region")],
    ["language", maxChars.language, put("/users/me/settings", "language")],
    ["remark", maxChars.remark, put(`/friends/${bob.userId}/remark`, "remark")],
    ["group name", maxChars.groupName, put(path, "name")],
    ["group avatar", maxChars.groupAvatar, put(path, "avatar")],
    ["announcement", maxChars.announcement, put(`${path}/announcement`, "announcement")],
    ["group nickname", maxChars.groupNickname, put(`${path}/nickname`, "nickname")],
    ["request to join", maxChars.requestMessage, (message) => carol.posts(`${path}/join`, { message })],
    [
      "friend request",
      maxChars.requestMessage,
      (message) => carol.posts("/friends/requests", { userId: bob.userId, message }),
    ],
    ["text", maxChars.messageText, (content) => alice.posts("/messages", textTo(sessionId, content))],
    ["msgId", maxChars.clientMsgId, (clientMsgId) => alice.posts("/messages", { ...textTo(sessionId), clientMsgId })],
  ];
  for (const [title, max, send] of limits) {
    t.true([400, 413].includes((await send(astral(max + 1))).status), `${title}: one more`);
    t.is((await send(astral(max))).code, 0, `${title}: just as many`);
  }
  t.is((await alice.posts("/messages", mentions(maxItems.mentions))).code, 0);
  t.like(await alice.posts("/messages", mentions(maxItems.mentions + 1)), refusal("common.invalid"));
});

test("a full group refuses further members, one request adds at most 200, and the members stay", async (t) => {
  await using node = await startTestNode({ env: { MAX_GROUP_MEMBERS: "3" } });
  const [owner, a, b, c] = await people(node, "owner", "a", "b", "c");
  const group = await owner.createsGroup("small", [a, b]);
  const path = `/groups/${group.slice(2)}`;
  t.like(await owner.posts(`${path}/members`, { memberIds: [c.userId] }), refusal("group.full"));
  t.like(await c.posts(`${path}/join`), refusal("group.full"));
  t.is((await owner.gets(path)).data.memberCount, 3);
  await b.posts(`${path}/exit`);
  t.is((await c.posts(`${path}/join`)).code, 0, "there is room again");
  t.like(await owner.posts(`${path}/members`, { memberIds: unknownIds(201) }), refusal("common.invalid"));
  t.like(await owner.posts("/groups", { name: "big", memberIds: unknownIds(201) }), refusal("common.invalid"));
  t.like(await owner.posts("/groups", { name: "big", memberIds: unknownIds(3) }), refusal("group.full"));
  t.like(await owner.posts("/groups", { name: "alone", memberIds: [] }), refusal("group.too_few_members"));
  t.like(await owner.posts("/groups", { name: "alone", memberIds: unknownIds(2) }), refusal("group.too_few_members"));
  const failed = await owner.posts(`${path}/members`, { memberIds: unknownIds(200) });
  t.is((failed.data.failedIds as string[]).length, 200, "200 are asked, and unknown users are named");
  t.like(await owner.posts(`${path}/admins`, { userIds: unknownIds(21) }), refusal("common.invalid"));
});

test("a socket over the limit of a user or a host is refused, and the open ones stay", async (t) => {
  const limits = { maxConnectionsPerUser: 2, maxConnections: 4 };
  await using node = await startTestNode({ limits });
  const [alice, bob, carol] = await people(node, "alice", "bob", "carol");
  const first = await alice.connects();
  const web = await alice.logsIn("Web", "web");
  const second = await alice.opens(web);
  const phone = await alice.logsIn("iOS", "phone");
  const third = attempt(node, phone.token);
  t.is(await third.closes(), 4429);
  const others = await Promise.all([bob, carol].map((who) => who.connects()));
  t.is(await attempt(node, carol.token).closes(), 4429, "the host is full");
  for (const device of [first, second, ...others]) t.is((await device.asks("SYNC", {})).type, "SYNC_RESULT");
  second.disconnects();
  await second.closes();
  t.truthy(await alice.opens(phone), "there is room again");
});

test("an actor with a full mailbox refuses further commands, loses no accepted one, and other actors work on", async (t) => {
  await using node = await startTestNode();
  const [alice, bob, carol] = await people(node, "alice", "bob", "carol");
  await alice.befriends(carol);
  const group = await alice.createsGroup("busy", [bob]);
  const actor = node.node.actors.get(Conversation, group);
  const sender = { senderId: alice.userId, deviceId: alice.deviceId, senderName: "alice", senderAvatar: "" };
  const send = (i: number) => actor.send({ ...sender, clientMsgId: `m${i}`, contentType: "text", content: `${i}` });
  // A turn that asks 200 users keeps the following commands waiting.
  const invited = actor.invite({ by: alice.userId, userIds: unknownIds(200) });
  const outcomes = Promise.allSettled(Array.from({ length: 400 }, (_, i) => send(i)));
  t.is((await alice.posts("/messages", textTo(alice.chatWith(carol)))).code, 0);
  await invited;
  const refused = (await outcomes).flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  t.true(refused.length >= 400 - 256 && refused.length < 400, `${refused.length} were refused`);
  t.deepEqual([...new Set(refused.map((error) => error instanceof RuntimeError && error.kind))], ["overloaded"]);
  const failure = createEnvelopes({ log: silentLog, clock: systemClock, random: systemRandom }).failure(
    refused[0],
    "",
    "",
  );
  t.deepEqual(
    [failure.status, failure.body.code, failure.headers["Retry-After"]],
    [503, codeOf("common.unavailable"), "1"],
  );
  const receipts = await Promise.all(Array.from({ length: 100 }, (_, i) => send(399 - i)));
  t.is(new Set(receipts.map(({ seq }) => seq)).size, 100, "a retry is taken");
  const seqs = new Set<number>();
  for (let i = 0; i < 400; i += 50) {
    const part = await Promise.all(Array.from({ length: 50 }, (_, n) => send(i + n)));
    for (const { seq } of part) seqs.add(seq);
  }
  t.deepEqual([seqs.size, Math.max(...seqs)], [400, 400], "each send is one message, and the seqs have no hole");
});

function textTo(sessionId: string, content = "hello") {
  return { sessionId, contentType: "text", content };
}

function attempt({ port }: TestNode, token: string): TestDevice {
  return new TestDevice(`ws://127.0.0.1:${port}/ws?token=${token}`);
}
