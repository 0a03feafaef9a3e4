// Search by any combination of filters, and what is left of a text that was changed or taken back.
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { connected } from "../support/people.ts";
import type { Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

type Row = Record<string, unknown>;

async function search(person: Person, filters: Record<string, string | number>): Promise<Row[]> {
  const query = Object.entries(filters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const answer = await person.gets<{ messages: Row[] }>(`/messages/search?${query.join("&")}`);
  if (answer.code !== 0) throw new Error(`${answer.code} ${answer.message}`);
  return answer.data.messages;
}
const contents = (messages: Row[]) => messages.map(({ content }) => content);

test("any combination of words, sender, type, time and conversation narrows a search", async (t) => {
  const [alice, bob, carol] = await connected(chat, "alice", "bob", "carol");
  await alice.befriends(bob);
  await alice.befriends(carol);
  const [withBob, withCarol] = [alice.chatWith(bob), alice.chatWith(carol)];
  await alice.says(bob, "tea at one");
  const two = await bob.says(alice, "tea at two");
  const image = { sessionId: withBob, contentType: "image", content: { url: "/1.png" } };
  const { data: picture } = await bob.posts("/messages", image);
  const last = await carol.says(alice, "tea at four");
  const found = async (filters: Record<string, string | number>) =>
    (await search(alice, filters)).map(({ contentType, content }) => (contentType === "image" ? "image" : content));
  t.deepEqual(await found({ sessionId: withBob }), ["image", "tea at two", "tea at one"]);
  t.deepEqual(await found({ senderId: bob.userId }), ["image", "tea at two"]);
  t.deepEqual(await found({ contentType: "image" }), ["image"]);
  t.deepEqual(await found({ keyword: "tea", senderId: bob.userId }), ["tea at two"]);
  t.deepEqual(await found({ keyword: "tea", sessionId: withCarol }), ["tea at four"]);
  t.deepEqual(await found({ senderId: bob.userId, contentType: "text", sessionId: withBob }), ["tea at two"]);
  const [from, to] = [Number(two.timestamp), Number(picture.timestamp)];
  t.deepEqual(await found({ startTime: from, endTime: to, sessionId: withBob }), ["image", "tea at two"]);
  t.deepEqual(await found({ startTime: from, endTime: to, sessionId: withBob, contentType: "text" }), ["tea at two"]);
  t.deepEqual(await found({ startTime: Number(last.timestamp), keyword: "tea" }), ["tea at four"]);
  t.deepEqual(await found({ keyword: "tea", contentType: "image" }), []);
  t.deepEqual(await found({ keyword: "\u200b", sessionId: withBob }), [], "what stands in no message matches none");
  t.like(await alice.gets("/messages/search"), { status: 400, code: 1 });
  t.like(await alice.gets("/messages/search?keyword=%20"), { status: 400, code: 1 });
  t.like(await carol.gets(`/messages/search?sessionId=${withBob}`), { code: 0, data: { messages: [] } });

  // A page ends where its cursor goes on.
  const pages: unknown[] = [];
  for (let cursor = ""; ; ) {
    const path = `/messages/search?keyword=tea&limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { data } = await alice.gets<{ messages: Row[]; cursor: string | null; hasMore: boolean }>(path);
    pages.push(...contents(data.messages));
    if (!data.hasMore || data.cursor === null) break;
    cursor = data.cursor;
  }
  t.deepEqual(pages, ["tea at four", "tea at two", "tea at one"]);
});

test("pieces of unspaced texts and signs are found at once, by those who may see them", async (t) => {
  const [alice, bob, eve] = await connected(chat, "alice", "bob", "eve");
  await alice.befriends(bob);
  const texts = [
    "订单ORD-42已发货",
    "カタカナとひらがな",
    "ฉันชอบกินข้าวผัด",
    "안녕하세요여러분",
    "user_100%",
    "Crème brûlée",
  ];
  for (const text of texts) await alice.says(bob, text);
  for (const [query, text] of [
    ["单", texts[0]],
    ["发货", texts[0]],
    ["ord-42", texts[0]],
    ["ｶﾀｶﾅ", texts[1]],
    ["らが", texts[1]],
    ["ข้าว", texts[2]],
    ["하세요", texts[3]],
    ["하세요".normalize("NFD"), texts[3]],
    ["%", texts[4]],
    ["_", texts[4]],
    ["100%", texts[4]],
    ["crème".normalize("NFD"), texts[5]],
  ] as const) {
    t.deepEqual(contents(await search(bob, { keyword: query })), [text], query);
    t.deepEqual(await search(eve, { keyword: query }), [], query);
  }
  for (const sign of ["\\", ".*", "'", "?", "%%%"]) {
    t.true(
      (await search(bob, { keyword: sign })).every(({ content }) => String(content).includes(sign)),
      sign,
    );
  }
});

test("an edited text lives on in its versions only, and a recalled one nowhere but in independent copies", async (t) => {
  const [alice, bob, carol, dave] = await connected(chat, "alice", "bob", "carol", "dave");
  const id = await alice.createsGroup("Traces", [bob, carol]);
  await carol.befriends(dave);
  const send = { sessionId: id, contentType: "text", content: "ALPHA7731", mentions: [bob.userId] };
  const { data: said } = await alice.posts("/messages", send);
  const messageId = said.messageId;
  t.is((await bob.posts("/messages", { ...send, content: "quoting", mentions: [], replyTo: messageId })).code, 0);
  const copied = { messageIds: [messageId], targets: [{ receiverId: dave.userId }] };
  t.is((await carol.posts("/messages/forward", copied)).code, 0);
  t.is((await alice.puts(`/messages/${messageId}/pin`, {})).code, 0);

  /** Everything that a member can read, as one text. */
  const everything = async (person: Person): Promise<string> => {
    const answers = await Promise.all([
      person.gets("/sessions"),
      person.gets(`/sessions/${id}`),
      person.gets(`/messages/history?sessionId=${id}&limit=100`),
      person.gets(`/messages/${messageId}/context`),
      person.gets(`/sessions/${id}/pins`),
      person.gets("/messages/offline?lastSeq=0"),
      person.gets(`/messages/search?sessionId=${id}`),
      person.posts("/sync", { cursor: 0 }),
      person.posts("/sync", { lastSyncTime: 0, conversationSeqs: [{ conversationId: id, lastSeq: 0 }] }),
      person.posts("/sync/messages", { conversationSeqs: [{ conversationId: id, lastSeq: 0 }] }),
    ]);
    return JSON.stringify(answers);
  };
  t.regex(await everything(bob), /ALPHA7731/);
  await alice.puts(`/messages/${messageId}`, { content: "BETA7732" });
  await bob.device.sees("MESSAGE_EDITED", ({ data }) => data.messageId === messageId);
  for (const person of [alice, bob]) {
    await eventually(async () => !(await everything(person)).includes("ALPHA7731"));
    t.deepEqual(await search(person, { keyword: "ALPHA7731", sessionId: id }), []);
    t.is((await search(person, { keyword: "BETA7732", sessionId: id })).length, 1);
  }
  await alice.posts(`/messages/${messageId}/recall`);
  for (const person of [alice, bob]) {
    t.notRegex(await everything(person), /ALPHA7731|BETA7732/);
    for (const keyword of ["ALPHA7731", "BETA7732"]) t.deepEqual(await search(person, { keyword, sessionId: id }), []);
    t.like(await person.gets(`/messages/${messageId}/edits`), { status: 410, code: 50102 });
  }
  t.deepEqual(contents(await dave.history(carol.chatWith(dave))), ["ALPHA7731"], "a forward is independent");
  const again = { messageIds: [messageId], targets: [{ receiverId: dave.userId }] };
  t.like(await carol.posts("/messages/forward", again), { status: 410, code: 50102 });
});
