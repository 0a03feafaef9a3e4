// Prompts are cut to a model's context by rounds. The judge is a validator as strict as the strictest upstream.
import test from "ava";
import type { ChatMessage, ToolCall } from "../../actors/llm/chat.ts";
import { fitPrompt, promptTokens, roomForPrompt, shrinkPrompt } from "../../actors/llm/prompt.ts";
import { createSeededRandom, type SeededRandom } from "../support/seeded-random.ts";

const count = (text: string) => Math.ceil(text.length / 4);
const limits = (maxTokens: number) => ({ maxTokens, count });
const system: ChatMessage = { role: "system", content: "Answer briefly." };
const user = (content: string): ChatMessage => ({ role: "user", content });
const assistant = (content: string): ChatMessage => ({ role: "assistant", content });
const call = (id: string): ToolCall => ({
  id,
  type: "function",
  function: { name: "look_up", arguments: '{"q":"x"}' },
});
const calls = (...ids: string[]): ChatMessage => ({ role: "assistant", content: null, tool_calls: ids.map(call) });
const result = (id: string, content = "found"): ChatMessage => ({ role: "tool", tool_call_id: id, content });
const long = (tokens: number) => "word".repeat(tokens);

test("a history that fits stays as it is", (t) => {
  const history = [system, user("a"), calls("1", "2"), result("1"), result("2"), assistant("b"), user("c")];
  t.deepEqual(fitPrompt(history, limits(1_000)), history);
});

test("the oldest rounds go first and whole; the system's text and the newest message stay", (t) => {
  const rounds = Array.from({ length: 12 }, (_, n) => [
    ...[user(`question ${n}`), calls(`${n}`), result(`${n}`, long(90)), assistant(`answer ${n}`)],
  ]);
  const history = [system, ...rounds.flat(), user("and now?")];
  const prompt = fitPrompt(history, limits(600));
  t.is(problemOf(prompt), undefined);
  t.true(promptTokens(prompt, { count }) <= 600);
  t.deepEqual(prompt[0], system);
  t.deepEqual(prompt.at(-1), user("and now?"));
  const kept = (prompt.length - 2) / 4;
  t.true(Number.isInteger(kept) && kept > 0 && kept < 12, "whole rounds");
  t.deepEqual(prompt.slice(1, -1), rounds.slice(12 - kept).flat());
});

test("a message that is too long together with the system's text is the user's error", (t) => {
  t.throws(() => fitPrompt([system, user("a"), assistant("b"), user(long(200))], limits(100)), {
    message: /longer than the model's context/,
  });
  t.throws(() => fitPrompt([{ ...system, content: long(200) }, user("a")], limits(100)), { message: /longer/ });
});

test("an interrupted tool call leaves, with its text kept, and so do results without a call", (t) => {
  const history = [
    ...[system, result("lost"), user("a"), calls("1"), user("b"), { ...calls("2", "3"), content: "I look." }],
    ...[
      result("3"),
      result("3"),
      result("9"),
      assistant("c"),
      user("d"),
      { ...calls("4"), content: "Wait." },
      user("e"),
    ],
  ];
  const prompt = fitPrompt(history, limits(1_000));
  t.is(problemOf(prompt), undefined);
  t.deepEqual(prompt, [
    ...[system, user("a"), user("b"), { ...calls("3"), content: "I look." }, result("3"), assistant("c")],
    ...[user("d"), assistant("Wait."), user("e")],
  ]);
});

test("results that came in another order, or are spread, stand behind their call again", (t) => {
  const prompt = fitPrompt([user("a"), calls("1", "2"), result("2"), result("1"), user("b")], limits(1_000));
  t.deepEqual(
    prompt.map(({ tool_call_id }) => tool_call_id),
    [undefined, undefined, "1", "2", undefined],
  );
});

test("an answer that was stopped before its first word is no part of the prompt", (t) => {
  const history = [user("a"), assistant(""), { role: "assistant", content: null } as const, user("b")];
  t.deepEqual(fitPrompt(history, limits(1_000)), [user("a"), user("b")]);
});

test("several system texts become one at the beginning, each text once", (t) => {
  const late: ChatMessage = { role: "developer", content: [{ type: "text", text: "Be kind." }] };
  const prompt = fitPrompt([system, user("a"), late, system, assistant("b"), user("c")], limits(1_000));
  t.deepEqual(prompt[0], { role: "system", content: "Answer briefly.\n\nBe kind." });
  t.is(problemOf(prompt), undefined);
});

test("the newest round keeps its latest tool calls when all of them do not fit", (t) => {
  const many = Array.from({ length: 10 }, (_, n) => [calls(`${n}`), result(`${n}`, long(50))]);
  const prompt = fitPrompt([system, user("old"), assistant("old"), user("go on"), ...many.flat()], limits(200));
  t.is(problemOf(prompt), undefined);
  t.deepEqual(prompt.slice(0, 2), [system, user("go on")]);
  t.deepEqual(prompt.slice(-2), many[9]);
  t.true(prompt.length > 4);
});

test("pictures are counted, and not by the length of their bytes", (t) => {
  const picture: ChatMessage = {
    role: "user",
    content: [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(100_000)}` } },
    ],
  };
  t.true(promptTokens([picture], { count }) < 2_000);
  t.true(promptTokens([picture], { count }) > 1_000);
  t.deepEqual(fitPrompt([picture, assistant("a cat"), user("and now?")], limits(500)), [user("and now?")]);
});

test("after the upstream found a prompt too long there is one shorter one, or none", (t) => {
  const round = [user(long(40)), assistant(long(40))];
  const history = [system, ...round, ...round, ...round, user("now?")];
  const shorter = shrinkPrompt(history, limits(10_000));
  t.deepEqual(shorter, [system, ...round, user("now?")]);
  t.deepEqual(shrinkPrompt([system, user("a"), assistant("b"), user(long(500))], limits(1)), [system, user(long(500))]);
  t.is(shrinkPrompt([system, user("alone")], limits(10_000)), undefined);
});

test("room for the answer is kept, and never more than a quarter", (t) => {
  t.is(roomForPrompt(128_000, { answerTokens: 4_000 }), 124_000);
  t.is(roomForPrompt(8_000, { answerTokens: 16_000, toolTokens: 500 }), 5_500);
  t.is(roomForPrompt(100, { toolTokens: 500 }), 0);
});

test("whatever the history is, the prompt is valid, within its limit, a suffix by rounds, and leaves the history alone", (t) => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const random = createSeededRandom(seed);
    const history = randomHistory(random);
    const before = JSON.stringify(history);
    const maxTokens = 60 + random.below(700);
    let prompt: ChatMessage[];
    try {
      prompt = fitPrompt(history, limits(maxTokens));
    } catch {
      const least = [...history.filter(({ role }) => role === "system").slice(0, 1), ...history.slice(-1)];
      t.true(promptTokens(least, { count }) > maxTokens, `seed ${seed}: refused without need`);
      continue;
    }
    t.is(problemOf(prompt), undefined, `seed ${seed}`);
    t.true(promptTokens(prompt, { count }) <= maxTokens, `seed ${seed}`);
    t.is(JSON.stringify(history), before, `seed ${seed}`);
    t.is(textsOf(prompt, "user").at(-1), textsOf(history, "user").at(-1), `seed ${seed}`);
    const users = textsOf(prompt, "user");
    t.deepEqual(users, textsOf(history, "user").slice(-users.length), `seed ${seed}`);
    const shorter = shrinkPrompt(prompt, limits(maxTokens));
    if (shorter) t.is(problemOf(shorter), undefined, `seed ${seed}`);
  }
});

/** What a strict upstream would refuse. */
function problemOf(prompt: readonly ChatMessage[]): string | undefined {
  let open: string[] = [];
  for (const [index, { role, content, tool_calls, tool_call_id }] of prompt.entries()) {
    if (role === "system" && index > 0) return "a system message that is not the first";
    if (role === "tool") {
      if (open[0] !== tool_call_id) return `a result of ${tool_call_id} that is not next`;
      open = open.slice(1);
      continue;
    }
    if (open.length > 0) return `no result for ${open[0]}`;
    open = (tool_calls ?? []).map(({ id }) => id);
    if (role === "assistant" && open.length === 0 && !content) return "an empty answer";
  }
  if (open.length > 0) return `no result for ${open[0]}`;
  const last = prompt.at(-1)?.role;
  return last === "user" || last === "tool" || last === "assistant" ? undefined : `ends with ${last}`;
}

function textsOf(messages: readonly ChatMessage[], role: string): unknown[] {
  return messages.filter((message) => message.role === role).map(({ content }) => content);
}

function randomHistory({ below }: SeededRandom): ChatMessage[] {
  const history: ChatMessage[] = below(4) > 0 ? [system] : [];
  for (let i = below(30); i > 0; i -= 1) {
    const kind = below(8);
    if (kind < 3) history.push(user(`u${i} ${long(below(40))}`));
    else if (kind === 3) history.push(assistant(below(3) === 0 ? "" : `a${i} ${long(below(60))}`));
    else if (kind === 4) history.push(result(`stray-${below(3)}`));
    else if (kind === 5) history.push(system);
    else {
      const made = Array.from({ length: 1 + below(3) }, (_, n) => `c${i}.${n}`);
      history.push({ ...calls(...made), content: below(2) ? "text" : null });
      for (const id of made) if (below(6) > 0) history.push(result(id, long(below(60))));
    }
  }
  return [...history, user(`newest ${long(below(30))}`)];
}
