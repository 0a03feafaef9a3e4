import test from "ava";
import {
  canonicalAccountName,
  canonicalEmail,
  canonicalName,
  codePointCount,
  opaquePassword,
  shownName,
} from "../../actors/shared/names.ts";

test("the canonical form of a canonical form is itself, for every character", (t) => {
  const unstable: string[] = [];
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const once = canonicalName(`a${String.fromCodePoint(code)}b`);
    if (once !== undefined && canonicalName(once) !== once) unstable.push(code.toString(16));
  }
  t.deepEqual(unstable, []);
});

test("spellings of one identifier have one form", (t) => {
  for (const twins of [
    ["Straße", "STRASSE", "ｓｔｒasse"],
    ["ΟΔΟΣ", "οδος", "οδοσ"],
    ["zoë", "ZOE\u0308", "zoe\u0308"],
    ["ﬁn", "FIN", "fin"],
  ]) {
    t.is(new Set(twins.map(canonicalName)).size, 1, twins.join(" "));
  }
  t.is(canonicalName(" alice "), "alice");
  for (const none of ["", "  ", "a b", "a\u00a0b", "a\u200db", "\ud800a", "a\ue000"])
    t.is(canonicalName(none), undefined);
});

test("an e-mail address has one form, whatever its full stop", (t) => {
  t.is(canonicalEmail(" Alice@Example.test "), "alice@example.test");
  t.is(canonicalEmail("ａlice＠例え。jp"), "alice@例え.jp");
  for (const none of ["alice", "a@b@c.org", "@example.org", "alice@example", "a\u0000@example.org"]) {
    t.is(canonicalEmail(none), undefined);
  }
});

test("an account name has a letter, and marks of scripts that need them", (t) => {
  for (const name of ["алиса", "สวัสดี", "a1", "1a", "नमस्ते"]) t.is(canonicalAccountName(name), name);
  for (const none of ["1234", "٣٤٥", "a", "a b", "a@b", "_-_", "x".repeat(51)])
    t.is(canonicalAccountName(none), undefined);
  t.is(canonicalAccountName("𐐨".repeat(50)), "𐐨".repeat(50), "50 characters outside the basic plane");
});

test("a shown name keeps its emoji and its script, and shows something", (t) => {
  t.is(shownName("  Ana \u00a0 B. "), "Ana B.");
  t.is(shownName("zoe\u0308"), "zoë");
  for (const name of ["👩‍👩‍👧", "❤️", "می‌خواهم", "1"]) t.is(shownName(name), name);
  for (const none of [
    "",
    " ",
    "\u200d",
    "\ufe0f",
    "\u3164",
    "\u115f",
    "\u2800",
    "a\u202eb",
    "a\u2066b",
    "a\u200fb",
    "\u0007a",
  ]) {
    t.is(shownName(none), undefined);
  }
});

test("a password is one text however it was composed, and counted by characters", (t) => {
  t.is(opaquePassword("pa\u0308ss\u00a0w"), "päss w");
  t.is(codePointCount("a🙂b"), 3);
});
