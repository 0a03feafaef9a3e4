// Answers of models that are being written, as the page of the chat holds them.
import test from "ava";
import type { Message } from "../../gateway/client/base/wire.ts";
import { RunningReplies } from "../../gateway/web/app/model/running-replies.ts";

test("a reply whose message is there is not shown beside it when its end comes again", (t) => {
  const replies = new RunningReplies();
  const reply = { replyId: "r1", sessionId: "a_1", replyTo: "7", status: "running", text: "squawk" } as const;
  replies.take(reply);
  t.is(replies.of("a_1").length, 1);
  replies.over([{ messageId: "8", content: { replyId: "r1", text: "squawk" } } as unknown as Message]);
  t.is(replies.of("a_1").length, 0);
  replies.take({ ...reply, status: "completed", messageId: "8" });
  t.is(replies.of("a_1").length, 0);
});
