// Messages under retries, races and limits: one outcome, the same for every reader.
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

async function friends(): Promise<{ ana: Person; bo: Person; id: string }> {
  const [ana, bo] = await connected(chat, "ana", "bo");
  await ana.befriends(bo);
  return { ana, bo, id: ana.chatWith(bo) };
}
const contents = (messages: Row[]) => messages.map(({ content }) => content);

test("a client id is one message of its sender in a conversation, however often and on whichever way it is sent", async (t) => {
  const { ana, bo, id } = await friends();
  const [cy] = await connected(chat, "cy");
  await ana.befriends(cy);
  const body = { sessionId: id, contentType: "text", content: "once" };
  const first = await ana.device.asks("SEND_MESSAGE", body, "K");
  for (let i = 0; i < 3; i += 1) ana.device.sends({ type: "SEND_MESSAGE", msgId: "K", data: body });
  const overRest = await Promise.all([1, 2].map(() => ana.posts("/messages", { ...body, clientMsgId: "K" })));
  await eventually(() => ana.device.seen("SEND_ACK", ({ msgId }) => msgId === "K").length === 4);
  const again = [...overRest, ...ana.device.seen("SEND_ACK")].map(({ data }) => data);
  for (const { messageId, seq } of again) t.deepEqual([messageId, seq], [first.data.messageId, first.data.seq]);
  t.is((await bo.posts("/messages", { ...body, content: "mine", clientMsgId: "K" })).code, 0, "another sender's K");
  const elsewhere = { ...body, sessionId: ana.chatWith(cy), content: "elsewhere", clientMsgId: "K" };
  t.is((await ana.posts("/messages", elsewhere)).code, 0, "K in another conversation");
  const changed = { ...body, content: "changed" };
  t.like(await ana.posts("/messages", { ...changed, clientMsgId: "K" }), { status: 409, code: 8 });
  ana.device.sends({ type: "SEND_MESSAGE", msgId: "K", data: changed });
  t.is((await ana.device.sees("ERROR", ({ msgId }) => msgId === "K")).code, 8);
  t.deepEqual(contents(await bo.history(id)), ["once", "mine"]);
  t.is(bo.device.seen("NEW_MESSAGE", ({ data }) => data.content === "once").length, 1);
});

test("a recall wins over edits at the same time, and stays won for every reader", async (t) => {
  const { ana, bo, id } = await friends();
  const phone = await ana.opens(await ana.logsIn("iOS", "phone"));
  for (let round = 0; round < 5; round += 1) {
    const { messageId } = await ana.says(bo, `secret ${round}`);
    const edits = Array.from({ length: 10 }, (_, i) =>
      i % 2 === 0
        ? ana.puts(`/messages/${messageId}`, { content: `secret ${round}.${i}` })
        : phone.asks("MESSAGE_EDIT", { messageId, content: `secret ${round}.${i}` }),
    );
    const recall = phone.asks("MESSAGE_RECALL", { messageId });
    const answers = await Promise.all(edits);
    t.is((await recall).type, "OK");
    for (const { code } of answers) t.true([undefined, 0, 8, 50102].includes(code), `${code}`);
    t.like(await ana.puts(`/messages/${messageId}`, { content: "late" }), { status: 410, code: 50102 });
    for (const person of [ana, bo]) {
      const shown = (await person.history(id)).find((message) => message.messageId === messageId);
      t.like(shown, { status: "recalled", content: null });
    }
    await bo.device.sees("MESSAGE_RECALLED", ({ data }) => data.messageId === messageId);
    const changes = bo.device
      .seen("MESSAGE_EDITED", ({ data }) => data.messageId === messageId)
      .map(({ data }) => Number(data.version));
    const recalled = bo.device.seen("MESSAGE_RECALLED", ({ data }) => data.messageId === messageId);
    t.is(recalled.length, 1);
    t.deepEqual(
      changes,
      changes.toSorted((a, b) => a - b),
    );
    t.true(changes.every((version) => version < Number(recalled[0]?.data.version)));
  }
  const { data } = await bo.posts("/sync", { cursor: 0 });
  t.false(JSON.stringify(data).includes("secret"));
});

test("a read position never goes back, beyond the last message, or to another conversation's message", async (t) => {
  const { ana, bo, id } = await friends();
  const [cy] = await connected(chat, "cy");
  await ana.befriends(cy);
  const foreign = await ana.says(cy, "elsewhere");
  const said: Row[] = [];
  for (let i = 1; i <= 12; i += 1) said.push(await ana.says(bo, `${i}`));
  const mark = (body: Row) => bo.posts("/messages/ack", { sessionId: id, ...body });
  const position = async () => {
    const { data } = await bo.gets(`/sessions/${id}`);
    return [data.readSeq, data.unreadCount];
  };
  await mark({ seq: 10 });
  await mark({ seq: 6 });
  t.deepEqual(await position(), [10, 2]);
  t.like(await mark({ messageIds: [foreign.messageId] }), { status: 404, code: 50101 });
  await mark({ seq: 9_999 });
  t.deepEqual(await position(), [12, 0]);
  await ana.says(bo, "13");
  t.deepEqual(await position(), [12, 1]);
  await Promise.all(Array.from({ length: 30 }, (_, i) => mark({ seq: 1 + ((i * 7) % 13) })));
  t.deepEqual(await position(), [13, 0]);
  const receipts = ana.device.seen("MESSAGE_READ").map(({ data }) => Number(data.seq));
  t.deepEqual(
    receipts,
    receipts.toSorted((a, b) => a - b),
  );
  t.like((await ana.gets(`/sessions/${id}`)).data, { unreadCount: 0 });
});

test("pages hold each message once, though messages arrive and the boundary is recalled or deleted between them", async (t) => {
  const { ana, bo, id } = await friends();
  for (let i = 1; i <= 40; i += 1) await (i % 3 === 0 ? bo.says(ana, `${i}`) : ana.says(bo, `${i}`));
  const seqs: number[] = [];
  for (let startSeq = 0; ; ) {
    const { data } = await bo.gets<{ messages: Row[]; hasMore: boolean }>(
      `/messages/history?sessionId=${id}&limit=7&startSeq=${startSeq}`,
    );
    seqs.push(...data.messages.map(({ seq }) => Number(seq)).toReversed());
    if (!data.hasMore) break;
    const [first] = data.messages as [Row];
    await ana.says(bo, "meanwhile");
    await (first.senderId === ana.userId ? ana : bo).posts(`/messages/${first.messageId}/recall`);
    const neighbour = data.messages[1];
    await bo.deletes(`/messages/${neighbour?.messageId}`);
    startSeq = Number(first.seq) - 1;
  }
  t.deepEqual(
    seqs,
    Array.from({ length: 40 }, (_, i) => 40 - i),
  );
});

test("a text has one limit in one unit on every way: sent, edited, forwarded, quoted", async (t) => {
  const { ana, bo, id } = await friends();
  const [cy] = await connected(chat, "cy");
  await ana.befriends(cy);
  const signs = { ascii: "a", cjk: "字", emoji: "😀", quotes: '"', lines: "\n" };
  const { messageId: seed } = await ana.says(bo, "short");
  for (const [title, sign] of Object.entries(signs)) {
    const fits = `x${sign.repeat(4_999)}`;
    const over = `x${sign.repeat(5_000)}`;
    const send = (content: string, more: Row = {}) => ({ sessionId: id, contentType: "text", content, ...more });
    t.is((await ana.device.asks("SEND_MESSAGE", send(fits))).type, "SEND_ACK", title);
    const { data: sent } = await ana.posts("/messages", send(fits, { replyTo: seed }));
    t.is((await ana.device.asks("SEND_MESSAGE", send(over))).code, 50110, title);
    t.like(await ana.posts("/messages", send(over)), { status: 413, code: 50110 }, title);
    t.is((await ana.puts(`/messages/${seed}`, { content: fits })).code, 0, title);
    t.like(await ana.puts(`/messages/${seed}`, { content: over }), { status: 413, code: 50110 }, title);
    const forward = { messageIds: [sent.messageId], targets: [{ receiverId: cy.userId }] };
    t.is((await ana.posts("/messages/forward", forward)).code, 0, title);
    await eventually(async () => (await cy.history(ana.chatWith(cy))).at(-1)?.content === fits);
    const last = (await bo.history(id)).at(-1);
    t.is(last?.content, fits, title);
    const { content = "" } = (last?.quote ?? {}) as { content?: string };
    t.true(content !== "" && content.isWellFormed() && content.length <= 100, title);
  }
});

test("a burning message is for two people, and no message expires in the past", async (t) => {
  const { ana, bo, id } = await friends();
  const group = await ana.createsGroup("No fire", [bo]);
  const text = { contentType: "text", content: "hot" };
  const burning = { ...text, sessionId: group, burnAfterReadMs: 1_000 };
  t.like(await ana.posts("/messages", burning), { status: 400, code: 1 });
  t.is((await ana.device.asks("SEND_MESSAGE", burning)).code, 1);
  const past = { ...text, sessionId: id, expireAt: Date.now() - 1_000 };
  t.like(await ana.posts("/messages", past), { status: 400, code: 1 });
  t.is((await ana.device.asks("SEND_MESSAGE", past)).code, 1);
  t.deepEqual(await bo.history(id), []);
});
