// Replies of models from the message to the stored answer, on a whole node, with a scripted upstream as the model.
import test, { type ExecutionContext } from "ava";
import { eventually } from "../suites/eventually.ts";
import { done, finish, json, role, stream, text } from "../support/llm/openai-bytes.ts";
import type { Script } from "../support/llm/script.ts";
import { promptOf, startReplyDesk } from "../support/reply-desk.ts";

const patienceMs = 30_000;

async function open(t: ExecutionContext, options: Parameters<typeof startReplyDesk>[0] = {}) {
  const desk = await startReplyDesk(options);
  t.teardown(() => desk.close());
  return { ...desk, chat: await desk.openChat() };
}

/** Writes these pieces, and waits then until the client leaves. */
const speaksUntilStopped =
  (...pieces: string[]): Script =>
  async (call) => {
    if (pieces.length > 0) await call.write(role);
    for (const piece of pieces) await call.write(text(piece));
    await call.left;
  };

test.serial("a message is answered, and the model knows what was said before", async (t) => {
  const { chat, upstream } = await open(t);
  const first = await chat.ended(await chat.say("hello"));
  t.like(first, { status: "completed", attempt: 1 });
  t.is(first.deltas.join(""), "You said: hello");
  t.truthy(first.messageId);
  const second = await chat.ended(await chat.say("and now?"));
  t.is(second.deltas.join(""), "You said: and now?");
  t.deepEqual(promptOf(upstream.journal[1]), ["user: hello", "assistant: You said: hello", "user: and now?"]);
  t.is(upstream.journal[0]?.key, "sk-upstream-1");
});

test.serial(
  "messages that come while a reply runs are answered after it, one by one, and know the answers before",
  async (t) => {
    const { chat, upstream } = await open(t);
    upstream.next(stream(["A"], { everyMs: 300 }), stream(["B"]), stream(["C"]));
    const replyIds = [await chat.say("a?"), await chat.say("b?"), await chat.say("c?")];
    const replies = await Promise.all(replyIds.map((id) => chat.ended(id)));
    t.deepEqual(
      replies.map(({ deltas }) => deltas.join("")),
      ["A", "B", "C"],
    );
    t.deepEqual(promptOf(upstream.journal[1]), ["user: a?", "assistant: A", "user: b?"]);
    t.deepEqual(promptOf(upstream.journal[2]), ["user: a?", "assistant: A", "user: b?", "assistant: B", "user: c?"]);
  },
);

test.serial("settings of the chat reach the model: its instructions first, and its parameters", async (t) => {
  const { upstream, ...desk } = await startReplyDesk();
  t.teardown(() => desk.close());
  const modelConfig = { model: "up-model-2", systemPrompt: "Be short.", temperature: 0.2, color: "red" };
  const chat = await desk.openChat({ modelConfig });
  await chat.ended(await chat.say("hello"));
  t.deepEqual(promptOf(upstream.journal[0]), ["system: Be short.", "user: hello"]);
  const { model, temperature, color } = upstream.journal[0]?.json() ?? {};
  t.deepEqual([model, temperature, color], ["up-model-2", 0.2, undefined]);
});

test.serial("a prompt that the model finds too long is sent once more with less; then the reply says so", async (t) => {
  const { chat, upstream } = await open(t);
  for (const word of ["one", "two", "three"]) await chat.ended(await chat.say(word));
  const tooLong: Script = json({ error: { message: "too long", code: "context_length_exceeded" } }, 400);
  upstream.next(tooLong);
  t.like(await chat.ended(await chat.say("four")), { status: "completed" });
  const [whole, shorter] = upstream.journal.slice(-2).map(promptOf);
  t.is(whole?.length, 7);
  t.true((shorter?.length ?? 7) < 7);
  t.is(shorter?.at(-1), "user: four");
  upstream.next(tooLong, tooLong);
  t.like(await chat.ended(await chat.say("five")), { status: "failed", error: { code: "llm.prompt_too_long" } });
});

test.serial("an answer that was cut is begun anew, and viewers get the whole one", async (t) => {
  const { chat, upstream } = await open(t);
  upstream.next(
    async (call) => {
      await call.write(role);
      await call.write(text("half of"));
      await call.pause(50);
      call.cut();
    },
    stream(["the ", "whole"]),
  );
  const reply = await chat.ended(await chat.say("hello"));
  t.like(reply, { status: "completed", attempt: 2 });
  t.is(reply.deltas.join(""), "the whole");
});

test.serial("when every try fails, what was written last is kept, and the reply says that it failed", async (t) => {
  const { chat, upstream } = await open(t);
  upstream.next(async (call) => {
    await call.write(role);
    await call.write(text("half of"));
    await call.pause(50);
    call.cut();
  });
  upstream.always((call) => {
    call.head(500);
    call.end();
  });
  const reply = await chat.ended(await chat.say("hello"));
  t.is(reply.status, "failed");
  t.is(reply.deltas.join(""), "half of");
  t.truthy(reply.error);
  t.truthy(reply.messageId);
});

test.serial("a host that is restarted in the middle of an answer begins it anew, once", async (t) => {
  const { chat, upstream, server } = await open(t);
  upstream.next(speaksUntilStopped("I was just ", "saying"));
  const replyId = await chat.say("hello");
  await chat.running(replyId, "I was just saying");
  await server.restart();
  const reply = await chat.ended(replyId);
  t.like(reply, { status: "completed", attempt: 2 });
  t.is(reply.deltas.join(""), "You said: hello");
  t.is(upstream.journal.length, 2);
});

const closeMsMax = 250;

for (const [moment, pieces] of [
  ["before the first piece", []],
  ["after some pieces", ["one ", "two ", "three"]],
] as const) {
  test.serial(
    `a stop ${moment} closes the model's connection and keeps what was written; the next message works`,
    async (t) => {
      const { chat, upstream } = await open(t);
      upstream.next(speaksUntilStopped(...pieces));
      const replyId = await chat.say("hello");
      await eventually(() => upstream.journal.length === 1, patienceMs);
      await chat.running(replyId, pieces.join(""));
      const askedMs = performance.now();
      await chat.stop();
      await chat.stop();
      const reply = await chat.ended(replyId);
      await eventually(() => upstream.journal[0]?.closedAtMs !== undefined, patienceMs);
      t.true((upstream.journal[0]?.closedAtMs ?? 0) - askedMs <= closeMsMax);
      t.is(reply.status, "stopped");
      t.is(reply.deltas.join(""), pieces.join(""));
      t.is(reply.messageId !== undefined, pieces.length > 0, "no message without a text");
      t.is((await chat.ended(await chat.say("again"))).status, "completed");
      t.is(upstream.journal.length, 2);
    },
  );
}

test.serial(
  "a stop that comes at once, and one that comes with the end: one of them wins, and nothing stays open",
  async (t) => {
    const { chat, upstream } = await open(t);
    const early = await chat.say("hello");
    await chat.stop();
    const stopped = await chat.ended(early);
    t.true(stopped.status === "stopped" || stopped.status === "completed", stopped.status);
    upstream.always(async (call) => {
      await call.write(role + text("the end") + finish() + done);
      call.end();
    });
    for (let n = 0; n < 10; n += 1) {
      const replyId = await chat.say(`round ${n}`);
      await eventually(async () => (await chat.read(replyId)).seq > 0, patienceMs);
      await chat.stop();
      const { status, messageId } = await chat.ended(replyId);
      t.true(status === "stopped" || status === "completed", status);
      t.truthy(messageId);
    }
  },
);

test.serial("deleting the chat closes the model's connection, and nothing is left", async (t) => {
  const { chat, upstream } = await open(t);
  upstream.next(speaksUntilStopped("one"));
  const replyId = await chat.say("hello");
  await chat.running(replyId, "one");
  const askedMs = performance.now();
  await chat.delete();
  await eventually(() => upstream.journal[0]?.closedAtMs !== undefined, patienceMs);
  t.true((upstream.journal[0]?.closedAtMs ?? 0) - askedMs <= closeMsMax);
  await t.throwsAsync(chat.info(), { message: /no such conversation/ });
});

test.serial(
  "a chat without a title gets one from the model after its first answer; a title that a person gave stays",
  async (t) => {
    const { upstream, ...desk } = await startReplyDesk();
    t.teardown(() => desk.close());
    upstream.next(stream(["Hi!"]), stream(['"Greetings', ' and more"\nSecond line']));
    const chat = await desk.openChat({ title: "" });
    await chat.ended(await chat.say("hello"));
    await eventually(async () => (await chat.info()).title !== "", patienceMs);
    t.like(await chat.info(), { title: "Greetings and more", titleBy: "model" });
    await chat.ended(await chat.say("more"));
    t.is(upstream.journal.length, 3, "a title is asked for once");
    t.regex(promptOf(upstream.journal[1])[1] ?? "", /user: hello[\s\S]*assistant: Hi!/);
  },
);
