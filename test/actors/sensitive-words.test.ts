import test from "ava";
import { SensitiveWords } from "../../actors/shared/sensitive-words.ts";
import { createSeededRandom } from "../support/seeded-random.ts";

test("a word is found anywhere in a text, whatever its case, width and composition are", (t) => {
  const words = new SensitiveWords(["Voldemort", "敏感词", "café", " two words ", "", "\u200b"]);
  for (const text of [
    "he is VOLDEMORT.",
    "ｖｏｌｄｅｍｏｒｔ",
    "这是敏感词吗",
    "CAFE\u0301!",
    "vol\u200bde\u00admo\ufe0frt",
    "敏\u2060感\u200d词",
    "these are Two Words too",
  ]) {
    t.true(words.isIn(text), JSON.stringify(text));
  }
  for (const text of ["", "voldemor", "vol demort", "敏感", "cafe", "two  words", "twowords"]) {
    t.false(words.isIn(text), JSON.stringify(text));
  }
  t.false(new SensitiveWords([]).isIn("anything"));
});

test("words that overlap, begin alike or end in one another are all found, as by looking for each", (t) => {
  const random = createSeededRandom(11);
  const letters = ["a", "b", "c", "é", "字"];
  const text = (length: number) => Array.from({ length }, () => random.pick(letters)).join("");
  for (let round = 0; round < 300; round += 1) {
    const list = Array.from({ length: 1 + random.below(8) }, () => text(1 + random.below(5)));
    const words = new SensitiveWords(list);
    for (let n = 0; n < 20; n += 1) {
      const asked = text(random.below(12));
      t.is(
        words.isIn(asked),
        list.some((word) => asked.includes(word)),
        `${list} in ${asked}`,
      );
    }
  }
});
