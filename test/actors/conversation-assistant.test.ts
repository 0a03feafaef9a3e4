import test from "ava";
import type { AssistantContent } from "../../actors/conversation/assistant/contract.ts";
import { maxQueuedReplies } from "../../actors/conversation/assistant/limits.ts";
import type { MessageRef } from "../../actors/conversation/contract.ts";
import type { EndedReply } from "../../actors/reply/contract.ts";
import {
  alice,
  bob,
  type ChatRig,
  carol,
  createChatRig,
  createFriends,
  createGroupOf,
  refusal,
} from "../support/chat-rig.ts";

const dayMs = 86_400_000;

async function createChat(more: Partial<Parameters<ChatRig["run"]>[1]> = {}) {
  const chat = createChatRig("a_77");
  await chat.rig.run("createChat", { ownerId: alice, assistantId: "model-parrot", assistantName: "Parrot", ...more });
  chat.rig.takeNotifications();
  chat.rig.takeTells();
  return chat;
}

/** What a worker would report for the running reply. */
async function answers(rig: ChatRig, text: string, more: Partial<EndedReply> = {}): Promise<string> {
  const { replyId } = rig.state.replies.find(({ isRunning }) => isRunning)!;
  await rig.run("replyEnded", { replyId, status: "completed", text, ...more });
  return replyId;
}
const told = (rig: ChatRig) => rig.takeTells().map(({ kind, key, method }) => `${kind}.${method} ${key}`);
const contents = (rig: ChatRig) =>
  rig.rows.flatMap((row) => (row.table === "messages" ? [JSON.parse(row.content)] : [])) as (
    | string
    | AssistantContent
  )[];

test("a chat is created once, stands in its owner's list, and nobody else sees it", async (t) => {
  const { rig } = createChatRig("a_77");
  const made = await rig.run("createChat", { ownerId: alice, assistantId: "model-parrot", assistantName: "Parrot" });
  t.like(made, { conversationId: "a_77", ownerId: alice, title: "", titleBy: "default", messageCount: 0 });
  t.deepEqual(told(rig), [`user.conversationJoined ${alice}`]);
  t.like(rig.behaviour.head?.(rig.state), {
    chat: { title: "", assistantName: "Parrot", messageCount: 0 },
    readCount: { [alice]: 0 },
  });
  t.deepEqual(await rig.run("createChat", { ownerId: alice, assistantId: "model-parrot" }), made);
  t.is(rig.records.length, 1);
  t.is(await refusal(() => rig.query("window", { userId: bob })), "session.not_found");
  t.is(await refusal(() => rig.run("createChat", { ownerId: bob, assistantId: "model-parrot" })), "session.not_found");
});

test("every message of the owner is answered, in order, and one reply runs at a time", async (t) => {
  const { rig, says } = await createChat();
  const first = await says(alice, "one");
  const second = await says(alice, "two");
  t.truthy(first.replyId);
  t.deepEqual(told(rig), [
    `reply.create ${first.replyId}`,
    `process.start reply:${first.replyId}`,
    `reply.create ${second.replyId}`,
  ]);
  t.like((await rig.query("replies", { userId: alice })).replies, [
    { replyId: first.replyId, replyTo: first.messageId, isRunning: true },
    { replyId: second.replyId, replyTo: second.messageId, isRunning: false },
  ]);
  rig.takeNotifications();
  await answers(rig, "the answer to one", { extra: { model: "parrot-1" } });
  t.deepEqual(told(rig), [
    `reply.stored ${first.replyId}`,
    `reply.start ${second.replyId}`,
    `process.start reply:${second.replyId}`,
    "process.start title:a_77",
  ]);
  const [done, message] = rig.takeNotifications();
  t.like(done, { frame: "REPLY_DONE", target: { users: [alice] } });
  t.like(done!.data, { replyId: first.replyId, replyTo: first.messageId, status: "completed", sessionId: "a_77" });
  t.is(done!.data.messageId, message!.data.messageId);
  t.like(message!.data, {
    sessionType: "assistant",
    senderId: "model-parrot",
    senderName: "Parrot",
    contentType: "assistant",
    replyTo: first.messageId,
    content: { text: "the answer to one", replyId: first.replyId, status: "completed", model: "parrot-1" },
  });
  await answers(rig, "the answer to two");
  t.deepEqual((await rig.query("replies", { userId: alice })).replies, []);
  t.is((await rig.query("chat", { userId: alice })).messageCount, 4);
  t.deepEqual(rig.behaviour.encode(rig.refold(3)), rig.behaviour.encode(rig.state));
});

test("the end of a reply counts once, and a reply that nobody waits for is not stored", async (t) => {
  const { rig, says } = await createChat();
  await says(alice, "hello");
  const replyId = await answers(rig, "hi");
  await rig.run("replyEnded", { replyId, status: "completed", text: "hi" });
  await rig.run("replyEnded", { replyId: "4711", status: "completed", text: "who asked?" });
  t.is(rig.state.seq, 2);
});

test("a retry of a send names the same reply, and answer: false asks for none", async (t) => {
  const { rig, says } = await createChat();
  const sent = await says(alice, "hello", { clientMsgId: "k" });
  t.deepEqual(await says(alice, "hello", { clientMsgId: "k" }), sent);
  t.is((await says(alice, "a note", { answer: false })).replyId, undefined);
  const asSystem = { role: "system", text: "You are a parrot." };
  t.is((await says(alice, asSystem, { contentType: "prompt" })).replyId, undefined);
  t.is(rig.state.replies.length, 1);
});

test("more messages than may wait for their answers are refused, and nothing of them is kept", async (t) => {
  const { rig, says } = await createChat();
  for (let i = 0; i < maxQueuedReplies; i += 1) await says(alice, `${i}`);
  t.is(await refusal(() => says(alice, "one too many")), "llm.rate_limited");
  t.is(rig.state.seq, maxQueuedReplies);
  t.is(await refusal(() => says(alice, "a note", { answer: false })), "");
});

test("a deleted message ends its reply: nothing of it is stored, and the next one runs", async (t) => {
  const { rig, says, refOf } = await createChat();
  const first = await says(alice, "one");
  const second = await says(alice, "two");
  rig.takeTells();
  rig.nowMs += 30 * dayMs;
  await rig.run("recall", { by: alice, message: refOf(1) });
  t.deepEqual(told(rig), [
    `reply.discard ${first.replyId}`,
    `reply.start ${second.replyId}`,
    `process.start reply:${second.replyId}`,
  ]);
  const done = rig.takeNotifications().filter(({ frame }) => frame === "REPLY_DONE");
  t.like(done[0]!.data, { replyId: first.replyId, status: "stopped" });
  t.false("messageId" in done[0]!.data);
  await rig.run("replyEnded", { replyId: first.replyId!, status: "completed", text: "too late" });
  t.deepEqual(contents(rig), ["one", "two"]);
  t.is((await rig.query("chat", { userId: alice })).messageCount, 1);
});

test("a message edited while its reply runs gets one reply, to the new text", async (t) => {
  const { rig, says, refOf } = await createChat();
  const { replyId } = await says(alice, "wrods");
  await says(alice, "next");
  rig.takeTells();
  await rig.run("edit", { by: alice, message: refOf(1), content: "words" });
  const [running, waiting] = rig.state.replies;
  t.not(running!.replyId, replyId);
  t.like(running, { isRunning: true, replyToSeq: 1 });
  t.false(waiting!.isRunning);
  t.deepEqual(told(rig), [
    `reply.discard ${replyId}`,
    `reply.create ${running!.replyId}`,
    `process.start reply:${running!.replyId}`,
  ]);
  // A message that waits is read when its turn comes.
  await rig.run("edit", { by: alice, message: refOf(2), content: "the next" });
  t.deepEqual(told(rig), []);
});

test("the owner edits and deletes any message at any time, answers too", async (t) => {
  const { rig, says, refOf } = await createChat();
  await says(alice, "hello");
  await answers(rig, "hi");
  rig.nowMs += 400 * dayMs;
  await rig.run("edit", {
    by: alice,
    message: refOf(2),
    content: { text: "good day", replyId: "1", status: "completed" },
  });
  await rig.run("recall", { by: alice, message: refOf(2) });
  await rig.run("recall", { by: alice, message: refOf(1) });
  t.is(rig.state.last?.preview, "");
  const patches = rig.rows.filter((row) => row.table === "message_patches");
  t.like(patches.at(-1), { status: "recalled", content: "", terms: "" });
  t.is((await rig.query("chat", { userId: alice })).messageCount, 0);
});

test("stop asks the running reply to end, and drops those that wait", async (t) => {
  const { rig, says } = await createChat();
  const first = await says(alice, "one");
  const second = await says(alice, "two");
  rig.takeTells();
  const { replyIds } = await rig.run("stopReplies", { userId: alice });
  t.deepEqual(replyIds, [first.replyId, second.replyId]);
  t.deepEqual(told(rig), [`reply.stop ${first.replyId}`, `reply.discard ${second.replyId}`]);
  await answers(rig, "half an ans", { status: "stopped" });
  t.like(contents(rig).at(-1), { text: "half an ans", status: "stopped" });
  t.deepEqual(await rig.run("stopReplies", { userId: alice }), { replyIds: [] });
  t.truthy((await says(alice, "three")).replyId, "the next one is answered at once");
});

test("a reply that was stopped before a word leaves no message, a failed one says what failed", async (t) => {
  const { rig, says } = await createChat();
  await says(alice, "one");
  rig.takeNotifications();
  await answers(rig, "", { status: "stopped" });
  t.is(rig.state.seq, 1);
  t.like(rig.takeNotifications()[0], { frame: "REPLY_DONE" });
  await says(alice, "two");
  await answers(rig, "", { status: "failed", error: { code: "llm.upstream_failed", message: "no" } });
  t.like(contents(rig).at(-1), { text: "", status: "failed", error: { code: "llm.upstream_failed" } });
});

test("another version of an answer is asked once, and takes the place of the first", async (t) => {
  const { rig, says, refOf } = await createChat();
  await says(alice, "a joke, please");
  await answers(rig, "an old joke");
  const ask = { userId: alice, message: refOf(1), answer: refOf(2) };
  const { replyId } = await rig.run("regenerate", ask);
  t.deepEqual(await rig.run("regenerate", ask), { replyId });
  rig.takeNotifications();
  await answers(rig, "a new joke");
  const newest = contents(rig).at(-1) as AssistantContent;
  t.like(newest, { text: "a new joke", versionOf: refOf(2).messageId });
  t.deepEqual(
    rig.takeNotifications().map(({ type }) => type),
    ["reply.done", "message.new", "message.superseded"],
  );
  t.deepEqual((await rig.query("window", { userId: alice })).supersededSeqs, [2]);
  t.is((await rig.query("chat", { userId: alice })).messageCount, 2);
  t.is(rig.state.last?.preview, "a new joke");
  t.is(await refusal(() => rig.run("regenerate", ask)), "message.not_found", "the older version is no answer any more");
  const again = { ...refOf(3), versionOf: newest.versionOf! };
  await rig.run("regenerate", { userId: alice, message: refOf(1), answer: again });
  await answers(rig, "the newest joke");
  t.like(contents(rig).at(-1), { versionOf: refOf(2).messageId });
  t.deepEqual(rig.behaviour.encode(rig.refold(2)), rig.behaviour.encode(rig.state));
});

test("a person's title stays: a model's replaces only a default one, and is asked once", async (t) => {
  const { rig, says } = await createChat();
  await says(alice, "hello");
  await answers(rig, "hi");
  await rig.run("updateChat", { userId: alice, patch: { title: "Mine" } });
  t.deepEqual(await rig.run("setModelTitle", { title: "Greetings" }), { isSet: false });
  t.like(await rig.query("chat", { userId: alice }), { title: "Mine", titleBy: "person" });
  await rig.run("updateChat", { userId: alice, patch: { title: "" } });
  t.deepEqual(await rig.run("setModelTitle", { title: "Greetings" }), { isSet: true });
  t.is(rig.behaviour.head?.(rig.state)?.chat?.title, "Greetings");
  rig.takeTells();
  await says(alice, "more");
  await answers(rig, "less");
  t.false(told(rig).some((each) => each.includes("title:")));
});

test("a chat that was named by a person, or whose reply was stopped empty, asks for no title", async (t) => {
  const named = await createChat({ title: "Named" });
  const stopped = await createChat();
  for (const [{ rig, says }, text] of [
    [named, "hi"],
    [stopped, ""],
  ] as const) {
    await says(alice, "hello");
    await answers(rig, text, { status: "stopped" });
    t.false(told(rig).some((each) => each.includes("title:")));
  }
});

test("a deleted chat ends its replies, leaves its owner's list, and is not found from then on", async (t) => {
  const { rig, says } = await createChat({ modelConfig: { systemPrompt: "secret" } });
  const { replyId } = await says(alice, "hello");
  rig.takeTells();
  rig.takeNotifications();
  await rig.run("deleteChat", { userId: alice });
  t.deepEqual(told(rig), [`reply.discard ${replyId}`, `user.conversationLeft ${alice}`]);
  t.deepEqual(
    rig.takeNotifications().map(({ type }) => type),
    ["reply.done", "session.chat_deleted"],
  );
  await rig.run("replyEnded", { replyId: replyId!, status: "completed", text: "too late" });
  t.deepEqual(await rig.run("setModelTitle", { title: "too late" }), { isSet: false });
  for (const attempt of [
    () => rig.query("window", { userId: alice }),
    () => says(alice, "again"),
    () => rig.run("deleteChat", { userId: alice }),
    () => rig.run("createChat", { ownerId: alice, assistantId: "model-parrot" }),
  ])
    t.is(await refusal(attempt), "session.not_found");
  t.false(JSON.stringify(rig.behaviour.encode(rig.state)).includes("secret"));
});

test("texts to models may be 256 KiB long, texts between people may not", async (t) => {
  const { says } = await createChat();
  const { says: saysToBob } = await createFriends();
  const long = "x".repeat(256 * 1024);
  t.is(await refusal(() => says(alice, long)), "");
  t.is(await refusal(() => says(alice, { role: "user", text: long }, { contentType: "prompt" })), "");
  t.is(await refusal(() => says(alice, `${long}x`)), "message.too_long");
  t.is(await refusal(() => saysToBob(alice, "x".repeat(5_001))), "message.too_long");
  t.is(
    await refusal(() => saysToBob(alice, { role: "user", text: "hi" }, { contentType: "prompt" })),
    "message.type_unknown",
  );
});

const badPrompts: [content: unknown, error: string][] = [
  [null, "message.empty"],
  ["a text", "common.invalid"],
  [[], "common.invalid"],
  [{ role: "user", text: "x", imageIds: [7] }, "common.invalid"],
  [{ role: "robot", text: "x" }, "common.invalid"],
  [{ role: "user", text: "" }, "message.empty"],
  [{ role: "user", text: 7 }, "common.invalid"],
  [{ role: "user", text: "x", imageIds: "1" }, "common.invalid"],
  [{ role: "user", text: "x", params: null }, "message.empty"],
  [{ role: "user", text: "x", contentType: "smell" }, "common.invalid"],
];

test("a malformed prompt is refused", async (t) => {
  const { says } = await createChat();
  for (const [content, error] of badPrompts) {
    t.is(await refusal(() => says(alice, content, { contentType: "prompt" })), error, JSON.stringify(content));
  }
});

test("a prompt with images is edited by its own process", async (t) => {
  const { rig, says, people } = await createChat();
  people.files.set("12", alice);
  const prompt = { role: "user", text: "bluer", imageIds: ["12"] };
  const { replyId } = await says(alice, prompt, { contentType: "prompt" });
  t.deepEqual(told(rig), [`reply.create ${replyId}`, `process.start edit:${replyId}`, "file.refer 12"]);
});

test("a message holds its files until it is deleted, and a deleted chat holds none", async (t) => {
  const { rig, says, refOf, people } = await createChat();
  for (const fileId of ["11", "12"]) people.files.set(fileId, alice);
  people.files.set("13", bob);
  const prompt = (...imageIds: string[]) => ({ role: "user", text: "bluer", imageIds });
  const asks = (...imageIds: string[]) => says(alice, prompt(...imageIds), { contentType: "prompt", answer: false });
  await asks("11", "12");
  await asks("12");
  t.deepEqual(told(rig), ["file.refer 11", "file.refer 12", "file.refer 12"]);
  for (const unknown of ["13", "14"]) t.is(await refusal(() => asks(unknown)), "file.not_found");
  const edits = (content: object) => rig.run("edit", { by: alice, message: refOf(2), content });
  t.is(await refusal(() => edits(prompt("11"))), "common.invalid");
  await edits({ ...prompt("12"), text: "greener" });
  await rig.run("recall", { by: alice, message: refOf(2) });
  t.deepEqual(told(rig), ["file.release 12"]);
  await says(alice, "and now?");
  await answers(rig, "here", { extra: { imageIds: ["15"] } });
  t.true(told(rig).includes("file.refer 15"));
  await rig.run("deleteChat", { userId: alice });
  rig.takeTells();
  t.true(rig.wake());
  t.deepEqual(told(rig), ["file.release 11", "file.release 12", "file.release 15"]);
  t.false(rig.wake());
  t.deepEqual(rig.behaviour.encode(rig.refold(3)), rig.behaviour.encode(rig.state));
});

async function createGroupWithParrot() {
  const chat = await createGroupOf([bob, carol]);
  const parrot = { assistantId: "parrot", ownerId: alice, name: "Parrot", avatar: "" };
  await chat.rig.run("addAssistant", { userId: alice, ...parrot });
  chat.rig.takeNotifications();
  chat.rig.takeTells();
  return { ...chat, parrot };
}

test("an assistant in a group answers whoever mentions it or quotes it, and nobody else", async (t) => {
  const { rig, says } = await createGroupWithParrot();
  await says(bob, "hello everybody");
  await says(alice, "hello all", { mentions: ["all"] });
  t.deepEqual(told(rig), []);
  const { replyId, messageId } = await says(bob, "what say you?", { mentions: ["parrot", carol] });
  t.deepEqual(told(rig), [`user.mentioned ${carol}`, `reply.create ${replyId}`, `process.start reply:${replyId}`]);
  t.like(rig.state.replies[0], { payerId: bob, assistantId: "parrot", replyTo: messageId });
  await answers(rig, "squawk");
  t.like(rig.state.last, { senderId: "parrot", preview: "squawk" });
  const quoted = {
    replyTo: rig.state.last!.messageId,
    references: { replySeq: rig.state.seq, replySenderId: "parrot" },
  };
  t.truthy((await says(carol, "louder", quoted)).replyId);
  t.like(rig.state.replies[0], { payerId: carol });
});

test("an assistant that joined later sees nothing from before, where the group hides its history", async (t) => {
  const { rig, says } = await createGroupOf([bob]);
  await rig.run("updateGroup", { by: alice, patch: { allowViewHistory: false } });
  await says(bob, "between us");
  const parrot = { assistantId: "parrot", ownerId: alice, name: "Parrot", avatar: "" };
  await rig.run("addAssistant", { userId: alice, ...parrot });
  await says(bob, "hello", { mentions: ["parrot"] });
  t.is(rig.state.replies[0]!.fromSeq, 2);
  await rig.run("removeAssistant", { userId: alice, assistantId: "parrot" });
  t.deepEqual(rig.state.replies, []);
  t.is((await says(bob, "still there?", { mentions: ["parrot"] })).replyId, undefined);
  await rig.run("addAssistant", { userId: alice, ...parrot });
  const page = await rig.query("members", { userId: bob, from: { offset: 0 }, limit: 10 });
  t.like(page, { total: 2, assistants: [{ assistantId: "parrot", name: "Parrot" }] });
  t.is(rig.state.group!.assistants!.get("parrot")!.visibleFromSeq, 4);
  t.is((await rig.query("window", { userId: bob })).memberCount, 2);
  t.deepEqual(rig.behaviour.encode(rig.refold(4)), rig.behaviour.encode(rig.state));
});

test("in a group the one who asked, the owner and admins stop a reply; others do not", async (t) => {
  const { rig, says } = await createGroupWithParrot();
  const { replyId } = await says(bob, "tell us all", { mentions: ["parrot"] });
  t.is(await refusal(() => rig.run("stopReplies", { userId: carol, replyId: replyId! })), "group.not_admin");
  t.deepEqual(await rig.run("stopReplies", { userId: carol }), { replyIds: [] });
  for (const userId of [bob, alice])
    t.deepEqual((await rig.run("stopReplies", { userId, replyId: replyId! })).replyIds, [replyId]);
  await answers(rig, "all", { status: "stopped" });
  const message: MessageRef = { ...(await refOfSeq(rig, 1)), senderId: bob };
  t.is(await refusal(() => rig.run("regenerate", { userId: carol, message })), "message.not_yours");
});

test("a dissolved group ends its replies", async (t) => {
  const { rig, says } = await createGroupWithParrot();
  const { replyId } = await says(bob, "well?", { mentions: ["parrot"] });
  rig.takeTells();
  await rig.run("dissolve", { by: alice });
  t.true(told(rig).includes(`reply.discard ${replyId}`));
  await rig.run("replyEnded", { replyId: replyId!, status: "completed", text: "too late" });
  t.is(rig.state.seq, 1);
});

async function refOfSeq(rig: ChatRig, seq: number): Promise<MessageRef> {
  const { messageId, senderId } = rig.state.recent[seq]!;
  return {
    messageId,
    senderId,
    seq,
    bucket: 1,
    atMs: rig.nowMs,
    contentType: "text",
    status: "normal",
    asOfVersion: rig.state.version,
  };
}
