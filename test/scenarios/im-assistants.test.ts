// Models in conversations, as IM clients see them: over REST and the socket of an IM device, beside a scripted upstream.

import { setTimeout as pause } from "node:timers/promises";
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { startModelNode } from "../support/llm/model-node.ts";
import { done, finish, role, stream, text } from "../support/llm/openai-bytes.ts";
import type { Script } from "../support/llm/script.ts";
import { people } from "../support/people.ts";
import { Person } from "../support/person.ts";
import { soonMs } from "../support/soon.ts";
import type { TestDevice, TestFrame } from "../support/test-device.ts";

/** An answer that the test lets go on piece by piece. */
function paced(...pieces: string[]) {
  const gates = pieces.map(() => Promise.withResolvers<void>());
  const script: Script = async (call) => {
    await call.write(role);
    for (const [i, piece] of pieces.entries()) {
      await Promise.race([gates[i]!.promise, call.left]);
      if (call.request.wasLeft) return;
      await call.write(text(piece));
    }
    await call.write(finish());
    await call.write(done);
    call.end();
  };
  let next = 0;
  const lets = (count = 1) => {
    for (const { resolve } of gates.slice(next, next + count)) resolve();
    next += count;
  };
  return { script, lets };
}

/** With a title no model is asked for one. */
async function opensChat(who: Person, title = "Talk"): Promise<string> {
  const made = await who.posts<{ sessionId: string }>("/sessions", { assistantId: "model-up-model-1", title });
  if (made.code !== 0) throw new Error(made.message);
  return made.data.sessionId;
}
const deltas = (device: TestDevice) => device.seen("REPLY_CHUNK").map(({ data }) => data.delta);
const isAnswer = ({ data }: TestFrame) => data.contentType === "assistant";
const contentsOf = (messages: Record<string, unknown>[]) =>
  messages.map(({ content }) => (typeof content === "string" ? content : (content as { text?: string } | null)?.text));
/** The prompts of chats; titles are asked for beside them. */
const prompts = ({ journal }: { journal: readonly { json<T>(): T; path: string }[] }) =>
  journal
    .filter(({ path }) => path.endsWith("/chat/completions"))
    .map((request) => request.json<{ messages: { role: string; content: string }[] }>().messages)
    .filter(([first]) => !String(first?.content).includes("title"));

test("a user talks to a model: the answer streams, is stored, and every device has it", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const desk = await alice.connects();
  const phone = await alice.opens(await alice.logsIn("iOS", "phone"));
  const listed = await alice.gets<{ assistants: { assistantId: string; name: string }[] }>("/assistants");
  t.true(listed.data.assistants.some(({ assistantId }) => assistantId === "model-up-model-1"));
  const chat = await opensChat(alice);
  t.regex(chat, /^a_/);
  node.upstream.next(stream(["Why did ", "the hen ", "cross?"]));
  const sent = await alice.says(chat, "A joke, please");
  t.truthy(sent.replyId);
  const answer = await phone.sees("NEW_MESSAGE", isAnswer);
  t.like(answer.data, {
    ...{ sessionId: chat, sessionType: "assistant", replyTo: sent.messageId, seq: 2 },
    content: { text: "Why did the hen cross?", status: "completed", replyId: sent.replyId },
  });
  await desk.sees("NEW_MESSAGE", isAnswer);
  for (const device of [desk, phone]) {
    t.is(deltas(device).join(""), "Why did the hen cross?");
    const kinds = device.frames.map(({ type, data }) => (data.replyId || isAnswer({ type, data }) ? type : ""));
    t.true(kinds.lastIndexOf("REPLY_CHUNK") < kinds.indexOf("REPLY_DONE"));
    t.true(kinds.indexOf("REPLY_DONE") < kinds.indexOf("NEW_MESSAGE"));
  }
  t.is((await desk.sees("REPLY_DONE")).data.messageId, answer.data.messageId);
  t.deepEqual(contentsOf(await alice.history(chat)), ["A joke, please", "Why did the hen cross?"]);
  const { data: entry } = await alice.gets(`/sessions/${chat}`);
  t.like(entry, { sessionType: "assistant", assistantId: "model-up-model-1", seq: 2 });
  t.is((entry.lastMessage as { content: string }).content, "Why did the hen cross?");
});

test("lists and frames show the longest title of a chat, and the id of the assistant with the longest model name", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const device = await alice.connects();
  const title = "t".repeat(255);
  const chat = await opensChat(alice, title);
  const renamed = "r".repeat(255);
  t.is((await alice.puts(`/sessions/${chat}`, { title: renamed })).data.name, renamed);
  const frame = await device.sees("NOTIFICATION", ({ data }) => data.title === renamed);
  t.is(frame.data.type, "session.chat_updated");
  const model = "m".repeat(100);
  const made = await fetch(`http://127.0.0.1:${node.port}/api/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${alice.token}`, "content-type": "application/json" },
    body: JSON.stringify({ title, model_config: { model } }),
  });
  const { id } = (await made.json()) as { id: string };
  t.like((await alice.gets(`/sessions/a_${id}`)).data, { name: title, assistantId: `model-${model}` });
  const { messageId } = await alice.says(`a_${id}`, "hello");
  const answer = await device.sees("NEW_MESSAGE", ({ data }) => data.replyTo === messageId);
  t.is(answer.data.senderId, `model-${model}`);
  const { data } = await alice.gets<{ sessions: { name: string }[] }>("/sessions");
  t.deepEqual(data.sessions.map(({ name }) => name).toSorted(), [renamed, title]);
});

test("a second message waits for the first answer, and its prompt holds it", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const device = await alice.connects();
  const chat = await opensChat(alice);
  const first = paced("first", " answer");
  node.upstream.next(first.script, stream(["second answer"]));
  const one = await alice.says(chat, "one");
  const two = await alice.says(chat, "two");
  await eventually(async () => node.upstream.journal.length === 1);
  first.lets(2);
  const [a, b] = [one, two].map(({ messageId }) =>
    device.sees("NEW_MESSAGE", ({ data }) => data.replyTo === messageId),
  );
  t.is((await a!).data.content.text, "first answer");
  t.is((await b!).data.content.text, "second answer");
  t.deepEqual(
    prompts(node.upstream)[1]!.map(({ content }) => content),
    ["one", "first answer", "two"],
  );
  const order = device.seen("REPLY_CHUNK").map(({ data }) => data.replyId);
  t.deepEqual(
    order,
    [...order].toSorted((x, y) => Number(x) - Number(y)),
    "two replies never overlap",
  );
});

test("a device goes on from a number, and a stop on another one ends the reply with what was written", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const desk = await alice.connects();
  const chat = await opensChat(alice);
  const story = paced("Once ", "upon ", "a time ", "never");
  node.upstream.next(story.script);
  const { replyId } = await alice.says(chat, "A story");
  story.lets(3);
  await eventually(async () => deltas(desk).join("") === "Once upon a time ");
  const phone = await alice.opens(await alice.logsIn("iOS", "phone"));
  t.is((await phone.asks("REPLY_ATTACH", { replyId })).type, "OK");
  t.is(deltas(phone).join(""), "Once upon a time ");
  await phone.asks("REPLY_ATTACH", { replyId, afterSeq: 2, attempt: 1 });
  t.is(deltas(phone).at(-1), "a time ");
  const stopped = await alice.posts(`/replies/${replyId}/stop`);
  t.deepEqual(stopped.data, { replyId, isStopped: true });
  const answer = await desk.sees("NEW_MESSAGE", isAnswer);
  t.like(answer.data.content, { text: "Once upon a time ", status: "stopped" });
  t.is((await phone.sees("REPLY_DONE")).data.status, "stopped");
  await eventually(async () => node.upstream.journal[0]!.wasLeft);
  t.false((await alice.posts<{ isStopped: boolean }>(`/replies/${replyId}/stop`)).data.isStopped);
  node.upstream.next(stream(["Here."]));
  const next = await alice.says(chat, "Are you there?");
  await desk.sees("NEW_MESSAGE", ({ data }) => data.replyTo === next.messageId);
});

test("another version of an answer takes the place of the first: in history, in lists, on every device, in search", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const device = await alice.connects();
  const chat = await opensChat(alice, "");
  t.is((await alice.gets(`/sessions/${chat}`)).data.name, "up-model-1");
  node.upstream.next(stream(["an antique joke"]));
  const asked = await alice.says(chat, "A joke");
  const old = await device.sees("NEW_MESSAGE", isAnswer);
  await eventually(async () => (await alice.gets(`/sessions/${chat}`)).data.name !== "up-model-1");
  node.upstream.next(stream(["a modern joke"]));
  const again = await alice.posts<{ replyId: string }>(`/messages/${old.data.messageId}/regenerate`);
  t.is(again.code, 0, again.message);
  const fresh = await device.sees("NEW_MESSAGE", ({ data }) => data.content?.replyId === again.data.replyId);
  t.like(fresh.data, { replyTo: asked.messageId, content: { versionOf: old.data.messageId } });
  const change = await device.sees("NOTIFICATION", ({ data }) => data.type === "message.superseded");
  t.like(change.data, { messageId: old.data.messageId, newMessageId: fresh.data.messageId, seq: 2 });
  t.deepEqual(contentsOf(await alice.history(chat)), ["A joke", "a modern joke"]);
  const synced = await device.asks("SYNC", { vector: { [chat]: old.data.version }, userVersion: 0 });
  const [difference] = synced.data.changes.filter(({ sessionId }: { sessionId?: string }) => sessionId === chat);
  t.true(difference.changes.some(({ type, seq }: { type: string; seq: number }) => type === "superseded" && seq === 2));
  const found = await alice.gets<{ messages: unknown[] }>(`/messages/search?keyword=antique&sessionId=${chat}`);
  t.is(found.data.messages.length, 0);
  // By the message, too, and by the older version.
  for (const id of [asked.messageId, old.data.messageId]) {
    node.upstream.next(stream([`by ${id}`]));
    const { data } = await alice.posts<{ replyId: string }>(`/messages/${id}/regenerate`);
    await device.sees("NEW_MESSAGE", (frame) => frame.data.content?.replyId === data.replyId);
  }
  t.deepEqual(contentsOf(await alice.history(chat)), ["A joke", `by ${old.data.messageId}`]);
});

test("a chat that is deleted while it is answered is gone for good, and a new one is untouched", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const device = await alice.connects();
  const chat = await opensChat(alice);
  const endless = paced("some ", "words", "never");
  node.upstream.next(endless.script);
  const { replyId } = await alice.says(chat, "Tell me all");
  endless.lets(2);
  await eventually(async () => deltas(device).length === 2);
  t.is((await alice.deletes(`/sessions/${chat}`)).code, 0);
  t.like((await device.sees("REPLY_DONE")).data, { replyId, status: "stopped" });
  await eventually(async () => node.upstream.journal[0]!.wasLeft);
  const other = await opensChat(alice);
  for (const answer of [
    await alice.gets(`/sessions/${chat}`),
    await alice.gets(`/messages/history?sessionId=${chat}`),
    await alice.posts("/messages", { sessionId: chat, contentType: "text", content: "hello?" }),
    await alice.posts(`/replies/${replyId}/stop`),
  ])
    t.is(answer.status, 404);
  const { data } = await alice.gets<{ sessions: { sessionId: string }[] }>("/sessions");
  t.deepEqual(
    data.sessions.map(({ sessionId }) => sessionId),
    [other],
  );
  node.upstream.next(stream(["still here"]));
  await alice.says(other, "And you?");
  t.is((await device.sees("NEW_MESSAGE", isAnswer)).data.sessionId, other);
});

test("an edit while the answer is written begins one reply, to the new text", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const device = await alice.connects();
  const chat = await opensChat(alice);
  const wrong = paced("to the wrong", "never");
  node.upstream.next(wrong.script, stream(["to the right words"]));
  const sent = await alice.says(chat, "wrong words");
  wrong.lets(1);
  await eventually(async () => deltas(device).length === 1);
  t.is((await alice.puts(`/messages/${sent.messageId}`, { content: "right words" })).code, 0);
  const answer = await device.sees("NEW_MESSAGE", isAnswer);
  t.is(answer.data.content.text, "to the right words");
  t.is(prompts(node.upstream).at(-1)!.at(-1)!.content, "right words");
  t.deepEqual(contentsOf(await alice.history(chat)), ["right words", "to the right words"]);
});

test("a model in a group answers who mentions it, before all members, and is no member of the list", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const [alice, bob, eve] = await people(node, "alice", "bob", "eve");
  const group = await alice.createsGroup("Hikers", [bob]);
  const id = group.slice(2);
  await Promise.all([alice.connects(), bob.connects(), eve.connects()]);
  t.is((await bob.posts(`/groups/${id}/assistants`, { assistantId: "model-up-model-1" })).code, 40_108);
  t.is((await alice.posts(`/groups/${id}/assistants`, { assistantId: "model-up-model-1" })).code, 0);
  await bob.device.sees("NOTIFICATION", ({ data }) => data.change === "assistant_added");
  await bob.says(group, "what a day");
  node.upstream.next(stream(["Sunny."]));
  const question = { sessionId: group, contentType: "text", content: "and tomorrow?", mentions: ["model-up-model-1"] };
  const { data: asked } = await bob.device.asks("SEND_MESSAGE", question);
  for (const { device } of [alice, bob]) {
    t.is((await device.sees("NEW_MESSAGE", isAnswer)).data.senderName, "up-model-1");
    t.is(deltas(device).join(""), "Sunny.");
  }
  t.is(node.upstream.journal.filter(({ path }) => path.endsWith("/chat/completions")).length, 1);
  const attached = await eve.device.asks("REPLY_ATTACH", { replyId: asked.replyId });
  t.is(attached.code, 130_110);
  t.deepEqual(deltas(eve.device), []);
  const { data } = await bob.gets<{ total: number; assistants: { assistantId: string }[] }>(`/groups/${id}/members`);
  t.is(data.total, 2);
  t.like(data.assistants, [{ type: "assistant", assistantId: "model-up-model-1" }]);
  node.upstream.next(stream(["Rain."]));
  const answer = await bob.device.sees("NEW_MESSAGE", isAnswer);
  const quote = { sessionId: group, contentType: "text", content: "sure?", replyTo: answer.data.messageId };
  t.truthy((await alice.device.asks("SEND_MESSAGE", quote)).data.replyId);
  await bob.device.sees("NEW_MESSAGE", ({ data: { content } }) => content?.text === "Rain.");
  t.is((await alice.deletes(`/groups/${id}/assistants/model-up-model-1`)).code, 0);
  t.is((await bob.device.asks("SEND_MESSAGE", { ...question, content: "gone?" })).data.replyId, undefined);
});

test("an assistant of one's own has a name and instructions, and a text of 256 KiB reaches it", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const device = await alice.connects();
  const settings = { name: "Pirate", model: "up-model-1", systemPrompt: "Talk like a pirate." };
  const made = await alice.posts<{ assistantId: string }>("/assistants", settings);
  t.is(made.code, 0, made.message);
  const { assistantId } = made.data;
  const chat = (await alice.posts<{ sessionId: string; name: string }>("/sessions", { assistantId })).data;
  t.is(chat.name, "Pirate");
  t.is((await alice.puts(`/assistants/${assistantId}`, { ...settings, systemPrompt: "Talk like a poet." })).code, 0);
  node.upstream.next(stream(["A long tale."]));
  const long = "long ".repeat(52_000);
  const sent = await alice.posts("/messages", { sessionId: chat.sessionId, contentType: "text", content: long });
  t.is(sent.code, 0, sent.message);
  await device.sees("NEW_MESSAGE", isAnswer);
  const [prompt] = prompts(node.upstream);
  t.like(prompt![0], { role: "system", content: "Talk like a poet." });
  t.is(prompt!.at(-1)!.content.length, long.length);
  t.is((await alice.history(chat.sessionId))[0]!.content, long);
  const longer = { sessionId: chat.sessionId, contentType: "text", content: "x".repeat(262_145) };
  t.is((await alice.posts("/messages", longer)).code, 50_110);
  t.is((await alice.deletes(`/assistants/${assistantId}`)).code, 0);
  t.is((await alice.posts("/sessions", { assistantId })).code, 130_118);
});

test("a stop at any moment ends the reply once, within a second, and the next message is answered", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const desk = await alice.connects();
  const phone = await alice.opens(await alice.logsIn("iOS", "phone"));
  const chat = await opensChat(alice);
  const doneOf = (replyId: unknown) => phone.sees("REPLY_DONE", ({ data }) => data.replyId === replyId);
  for (const afterMs of [0, 50, 300]) {
    // Connected, and no token comes.
    node.upstream.always(({ left }) => left);
    const { replyId, messageId } = await alice.says(chat, `question after ${afterMs} ms`);
    await pause(afterMs);
    const stoppedAtMs = performance.now();
    await Promise.all([1, 2].map(() => alice.posts(`/replies/${replyId}/stop`)));
    t.is((await doneOf(replyId)).data.status, "stopped");
    t.true(performance.now() - stoppedAtMs < 1_000, `${performance.now() - stoppedAtMs} ms`);
    t.is((await alice.history(chat)).at(-1)!.messageId, messageId, "no message without a text");
    node.upstream.always(stream(["here"]));
    const next = await alice.says(chat, "Are you there?");
    await desk.sees("NEW_MESSAGE", ({ data }) => data.replyTo === next.messageId);
    await doneOf(next.replyId);
  }
  t.is(phone.seen("REPLY_DONE").length, 6, "each reply ends once");
});

test("the upstream of a stopped answer is closed at once, and another version replaces what was written", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await Person.registers(node, "alice");
  const device = await alice.connects();
  const chat = await opensChat(alice);
  const half = paced("half an ", "answer");
  node.upstream.next(half.script);
  const { replyId } = await alice.says(chat, "All of it");
  half.lets();
  await eventually(async () => deltas(device).length === 1);
  const stoppedAtMs = performance.now();
  await alice.posts(`/replies/${replyId}/stop`);
  const [request] = node.upstream.journal;
  await eventually(async () => request!.wasLeft);
  t.true(request!.closedAtMs! - stoppedAtMs < soonMs, `${request!.closedAtMs! - stoppedAtMs} ms`);
  const partial = await device.sees("NEW_MESSAGE", isAnswer);
  node.upstream.next(stream(["the whole answer"]));
  const { data } = await alice.posts<{ replyId: string }>(`/messages/${partial.data.messageId}/regenerate`);
  await device.sees("NEW_MESSAGE", (frame) => frame.data.content?.replyId === data.replyId);
  t.deepEqual(contentsOf(await alice.history(chat)), ["All of it", "the whole answer"]);
  t.false((await alice.posts<{ isStopped: boolean }>(`/replies/${data.replyId}/stop`)).data.isStopped);
});

test("what is no question to a model is refused by name, and other users' chats are not found", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const [alice, eve] = await people(node, "alice", "eve");
  const chat = await opensChat(alice);
  const prompt = { role: "user", text: "hi" };
  for (const content of [null, 7, [], "text", {}, { ...prompt, role: "root" }, { ...prompt, imageIds: {} }]) {
    const { status } = await alice.posts("/messages", { sessionId: chat, contentType: "prompt", content });
    t.is(status, 400, JSON.stringify(content));
  }
  const foreign = { ...prompt, imageIds: ["file-of-somebody"] };
  const refused = await alice.posts("/messages", { sessionId: chat, contentType: "prompt", content: foreign });
  t.is(refused.code, 70_105);
  const { data: sent } = await alice.posts("/messages", { sessionId: chat, contentType: "prompt", content: prompt });
  await alice.posts(`/messages/${sent.messageId}/recall`);
  t.is((await alice.posts(`/messages/${sent.messageId}/regenerate`)).status, 404);
  for (const answer of [
    await eve.gets(`/messages/history?sessionId=${chat}`),
    await eve.posts("/messages", { sessionId: chat, contentType: "text", content: "hello" }),
    await eve.posts(`/replies/${sent.replyId}/stop`),
    await eve.posts(`/messages/${sent.messageId}/regenerate`),
    await eve.puts(`/sessions/${chat}`, { title: "mine" }),
    await eve.deletes(`/sessions/${chat}`),
    await alice.posts("/sessions", { assistantId: "nobody" }),
    await alice.posts("/replies/7/stop"),
    await alice.puts("/assistants/7", { name: "x", model: "y" }),
  ])
    t.is(answer.status, 404, JSON.stringify(answer));
  t.is((await alice.posts("/sessions", { assistantId: "own" })).code, 130_101);
  t.is(
    (await alice.posts("/messages", { sessionId: chat, contentType: "assistant", content: { text: "I" } })).code,
    50_112,
  );
});
