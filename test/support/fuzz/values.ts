// Values that programs did not expect, and values of a schema with such ones in between.
import type { Rule } from "../../../gateway/input/validate.ts";
import type { SeededRandom } from "../seeded-random.ts";

const nested = (levels: number): unknown => {
  let value: unknown = "deep";
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};

const oddTexts: readonly string[] = [
  ...["", " ", "\n", "a", "0", "-1", "1.5", "1e3", "NaN", "null", "true", "[object Object]"],
  ...[
    "北京🦀",
    "é",
    "👨‍👩‍👧‍👦",
    "\u0000",
    "a\u0000b",
    "\u202eabc",
    "\ufeff",
    "\u2028",
    "x".repeat(70),
    "🦀".repeat(130),
  ],
  ...["__proto__", "constructor", "toString", "../../etc/passwd", "%00", "' OR 1=1 --", "<img src=x>", "{{7}}"],
  ...["2020-01-01", "2020-13-45T99:99:99Z", "9007199254740993", "s_1_2", "c_1", "http://[::1", "sk-", "user", "admin"],
  "y".repeat(6_000),
];
const oddValues: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1, 1.5, 1e21, 1e308, 2 ** 53, -(2 ** 31)],
  ...[[], [null], [[]], ["a", 1], {}, { a: {} }, { length: 1 }, { $ne: null }, { toString: 1 }],
  ...[Array.from({ length: 300 }, (_, i) => i), nested(12), nested(40)],
];

export function oddText(random: SeededRandom): string {
  return random.pick(oddTexts);
}

export function oddValue(random: SeededRandom): unknown {
  return random.below(3) === 0 ? oddText(random) : random.pick(oddValues);
}

/** Most fields fit the shape, some are odd, missing or surplus. */
export function bodyOf(shape: Readonly<Record<string, Rule>>, random: SeededRandom, ids: readonly string[]): object {
  const body: Record<string, unknown> = {};
  for (const [field, rule] of Object.entries(shape)) {
    const dice = random.below(20);
    if (dice < 3) continue;
    body[field] = dice < 8 ? oddValue(random) : fitting(rule, random, ids);
  }
  if (random.below(6) === 0) body[oddText(random)] = oddValue(random);
  return body;
}

function fitting(rule: Rule, random: SeededRandom, ids: readonly string[]): unknown {
  const { type, ...more } = (typeof rule === "string" ? { type: rule } : rule) as Record<string, unknown>;
  if (Array.isArray(more.enum) && more.enum.length > 0) return random.pick(more.enum as unknown[]);
  switch (type) {
    case "string":
      return text(random, ids, { min: Number(more.min ?? 0), max: Number(more.max ?? 100) });
    case "email":
      return `user${random.below(1e6)}@example.test`;
    case "number":
      return random.pick([0, 1, 20, Number(more.min ?? 0), Number(more.max ?? 1_000)]);
    case "boolean":
      return random.below(2) === 0;
    case "array":
      return Array.from({ length: random.below(4) }, () => fitting((more.items ?? "any") as Rule, random, ids));
    case "object":
      return bodyOf((more.props ?? more.properties ?? {}) as Record<string, Rule>, random, ids);
    default:
      return oddValue(random);
  }
}

function text(random: SeededRandom, ids: readonly string[], { min, max }: { min: number; max: number }): string {
  const some = random.pick(["hello", "北京", ...ids]);
  const padded = some.padEnd(Math.min(min, 300), "x");
  return random.below(8) === 0 ? "m".repeat(Math.min(max, 5_000)) : padded.slice(0, Math.max(max, 1));
}

/** JSON as a program would write it, and texts that are not what they seem. */
export function jsonOf(body: unknown, random: SeededRandom): string | Uint8Array<ArrayBuffer> {
  const json = JSON.stringify(body) ?? "null";
  switch (random.below(24)) {
    case 0:
      return json.slice(0, random.below(json.length));
    case 1:
      return `\ufeff${json}`;
    case 2:
      return json.replace("{", '{"__proto__":{"role":"admin"},');
    case 3:
      return json.replace(/"([^"]*)"}$/, '"\\ud800"}');
    case 4:
      return json.replace("{", '{"n":1e400,"big":9007199254740993,');
    case 5:
      return new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]);
    case 6:
      return `${"[".repeat(3_000)}${"]".repeat(3_000)}`;
    case 7:
      return json.replace("{", `{"pad":"${"z".repeat(80_000)}",`);
    case 8:
      return random.pick(["", "null", "[]", '"text"', "7", "{}{}", "--x\r\n"]);
    default:
      return json;
  }
}
