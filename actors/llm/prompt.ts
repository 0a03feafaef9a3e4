// Cuts a history to what a model can read: by rounds, oldest first. A round is a user's message and everything up to the next
// one. Upstreams refuse a history in which a tool's result stands without its call, or a call without its result, and then they
// refuse every further message of the conversation; so the history is mended first, and calls and results leave together.
import { DomainError } from "../shared/errors.ts";
import type { ChatMessage, ToolCall } from "./chat.ts";

export interface PromptLimits {
  /** The most that the prompt may have. */
  maxTokens: number;
  count(text: string): number;
}

/** Tokens of a picture or another attachment whose bytes are no text: what a large picture costs at most upstreams. */
const attachmentTokens = 1_200;
/** The role and the separators of a message. */
const messageTokens = 4;
/** The most of a model's context that is kept for the answer. */
const maxAnswerShare = 0.25;

/** Tokens left for the prompt in a context that also has to hold the answer and the definitions of tools. */
export function roomForPrompt(
  contextTokens: number,
  { answerTokens = 0, toolTokens = 0 }: { answerTokens?: number; toolTokens?: number } = {},
): number {
  return Math.max(0, contextTokens - Math.min(answerTokens, Math.floor(contextTokens * maxAnswerShare)) - toolTokens);
}

/**
 * The system's text first and whole, then as many of the newest rounds as fit. The newest round is always there, if need be
 * without its older tool calls. Throws llm.prompt_too_long.
 */
export function fitPrompt(history: readonly ChatMessage[], limits: PromptLimits): ChatMessage[] {
  const { system, rounds } = mended(history);
  const newest = rounds.at(-1) ?? [];
  let left = limits.maxTokens - promptTokens(system, limits);
  const kept = fitNewest(newest, left, limits);
  left -= promptTokens(kept, limits);
  let from = rounds.length - 1;
  // Nothing older follows a round that was cut itself: the history has no holes but one.
  const isNewestWhole = kept.length === newest.flat().length;
  while (isNewestWhole && from > 0) {
    left -= promptTokens((rounds[from - 1] ?? []).flat(), limits);
    if (left < 0) break;
    from -= 1;
  }
  return [...system, ...rounds.slice(Math.max(from, 0), -1).flat(2), ...kept];
}

/** For one more try after the upstream found the prompt too long: at most half of it. Undefined: nothing can be left out. */
export function shrinkPrompt(prompt: readonly ChatMessage[], limits: PromptLimits): ChatMessage[] | undefined {
  const { system, rounds } = mended(prompt);
  const others = promptTokens(rounds.flat(2), limits);
  const maxTokens = promptTokens(system, limits) + Math.floor(others / 2);
  const newest = rounds.at(-1) ?? [];
  const least = [...system, ...fitNewest(newest, 0, limits, { isForced: true })];
  const shorter = promptTokens(least, limits) > maxTokens ? least : fitPrompt(prompt, { ...limits, maxTokens });
  return shorter.length < system.length + rounds.flat(2).length ? shorter : undefined;
}

/** Messages that stand and fall together: a call with its results, or one message. */
type Group = ChatMessage[];
type Round = Group[];

function mended(history: readonly ChatMessage[]): { system: ChatMessage[]; rounds: Round[] } {
  const isSystem = ({ role }: ChatMessage) => role === "system" || role === "developer";
  const rounds: Round[] = [];
  for (const group of groupsOf(history.filter((message) => !isSystem(message)))) {
    const round = rounds.at(-1);
    if (round && group[0]?.role !== "user") round.push(group);
    else rounds.push([group]);
  }
  return { system: oneSystem(history.filter(isSystem)), rounds };
}

/** Some upstreams take one system message only, at the beginning. */
function oneSystem(messages: readonly ChatMessage[]): ChatMessage[] {
  const [first, ...more] = messages.filter((message) => !isEmpty(message));
  if (first === undefined) return [];
  if (more.length === 0) return [first];
  const texts = [first, ...more].map(textOf);
  return [{ ...first, content: [...new Set(texts)].join("\n\n") }];
}

function groupsOf(messages: readonly ChatMessage[]): Group[] {
  const groups: Group[] = [];
  const newestUser = messages.findLastIndex(({ role }) => role === "user");
  for (let at = 0; at < messages.length; at += 1) {
    const message = messages[at]!;
    if (message.role === "tool") continue; // a result whose call is gone
    if (message.role === "assistant" && message.tool_calls?.length) {
      const end = messages.findIndex(({ role }, index) => index > at && role !== "tool");
      const results = messages.slice(at + 1, end < 0 ? messages.length : end);
      groups.push(...callGroup(message, message.tool_calls, results));
    } else if (at === newestUser || !isEmpty(message)) {
      groups.push([message.tool_calls === undefined ? message : withoutCalls(message)]);
    }
  }
  return groups;
}

/** A call with its results, in the order of the calls. Calls that were interrupted leave, and the text beside them stays. */
function callGroup(message: ChatMessage, calls: readonly ToolCall[], results: readonly ChatMessage[]): Group[] {
  const answered = calls.flatMap((call) => {
    const result = results.find(({ tool_call_id: id }) => id === call.id);
    return result ? [{ call, result }] : [];
  });
  if (answered.length === 0) return isEmpty(message) ? [] : [[withoutCalls(message)]];
  const asked =
    answered.length === calls.length ? message : { ...message, tool_calls: answered.map(({ call }) => call) };
  return [[asked, ...answered.map(({ result }) => result)]];
}

function withoutCalls({ tool_calls: _, ...message }: ChatMessage): ChatMessage {
  return message;
}

/** The user's message and, from the newest back, the calls and results after it that fit. */
function fitNewest(
  [first = [], ...later]: Round,
  room: number,
  limits: PromptLimits,
  { isForced = false }: { isForced?: boolean } = {},
): ChatMessage[] {
  let left = room - promptTokens(first, limits);
  let from = later.length;
  while (from > 0) {
    left -= promptTokens(later[from - 1] ?? [], limits);
    // The last group is what the model has to go on from.
    if (left < 0 && from < later.length) break;
    from -= 1;
    if (left < 0) break;
  }
  const kept = [...first, ...later.slice(from).flat()];
  if (!isForced && promptTokens(kept, limits) > room) throw new DomainError("llm.prompt_too_long");
  return kept;
}

/** Estimated: upstreams count in their own ways. */
export function promptTokens(messages: readonly ChatMessage[], { count }: Pick<PromptLimits, "count">): number {
  let tokens = 0;
  for (const { content, tool_calls: calls, name } of messages) {
    tokens += messageTokens + (name ? count(name) + 1 : 0);
    if (typeof content === "string") tokens += count(content);
    else for (const part of content ?? []) tokens += isText(part) ? count(part.text) : attachmentTokens;
    for (const call of calls ?? [])
      tokens += messageTokens + count(call.function.name) + count(call.function.arguments);
  }
  return tokens;
}

function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => (isText(part) ? part.text : "")).join("\n");
}

/** A stopped answer without a text, for example. */
function isEmpty({ content }: ChatMessage): boolean {
  if (typeof content === "string") return content.trim() === "";
  return !content?.some((part) => !isText(part) || part.text.trim() !== "");
}

function isText(part: { type: string; text?: unknown }): part is { type: "text"; text: string } {
  return part.type === "text" && typeof part.text === "string";
}
