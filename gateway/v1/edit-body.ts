// Changes single fields of a JSON object in its own text, so that everything else goes up as the client wrote it: numbers are not
// rounded, nulls stay, unknown fields stay.
import type { UpstreamBody } from "../../actors/relay/contract.ts";
import type { JsonBody } from "./body.ts";

/** Top-level fields that are set, or removed (undefined). */
type Changes = Readonly<Record<string, unknown>>;

/** The body for an upstream that calls the model `model`: the client's own bytes, where nothing is changed. */
export function bodyForModel({ bytes, text, value }: JsonBody, model: string, changes: Changes = {}): UpstreamBody {
  const all = value.model === model ? changes : { ...changes, model };
  const isChanged = Object.keys(all).length > 0;
  return { bytes: isChanged ? editObject(text, all) : bytes, contentType: "application/json" };
}

/** `text` is a valid JSON object. */
export function editObject(text: string, changes: Changes): string {
  const spans = fieldsOf(text, new Set(Object.keys(changes)));
  let edited = text;
  // From the end, so that the places in front stay where they are.
  for (const { name, from, valueFrom, to } of spans.toReversed()) {
    const value = changes[name];
    if (value === undefined) edited = removeField(edited, from, to);
    else edited = edited.slice(0, valueFrom) + JSON.stringify(value) + edited.slice(to);
  }
  const known = new Set(spans.map(({ name }) => name));
  const added = Object.entries(changes).filter(([name, value]) => value !== undefined && !known.has(name));
  if (added.length === 0) return edited;
  const open = edited.indexOf("{") + 1;
  const fields = added.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",");
  const isEmpty = skipSpace(edited, open) === edited.lastIndexOf("}");
  return edited.slice(0, open) + fields + (isEmpty ? "" : ",") + edited.slice(open);
}

interface Span {
  name: string;
  /** Where the name begins. */
  from: number;
  valueFrom: number;
  to: number;
}

function fieldsOf(text: string, names: ReadonlySet<string>): Span[] {
  const spans: Span[] = [];
  let at = skipSpace(text, text.indexOf("{") + 1);
  while (text[at] === '"') {
    const from = at;
    const nameTo = endOfString(text, at);
    const name = JSON.parse(text.slice(from, nameTo)) as string;
    const valueFrom = skipSpace(text, skipSpace(text, nameTo) + 1);
    const to = endOfValue(text, valueFrom);
    if (names.has(name)) spans.push({ name, from, valueFrom, to });
    at = skipSpace(text, to);
    if (text[at] !== ",") break;
    at = skipSpace(text, at + 1);
  }
  return spans;
}

function removeField(text: string, from: number, to: number): string {
  const after = skipSpace(text, to);
  if (text[after] === ",") return text.slice(0, from) + text.slice(skipSpace(text, after + 1));
  const before = text.slice(0, from).trimEnd();
  return (before.endsWith(",") ? before.slice(0, -1) : before) + text.slice(to);
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1;
  return at;
}

/** Behind the closing quote. The engine's own search finds it: texts may be megabytes long. */
function endOfString(text: string, at: number): number {
  let quote = text.indexOf('"', at + 1);
  for (;;) {
    let slashes = 0;
    while (text[quote - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
}

function endOfValue(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return endOfString(text, at);
  if (first !== "{" && first !== "[") {
    while (at < text.length && !",}] \t\r\n".includes(text[at] ?? "")) at += 1;
    return at;
  }
  let depth = 0;
  for (let i = at; i < text.length; ) {
    const char = text[i];
    if (char === '"') {
      i = endOfString(text, i);
      continue;
    }
    if (char === "{" || char === "[") depth += 1;
    if (char === "}" || char === "]") depth -= 1;
    i += 1;
    if (depth === 0) return i;
  }
  return text.length;
}
