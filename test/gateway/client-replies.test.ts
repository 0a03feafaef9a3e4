// Answers of models as the client puts them together while they are written.
import test from "ava";
import { defaultClientLimits } from "../../gateway/client/base/limits.ts";
import { Replies } from "../../gateway/client/replica/replies.ts";
import { Answers } from "../../gateway/client/terminal/answers.ts";

function createReplies() {
  const seen: (string | undefined)[] = [];
  const asked: object[] = [];
  const over: string[] = [];
  const replies = new Replies({
    limits: defaultClientLimits,
    reply(reply, added) {
      if (reply.status === "running") seen.push(added);
      else over.push(`${reply.status}: ${reply.text}`);
    },
    attach: (question) => void asked.push(question),
  });
  const place = { replyId: "5", sessionId: "a_7", replyTo: "1" };
  return {
    ...{ replies, seen, asked, over },
    chunk: (seq: number, delta: string, more: { attempt?: number; fromSeq?: number } = {}) =>
      replies.take({ type: "REPLY_CHUNK", data: { ...place, attempt: 1, seq, delta, ...more } }),
    reset: (attempt: number) => replies.take({ type: "REPLY_RESET", data: { ...place, attempt } }),
    done: (status: string) => replies.take({ type: "REPLY_DONE", data: { ...place, status } }),
    text: () => replies.find("5")?.text,
  };
}

test("pieces become one text, each once", (t) => {
  const { chunk, done, text, seen, over } = createReplies();
  chunk(1, "Good");
  chunk(2, " day");
  chunk(2, " day");
  chunk(1, "Good");
  t.is(text(), "Good day");
  done("completed");
  t.deepEqual(seen, ["Good", " day"]);
  t.deepEqual(over, ["completed: Good day"]);
  t.is(text(), undefined);
});

test("a missing piece is asked for once, and the answer may overlap what came meanwhile", (t) => {
  const { chunk, text, asked } = createReplies();
  chunk(1, "a");
  chunk(3, "c");
  chunk(4, "d");
  t.deepEqual(asked, [{ replyId: "5", afterSeq: 1, attempt: 1 }]);
  chunk(4, "bcd", { fromSeq: 2 });
  chunk(5, "e");
  chunk(5, "bcde", { fromSeq: 2 });
  chunk(6, "bcdef", { fromSeq: 2 });
  t.is(text(), "abcdef");
  chunk(9, "i");
  t.is(asked.length, 2);
});

test("a new attempt begins the text anew, and pieces of the older one are dropped", (t) => {
  const { chunk, reset, text, seen } = createReplies();
  chunk(1, "old");
  reset(2);
  chunk(2, " text");
  t.is(text(), "");
  chunk(1, "new", { attempt: 2 });
  t.is(text(), "new");
  chunk(1, "newest", { attempt: 3 });
  t.is(text(), "newest");
  t.deepEqual(seen, ["old", undefined, "new", undefined, "newest"]);
});

test("a device that comes back asks for every reply that was being written", (t) => {
  const { replies, chunk, asked } = createReplies();
  chunk(1, "a");
  chunk(3, "c");
  replies.attachAll();
  t.is(asked.length, 2);
});

test("the terminal shows an answer line by line, and its message not once more", (t) => {
  const lines: string[] = [];
  const answers = new Answers({
    screen: { print: (line) => lines.push(line), whisper: (line) => lines.push(line) },
    nameOf: () => "parrot",
    placeOf: () => "",
  });
  const reply = { replyId: "5", sessionId: "a_7", replyTo: "1" };
  answers.take({ ...reply, status: "running", text: "first" }, "first");
  t.deepEqual(lines, []);
  answers.take({ ...reply, status: "running", text: "first\nsec" }, "\nsec");
  t.deepEqual(lines, ["parrot: first"]);
  t.false(answers.wasShown({ replyId: "5" }));
  answers.take({ ...reply, status: "stopped", text: "first\nsecond" }, "");
  t.deepEqual(lines, ["parrot: first", "  second", "* stopped"]);
  t.true(answers.wasShown({ replyId: "5" }));
  answers.take({ ...reply, replyId: "6", status: "failed", text: "", error: { code: "x", message: "No key." } }, "");
  t.is(lines.at(-1), "* no answer: No key.");
});
