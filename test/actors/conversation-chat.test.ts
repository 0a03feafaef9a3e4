import test from "ava";
import { limitsOf } from "../../actors/conversation/chat/content.ts";
import { BloomFilter } from "../../actors/conversation/model/bloom.ts";
import { hashText } from "../../actors/shared/hash.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { SensitiveWords } from "../../actors/shared/sensitive-words.ts";
import { queryTerms, searchTerms } from "../../actors/shared/tokenize.ts";
import {
  alice,
  bob,
  carol,
  createChatRig,
  createFriends,
  createGroupOf,
  dave,
  message,
  nobody,
  refusal,
} from "../support/chat-rig.ts";

const { maxContentBytes } = limitsOf(false);
const minuteMs = 60_000;
const dayMs = 86_400_000;

const frames = (notifications: FramedNotification[]) => notifications.map(({ frame }) => frame);

test("a message gets the next seq and version, and both sides get all its fields", async (t) => {
  const { rig, says } = await createFriends();
  const before = rig.state.version;
  const receipt = await says(alice, "hello", { deviceId: "phone", mentions: [bob, "all"] });
  t.like(receipt, { seq: 1, version: before + 1, atMs: rig.nowMs });
  const [told, ...more] = rig.takeNotifications();
  t.deepEqual(more, []);
  t.like(told, {
    type: "message.new",
    target: { users: [alice, bob] },
    frame: "NEW_MESSAGE",
    exceptDeviceId: "phone",
    versioned: { conversationId: "s_1001_1002", version: before + 1, seq: 1 },
  });
  t.like(told!.data, {
    messageId: receipt.messageId,
    sessionId: "s_1001_1002",
    sessionType: "single",
    senderId: alice,
    senderName: "name of 1001",
    senderAvatar: "",
    contentType: "text",
    content: "hello",
    timestamp: rig.nowMs,
    seq: 1,
    version: before + 1,
    clientMsgId: "m-1",
    mentions: [bob],
  });
});

test("the first message puts the chat into both lists, the second changes no list", async (t) => {
  const { rig, says } = await createFriends();
  await says(alice, "hello");
  t.deepEqual(
    rig.takeTells().map(({ kind, key, method }) => [kind, key, method]),
    [
      ["user", alice, "conversationJoined"],
      ["user", bob, "conversationJoined"],
    ],
  );
  await says(bob, "hi");
  t.deepEqual(rig.takeTells(), []);
});

test("a send makes rows of the message, of its key, and of the bucket that it opens", async (t) => {
  const { rig, says } = await createFriends({ rules: { bucketMessagesMax: 2 } });
  rig.rows = [];
  for (const text of ["one", "two", "three"]) await says(alice, text);
  t.deepEqual(
    rig.rows.map((row) => row.table),
    ["messages", "sends", "buckets", "messages", "sends", "messages", "sends", "buckets"],
  );
  t.like(rig.rows[0], {
    bucket: 1,
    seq: 1,
    content: '"one"',
    terms: " one ",
    messageId: rig.state.recent[1]?.messageId,
  });
  t.like(rig.rows[5], { bucket: 2, seq: 3 });
  t.like(rig.rows[7], { bucket: 2, firstSeq: 3, fromMs: rig.nowMs });
  rig.nowMs += 10 * dayMs;
  await says(alice, "ten days later");
  t.is(rig.state.bucket, 3);
});

test("a retry gets the first receipt and notifies nobody; another payload under the same key is refused", async (t) => {
  const { rig, lookups } = await createFriends();
  const first = rig.runNow("send", message(alice, "hello", { clientMsgId: "k" }));
  rig.takeNotifications();
  const records = rig.records.length;
  t.deepEqual(rig.runNow("send", message(alice, "hello", { clientMsgId: "k" })), first);
  t.is(await refusal(() => rig.runNow("send", message(alice, "other", { clientMsgId: "k" }))), "common.conflict");
  t.is(rig.records.length, records);
  t.deepEqual(rig.takeNotifications(), []);
  t.is(rig.runNow("send", message(bob, "hello", { clientMsgId: "k" })).seq, 2, "the key is the sender's own");
  t.deepEqual(lookups, []);
});

test("a retry is answered even when its sender may not send any more", async (t) => {
  const { rig } = await createFriends();
  const first = rig.runNow("send", message(alice, "hello"));
  await rig.run("deleteFriend", { by: bob });
  t.deepEqual(rig.runNow("send", message(alice, "hello")), first);
});

test("a key is still known after a week: then its row is read, of the right day", async (t) => {
  const rows = new Map<string, { messageId: string; seq: number; hash: number }>();
  const sends = {
    find: async (_: string, day: number, sender: string, id: string) => rows.get(`${day} ${sender} ${id}`),
  };
  const { rig, lookups } = await createFriends({ sends });
  const first = await rig.run("send", message(alice, "hello", { clientMsgId: "k" }));
  for (const row of rig.rows) {
    if (row.table === "sends") rows.set(`${row.day} ${row.senderId} ${row.clientMsgId}`, row);
  }
  rig.projectedN = rig.records.length;
  rig.nowMs += 6 * dayMs;
  for (let i = 0; i < 3; i += 1) {
    rig.runNow("send", message(bob, `text ${i}`, { clientMsgId: `b-${i}` }));
    rig.nowMs += 11 * minuteMs;
  }
  const refolded = rig.refold(rig.records.length - 1);
  rig.state = refolded;
  t.deepEqual(lookups, []);
  const again = await rig.run("send", message(alice, "hello", { clientMsgId: "k" }));
  t.like(again, { messageId: first.messageId, seq: 1, version: 0 });
  t.is(lookups.length, 1);
  t.is(await refusal(() => rig.run("send", message(alice, "other", { clientMsgId: "k" }))), "common.conflict");
});

test("a key that is not in memory any more is found in the tail while its row is not written yet", async (t) => {
  const { rig, lookups } = await createFriends();
  const first = rig.runNow("send", message(alice, "hello", { clientMsgId: "k" }));
  rig.state.dedupe.young.clear();
  rig.state.dedupe.old.clear();
  t.deepEqual(await rig.run("send", message(alice, "hello", { clientMsgId: "k" })), first);
  t.deepEqual(lookups, []);
});

test("the newest 256 keys stay exact, older keys are read from rows, and no key is taken for new", async (t) => {
  const { rig, lookups } = await createFriends({ sends: { find: async () => undefined } });
  for (let i = 0; i < 5_000; i += 1) await rig.run("send", message(alice, "x", { clientMsgId: `k-${i}` }));
  t.true(lookups.length < 5, `${lookups.length} of 5 000 new keys looked used`);
  for (let i = 4_744; i < 5_000; i += 1) rig.runNow("send", message(alice, "x", { clientMsgId: `k-${i}` }));
  t.is(rig.state.seq, 5_000);
  const old = await rig.run("send", message(alice, "x", { clientMsgId: "k-0" }));
  t.is(old.seq, 1, "from the tail");
});

test("the filter forgets no key and seldom finds a wrong one, also after a snapshot", (t) => {
  const filter = new BloomFilter();
  for (let i = 0; i < 20_000; i += 1) filter.add(hashText(`key ${i}`));
  const copy = BloomFilter.decode(JSON.parse(JSON.stringify(filter.encode())));
  let wrong = 0;
  for (let i = 0; i < 20_000; i += 1) {
    if (!copy.mayHave(hashText(`key ${i}`))) t.fail(`key ${i} was forgotten`);
    if (copy.mayHave(hashText(`other ${i}`))) wrong += 1;
  }
  t.true(wrong < 20, `${wrong} of 20 000`);
  copy.add(hashText("later"));
  t.true(copy.mayHave(hashText("later")));
  t.notDeepEqual(copy.encode(), filter.encode());
});

test("sends in flight together keep their order: a later send is refused until the earlier one is in", async (t) => {
  const { rig } = await createFriends();
  const second = message(alice, "two", { clientMsgId: "2", afterClientMsgId: "1" });
  t.is(await refusal(() => rig.runNow("send", second)), "message.out_of_order");
  rig.runNow("send", message(alice, "one", { clientMsgId: "1" }));
  t.is(rig.runNow("send", second).seq, 2);
});

test("strangers are refused; where friendship is not required, the other user must exist", async (t) => {
  const strangers = createChatRig();
  t.is(await refusal(() => strangers.says(alice, "hello")), "message.not_friends");
  t.is(await refusal(() => strangers.says(carol, "hello")), "session.not_found");
  const open = createChatRig("s_1001_1002", { rules: { requireFriend: false } });
  open.people.unknown.add(bob);
  t.is(await refusal(() => open.says(alice, "hello")), "user.not_found");
  open.people.unknown.delete(bob);
  t.is((await open.says(alice, "hello")).seq, 1);
  open.rig.runNow("send", message(bob, "hi", { clientMsgId: "b" }));
});

test("a service may send for a user who may not, and may send the reserved content types", async (t) => {
  const { rig } = createChatRig();
  const call = { callId: "7", status: "missed" };
  const record = message(alice, call, { contentType: "call_record", origin: "service" });
  t.is((await rig.run("send", record)).seq, 1);
  const friends = await createFriends();
  for (const contentType of ["call_record", "system", "assistant", "announcement"]) {
    const content = { callId: "7", text: "x" };
    t.is(await refusal(() => friends.says(alice, content, { contentType })), "message.type_unknown", contentType);
  }
});

test("system messages of a group take a seq and do not count as unread", async (t) => {
  const { rig, says } = await createGroupOf();
  await says(alice, "one");
  await says(alice, { text: "renamed" }, { contentType: "system", origin: "service" });
  await says(bob, "two");
  t.like(rig.behaviour.head?.(rig.state), { seq: 3, countSeq: 2 });
  t.deepEqual(rig.runNow("markRead", { userId: carol, seq: 2 }), { seq: 2, countSeq: 1 });
  t.deepEqual(rig.runNow("markRead", { userId: carol, seq: 3 }), { seq: 3, countSeq: 2 });
});

const contents: [type: string, content: unknown, refusal: string, preview?: string][] = [
  ["text", "hello", "", "hello"],
  ["text", { text: "hello" }, "", "hello"],
  ["text", "  ", "message.empty"],
  ["text", undefined, "message.empty"],
  ["text", 5, "common.invalid"],
  ["text", "x".repeat(5_001), "message.too_long"],
  ["text", "x".repeat(5_000), "", "x".repeat(100)],
  ["image", { url: "https://files.example/a.png", width: 10 }, "", "[image]"],
  ["image", { url: "javascript:alert(1)" }, "message.url_invalid"],
  ["image", { url: "//evil.example/a" }, "message.url_invalid"],
  ["image", { fileId: "17" }, "file.not_found"],
  ["image", { url: "/api/v1/files/17", width: -1 }, "common.invalid"],
  ["image", "https://files.example/a.png", "common.invalid"],
  ["video", { url: "https://files.example/a.mp4", duration: 60 }, "", "[video]"],
  ["voice", { url: "https://files.example/a.ogg", duration: 10 }, "", "[voice]"],
  ["file", { url: "https://files.example/a.pdf", fileName: "plan.pdf", fileSize: 7 }, "", "[file] plan.pdf"],
  ["file", { url: "https://files.example/a.pdf" }, "common.invalid"],
  ["emoji", { code: ":smile:" }, "", "[emoji]"],
  ["emoji", {}, "common.invalid"],
  ["card", { userId: "5", nickname: "Eve" }, "", "[card] Eve"],
  ["location", { latitude: 30, longitude: 120, name: "West Lake" }, "", "[location] West Lake"],
  ["location", { latitude: 91, longitude: 0 }, "common.invalid"],
  ["merged_forward", { title: "A and B", messageIds: ["7"] }, "", "[chat history] A and B"],
  ["merged_forward", { messageIds: [] }, "message.empty"],
  ["merged_forward", { messageIds: new Array(101).fill("7") }, "message.too_long"],
  ["merged_forward", { messages: [{ senderName: "Boss", content: "I never said this" }] }, "common.invalid"],
  ["merged_forward", { messageIds: ["7"], messages: [{ content: "nor this" }] }, "common.invalid"],
  ["custom", { anything: [1, 2] }, "", "[message]"],
  ["custom", { blob: "x".repeat(maxContentBytes) }, "message.too_long"],
  ["custom", { blob: "你".repeat(maxContentBytes / 3) }, "message.too_long"],
  ["poll", {}, "message.type_unknown"],
  ["toString", {}, "message.type_unknown"],
];

test("each content type has its check and its preview in lists", async (t) => {
  const { rig, says } = await createFriends();
  for (const [contentType, content, expected, preview] of contents) {
    const title = `${contentType} ${JSON.stringify(content)?.slice(0, 60)}`;
    t.is(await refusal(() => says(alice, content, { contentType })), expected, title);
    if (preview !== undefined) t.is(rig.behaviour.head?.(rig.state)?.last?.preview, preview, title);
  }
});

test("forbidden words are refused in messages", async (t) => {
  const { says } = await createFriends({ rules: { sensitiveWords: new SensitiveWords(["Voldemort"]) } });
  t.is(await refusal(() => says(alice, "call voldemort")), "message.sensitive");
  t.is(await refusal(() => says(alice, "call me")), "");
});

test("malformed commands are refused before the sender is looked at", async (t) => {
  const { says } = await createFriends();
  t.is(await refusal(() => says(alice, "x", { clientMsgId: "" })), "common.invalid");
  t.is(await refusal(() => says(alice, "x", { clientMsgId: "k".repeat(65) })), "common.invalid");
  t.is(await refusal(() => says(alice, "x", { clientMsgId: "half a pair \ud83d" })), "common.invalid");
  t.is(await refusal(() => says(alice, "x", { mentions: new Array(51).fill("5") })), "common.invalid");
});

test("times of edits do not go back with the clock: rows and devices tell the later of two edits by its time", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "first");
  rig.nowMs += 9_000;
  await rig.run("edit", { by: alice, message: refOf(1), content: "second" });
  const jumpedMs = rig.nowMs;
  rig.nowMs -= 5_000;
  await rig.run("edit", { by: alice, message: refOf(1), content: "third" });
  t.like(
    rig.rows.findLast(({ table }) => table === "message_patches"),
    { content: JSON.stringify("third"), atMs: jumpedMs },
  );
  rig.takeNotifications();
  await rig.run("edit", { by: alice, message: refOf(1), content: "fourth" });
  t.like(rig.takeNotifications()[0]?.data, { content: "fourth", timestamp: jumpedMs });
  rig.nowMs += 60_000;
  await rig.run("edit", { by: alice, message: refOf(1), content: "fifth" });
  t.like(rig.takeNotifications()[0]?.data, { content: "fifth", timestamp: rig.nowMs });
});

test("a sender may recall the own message for two minutes, an admin any message for a day", async (t) => {
  const { rig, says, refOf } = await createGroupOf();
  await rig.run("setRole", { by: alice, userId: carol, role: "admin" });
  await says(bob, "oops");
  rig.takeNotifications();
  rig.rows = [];
  const recalled = await rig.run("recall", { by: bob, message: refOf(1) });
  t.is(recalled.version, rig.state.version);
  const [told] = rig.takeNotifications();
  t.like(told, { frame: "MESSAGE_RECALLED", versioned: { version: recalled.version, seq: 1 } });
  t.like(told?.data, { messageId: refOf(1).messageId, seq: 1, operatorId: bob, sessionId: "g_77" });
  t.deepEqual(
    rig.rows.map(({ table }) => table),
    ["message_patches", "reactions", "changes"],
  );
  const { version } = recalled;
  t.deepEqual(await rig.run("recall", { by: bob, message: refOf(1) }), { version }, "twice is once");
  t.like(rig.behaviour.head?.(rig.state)?.last, { contentType: "recalled", preview: "" });
  await says(bob, "late");
  rig.nowMs += 3 * minuteMs;
  t.is(await refusal(() => rig.run("recall", { by: bob, message: refOf(2) })), "message.recall_too_late");
  t.is(await refusal(() => rig.run("recall", { by: alice, message: { ...refOf(2), seq: 9 } })), "message.not_found");
  t.is(await refusal(() => rig.run("recall", { by: carol, message: refOf(2) })), "");
  await says(bob, "very late");
  rig.nowMs += dayMs + 1;
  t.is(await refusal(() => rig.run("recall", { by: carol, message: refOf(3) })), "message.recall_too_late");
  t.is(await refusal(() => rig.run("recall", { by: "1004", message: refOf(3) })), "message.not_yours");
});

test("own text may be edited for a quarter of an hour, unless it was recalled", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "helo");
  await says(alice, { url: "https://files.example/a.png" }, { contentType: "image" });
  rig.takeNotifications();
  const { version } = await rig.run("edit", { by: alice, message: refOf(1), content: "hello" });
  const [told] = rig.takeNotifications();
  t.like(told, { frame: "MESSAGE_EDITED", versioned: { version, seq: 2 } });
  t.like(told?.data, { messageId: refOf(1).messageId, seq: 1, content: "hello" });
  t.is(await refusal(() => rig.run("edit", { by: bob, message: refOf(1), content: "x" })), "message.not_yours");
  t.is(await refusal(() => rig.run("edit", { by: alice, message: refOf(2), content: "x" })), "message.not_yours");
  t.is(await refusal(() => rig.run("edit", { by: alice, message: refOf(1), content: "" })), "message.empty");
  await rig.run("recall", { by: alice, message: refOf(1) });
  t.is(await refusal(() => rig.run("edit", { by: alice, message: refOf(1), content: "x" })), "message.recalled");
  await says(alice, "last");
  await rig.run("edit", { by: alice, message: refOf(3), content: "newest" });
  t.is(rig.behaviour.head?.(rig.state)?.last?.preview, "newest");
  rig.nowMs += 15 * minuteMs + 1;
  t.is(await refusal(() => rig.run("edit", { by: alice, message: refOf(3), content: "x" })), "message.recall_too_late");
});

test("a member who joined later does not see old messages through their edits", async (t) => {
  const { rig, says, refOf } = await createGroupOf();
  await rig.run("updateGroup", { by: alice, patch: { allowViewHistory: false } });
  await says(bob, "secret");
  await rig.run("invite", { by: alice, userIds: ["1005"] });
  rig.takeNotifications();
  await rig.run("edit", { by: bob, message: refOf(1), content: "still secret" });
  const [told, bare] = rig.takeNotifications();
  t.deepEqual(bare?.target, { users: ["1005"] });
  t.false("content" in bare!.data);
  t.deepEqual(told?.versioned, bare?.versioned, "dense for both");
  t.deepEqual(told?.target, { users: [alice, bob, carol, dave] });
});

test("a read mark of a pair is published to both sides with the messages it covers, and only rises", async (t) => {
  const { rig, says, refOf } = await createFriends();
  for (const text of ["one", "two", "three"]) await says(alice, text);
  rig.takeNotifications();
  t.deepEqual(rig.runNow("markRead", { userId: bob, seq: 2 }), { seq: 2, countSeq: 2 });
  const [told] = rig.takeNotifications();
  t.like(told, { frame: "MESSAGE_READ", target: { users: [alice, bob] }, versioned: { version: rig.state.version } });
  t.like(told?.data, { sessionId: rig.key, userId: bob, seq: 2, timestamp: rig.nowMs });
  t.deepEqual(told?.data.messageIds, [refOf(1).messageId, refOf(2).messageId]);
  t.deepEqual(rig.runNow("markRead", { userId: bob, seq: 1 }), { seq: 2, countSeq: 2 });
  t.deepEqual(rig.runNow("markRead", { userId: bob, seq: 99 }), { seq: 3, countSeq: 3 }, "never above the head");
  t.deepEqual(rig.behaviour.head?.(rig.state)?.readCount, { [alice]: 3, [bob]: 3 }, "sending moves one's own mark");
  t.is(await refusal(() => rig.runNow("markRead", { userId: carol, seq: 1 })), "session.not_found");
});

test("several marks at once keep versions dense, and delivered marks go to the other side alone", async (t) => {
  const { rig, says } = await createFriends();
  await says(alice, "one");
  await says(bob, "two");
  await says(alice, "three");
  rig.takeNotifications();
  const before = rig.state.version;
  const marks = [
    { userId: bob, readSeq: 3 },
    { userId: alice, readSeq: 3, deliveredSeq: 3 },
    { userId: nobody, readSeq: 3 },
  ];
  t.deepEqual(rig.runNow("markMany", { marks }), {
    accepted: 2,
    reads: [
      { userId: bob, seq: 3, countSeq: 3 },
      { userId: alice, seq: 3, countSeq: 3 },
    ],
  });
  t.is(rig.state.version, before + 1, "alice had read everything by sending");
  rig.takeNotifications();
  await says(alice, "four");
  rig.takeNotifications();
  rig.runNow("markMany", { marks: [{ userId: bob, deliveredSeq: 4 }] });
  const [told] = rig.takeNotifications();
  t.like(told, { frame: "MESSAGE_DELIVERED", target: { users: [alice] } });
  t.is(told?.versioned, undefined);
  t.like(await rig.query("window", { userId: alice }), { other: { userId: bob, readSeq: 3, deliveredSeq: 4 } });
});

test("a burnt message expires so long after the other side read it, an expiring one at its time", async (t) => {
  const { rig, says, refOf } = await createFriends();
  await says(alice, "burn", { burnAfterReadMs: 5_000 });
  await says(alice, "expire", { expireAtMs: rig.nowMs + 60_000 });
  t.is(rig.behaviour.due?.(rig.state), rig.nowMs + 60_000, "nobody has read the first yet");
  rig.runNow("markRead", { userId: alice, seq: 2 });
  rig.runNow("markRead", { userId: bob, seq: 1 });
  t.is(rig.behaviour.due?.(rig.state), rig.nowMs + 5_000);
  rig.nowMs += 5_000;
  t.deepEqual((await rig.query("window", { userId: bob })).vanishedSeqs, [1]);
  rig.takeNotifications();
  const before = rig.state.version;
  t.true(rig.wake());
  t.like(rig.takeNotifications()[0], { frame: "MESSAGE_EXPIRED", versioned: { version: before + 1 } });
  t.is((await rig.query("window", { userId: bob })).vanishedSeqs, undefined);
  rig.nowMs += 60_000;
  t.true(rig.wake());
  t.is(rig.behaviour.due?.(rig.state), undefined);
  t.is(rig.state.version, before + 2);
  t.is(await refusal(() => rig.run("recall", { by: alice, message: refOf(2) })), "message.not_found");
  t.is(await refusal(() => says(alice, "x", { expireAtMs: rig.nowMs })), "common.invalid");
});

test("many messages that expire at once are one record with dense versions; too many waiting are refused", async (t) => {
  const { rig, says } = await createFriends();
  const expireAtMs = rig.nowMs + 1_000;
  for (let i = 0; i < 1_000; i += 1) await says(alice, `${i}`, { expireAtMs });
  t.is(await refusal(() => says(alice, "one more", { expireAtMs })), "common.too_many");
  rig.nowMs += 1_000;
  const before = rig.state.version;
  rig.rows = [];
  t.true(rig.wake());
  t.is(rig.state.version, before + 1_000);
  t.true(JSON.stringify(rig.records.at(-1)).length < 64 * 1024);
  const versions = rig.rows.flatMap((row) => (row.table === "changes" ? [row.version] : []));
  t.deepEqual(
    versions,
    Array.from({ length: 1_000 }, (_, i) => before + 1 + i),
  );
  t.false(rig.wake());
});

test("everything that is due at once in a large group fits into records of the allowed size, one after another", async (t) => {
  const members = Array.from({ length: 299 }, (_, i) => String(1_000_000_000_000_000 + i));
  const { rig, says } = await createGroupOf(members.slice(0, 150), { rules: { perUserFanoutMax: 300 } });
  await rig.run("invite", { by: alice, userIds: members.slice(150) });
  const expireAtMs = rig.nowMs + 500;
  for (let i = 0; i < 1_000; i += 1) await says(members[i % 299]!, "hi", { expireAtMs });
  const marks = members.map((userId, i) => ({ userId, readSeq: 500 + i }));
  await rig.run("markMany", { marks });
  await rig.run("invite", { by: alice, userIds: [bob, carol] });
  rig.takeTells();
  rig.nowMs += 5_000;
  const sizes: number[] = [];
  while (rig.wake()) sizes.push(JSON.stringify([rig.records.at(-1)!.events, rig.takeTells()]).length);
  t.true(sizes.length > 1);
  t.true(
    sizes.every((size) => size < 60_000),
    String(sizes),
  );
  t.is(rig.state.pending.size, 0);
  t.deepEqual(rig.state.group?.untold, []);
});

test("a large group that is dissolved leaves the lists of all members, in records of the allowed size", async (t) => {
  const members = Array.from({ length: 600 }, (_, i) => String(1_000_000_000_000_000 + i));
  const { rig } = await createGroupOf(members.slice(0, 150), { rules: { perUserFanoutMax: 300 } });
  for (let i = 150; i < 600; i += 150) await rig.run("invite", { by: alice, userIds: members.slice(i, i + 150) });
  while (rig.wake()) rig.takeTells();
  rig.takeTells();
  await rig.run("dissolve", { by: alice });
  const left = new Set<string>();
  do {
    const tells = rig.takeTells();
    t.true(JSON.stringify([rig.records.at(-1)!.events, tells]).length < 60_000);
    for (const { key, method } of tells) if (method === "conversationLeft") left.add(key);
  } while (rig.wake());
  t.deepEqual([...left].sort(), [alice, ...members].sort());
  t.is(rig.behaviour.due?.(rig.state), undefined);
});

test("typing reaches the others and is stored nowhere", async (t) => {
  const { rig } = await createFriends();
  const records = rig.records.length;
  rig.runNow("typing", { userId: alice });
  t.is(rig.records.length, records);
  t.like(rig.takeNotifications()[0], { frame: "USER_TYPING", target: { users: [bob] }, data: { userId: alice } });
});

test("opening a chat puts it into the caller's list only", async (t) => {
  const { rig } = await createFriends();
  t.deepEqual(await rig.run("open", { userId: alice }), { conversationId: rig.key });
  t.deepEqual(
    rig.takeTells().map(({ key, method }) => [key, method]),
    [[alice, "conversationJoined"]],
  );
});

test("only the user sees the own system messages, and they count as unread", async (t) => {
  const { rig, says } = createChatRig("sys_1001");
  const more = { contentType: "system", origin: "service" } as const;
  await says("system", { text: "Welcome" }, more);
  t.deepEqual(frames(rig.takeNotifications()), ["NEW_MESSAGE"]);
  t.like(rig.behaviour.head?.(rig.state), { countSeq: 1, last: { preview: "Welcome" } });
  t.deepEqual(rig.runNow("markRead", { userId: alice, seq: 1 }), { seq: 1, countSeq: 1 });
  t.is(await refusal(() => rig.query("window", { userId: bob })), "session.not_found");
  t.is(await refusal(() => says(alice, "answer")), "common.forbidden");
});

test("search terms: words without case, signs, and single characters and pairs of Chinese", (t) => {
  t.is(searchTerms("Hello, hello World-2"), " hello , world - 2 ");
  t.is(searchTerms("你好吗 OK"), " 你 你好 好 好吗 吗 ok ");
  t.is(searchTerms("!?"), " ! ? ");
  t.deepEqual(queryTerms("你好"), ["你好"]);
  t.deepEqual(queryTerms("好"), ["好"]);
  t.deepEqual(queryTerms("你好吗 ok"), ["你好", "好吗", "ok"]);
  t.is(searchTerms("Straße ÉCOLE"), " straße école ");
  t.is(searchTerms("パーティー"), " パ パー ー ーテ テ ティ ィ ィー ");
  for (const text of ["你好吗", "Ｈｅｌｌｏ", "한국어 텍스트"]) {
    for (const term of queryTerms(text)) t.true(searchTerms(text).includes(` ${term} `), `${text}: ${term}`);
  }
});
