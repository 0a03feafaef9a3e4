// What a field may hold, in words: clients of the surfaces show it to people.

const words: Readonly<Record<string, (limit: string) => string>> = {
  string: () => "a text",
  stringMin: (limit) => `at least ${charactersOf(limit)}`,
  stringMax: (limit) => `at most ${charactersOf(limit)}`,
  stringEnum: (values) => `one of ${values.split(/, */).join(", ")}`,
  number: () => "a number",
  numberInteger: () => "an integer",
  numberMin: (limit) => `at least ${limit}`,
  numberMax: (limit) => `at most ${limit}`,
  boolean: () => "true or false",
  object: () => "an object",
  array: () => "a list",
  arrayMax: (limit) => `at most ${limit} in the list`,
};

/** `stringMax 50` → `at most 50 characters`. Any other text stays. */
export function inWords(expected: string): string {
  const [rule = "", ...limit] = expected.split(" ");
  const say = Object.hasOwn(words, rule) ? words[rule] : undefined;
  return say ? say(limit.join(" ")) : expected;
}

function charactersOf(limit: string): string {
  return limit === "1" ? "1 character" : `${limit} characters`;
}
