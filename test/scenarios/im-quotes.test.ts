// Quotes and jumps: a message shows the one that it answers as that one is now.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { connected } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import type { TestFrame } from "../support/test-device.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;
const of = (messageId: unknown) => (frame: TestFrame) => frame.data.messageId === messageId;

async function answers(person: Person, sessionId: string, replyTo: unknown, content: string): Promise<Row> {
  const frame = { sessionId, contentType: "text", content, replyTo };
  const answer = await person.device.asks("SEND_MESSAGE", frame);
  if (answer.type !== "SEND_ACK") throw new Error(JSON.stringify(answer));
  return answer.data;
}

/** The quote of a message on every read path of a person. */
async function quotesSeen(person: Person, id: string, messageId: unknown, word: string): Promise<unknown[]> {
  const found = (messages: Row[]) => messages.find((message) => message.messageId === messageId)?.quote;
  const { data: search } = await person.gets<{ messages: Row[] }>(`/messages/search?keyword=${word}`);
  const { data: sync } = await person.posts<{ changes: Row[] }>("/sync", { cursor: 0 });
  const conversation = sync.changes.find((change) => change.sessionId === id) as { messages: Row[] } | undefined;
  const { data: offline } = await person.gets<{ messages: Row[] }>("/messages/offline?lastSeq=0");
  const around = await person.gets<{ messages: Row[] }>(`/messages/${messageId}/context`);
  return [
    found(await person.history(id)),
    found(search.messages),
    found(conversation?.messages ?? []),
    found(offline.messages),
    found(around.data.messages),
  ];
}

test("a quote shows the answered message as it is now, live and on every read path", async (t) => {
  const [alice, bob] = await connected(chat, "alice", "bob");
  await alice.befriends(bob);
  const id = alice.chatWith(bob);
  const first = await alice.says(bob, "ALPHA7731 at noon");
  const answer = await answers(bob, id, first.messageId, "gamma");
  const quote = {
    ...{ messageId: first.messageId, seq: 1, senderId: alice.userId, senderName: "alice" },
    ...{ contentType: "text", content: "ALPHA7731 at noon" },
  };
  const live = await alice.device.sees("NEW_MESSAGE", of(answer.messageId));
  t.like(live.data, { replyTo: first.messageId, quote });
  t.deepEqual(await quotesSeen(alice, id, answer.messageId, "gamma"), Array(5).fill(quote));

  await alice.puts(`/messages/${first.messageId}`, { content: "BETA" });
  const edited = { ...quote, content: "BETA" };
  t.deepEqual(await quotesSeen(bob, id, answer.messageId, "gamma"), Array(5).fill(edited));

  await alice.posts(`/messages/${first.messageId}/recall`);
  const gone = { ...quote, content: "", status: "recalled" };
  t.deepEqual(await quotesSeen(bob, id, answer.messageId, "gamma"), Array(5).fill(gone));
  const late = { sessionId: id, contentType: "text", content: "too late", replyTo: first.messageId };
  t.like(await bob.posts("/messages", late), { status: 410, code: 50102 });
  t.is((await bob.device.asks("SEND_MESSAGE", late)).code, 50102);

  await bob.deletes(`/messages/${first.messageId}`);
  t.deepEqual(await quotesSeen(bob, id, answer.messageId, "gamma"), Array(5).fill(undefined), "deleted for bob");
  t.deepEqual(await quotesSeen(alice, id, answer.messageId, "gamma"), Array(5).fill(gone), "still there for alice");
});

test("a quote of a message from before a member's time reaches that member nowhere", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  const id = await alice.createsGroup("hidden", [bob]);
  await alice.puts(`/groups/${id.slice(2)}`, { allowViewHistory: false });
  const early = await alice.says(id, "secret of the early days");
  await alice.posts(`/groups/${id.slice(2)}/members`, { userIds: [carol.userId] });
  const answer = await answers(bob, id, early.messageId, "gamma");
  const live = await carol.device.sees("NEW_MESSAGE", of(answer.messageId));
  t.is(live.data.quote, undefined);
  t.deepEqual(await quotesSeen(carol, id, answer.messageId, "gamma"), Array(5).fill(undefined));
  const seen = await quotesSeen(alice, id, answer.messageId, "gamma");
  t.is(seen.length, 5);
  for (const quote of seen) t.like(quote, { content: "secret of the early days", senderName: "alice" });
  const later = await answers(alice, id, answer.messageId, "delta");
  t.like((await carol.device.sees("NEW_MESSAGE", of(later.messageId))).data.quote, { content: "gamma" });
});

test("a quote is one short line, and that of an expired message is empty", async (t) => {
  const [alice, bob] = await connected(chat, "alice", "bob");
  await alice.befriends(bob);
  const id = alice.chatWith(bob);
  const long = await alice.says(bob, "y".repeat(500));
  const answer = await answers(bob, id, long.messageId, "gamma");
  const live = await alice.device.sees("NEW_MESSAGE", of(answer.messageId));
  t.is((live.data.quote as Row).content, "y".repeat(100));
  const image = { sessionId: id, contentType: "image", content: { url: "/1.png" }, expireAt: Date.now() + 1_000 };
  const { data: picture } = await alice.posts("/messages", image);
  const about = await answers(bob, id, picture.messageId, "nice");
  t.like((await alice.device.sees("NEW_MESSAGE", of(about.messageId))).data.quote, { content: "[image]" });
  await eventually(async () => {
    const quote = (await bob.history(id)).find(({ messageId }) => messageId === about.messageId)?.quote as Row;
    return quote.status === "expired" && quote.content === "";
  });
});

test("the context of a message are its neighbours on both sides, as far as the reader may see them", async (t) => {
  const [alice, bob, eve] = await connected(chat, "alice", "bob", "eve");
  await alice.befriends(bob);
  const id = alice.chatWith(bob);
  const said: Row[] = [];
  for (let i = 1; i <= 60; i += 1) said.push(await alice.says(bob, `line ${i}`));
  const around = async (index: number, query = "") =>
    (await bob.gets<{ messages: Row[] }>(`/messages/${said[index]?.messageId}/context${query}`)).data;
  const seqs = ({ messages }: { messages: Row[] }) => messages.map(({ seq }) => Number(seq));
  const middle = await around(29);
  t.like(middle, { sessionId: id, messageId: said[29]?.messageId, hasBefore: true, hasAfter: true });
  t.deepEqual(
    seqs(middle),
    Array.from({ length: 41 }, (_, i) => 10 + i),
  );
  const narrow = await around(29, "?before=0&after=0");
  t.like(narrow, { hasBefore: true, hasAfter: true });
  t.deepEqual(seqs(narrow), [30]);
  const start = await around(1, "?before=5&after=2");
  t.like(start, { hasBefore: false, hasAfter: true });
  t.deepEqual(seqs(start), [1, 2, 3, 4]);
  const end = await around(59, "?before=2&after=100");
  t.like(end, { hasBefore: true, hasAfter: false });
  t.deepEqual(seqs(end), [58, 59, 60]);
  t.like(await bob.gets(`/messages/${said[0]?.messageId}/context?before=101`), { status: 400, code: 1 });

  await alice.posts(`/messages/${said[29]?.messageId}/recall`);
  const recalled = await around(29, "?before=1&after=1");
  t.deepEqual(
    recalled.messages.map(({ status, content }) => [status, content]),
    [
      ["delivered", "line 29"],
      ["recalled", null],
      ["delivered", "line 31"],
    ],
  );
  await bob.deletes(`/messages/${said[30]?.messageId}`);
  t.like(await bob.gets(`/messages/${said[30]?.messageId}/context`), { status: 404, code: 50101 });
  t.deepEqual(seqs(await around(29, "?before=1&after=1")), [29, 30, 32]);
  t.like(await eve.gets(`/messages/${said[0]?.messageId}/context`), { status: 404, code: 50101 });
  t.like(await bob.gets("/messages/nonsense/context"), { status: 404, code: 50101 });
});
