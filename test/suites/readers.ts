// What every store of views must do for readers: messages, buckets, changes, the directory, sends.
import type { TestFn } from "ava";
import type { Row } from "../../actors/runtime/ports.ts";
import type { Reaction } from "../../actors/shared/message.ts";
import { alice, bob, bucket, dayOf, message, pair, patch, send, stampOf, startMs, write } from "./rows.ts";
import { createSuite, type SuiteTest } from "./suite.ts";
import type { ViewsUnderTest } from "./views.ts";

export function readersSuite(test: TestFn, name: string, make: () => Promise<ViewsUnderTest>): void {
  const it = createSuite(test, name, make);
  pages(it);
  patches(it);
  reactions(it);
  edits(it);
  searches(it);
  others(it);
  sends(it);
}
const all = { fromSeq: 0, toSeq: Number.MAX_SAFE_INTEGER, order: "ascending" } as const;
const seqs = (messages: readonly { seq: number }[]): number[] => messages.map(({ seq }) => seq);

function pages(it: SuiteTest<ViewsUnderTest>): void {
  it("a message is read as it was written", async (t, { store }) => {
    const extra = {
      clientMsgId: "c1",
      senderName: "Alice",
      senderAvatar: "a.png",
      replyTo: "123",
      mentions: ["all", bob],
      burnAfterReadMs: 5_000,
      expireAtMs: startMs + 60_000,
    };
    await write(store.views, message(4, "你好 👋", { extra: JSON.stringify(extra), version: 9 }));
    t.deepEqual(await store.messages.page(pair, 1, all, 10), [
      {
        ...extra,
        messageId: String(stampOf(4)),
        conversationId: pair,
        bucket: 1,
        seq: 4,
        version: 9,
        senderId: alice,
        contentType: "text",
        content: { text: "你好 👋" },
        atMs: startMs + 4_000,
        status: "normal",
      },
    ]);
  });

  it("a page is a range of one bucket in ascending order, limited from the requested end", async (t, { store }) => {
    const rows = Array.from({ length: 30 }, (_, i) => message(i + 1, `m ${i + 1}`, { bucket: i < 20 ? 1 : 2 }));
    await write(store.views, ...rows.reverse(), message(5, "elsewhere", { conversationId: "g_1" }));
    const page = (fromSeq: number, toSeq: number, order: "ascending" | "descending", max: number, bucket = 1) =>
      store.messages.page(pair, bucket, { fromSeq, toSeq, order }, max);
    t.deepEqual(seqs(await page(3, 7, "ascending", 10)), [3, 4, 5, 6, 7]);
    t.deepEqual(seqs(await page(3, 30, "ascending", 2)), [3, 4]);
    t.deepEqual(seqs(await page(3, 30, "descending", 2)), [19, 20]);
    t.deepEqual(seqs(await page(0, 22, "ascending", 10, 2)), [21, 22]);
    t.deepEqual(await page(0, 30, "ascending", 10, 3), []);
  });

  it("a message is found by its id in its bucket", async (t, { store }) => {
    // With holes, because a store may hold only a part of a bucket.
    const held = [2, 3, 7, 11, 12, 13, 40, 41, 99];
    await write(store.views, ...held.map((seq) => message(seq, `m ${seq}`)), message(50, "next", { bucket: 2 }));
    for (const seq of held) t.is((await store.messages.find(pair, 1, String(stampOf(seq))))?.seq, seq);
    for (const seq of [1, 5, 50, 98, 100]) t.is(await store.messages.find(pair, 1, String(stampOf(seq))), undefined);
    t.is(await store.messages.find("g_404", 1, "1"), undefined);
  });

  it("the write with the higher stamp wins, and a replay changes nothing", async (t, { store }) => {
    const newer = message(1, "newer", { stamp: stampOf(1) + 1 });
    await write(store.views, newer);
    await write(store.views, message(1, "older"));
    await write(store.views, newer);
    t.like(await store.messages.find(pair, 1, newer.messageId), { content: { text: "newer" } });
  });
}

function patches(it: SuiteTest<ViewsUnderTest>): void {
  const read = async (store: ViewsUnderTest["store"], seq: number) =>
    (await store.messages.page(pair, 1, { fromSeq: seq, toSeq: seq, order: "ascending" }, 1))[0];
  const recall = patch(1, stampOf(1) + 9, { status: "recalled", content: "", terms: "" });
  const edit = patch(1, stampOf(1) + 5);
  const orders: Row[][] = [
    [message(1, "hello"), edit, recall],
    [recall, edit, message(1, "hello")],
    [edit, message(1, "hello"), recall],
    [recall, message(1, "hello"), edit],
  ];
  it("edits and recalls have the same result in any order, and when they are written again", async (t, { store }) => {
    for (const [index, rows] of orders.entries()) {
      const conversationId = `g_${index + 1}`;
      const moved = rows.map((row) => ({ ...row, conversationId }) as Row);
      for (const row of moved) await write(store.views, row);
      const once = await store.messages.page(conversationId, 1, all, 10);
      t.is(once.length, 1);
      t.like(once[0], { status: "recalled", content: null, seq: 1 });
      await write(store.views, ...moved);
      t.deepEqual(await store.messages.page(conversationId, 1, all, 10), once);
    }
  });

  it("an edited message has its new content and time", async (t, { store }) => {
    await write(store.views, message(1, "helo"), message(2, "untouched"), edit);
    t.like(await read(store, 1), {
      status: "edited",
      content: { text: `edited at ${edit.stamp}` },
      editedAtMs: startMs + 5,
      atMs: startMs + 1_000,
    });
    t.like(await read(store, 2), { status: "normal", content: { text: "untouched" } });
    t.false("editedAtMs" in (await read(store, 2))!);
  });

  it("an expired message keeps its place without content", async (t, { store }) => {
    await write(store.views, message(1, "secret"));
    await write(store.views, patch(1, stampOf(1) + 3, { status: "expired", content: "", terms: "" }));
    t.like(await read(store, 1), { status: "expired", content: null, senderId: alice });
  });
}

function edits(it: SuiteTest<ViewsUnderTest>): void {
  const edit = (seq: number, version: number, content: string, later = 0): Row => ({
    table: "edits",
    conversationId: pair,
    bucket: 1,
    ...{ seq, version, content, atMs: startMs + version, stamp: stampOf(version) + later },
  });
  it("the versions of a message are read oldest first, and erased ones not at all", async (t, { store }) => {
    await write(store.views, edit(1, 7, '"c"'), edit(1, 0, '{"text":"a"}'), edit(1, 5, '"b"'), edit(2, 6, '"other"'));
    t.deepEqual(await store.messages.edits(pair, 1, 1), [
      { version: 0, atMs: startMs, content: { text: "a" } },
      { version: 5, atMs: startMs + 5, content: "b" },
      { version: 7, atMs: startMs + 7, content: "c" },
    ]);
    await write(store.views, ...[0, 5, 7].map((version) => edit(1, version, "", 1)));
    await write(store.views, edit(1, 5, '"b"'));
    t.deepEqual(await store.messages.edits(pair, 1, 1), []);
    t.is((await store.messages.edits(pair, 1, 2)).length, 1);
    t.deepEqual(await store.messages.edits("g_404", 1, 1), []);
  });
}

function reactions(it: SuiteTest<ViewsUnderTest>): void {
  const cell = (seq: number, stamp: number, reactedBy: readonly Reaction[]): Row => ({
    table: "reactions",
    conversationId: pair,
    bucket: 1,
    seq,
    reactions: reactedBy.length > 0 ? JSON.stringify(reactedBy) : "",
    stamp,
  });
  const thumbs: Reaction[] = [{ emoji: "👍", userIds: [alice, bob] }];
  const hearts: Reaction[] = [...thumbs, { emoji: "❤️", userIds: [bob] }];

  it("reactions are read with their message, whichever was written first, and the newer ones win", async (t, {
    store,
  }) => {
    await write(store.views, cell(1, stampOf(1) + 2, hearts), cell(2, stampOf(2) + 1, thumbs));
    await write(store.views, message(1, "hello"), message(2, "dinner"), message(3, "bare"));
    await write(store.views, cell(1, stampOf(1) + 1, thumbs));
    const read = async () =>
      (await store.messages.page(pair, 1, all, 10)).map(({ content, reactedBy }) => [content, reactedBy]);
    t.deepEqual(await read(), [
      [{ text: "hello" }, hearts],
      [{ text: "dinner" }, thumbs],
      [{ text: "bare" }, undefined],
    ]);
    t.deepEqual((await store.messages.find(pair, 1, String(stampOf(2))))?.reactedBy, thumbs);
    const query = { terms: ["dinner"], beforeSeq: 9, fromSeq: 0 };
    t.deepEqual((await store.messages.search(pair, 1, query, 1))[0]?.reactedBy, thumbs);
    await write(store.views, cell(1, stampOf(1) + 3, []));
    t.deepEqual((await read())[0], [{ text: "hello" }, undefined]);
  });

  it("an edit leaves the reactions, and reactions leave the edit", async (t, { store }) => {
    await write(store.views, message(1, "helo"), cell(1, stampOf(1) + 1, thumbs));
    await write(
      store.views,
      patch(1, stampOf(1) + 2, { content: '{"text":"hello"}' }),
      cell(1, stampOf(1) + 3, hearts),
    );
    t.like((await store.messages.page(pair, 1, all, 1))[0], {
      status: "edited",
      content: { text: "hello" },
      reactedBy: hearts,
    });
  });
}

function searches(it: SuiteTest<ViewsUnderTest>): void {
  const query = { terms: ["dinner"], beforeSeq: Number.MAX_SAFE_INTEGER, fromSeq: 0 };

  it("a search finds messages that contain all its whole words, newest first", async (t, { store }) => {
    const texts = ["Dinner at eight", "no", "dinners", "dinner tonight", "tonight at home", "Tonight dinner at ten"];
    await write(store.views, ...texts.map((text, i) => message(i + 1, text)));
    await write(store.views, message(7, "dinner", { bucket: 2 }), message(8, "dinner", { conversationId: "g_1" }));
    t.deepEqual(seqs(await store.messages.search(pair, 1, query, 10)), [6, 4, 1]);
    t.deepEqual(seqs(await store.messages.search(pair, 1, query, 2)), [6, 4]);
    t.deepEqual(seqs(await store.messages.search(pair, 1, { ...query, terms: ["dinner", "at"] }, 9)), [6, 1]);
    t.deepEqual(seqs(await store.messages.search(pair, 1, { ...query, beforeSeq: 6, fromSeq: 2 }, 9)), [4]);
    t.deepEqual(await store.messages.search(pair, 1, { ...query, terms: ["breakfast"] }, 9), []);
    t.deepEqual(await store.messages.search(pair, 1, { ...query, terms: ["%", "_"] }, 9), []);
  });

  it("a sign is a term of its own, and matches itself only", async (t, { store }) => {
    const signs = ["%", "_", "\\", "'", '"', "*", "👍"];
    await write(store.views, message(1, "a"), ...signs.map((sign, i) => message(i + 2, "", { terms: ` a ${sign} ` })));
    for (const [i, sign] of signs.entries()) {
      t.deepEqual(seqs(await store.messages.search(pair, 1, { ...query, terms: [sign] }, 9)), [i + 2], sign);
    }
  });

  it("Chinese is found by single characters and pairs", async (t, { store }) => {
    await write(
      store.views,
      message(1, "你好", { terms: " 你 好 你好 " }),
      message(2, "好人", { terms: " 好 人 好人 " }),
    );
    t.deepEqual(seqs(await store.messages.search(pair, 1, { ...query, terms: ["你好"] }, 9)), [1]);
    t.deepEqual(seqs(await store.messages.search(pair, 1, { ...query, terms: ["好"] }, 9)), [2, 1]);
  });

  it("sender, type and time narrow a search", async (t, { store }) => {
    await write(
      store.views,
      message(1, "dinner"),
      message(2, "dinner", { senderId: bob }),
      message(3, "dinner", { contentType: "file" }),
    );
    const find = async (with_: object) => seqs(await store.messages.search(pair, 1, { ...query, ...with_ }, 9));
    t.deepEqual(await find({ senderId: bob }), [2]);
    t.deepEqual(await find({ contentType: "file" }), [3]);
    t.deepEqual(await find({ fromMs: startMs + 2_000 }), [3, 2]);
    t.deepEqual(await find({ toMs: startMs + 2_000 }), [2, 1]);
    t.deepEqual(await find({ fromMs: startMs + 1_001, toMs: startMs + 2_999 }), [2]);
  });

  it("an edited message is found by its new words only, a recalled one not at all", async (t, { store }) => {
    await write(store.views, message(1, "dinner"), message(2, "dinner"), message(3, "dinner"));
    await write(store.views, patch(1, stampOf(1) + 1, { terms: " supper " }));
    await write(store.views, patch(2, stampOf(2) + 1, { status: "recalled", content: "", terms: "" }));
    t.deepEqual(seqs(await store.messages.search(pair, 1, query, 9)), [3]);
    t.deepEqual(seqs(await store.messages.search(pair, 1, { ...query, terms: ["supper"] }, 9)), [1]);
  });
}

function others(it: SuiteTest<ViewsUnderTest>): void {
  it("buckets of a conversation are listed oldest first", async (t, { store }) => {
    const bucket = (number: number, firstSeq: number, conversationId = pair): Row => ({
      table: "buckets",
      conversationId,
      bucket: number,
      firstSeq,
      fromMs: startMs + firstSeq,
      stamp: stampOf(firstSeq),
    });
    await write(store.views, bucket(3, 900), bucket(1, 1), bucket(2, 400, "g_1"), bucket(2, 500));
    await write(store.views, bucket(1, 1));
    t.deepEqual(await store.buckets.list(pair), [
      { bucket: 1, firstSeq: 1, fromMs: startMs + 1 },
      { bucket: 2, firstSeq: 500, fromMs: startMs + 500 },
      { bucket: 3, firstSeq: 900, fromMs: startMs + 900 },
    ]);
    t.deepEqual(await store.buckets.list("g_404"), []);
  });

  it("changes are read in the order of versions, page by page", async (t, { store }) => {
    const change = (version: number): Row => ({
      table: "changes",
      conversationId: pair,
      version,
      change: JSON.stringify({ type: "read", userId: bob, seq: version, atMs: startMs }),
      stamp: stampOf(version),
    });
    await write(store.views, change(9), change(2), change(5), change(14));
    const versions = async (after: number, upTo: number, max: number) =>
      (await store.changes.range(pair, after, upTo, max)).map(({ version }) => version);
    t.deepEqual(await versions(0, 100, 10), [2, 5, 9, 14]);
    t.deepEqual(await versions(2, 9, 10), [5, 9]);
    t.deepEqual(await versions(0, 100, 2), [2, 5]);
    t.like((await store.changes.range(pair, 4, 5, 1))[0], { version: 5, change: { type: "read", seq: 5 } });
  });

  it("the directory returns the present names, and leaves out unknown users", async (t, { store }) => {
    const card = (userId: string, nickname: string, stamp: number): Row => ({
      table: "directory",
      userId,
      nickname,
      avatar: `${nickname}.png`,
      stamp,
    });
    await write(store.views, card(alice, "Alicia", 20), card(bob, "Bob", 10));
    await write(store.views, card(alice, "Alice", 5));
    t.deepEqual(
      await store.directory.findMany([alice, bob, "404"]),
      new Map([
        [alice, { nickname: "Alicia", avatar: "Alicia.png" }],
        [bob, { nickname: "Bob", avatar: "Bob.png" }],
      ]),
    );
    t.is((await store.directory.findMany([])).size, 0);
  });

  it("members are found by a part of their name or their name in the group, as they are now", async (t, { store }) => {
    const user = (userId: string, name: string, stamp: number): Row => ({ table: "user_names", userId, name, stamp });
    const member = (userId: string, name: string, isMember: 0 | 1, stamp: number): Row => {
      return { table: "member_names", conversationId: "g_5", userId, name, isMember, stamp };
    };
    const [carol, dave] = ["1003", "1004"];
    await write(store.views, user(alice, "alice 100%", 5), user(bob, "bobby", 6), user(carol, "carol", 7));
    await write(store.views, user(dave, "bob the outsider", 7), member(carol, "bobcat", 1, 8), member(bob, "", 1, 8));
    await write(store.views, member(alice, "", 1, 8), { ...member(dave, "", 1, 8), conversationId: "g_6" } as Row);
    const search = async (part: string, more: object = {}) => {
      const { total, userIds } = await store.directory.searchMembers("g_5", {
        ...{ part, except: [], offset: 0, max: 10 },
        ...more,
      });
      return [total, userIds.toSorted()];
    };
    const both = [bob, carol].toSorted();
    t.deepEqual(await search("bob"), [2, both]);
    t.deepEqual(await search("bob", { except: [bob] }), [1, [carol]]);
    t.is(((await search("bob", { offset: 1, max: 1 }))[1] as string[]).length, 1);
    t.deepEqual(await search("%"), [1, [alice]]);
    for (const part of ["_", "zzz", "\\"]) t.deepEqual(await search(part), [0, []], part);
    await write(store.views, user(bob, "robert", 20), member(carol, "", 1, 21), member(alice, "", 0, 22));
    await write(store.views, user(bob, "bobby", 6), member(carol, "bobcat", 1, 8), member(alice, "", 1, 8));
    t.deepEqual(await search("bob"), [0, []], "older writes change nothing");
    t.deepEqual(await search("robert"), [1, [bob]]);
    t.deepEqual(await search("alice"), [0, []], "she has left");
    const query = { part: "r", except: [], offset: 0, max: 10 };
    t.is((await store.directory.searchMembers("g_5", query)).known, 2);
    t.deepEqual(await store.directory.searchMembers("g_404", query), { known: 0, total: 0, userIds: [] });
    await write(store.views, member("1009", "nameless", 1, 30));
    t.is((await store.directory.searchMembers("g_5", query)).known, 2, "a user whose name is not there yet");
  });
}

function sends(it: SuiteTest<ViewsUnderTest>): void {
  const day = dayOf(startMs);

  it("a send is found by its key, also when its message is not in the store", async (t, { store }) => {
    await write(
      store.views,
      bucket(1, 1),
      message(1, "hello"),
      send(1),
      message(2, "again"),
      send(2, { senderId: bob }),
    );
    await write(store.views, send(3, { clientMsgId: 'with "quotes" and \\ %' }));
    const found = { messageId: String(stampOf(1)), seq: 1, hash: 1_001 };
    t.deepEqual(await store.sends.find(pair, day, alice, "client-1"), found);
    t.like(await store.sends.find(pair, day, bob, "client-2"), { seq: 2 });
    t.like(await store.sends.find(pair, day, alice, 'with "quotes" and \\ %'), { seq: 3 });
    t.is(await store.sends.find(pair, day, bob, "client-1"), undefined);
    t.is(await store.sends.find(pair, day + 1, alice, "client-1"), undefined);
    t.is(await store.sends.find("g_1", day, alice, "client-1"), undefined);
  });

  it("a send that is written after its message, or again, is found", async (t, { store }) => {
    await write(store.views, bucket(1, 1), message(1, "hello"));
    await write(store.views, message(1, "hello"), send(1));
    await write(store.views, message(1, "hello"), send(1));
    t.like(await store.sends.find(pair, day, alice, "client-1"), { seq: 1, hash: 1_001 });
  });

  it("sends of eight days are found over all their buckets", async (t, { store }) => {
    const rows: Row[] = [];
    for (let seq = 1; seq <= 80; seq++) {
      const atMs = startMs + Math.floor((seq - 1) / 10) * 86_400_000;
      const number = Math.ceil(seq / 25);
      if (seq % 25 === 1) rows.push(bucket(number, seq, atMs));
      rows.push(message(seq, `m ${seq}`, { bucket: number, atMs }), send(seq, { day: dayOf(atMs) }));
    }
    await write(store.views, ...rows);
    for (const seq of [1, 10, 11, 25, 26, 50, 51, 79, 80]) {
      const sentDay = day + Math.floor((seq - 1) / 10);
      t.like(await store.sends.find(pair, sentDay, alice, `client-${seq}`), { seq });
      t.is(await store.sends.find(pair, sentDay, alice, `client-${seq + 10}`), undefined);
    }
  });
}
