// The socket of the editor's sessions as its document describes it.
import test from "ava";
import { staysTrue } from "../suites/eventually.ts";
import { stream } from "../support/llm/openai-bytes.ts";
import { Editor, startImageEditor, wrongFields } from "../support/seeds/image-editor.ts";

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

test("a socket says that it is connected, and to which session", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession();
  const frame = await (await alice.opensSession(id)).sees("connected");
  t.like(frame, { type: "connected", sessionId: id, userId: alice.userId });
  t.regex(frame.timestamp, isoTime);
  await (await alice.opens(`/ws/${id}?token=${alice.token}`)).sees("connected");
});

test("a socket is closed for a wrong token, a foreign session and a foreign user", async (t) => {
  await using server = await startImageEditor();
  const [alice, mallory] = [await Editor.registers(server, "alice"), await Editor.registers(server, "mallory")];
  const id = await alice.beginsSession();
  const codeOf = async (pending: ReturnType<Editor["opensSession"]>) => (await pending).closes();
  t.is(await codeOf(alice.opensSession(id, { token: "nonsense" })), 4401);
  t.is(await codeOf(alice.opensSession(id, { token: "" })), 4401);
  t.is(await codeOf(alice.opensSession(id, { token: `${alice.token}x` })), 4401);
  t.is(await codeOf(mallory.opensSession(id)), 4403);
  t.is(await codeOf(mallory.opensSession(id, { userId: alice.userId })), 4403);
  t.is(await codeOf(alice.opensSession("7")), 4403);
  t.is(await codeOf(alice.opensSession("nonsense")), 4403);
});

test("a socket changes to another session of its user", async (t) => {
  await using server = await startImageEditor();
  const [alice, mallory] = [await Editor.registers(server, "alice"), await Editor.registers(server, "mallory")];
  const [first, second] = [await alice.beginsSession("First"), await alice.beginsSession("Second")];
  const foreign = await mallory.beginsSession();
  const socket = await alice.opensSession(first);
  await socket.sees("connected");
  const says = (sessionId: string, text: string) =>
    alice.posts(`/api/sessions/${sessionId}/messages`, { role: "assistant", text });
  socket.sends({ type: "join_session", payload: { sessionId: second } });
  t.is((await socket.sees("session_joined")).sessionId, second);
  await says(first, "not here");
  await says(second, "here");
  t.is((await socket.sees("message")).payload.text, "here");
  socket.sends({ type: "join_session", payload: { sessionId: foreign } });
  t.is(typeof (await socket.sees("error")).message, "string");
  await says(second, "still here");
  t.is((await socket.sees("message", 2)).payload.text, "still here");
  await mallory.posts(`/api/sessions/${foreign}/messages`, { role: "assistant", text: "a secret" });
  await staysTrue(() => !JSON.stringify(socket.frames).includes("a secret"), 200);
});

test("devices of a user see each other type, in the same session", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const [id, other] = [await alice.beginsSession(), await alice.beginsSession()];
  const [phone, desk, tablet] = [
    await alice.opensSession(id),
    await alice.opensSession(id),
    await alice.opensSession(other),
  ];
  for (const socket of [phone, desk, tablet]) await socket.sees("connected");
  phone.sends({ type: "typing", payload: { sessionId: id, isTyping: true } });
  t.like((await desk.sees("typing")).payload, { sessionId: id, isTyping: true });
  phone.sends({ type: "typing", payload: { sessionId: id, isTyping: false } });
  t.like((await desk.sees("typing", 2)).payload, { isTyping: false });
  const seen = () => [phone, tablet].flatMap(({ frames }) => frames.filter(({ type }) => type === "typing"));
  await staysTrue(() => seen().length === 0, 200);
});

test("typing in a session that the socket is not in is refused", async (t) => {
  await using server = await startImageEditor();
  const [alice, mallory] = [await Editor.registers(server, "alice"), await Editor.registers(server, "mallory")];
  const [id, other] = [await alice.beginsSession(), await alice.beginsSession()];
  const [phone, desk] = [await alice.opensSession(id), await alice.opensSession(id)];
  const bystander = await alice.opensSession(other);
  for (const socket of [phone, desk, bystander]) await socket.sees("connected");
  const wrong = [await mallory.beginsSession(), "7", 7, null];
  for (const [n, sessionId] of wrong.entries()) {
    phone.sends({ type: "typing", payload: { sessionId, isTyping: true } });
    await phone.sees("error", n + 1);
  }
  t.false(desk.frames.some(({ type }) => type === "typing"));
});

test("every device sees messages, the pieces of answers, edits and deletions at once", async (t) => {
  await using server = await startImageEditor();
  server.upstream.always(stream(["A ", "cat."]));
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession("Cats");
  const [phone, desk] = [await alice.opensSession(id), await alice.opensSession(id)];
  for (const socket of [phone, desk]) await socket.sees("connected");
  const sent = (await alice.posts(`/api/sessions/${id}/messages`, { role: "user", text: "What is this?" })).body;
  for (const socket of [phone, desk]) {
    t.deepEqual((await socket.sees("message")).payload, sent);
    const answer = (await socket.sees("message", 2)).payload;
    t.deepEqual(wrongFields("message", answer), []);
    t.like(answer, { role: "assistant", text: "A cat." });
    const pieces = socket.frames.filter(({ type }) => type === "chunk").map(({ payload }) => payload.text);
    t.is(pieces.join(""), "A cat.");
  }
  const edited = (await alice.puts(`/api/messages/${sent.id}`, { text: "Which animal?" })).body;
  t.deepEqual((await desk.sees("edit")).payload, edited);
  await alice.deletes(`/api/messages/${sent.id}`);
  t.is((await phone.sees("delete")).payload.messageId, sent.id);
});

test("a frame that does not fit is an error, and the socket stays", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession();
  const socket = await alice.opensSession(id);
  await socket.sees("connected");
  const frames = [
    ...["{", "null", "7", '"text"', "[]", "{}", '{"type":7}', '{"type":"nonsense"}', '{"type":"typing"}'],
    ...['{"type":"typing","payload":7}', '{"type":"typing","payload":{"isTyping":"yes"}}'],
    ...['{"type":"join_session"}', '{"type":"join_session","payload":{"sessionId":7}}'],
    ...['{"type":"__proto__","payload":{"__proto__":{}}}', `${"[".repeat(5_000)}${"]".repeat(5_000)}`],
  ];
  for (const [n, frame] of frames.entries()) {
    socket.sends(frame);
    const error = await socket.sees("error", n + 1);
    t.is(typeof error.message, "string", frame.slice(0, 80));
  }
  socket.sends({ type: "join_session", payload: { sessionId: id } });
  await socket.sees("session_joined");
  t.is(socket.closed, undefined);
});

test("a device that was away reads what it missed", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const id = await alice.beginsSession();
  const before = await alice.opensSession(id);
  await before.sees("connected");
  before.close();
  await before.closes();
  await alice.posts(`/api/sessions/${id}/messages`, { role: "assistant", text: "Meanwhile" });
  await (await alice.opensSession(id)).sees("connected");
  t.deepEqual(
    (await alice.messagesOf(id)).map(({ text }) => text),
    ["Meanwhile"],
  );
});
