// What a conversation checks at the moment when a thing is done, whatever was checked when it was asked for.
import test from "ava";
import type { Sent } from "../../actors/conversation/model/events.ts";
import { maxChanged } from "../../actors/conversation/model/state.ts";
import { hashText } from "../../actors/shared/hash.ts";
import {
  alice,
  bob,
  carol,
  createChatRig,
  createFriends,
  createGroupOf,
  dave,
  message,
  refusal,
} from "../support/chat-rig.ts";

const erin = "1005";
const dayMs = 86_400_000;

/** More messages than the conversation remembers changes of, each edited. */
async function editManyOthers({ rig, says, refOf }: Awaited<ReturnType<typeof createFriends>>): Promise<void> {
  for (let i = 0; i <= maxChanged; i += 1) {
    const { messageId, seq } = await says(alice, "other");
    const other = { ...refOf(1), messageId, seq, status: "normal" as const, asOfVersion: rig.state.version };
    rig.runNow("edit", { by: alice, message: { ...other, atMs: rig.nowMs }, content: "edited" });
    rig.notifications = [];
  }
}

test("a message recalled or expired long ago stays so, however many others changed since", async (t) => {
  const chat = await createFriends();
  const { rig, says, refOf } = chat;
  await says(alice, "recalled");
  await says(alice, "burnt", { burnAfterReadMs: 1_000 });
  await rig.run("recall", { by: alice, message: refOf(1) });
  await rig.run("markRead", { userId: bob, seq: 2 });
  rig.nowMs += 1_000;
  rig.wake();
  await editManyOthers(chat);
  const { version } = rig.state;
  t.is(await refusal(() => rig.run("edit", { by: alice, message: refOf(1), content: "back" })), "message.recalled");
  t.is(await refusal(() => rig.run("edit", { by: alice, message: refOf(2), content: "back" })), "message.not_found");
  t.is(await refusal(() => rig.run("recall", { by: alice, message: refOf(2) })), "message.not_found");
  t.deepEqual(await rig.run("recall", { by: alice, message: refOf(1) }), { version: 0 }, "recalled already");
  t.is(rig.state.version, version, "nothing was changed");
});

test("facts of a message that are older than the remembered changes are refused", async (t) => {
  const chat = await createFriends();
  const { rig, says, refOf } = chat;
  await says(alice, "recalled");
  const stale = refOf(1);
  await rig.run("recall", { by: alice, message: stale });
  await editManyOthers(chat);
  t.is(await refusal(() => rig.run("edit", { by: alice, message: stale, content: "back" })), "common.conflict");
  t.is(await refusal(() => rig.run("recall", { by: alice, message: stale })), "common.conflict");
});

type Payload = [content: unknown, options: Parameters<typeof message>[2]];
const payloads: [title: string, first: Payload, second: Payload][] = [
  ["an answer, and text that looks like one", ["x", { replyTo: "7", references: { replySeq: 1 } }], ["x reply 7", {}]],
  ["two mentions, and one with a space", ["x", { mentions: [bob, "all"] }], ["x", { mentions: [`${bob} all`] }]],
  ["an object, and its JSON as text", [{ text: "z" }, {}], ['{"text":"z"}', {}]],
  ["an expiry, and text that looks like one", ["x", { expireAtMs: 1_900_000_000_000 }], ["x until 1900000000000", {}]],
];
for (const [title, [content, options], [otherContent, otherOptions]] of payloads) {
  test(`under one key a different payload is a conflict: ${title}`, async (t) => {
    const { rig } = await createFriends();
    rig.nowMs = 1_899_999_000_000;
    await rig.run("send", message(alice, "before", { clientMsgId: "j" }));
    await rig.run("send", message(alice, content, { ...options, clientMsgId: "k" }));
    const second = message(alice, otherContent, { ...otherOptions, clientMsgId: "k" });
    t.is(await refusal(() => rig.run("send", second)), "common.conflict");
  });
}

/** As releases before the canonical form recorded them. */
const olderTexts: [title: string, payload: Payload, text: string][] = [
  ["text", ["hello", {}], "text hello"],
  ["an object", [{ text: "z" }, {}], 'text {"text":"z"}'],
  [
    "an answer with mentions",
    ["x", { replyTo: "7", references: { replySeq: 1 }, mentions: [bob, "all"] }],
    `text x reply 7 mentions ${bob} all`,
  ],
  ["an expiry", ["x", { expireAtMs: 1_900_000_000_000 }], "text x until 1900000000000"],
];
for (const [title, [content, options], text] of olderTexts) {
  test(`a message of an older release is known again when it is retried: ${title}`, async (t) => {
    const { rig } = await createFriends();
    rig.nowMs = 1_899_999_000_000;
    const sent = message(alice, content, { ...options, clientMsgId: "k" });
    const older: Sent = {
      type: "sent",
      ...{ messageId: "5", seq: 1, version: rig.state.version + 1, countSeq: 1, bucket: 1, opensBucket: true },
      ...{ senderId: alice, senderName: "Alice", senderAvatar: "", clientMsgId: "k", hash: hashText(text) },
      ...{ contentType: "text", content, ...sent.options },
    };
    rig.behaviour.apply(rig.state, older, { key: rig.key, n: 2, stamp: 5, atMs: rig.nowMs });
    t.like(await rig.run("send", sent), { messageId: "5", seq: 1 });
    const other = message(alice, "other", { clientMsgId: "k" });
    t.is(await refusal(() => rig.run("send", other)), "common.conflict");
  });
}

test("a retry whose object has its fields in another order is the same message", async (t) => {
  const { rig } = await createFriends();
  const first = await rig.run("send", message(alice, { text: "hello", more: { a: 1, b: [2, { c: 3, d: 4 }] } }));
  const again = message(alice, { more: { b: [2, { d: 4, c: 3 }], a: 1 }, text: "hello" });
  t.deepEqual(await rig.run("send", again), first);
});

test("stored mentions name members of that moment only", async (t) => {
  const { rig, says } = await createGroupOf([bob, carol]);
  await rig.run("exit", { userId: carol });
  rig.takeNotifications();
  await says(alice, "you", { mentions: [bob, bob, carol, dave, "9999999", "nonsense", "all"] });
  const [told] = rig.takeNotifications();
  t.deepEqual(told?.data.mentions, [bob, "all"]);
  await says(alice, "nobody", { mentions: [carol, "nonsense"] });
  t.false("mentions" in rig.takeNotifications()[0]!.data);
  const pair = await createFriends();
  await pair.says(alice, "you", { mentions: [bob, carol] });
  t.deepEqual(pair.rig.takeNotifications()[0]?.data.mentions, [bob]);
});

test("a newcomer who reads on sends no receipt for messages from before", async (t) => {
  const { rig, says } = await createGroupOf([bob]);
  await rig.run("updateGroup", { by: alice, patch: { allowViewHistory: false } });
  await says(bob, "before");
  await rig.run("invite", { by: alice, userIds: [carol] });
  await says(alice, "after");
  rig.takeNotifications();
  await rig.run("markRead", { userId: carol, seq: 2 });
  const receipts = rig.takeNotifications().filter(({ frame }) => frame === "GROUP_MESSAGE_READ");
  t.deepEqual(
    receipts.map(({ target, data }) => [target, data.seq, data.readCount]),
    [[{ users: [alice] }, 2, 1]],
  );
});

test("a receipt that waited names a reader who is still a member, or is not sent", async (t) => {
  const { rig, says, refOf } = await createGroupOf([bob, carol, dave]);
  const receipts = () => rig.takeNotifications().filter(({ frame }) => frame === "GROUP_MESSAGE_READ");
  await says(alice, "one");
  await rig.run("markRead", { userId: bob, seq: 1 });
  await says(alice, "two");
  receipts();
  await rig.run("markRead", { userId: carol, seq: 2 });
  await rig.run("markRead", { userId: dave, seq: 2 });
  await rig.run("exit", { userId: dave });
  t.deepEqual(receipts(), [], "both wait");
  rig.nowMs += 1_000;
  t.true(rig.wake());
  t.like(receipts()[0]?.data, { messageId: refOf(2).messageId, userId: carol, readCount: 1 });

  await says(alice, "three");
  await rig.run("markRead", { userId: carol, seq: 3 });
  await rig.run("exit", { userId: carol });
  rig.nowMs += 1_000;
  rig.wake();
  t.deepEqual(receipts(), [], "nobody who read it is left");
  t.false(rig.wake(), "and nothing waits any more");
});

test("a proposal is approved only while the proposed takes both the proposer and the approver", async (t) => {
  const { rig, people } = await createGroupOf([bob, carol], { joinVerify: true });
  const propose = async () => {
    const { pendingIds } = await rig.run("invite", { by: bob, userIds: [dave] });
    t.deepEqual(pendingIds, [dave]);
    return [...rig.state.group!.requests.keys()].at(-1)!;
  };
  const approve = (requestId: string) => rig.run("handleJoinRequest", { by: alice, requestId, accept: true });
  for (const blocked of [alice, bob]) {
    people.blocks.clear();
    const requestId = await propose();
    people.blocks.set(dave, blocked);
    t.is(await refusal(() => approve(requestId)), "friend.blocked_by_other");
    t.false(rig.state.group?.members.has(dave));
    await rig.run("handleJoinRequest", { by: alice, requestId, accept: false });
  }
  people.blocks.clear();
  const requestId = await propose();
  people.consent.add(dave);
  t.deepEqual(await approve(requestId), { status: "accepted" });
  t.false(rig.state.group?.members.has(dave), "wants to be asked by now");
  t.deepEqual(await rig.run("join", { userId: dave, message: "" }), { needVerify: false });
  t.true(rig.state.group?.members.has(dave));
});

test("an invitation admits only what its inviter may still do", async (t) => {
  const { rig, people } = await createGroupOf([bob, carol], { joinVerify: true });
  people.consent.add(dave).add(erin);
  await rig.run("setRole", { by: alice, userId: bob, role: "admin" });
  await rig.run("invite", { by: bob, userIds: [dave, erin] });
  await rig.run("setRole", { by: alice, userId: bob, role: "member" });
  t.like(await rig.run("join", { userId: dave, message: "" }), { needVerify: true }, "a member's invitation only");
  await rig.run("exit", { userId: bob });
  t.like(await rig.run("join", { userId: erin, message: "" }), { needVerify: true }, "nobody's invitation any more");
});

test("an accepted request is published as joining, an accepted proposal as the proposer's invitation", async (t) => {
  const { rig } = await createGroupOf([bob, carol], { joinVerify: true });
  const { requestId = "" } = await rig.run("join", { userId: dave, message: "please" });
  rig.takeNotifications();
  await rig.run("handleJoinRequest", { by: alice, requestId, accept: true });
  const told = rig.takeNotifications();
  t.deepEqual(
    told.filter(({ type }) => type === "group.invited"),
    [],
  );
  t.like(told.find(({ type }) => type === "group.member_joined")?.data, { userIds: [dave], by: dave });

  await rig.run("invite", { by: bob, userIds: [erin] });
  const proposal = [...rig.state.group!.requests.keys()].at(-1)!;
  rig.takeNotifications();
  await rig.run("handleJoinRequest", { by: alice, requestId: proposal, accept: true });
  const invited = rig.takeNotifications().find(({ type }) => type === "group.invited");
  t.like(invited?.data, { inviterId: bob });
});

test("the owner's role is changed by a transfer only, and the answer says so", async (t) => {
  const { rig } = await createGroupOf([bob]);
  t.is(await refusal(() => rig.run("setRole", { by: alice, userId: alice, role: "member" })), "group.owner_role");
});

test("a friend request that expired and is asked anew does not stay pending in either list", async (t) => {
  const { rig } = createChatRig();
  const { requestId: first } = await rig.run("requestFriend", { from: alice, message: "hi", source: "" });
  rig.takeTells();
  rig.nowMs += 8 * dayMs;
  const { requestId: second } = await rig.run("requestFriend", { from: alice, message: "again", source: "" });
  const told = rig.takeTells().map(({ key, input }) => [key, (input as { requestId: string }).requestId, input]);
  t.is(told.length, 4);
  for (const userId of [alice, bob]) {
    t.like(told.find(([key, id]) => key === userId && id === first)?.[2], { status: "expired", message: "hi" });
    t.like(told.find(([key, id]) => key === userId && id === second)?.[2], { status: "pending" });
  }
  // Bob's own expired request is closed, too, when bob is asked and accepts without verification.
  const { rig: mutual, people } = createChatRig();
  const { requestId: old } = await mutual.run("requestFriend", { from: bob, message: "", source: "" });
  mutual.takeTells();
  mutual.nowMs += 8 * dayMs;
  people.askFirst.clear();
  await mutual.run("requestFriend", { from: alice, message: "", source: "" });
  const closed = mutual.takeTells().filter(({ input }) => (input as { requestId?: string }).requestId === old);
  t.deepEqual(
    closed.map(({ input }) => (input as { status: string }).status),
    ["expired", "expired"],
  );
});

test("lengths count code points: a surrogate pair is one", async (t) => {
  const smiles = (count: number) => "😀".repeat(count);
  const { rig, says } = await createGroupOf([bob], { joinVerify: true });
  const tries: [title: string, max: number, attempt: (text: string) => unknown][] = [
    ["a text", 5_000, (text) => says(alice, text)],
    ["a key", 64, (text) => rig.run("send", message(alice, "hello", { clientMsgId: text }))],
    ["a group's name", 100, (text) => rig.run("updateGroup", { by: alice, patch: { name: text } })],
    ["an announcement", 2_000, (text) => rig.run("updateGroup", { by: alice, patch: { announcement: text } })],
    ["a nickname", 50, (text) => rig.run("setGroupNickname", { userId: alice, nickname: text })],
    ["a request to join", 200, (text) => rig.run("join", { userId: carol, message: text })],
    [
      "a friend request",
      200,
      (text) => createChatRig().rig.run("requestFriend", { from: alice, message: text, source: "" }),
    ],
  ];
  for (const [title, max, attempt] of tries) {
    t.is(await refusal(() => attempt(smiles(max))), "", `${title} of ${max}`);
    t.not(await refusal(() => attempt(smiles(max + 1))), "", `${title} of ${max + 1}`);
  }
});
