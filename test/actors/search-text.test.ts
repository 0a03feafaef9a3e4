// What a text becomes for search and for lists: terms, queries and previews.
import test from "ava";
import { previewOf } from "../../actors/conversation/chat/content.ts";
import { queryTerms, searchTerms } from "../../actors/shared/tokenize.ts";

const finds = (text: string, query: string) =>
  queryTerms(query).every((term) => searchTerms(text).includes(` ${term} `));
/** `count` different Chinese characters. */
const distinct = (count: number) => Array.from({ length: count }, (_, i) => String.fromCharCode(0x4e00 + i)).join("");

test("the last words of the longest text are found, in every script", (t) => {
  const chinese = `${distinct(4_990)}天气很好`;
  t.true(finds(chinese, "天气"));
  const words = `${Array.from({ length: 1_000 }, (_, i) => `w${i}`).join(" ")} last`;
  t.true(words.length <= 5_000);
  t.true(finds(words, "last"));
});

test("a long word is cut between characters, alike in message and query", (t) => {
  // 39 letters, then letters of two UTF-16 units each (Gothic).
  const word = `${"a".repeat(39)}${"𐌰𐌱𐌲".repeat(3)}`;
  t.true(searchTerms(word).isWellFormed());
  t.true(finds(word, word));
});

test("a word inside a run of a script without spaces is found", (t) => {
  for (const [text, word] of [
    ["ฉันชอบกินข้าวผัดมาก", "ข้าวผัด"],
    ["ຂ້ອຍມັກກິນເຂົ້າ", "ກິນ"],
    ["ខ្ញុំចូលចិត្តបាយ", "ចិត្ត"],
    ["ကျွန်တော်ထမင်းစားတယ်", "ထမင်း"],
    ["我喜欢𠮷野家的饭", "𠮷野家"],
    ["今日はラーメンを食べた", "ラーメン"],
  ] as const) {
    t.true(finds(text, word), `${word} in ${text}`);
    t.true(searchTerms(text).isWellFormed());
  }
  t.false(finds("ฉันชอบกินข้าวผัดมาก", "ผักบุ้ง"));
});

test("a preview is cut between characters", (t) => {
  const preview = previewOf("text", `${"a".repeat(99)}😀 and more`);
  t.true(preview.isWellFormed());
  t.is(preview, "a".repeat(99));
  t.is(previewOf("text", "😀".repeat(60)), "😀".repeat(50));
});
