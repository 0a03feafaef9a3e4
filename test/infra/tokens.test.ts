import test from "ava";
import { countTokens as count4 } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { createTokens } from "../../infra/llm/tokens.ts";

const prose = "The quick brown fox jumps over the lazy dog, and then it sleeps. ".repeat(40);
const chinese = "今天天气很好，我们去公园玩吧。".repeat(60);

test("OpenAI's models are counted by their own vocabulary", async (t) => {
  const tokens = createTokens();
  await tokens.ready("gpt-4o");
  await tokens.ready("gpt-4");
  for (const text of ["", "hello world", prose, chinese, "<|endoftext|> is only a text"]) {
    const exact = text.includes("<|") ? 9 : countTokens(text);
    t.true(Math.abs(tokens.count("gpt-4o", text) - exact) <= exact * 0.02 + 3, text.slice(0, 20));
  }
  t.is(tokens.count("gpt-4-turbo", "今天天气很好"), count4("今天天气很好"));
});

test("other models are estimated, rather too high than too low", async (t) => {
  const tokens = createTokens();
  await tokens.ready("claude-sonnet-4-5");
  t.true(tokens.count("claude-sonnet-4-5", prose) > countTokens(prose));
  t.true(tokens.count("nobody-knows-1", prose) < countTokens(prose) * 1.3);
});

test("before the vocabulary is loaded a count is a guess of the right size", (t) => {
  const guess = createTokens().count("gpt-4o", prose);
  t.true(guess > countTokens(prose) / 2 && guess < countTokens(prose) * 2);
});

for (const [what, unit] of [
  ["one letter", "a"],
  ["emoji", "🦀🎉"],
  ["words", "the quick brown fox "],
  ["Chinese", "今天天气很好，我们去公园玩吧。"],
] as const) {
  test(`a million characters of ${what} do not hold the thread`, async (t) => {
    const tokens = createTokens();
    await tokens.ready("gpt-4o");
    tokens.count("gpt-4o", "warm");
    const text = unit.repeat(Math.ceil(1_000_000 / unit.length));
    const usedBefore = process.cpuUsage();
    const count = tokens.count("gpt-4o", text);
    const { user, system } = process.cpuUsage(usedBefore);
    t.true((user + system) / 1_000 < 150, `${(user + system) / 1_000} ms of CPU`);
    const sample = unit.repeat(Math.ceil(250 / unit.length));
    const expected = (countTokens(sample) * text.length) / sample.length;
    t.true(count > expected * 0.85 && count < expected * 1.15, `${count} of ${expected}`);
  });
}
