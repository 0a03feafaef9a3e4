// Numbers come back as they were sent, or are refused with their place.
import test from "ava";
import { DomainError } from "../../actors/shared/errors.ts";
import { parseJson } from "../../gateway/input/json.ts";

const limits = { maxBytes: 64 * 1024, maxDepth: 16 };
const parse = (text: string) => parseJson(text, limits);
const refusedAt = (text: string): unknown => {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return error instanceof DomainError && error.error === "common.invalid" ? error.details : error;
  }
};

test("a number that cannot be kept is refused with its place", (t) => {
  const expected = "a number that is kept exactly: an integer up to 9007199254740991, or up to 17 digits";
  for (const [text, field] of [
    ['{"seq":9007199254740993}', "seq"],
    ['{"seq":-9007199254740993}', "seq"],
    ['{"data":{"content":{"width": 9007199254740993}}}', "data.content.width"],
    ['{"a":[1,{"b":[2,1e400]}]}', "a.1.b.1"],
    ['{"a":-1e400}', "a"],
    ['{"a":1e-400}', "a"],
    ['{"a":3.14159265358979323846}', "a"],
    ['{"a":123456789012345678901234567890}', "a"],
    ['{"a":1234567890123456.789}', "a"],
    ["9007199254740993", ""],
  ] as const) {
    t.deepEqual(refusedAt(text), [{ field, expected }], text);
  }
});

test("a number that is kept passes, however it is written", (t) => {
  for (const [text, value] of [
    ["9007199254740991", 9_007_199_254_740_991],
    ["-9007199254740991", -9_007_199_254_740_991],
    ["9007199254740992", 9_007_199_254_740_992],
    ["1e3", 1_000],
    ["1.0", 1],
    ["0.10", 0.1],
    ["0.10000000000000001", 0.1],
    ["1e21", 1e21],
    ["0", 0],
    ["0.0e5", 0],
    ["48.858370123456789", 48.85837012345679],
    ["5e-324", 5e-324],
  ] as const) {
    t.is(parse(text), value, text);
    t.deepEqual(parse(`{"a":[${text}]}`), { a: [value] });
  }
});

test("digits in a text are no number", (t) => {
  for (const value of ["9007199254740993", ": 9007199254740993, [1e400]", '"\\": 1e400']) {
    t.deepEqual(parse(JSON.stringify({ value })), { value });
  }
});

test("a number is found wherever it stands, and a text ends where its last quote is", (t) => {
  for (const text of [
    '{"a":"\\\\","b":1e400}',
    '["\\"",1e400]',
    '["\\\\\\"",{"x":[[1e400]]}]',
    " \n\t-1e400 ",
    "[1,2.5 ,\r\n 9007199254740993 ]",
  ]) {
    t.truthy(refusedAt(text), text);
  }
  for (const text of ['["\\"1e400"]', '["\\\\\\",1e400"]', '{"1e400":1}', "[1.5,true,null,-0,false,1e2]"]) {
    t.is(refusedAt(text), undefined, text);
  }
  t.deepEqual(parse('{"a":1e400,"a":1}'), { a: 1 }, "of two values of a key the last one counts");
});

test("a key that would be a prototype is a key like others", (t) => {
  t.deepEqual(Object.keys(parse('{"__proto__":{"a":1.5},"b":2.5}') as object), ["__proto__", "b"]);
});
