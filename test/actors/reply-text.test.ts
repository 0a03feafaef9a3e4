// The parts of replies and titles that decide without waiting: what a model reads of a conversation, and what a title is.
import test from "ava";
import type { StoredMessage } from "../../actors/shared/message.ts";
import { pictureOfFile, plainText } from "../../workflows/reply/pictures.ts";
import { transcriptOf } from "../../workflows/reply/transcript.ts";
import { titleIn } from "../../workflows/title/title-text.ts";

/** A message; `numbered` gives it its place. */
function says(senderId: string, content: unknown, more: Partial<StoredMessage> = {}): StoredMessage {
  return {
    ...{ messageId: "", conversationId: "a_1", bucket: 0, seq: 0, version: 0, senderId, senderName: senderId },
    ...{ senderAvatar: "", clientMsgId: "", contentType: "text", content, atMs: 0, status: "normal", ...more },
  };
}
const numbered = (messages: StoredMessage[]) =>
  messages.map((message, i) => ({ ...message, seq: i + 1, messageId: `m${i + 1}` }));
const answers = (messageId: string, text: string, more: object = {}, senderId = "parrot") =>
  says(
    senderId,
    { text, replyId: "r", status: "completed", ...more },
    { contentType: "assistant", replyTo: messageId },
  );
const prompt = (content: object) => says("alice", content, { contentType: "prompt" });

function readBy(unnumbered: StoredMessage[], question: Partial<Parameters<typeof transcriptOf>[1]> = {}): string[] {
  const messages = numbered(unnumbered);
  const last = messages.findLast(({ contentType }) => contentType !== "assistant");
  const asked = { replyTo: last?.messageId ?? "", replyToSeq: last?.seq ?? 0, fromSeq: 1 };
  const spoken = transcriptOf(messages, { ...asked, assistantId: "parrot", isGroup: false, ...question });
  return spoken.map(({ role, content }) => `${role}: ${content}`);
}

test("an answer stands behind its question, also when others were asked in between", (t) => {
  const messages = [says("alice", { text: "A" }), says("alice", { text: "B" }), answers("m1", "to A")];
  t.deepEqual(readBy(messages), ["user: A", "assistant: to A", "user: B"]);
});

test("what came after the question is left out, and so are older answers to it", (t) => {
  const messages = [
    ...[says("alice", "A"), answers("m1", "to A"), says("alice", "B"), answers("m3", "to B"), says("alice", "C")],
  ];
  t.deepEqual(readBy(messages, { replyTo: "m3", replyToSeq: 3 }), ["user: A", "assistant: to A", "user: B"]);
  t.deepEqual(readBy(messages, { replyTo: "m1", replyToSeq: 1 }), ["user: A"]);
});

test("recalled and expired messages, older versions and empty answers are not read", (t) => {
  const messages = [
    says("alice", null, { status: "recalled" }),
    says("alice", "A"),
    { ...answers("m2", "old"), status: "superseded" as const },
    answers("m2", "", { status: "failed" }),
    answers("m2", "new"),
    says("alice", "B", { status: "edited" }),
  ];
  t.deepEqual(readBy(messages), ["user: A", "assistant: new", "user: B"]);
});

test("in a group the model reads who wrote what, nothing from before it came, and its own words as its own", (t) => {
  const messages = [
    says("alice", "before"),
    says("alice", "hello"),
    answers("m2", "polly says", {}, "polly"),
    answers("m2", "parrot says"),
    says("bob", { text: "and you?" }),
  ];
  t.deepEqual(readBy(messages, { isGroup: true, fromSeq: 2 }), [
    "user: alice: hello",
    "user: polly: polly says",
    "assistant: parrot says",
    "user: bob: and you?",
  ]);
});

test("messages of other roles keep them; instructions come first, as one", (t) => {
  const call = { id: "c1", type: "function", function: { name: "now", arguments: "{}" } };
  const messages = numbered([
    says("alice", "what time is it?"),
    prompt({ role: "system", text: "Be short." }),
    prompt({ role: "assistant", text: "", toolCall: call }),
    prompt({ role: "tool", text: "", toolResponse: { tool_call_id: "c1", content: "noon" } }),
    prompt({ role: "system", text: "Be kind." }),
    prompt({ role: "user", text: "", imageIds: ["7"] }),
  ]);
  const last = messages.at(-1);
  const question = { replyTo: last?.messageId ?? "", replyToSeq: last?.seq ?? 0, fromSeq: 1, assistantId: "parrot" };
  t.deepEqual(transcriptOf(messages, { ...question, isGroup: false }), [
    { role: "system", content: "Be short.\n\nBe kind." },
    { role: "user", content: "what time is it?" },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", content: "noon", tool_call_id: "c1" },
    { role: "user", content: [pictureOfFile("7")] },
  ]);
});

test("a picture is a part of its message, by its address or as a file, and a mark where only text is read", (t) => {
  const [url, address] = ["data:image/png;base64,AAAA", "https://pictures.example.test/1.png"];
  const messages = numbered([
    prompt({
      role: "user",
      text: "Which is red?",
      images: [{ url, detail: "low" }, { url: address }],
      imageIds: ["7"],
    }),
    prompt({ role: "user", text: address, contentType: "image" }),
    prompt({ role: "user", text: "no address", contentType: "image" }),
    answers("m3", "", { imageIds: ["8"] }),
    says("alice", "thanks"),
  ]);
  const question = { replyTo: "m5", replyToSeq: 5, fromSeq: 1, assistantId: "parrot", isGroup: false };
  const read = transcriptOf(messages, question);
  const shown = { type: "image_url", image_url: { url: address } };
  t.deepEqual(read, [
    {
      role: "user",
      content: [
        { type: "text", text: "Which is red?" },
        { type: "image_url", image_url: { url, detail: "low" } },
        shown,
        pictureOfFile("7"),
      ],
    },
    { role: "user", content: [shown] },
    { role: "user", content: "no address" },
    { role: "assistant", content: "[image]" },
    { role: "user", content: "thanks" },
  ]);
  t.is(plainText(read[0]?.content), "Which is red?\n[image]\n[image]\n[image]");
});

test("a title is one line without quotes, of whole characters, and at most 200 code points", (t) => {
  t.is(titleIn('"Trip to 杭州"\nIt is about a trip.'), "Trip to 杭州");
  t.is(titleIn("\n\n  Title: «Plans»  \n"), "Plans");
  t.is(titleIn("**Bold plans.**"), "Bold plans");
  t.is(titleIn(""), "");
  t.is(titleIn('""\n \u200b\n'), "");
  t.is(titleIn("a\u202eb\u0007c"), "a b c");
  const family = "👨‍👩‍👧‍👦"; // seven code points, one character
  t.is(titleIn(family.repeat(300)), family.repeat(28));
  t.is([...titleIn("🦀".repeat(300))].length, 200);
});
