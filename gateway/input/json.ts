// Turns untrusted bytes into a value. All JSON that enters the edge passes here.
import { isUtf8 } from "node:buffer";
import { DomainError } from "../../actors/shared/errors.ts";
import { hasExactNumbers, isExact } from "./exact-numbers.ts";

interface JsonLimits {
  /** Larger input throws common.too_large. */
  maxBytes: number;
  /** Objects and arrays nested deeper throw gateway.malformed: `{}` has depth 1. */
  maxDepth: number;
}

interface ReadJson {
  readonly value: unknown;
  /** common.invalid with the place of a number that would come back as another one; `value` is not to be used then. */
  readonly refusal?: DomainError;
}

/** Throws whatever `readJson` throws, and its refusal. */
export function parseJson(input: string | Buffer, limits: JsonLimits): unknown {
  const { value, refusal } = readJson(input, limits);
  if (refusal) throw refusal;
  return value;
}

/** Throws common.too_large, or gateway.malformed for invalid UTF-8, half surrogates, bad syntax and deep nesting. */
export function readJson(input: string | Buffer, limits: JsonLimits): ReadJson {
  const sizeBytes = typeof input === "string" ? Buffer.byteLength(input) : input.length;
  if (sizeBytes > limits.maxBytes) {
    throw new DomainError("common.too_large", { details: { maxBytes: limits.maxBytes } });
  }
  if (typeof input !== "string" && !isUtf8(input)) throw malformed("invalid UTF-8");
  const text = typeof input === "string" ? input : input.toString("utf8");
  const value = parse(text);
  checkTree(value, limits.maxDepth);
  // An escaped half surrogate is legal JSON that no store can keep as UTF-8.
  if (/\\u[dD][89a-fA-F]/.test(text)) checkTexts(value);
  const isInexact = (part: unknown) => part === inexact;
  const place = hasExactNumbers(text) ? undefined : find(parseWithSources(text, markInexact), isInexact);
  return place === undefined ? { value } : { value, refusal: inexactAt(place) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed("not JSON", { cause });
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
/** TypeScript's library does not know yet that a reviver gets the text of each number. Slow: for refusals only. */
const parseWithSources = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** Replaces a number that cannot be kept: its path is known only when the whole tree is parsed. */
const inexact = Symbol("inexact number");

function markInexact(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === "number" && source !== undefined && !isExact(source) ? inexact : value;
}

/** After the parse, because there are far fewer values than characters; V8 parses any depth without recursion. */
function checkTree(value: unknown, depthLeft: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depthLeft === 0) throw malformed("nested too deep");
  if (Array.isArray(value)) for (const item of value) checkTree(item, depthLeft - 1);
  else for (const key in value) checkTree((value as Record<string, unknown>)[key], depthLeft - 1);
}

/** For a key that is half of a pair the place is that of its object: no answer can hold such a key. */
function checkTexts(value: unknown): void {
  const place = find(value, hasHalf);
  if (place) throw malformed("half of a surrogate pair", { field: place.join(".") });
}

function hasHalf(part: unknown): boolean {
  if (typeof part === "string") return !part.isWellFormed();
  return typeof part === "object" && part !== null && Object.keys(part).some((key) => !key.isWellFormed());
}

/** The keys that lead to the first part that is searched, from outside to inside. */
function find(value: unknown, isSearched: (part: unknown) => boolean): string[] | undefined {
  if (isSearched(value)) return [];
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const rest = find(child, isSearched);
    if (rest) return [key, ...rest];
  }
  return undefined;
}

function inexactAt(path: readonly string[]): DomainError {
  const expected = "a number that is kept exactly: an integer up to 9007199254740991, or up to 17 digits";
  return new DomainError("common.invalid", { details: [{ field: path.join("."), expected }] });
}

function malformed(reason: string, { field, cause }: { field?: string; cause?: unknown } = {}): DomainError {
  return new DomainError("gateway.malformed", {
    message: `This is not understood: ${reason}.`,
    details: { reason, ...(field !== undefined && { field }) },
    cause,
  });
}
