// The parts of the web chat that need no browser: what is shown of times, markup, blocks of messages, receipts, and both languages.
import test from "ava";
import type { Message } from "../../gateway/client/base/wire.ts";
import { formatBadge, formatDay, formatListTime } from "../../gateway/web/app/base/format.ts";
import { parseMarkdown } from "../../gateway/web/app/base/markdown.ts";
import { mergeMessage, mergePage } from "../../gateway/web/app/model/merge.ts";
import { lineOf } from "../../gateway/web/app/model/preview.ts";
import { en } from "../../gateway/web/app/text/en.ts";
import { zh } from "../../gateway/web/app/text/zh.ts";
import { rowsOf } from "../../gateway/web/app/thread/rows.ts";
import { statusOf } from "../../gateway/web/app/thread/status.ts";
import { createBundledApp } from "../../infra/browser/bundled-app.ts";

const dayMs = 86_400_000;
const noonMs = new Date(2026, 2, 4, 12).getTime();

function message(seq: number, more: Partial<Message> = {}): Message {
  const place = { messageId: `m${seq}`, sessionId: "s_1_2", senderId: "1", version: seq };
  return { ...place, contentType: "text", content: `text ${seq}`, timestamp: noonMs + seq * 1_000, seq, ...more };
}

test("both languages have every text, with the same values in it", (t) => {
  const valuesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  t.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) {
    const isOne = key.endsWith(".one");
    if (!isOne) t.deepEqual(valuesIn(zh[key as keyof typeof en]), valuesIn(text), key);
  }
});

for (const app of ["web", "admin"] as const) {
  test(`${app}: dark colors are the same when the user chooses them and when the system has them`, async (t) => {
    const { style } = await createBundledApp(app).bundle();
    const colorsOf = (selector: string) => style.split(`${selector}{`)[1]?.split("}")[0];
    const chosen = colorsOf(":root[data-theme=dark]");
    t.regex(chosen ?? "", /color-scheme:dark;.*--accent:/);
    t.is(chosen, colorsOf(":root:not([data-theme=light])"));
  });
}

test("a list says the time of today, the weekday of this week and the date of before; days have names", (t) => {
  t.is(formatListTime("en", noonMs, noonMs + 1_000), "12:00");
  t.is(formatListTime("en", noonMs - dayMs, noonMs), "Tue");
  t.is(formatListTime("en", noonMs - 30 * dayMs, noonMs), "2/2");
  t.is(formatListTime("en", noonMs - 400 * dayMs, noonMs), "1/28/25");
  t.is(formatDay("en", noonMs, noonMs), "Today");
  t.is(formatDay("zh-CN", noonMs - dayMs, noonMs), "昨天");
  t.is(formatDay("en", noonMs - 3 * dayMs, noonMs), "Sunday, March 1");
  t.deepEqual([0, 99, 100].map(formatBadge), ["0", "99", "99+"]);
});

test("the markup of models becomes blocks, and unfinished markup stays text", (t) => {
  t.deepEqual(parseMarkdown("# Title\nOne **two** `three`\nfour\n\n- a\n  - b\n\n1. c"), [
    { kind: "heading", level: 1, text: [{ kind: "text", text: "Title" }] },
    {
      kind: "paragraph",
      lines: [
        [
          { kind: "text", text: "One " },
          { kind: "strong", text: "two" },
          { kind: "text", text: " " },
          { kind: "code", text: "three" },
        ],
        [{ kind: "text", text: "four" }],
      ],
    },
    {
      kind: "list",
      isOrdered: false,
      start: 1,
      items: [
        { depth: 0, text: [{ kind: "text", text: "a" }] },
        { depth: 1, text: [{ kind: "text", text: "b" }] },
      ],
    },
    { kind: "list", isOrdered: true, start: 1, items: [{ depth: 0, text: [{ kind: "text", text: "c" }] }] },
  ]);
  t.deepEqual(parseMarkdown("```ts\nlet a"), [{ kind: "code", language: "ts", text: "let a" }]);
  t.deepEqual(parseMarkdown("**half"), [{ kind: "paragraph", lines: [[{ kind: "text", text: "**half" }]] }]);
  t.deepEqual(parseMarkdown("snake_case_name and 2*3*4"), [
    { kind: "paragraph", lines: [[{ kind: "text", text: "snake_case_name and 2*3*4" }]] },
  ]);
  t.like(parseMarkdown("| a | b |\n|---|---|\n| 1 | 2 |")[0], { kind: "table" });
});

test("only addresses of the web become links", (t) => {
  const [block] = parseMarkdown("[x](javascript:alert(1)) [y](https://a.test/b) http://c.test.");
  const kinds = block?.kind === "paragraph" ? block.lines.flat().filter(({ kind }) => kind === "link") : [];
  t.deepEqual(kinds, [
    { kind: "link", text: "y", href: "https://a.test/b" },
    { kind: "link", text: "http://c.test", href: "http://c.test" },
  ]);
});

test("a long run of marks costs no more than its length", (t) => {
  const startMs = performance.now();
  for (const mark of ["*", "_", "`", "[", "~", "#", "- ", "> ", "|"]) parseMarkdown(mark.repeat(20_000));
  t.true(performance.now() - startMs < 2_000);
});

test("a page of the history replaces what is held between its ends, and a message its older state", (t) => {
  const held = [1, 2, 3, 5].map((seq) => message(seq));
  const page = [message(2, { content: "new" }), message(4)];
  t.deepEqual(
    mergePage(held, page).map(({ seq, content }) => [seq, content]),
    [
      [1, "text 1"],
      [2, "new"],
      [4, "text 4"],
      [5, "text 5"],
    ],
  );
  t.deepEqual(mergePage(held, []), held);
  t.deepEqual(
    mergeMessage(held, message(4)).map(({ seq }) => seq),
    [1, 2, 3, 4, 5],
  );
});

test("messages of one sender within minutes are one block, and a new day or the unread mark begins another", (t) => {
  const messages = [
    message(1),
    message(2),
    message(3, { senderId: "2" }),
    message(4, { senderId: "2", timestamp: noonMs + dayMs }),
    message(5, { senderId: "2", timestamp: noonMs + dayMs + 1_000 }),
  ];
  const rows = rowsOf(messages, [], 4, "1");
  t.deepEqual(
    rows.map((row) => (row.kind === "message" ? `${row.message.seq} ${row.isFirst} ${row.isLast}` : row.kind)),
    ["day", "1 true false", "2 false true", "3 true true", "day", "4 true false", "unread", "5 true true"],
  );
  const unsent = { msgId: "x", userId: "1", atMs: 0, isRefused: false, message: { contentType: "text", content: "y" } };
  t.is(rowsOf([message(1)], [unsent], 0, "1").at(-1)?.kind, "unsent");
  t.is(rowsOf([message(1, { clientMsgId: "x" })], [unsent], 0, "1").length, 2, "the same message is shown once");
});

test("an own message is read up to the mark of the other, and otherwise delivered or sent", (t) => {
  const receipts = { theirReadSeq: 2, deliveredSeq: 3, readCounts: new Map([["m9", 2]]) };
  t.deepEqual(
    [1, 2, 3, 4, 9].map((seq) => statusOf(message(seq), receipts)),
    ["read", "read", "delivered", "sent", "read"],
  );
  t.is(statusOf(message(4, { status: "delivered" }), receipts), "delivered");
});

test("the list shows a message as one line, and nothing of what is gone", (t) => {
  t.is(lineOf({ content: "a\n  b", contentType: "text" }), "a b");
  t.is(lineOf({ content: { text: "an answer" }, contentType: "assistant" }), "an answer");
  t.is(lineOf({ content: "secret", contentType: "text", status: "recalled" }), "");
  t.is(lineOf({ content: { fileId: "1" }, contentType: "image" }), "");
});
