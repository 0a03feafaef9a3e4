// What a text becomes for search and for lists: terms, queries and previews.
import test from "ava";
import { previewOf } from "../../actors/conversation/chat/content.ts";
import { holdsPieces, queryTerms, searchTerms, wholePieces } from "../../actors/shared/tokenize.ts";

const finds = (text: string, query: string) =>
  queryTerms(query).length > 0 &&
  queryTerms(query).every((term) => searchTerms(text).includes(` ${term} `)) &&
  holdsPieces(text, wholePieces(query));
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

test("every piece of two or more signs of an unspaced text is found, in every width and normal form", (t) => {
  for (const text of [
    "今天天气很好我们去公园",
    "カタカナとひらがな",
    "ฉันชอบกินข้าวผัด",
    "안녕하세요여러분",
    "订单编号已发货",
  ]) {
    const characters = [...text.normalize("NFKC")];
    for (let from = 0; from + 2 <= characters.length; from += 1) {
      for (const length of [2, 3, 4]) {
        const piece = characters.slice(from, from + length).join("");
        t.true(finds(text, piece), `${piece} in ${text}`);
        t.true(finds(text.normalize("NFD"), piece), `${piece} in the decomposed ${text}`);
        t.true(finds(text, piece.normalize("NFD")), `the decomposed ${piece} in ${text}`);
      }
    }
  }
  t.true(finds("ｶﾀｶﾅ ＡＢＣ", "カタ"));
  t.true(finds("カタカナ abc", "ｶﾀ ＡＢＣ"));
  t.true(finds("caf\u00e9", "cafe\u0301"));
  for (const word of ["订单", "ORD-42", "ord", "42", "已发货", "单ORD"]) t.true(finds("订单ORD-42已发货", word), word);
  t.false(finds("天气好，很天气", "天气很"), "the pairs stand in it, the piece does not");
});

test("signs stand for themselves: none is a wildcard, and a sentence is found without its punctuation", (t) => {
  const texts = ["user_100%", "user 100", "a\\b", "x.*y", "it's", "1000", "plain words", "C++ and C#", "👍 done"];
  const found = (query: string) => texts.filter((text) => finds(text, query));
  t.deepEqual(found("%"), ["user_100%"]);
  t.deepEqual(found("100%"), ["user_100%"]);
  t.deepEqual(found("_"), ["user_100%"]);
  t.deepEqual(found("user"), ["user_100%", "user 100"]);
  t.deepEqual(found("user_100"), ["user_100%"]);
  t.deepEqual(found("\\"), ["a\\b"]);
  t.deepEqual(found(".*"), ["x.*y"]);
  t.deepEqual(found("'"), ["it's"]);
  t.deepEqual(found("C++"), ["C++ and C#"]);
  t.deepEqual(found("C+#"), []);
  t.deepEqual(found("👍"), ["👍 done"]);
  t.deepEqual(found("plain words!"), ["plain words"]);
  t.deepEqual(found("(words), plain."), ["plain words"]);
});
