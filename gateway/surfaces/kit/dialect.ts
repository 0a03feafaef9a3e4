// Which of the four model surfaces a request speaks. Their paths differ, except eight routes under /api that two of them have:
// there the answer holds the fields of both, and the dialect chooses the shape of an error.

import { type Dialect, dialects } from "../../ports.ts";

/** The numbers by which clients and COMPAT_PORTS may name a dialect. */
const dialectByNumber: Readonly<Record<string, Dialect>> = {
  "000": "nextchat",
  "001": "chat",
  "002": "gpt2api",
  "004": "image",
};

/** What is known of a request. A fact that is not known yet is left out. */
export interface DialectFacts {
  /** Without the prefix /compat/… */
  path: string;
  /** Of the prefix. */
  prefix?: Dialect;
  /** X-API-Dialect, as it came. */
  header?: string;
  /** Of the local port. */
  port?: Dialect;
  /** `dia` of the token: the surface that issued it. */
  claim?: string;
  body?: unknown;
}

export function resolveDialect(facts: DialectFacts): Dialect {
  return findDialect(facts) ?? "nextchat";
}

/** The first fact that says a dialect; undefined when none does. */
export function findDialect({ path, prefix, header, port, claim, body }: DialectFacts): Dialect | undefined {
  return prefix ?? parseDialect(header) ?? dialectOfPath(path) ?? port ?? parseDialect(claim) ?? dialectOfBody(body);
}

/** By name or by number; undefined for any other text. */
export function parseDialect(text: string | undefined): Dialect | undefined {
  return dialects.find((dialect) => dialect === text) ?? dialectByNumber[text ?? ""];
}

/** `/compat/image/api/sessions` → image and `/api/sessions`. */
export function splitPrefix(path: string): { prefix?: Dialect; path: string } {
  const [, name, rest = ""] = /^\/compat\/([a-z0-9]+)(\/.*)?$/.exec(path) ?? [];
  const prefix = parseDialect(name);
  return prefix === undefined ? { path } : { prefix, path: rest === "" ? "/" : rest };
}

const families: readonly (readonly [RegExp, Dialect])[] = [
  [/^\/(auth|conversations)(\/|$)/, "chat"],
  [/^\/ws\/conversations\/[^/]+$/, "chat"],
  [/^\/(admin|v1)(\/|$)/, "gpt2api"],
  [/^\/api\/(images(\/|$)|auth\/(register|me)$)/, "image"],
  [/^\/ws\/[^/]+$/, "image"],
];

function dialectOfPath(path: string): Dialect | undefined {
  return families.find(([family]) => family.test(path))?.[1];
}

function dialectOfBody(body: unknown): Dialect | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  if ("text" in body || "imageIds" in body || "params" in body) return "image";
  return "content" in body || "content_type" in body ? "nextchat" : undefined;
}
