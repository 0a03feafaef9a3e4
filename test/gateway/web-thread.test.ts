// The messages of one conversation in the web chat: pages of the history beside what arrives live.
import test from "ava";
import type { Api } from "../../gateway/client/api/api.ts";
import type { Message } from "../../gateway/client/base/wire.ts";
import { Thread } from "../../gateway/web/app/model/thread.ts";

function message(seq: number, more: Partial<Message> = {}): Message {
  const place = { messageId: `m${seq}`, sessionId: "s_1_2", senderId: "2", version: seq, timestamp: seq };
  return { ...place, contentType: "text", content: `text ${seq}`, seq, ...more };
}

/** A server with these messages. `hold` stands between the reading of a page and its arrival. */
function serverOf(stored: Message[]) {
  let hold: Promise<void> = Promise.resolve();
  let asked = 0;
  const history = async (_: string, page: { startSeq?: number; limit?: number; direction?: string } = {}) => {
    asked += 1;
    const { startSeq, limit = 20, direction = "backward" } = page;
    const isForward = direction === "forward";
    const range = stored.filter(({ seq }) => startSeq === undefined || (isForward ? seq >= startSeq : seq <= startSeq));
    const messages = isForward ? range.slice(0, limit) : range.slice(-limit);
    const waiting = hold;
    await waiting;
    return { messages, hasMore: range.length > messages.length };
  };
  const api = { messages: { history } } as unknown as Api;
  return {
    api,
    asked: () => asked,
    holds() {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = promise;
      return () => {
        hold = Promise.resolve();
        resolve();
      };
    },
  };
}

const seqsOf = (thread: Thread) => thread.messages.map(({ seq }) => seq);

test("a message that arrives while the first page is on its way is shown", async (t) => {
  const server = serverOf([]);
  const goOn = server.holds();
  const thread = new Thread("s_1_2", server.api, "1");
  const loading = thread.load();
  thread.take([message(1)]);
  goOn();
  await loading;
  t.deepEqual(seqsOf(thread), [1]);
});

test("a message behind a hole brings what is between", async (t) => {
  const stored = [1, 2, 3].map((seq) => message(seq));
  const server = serverOf(stored);
  const thread = new Thread("s_1_2", server.api, "1");
  await thread.load();
  stored.push(message(4), message(5));
  thread.take([message(5)]);
  await new Promise(setImmediate);
  t.deepEqual(seqsOf(thread), [1, 2, 3, 4, 5]);
  stored.push(message(6));
  const before = server.asked();
  thread.take([message(6)]);
  t.deepEqual(seqsOf(thread), [1, 2, 3, 4, 5, 6]);
  t.is(server.asked(), before, "a message that follows asks for nothing");
});

test("older pages come by scrolling, and the newest page joins what is held", async (t) => {
  const stored = Array.from({ length: 100 }, (_, index) => message(index + 1));
  const server = serverOf(stored);
  const thread = new Thread("s_1_2", server.api, "1");
  await thread.load();
  t.deepEqual([seqsOf(thread)[0], thread.hasOlder], [61, true]);
  await thread.loadOlder();
  await thread.loadOlder();
  t.deepEqual([seqsOf(thread)[0], thread.lastSeq, thread.hasOlder], [1, 100, false]);
  stored.push(message(101));
  await thread.load();
  t.deepEqual([thread.messages.length, thread.hasOlder], [101, false]);
});

test("a page that does not join what is held replaces it: no hole stays in the thread", async (t) => {
  const stored = [message(1)];
  const thread = new Thread("s_1_2", serverOf(stored).api, "1");
  await thread.load();
  for (let seq = 2; seq <= 90; seq += 1) stored.push(message(seq));
  await thread.load();
  t.deepEqual([seqsOf(thread)[0], thread.lastSeq, thread.hasOlder], [51, 90, true]);
});

test("a recall takes the content of the message and of what quotes it, and reactions are those of the event", async (t) => {
  const quote = { messageId: "m1", seq: 1, senderId: "2", senderName: "Bob", contentType: "text", content: "text 1" };
  const thread = new Thread("s_1_2", serverOf([message(1), message(2, { replyTo: "m1", quote })]).api, "1");
  await thread.load();
  const reactions = [{ emoji: "👍", count: 2, userIds: ["1", "2"] }];
  thread.change({ type: "reacted", version: 3, messageId: "m2", reactions });
  thread.change({ type: "recalled", version: 4, messageId: "m1", seq: 1 });
  t.like(thread.messages[0], { status: "recalled", content: null });
  t.like(thread.messages[1], {
    quote: { content: "", status: "recalled" },
    reactions: [{ emoji: "👍", count: 2, mine: true }],
  });
});
