// Turns untrusted bytes into a value. Everything that enters the edge as JSON passes here.
import { isUtf8 } from "node:buffer";
import { DomainError } from "../../actors/shared/errors.ts";

export interface JsonLimits {
  /** Larger input throws common.too_large. */
  maxBytes: number;
  /** Objects and arrays nested deeper throw gateway.malformed: `{}` has depth 1. */
  maxDepth: number;
}

/** Throws common.too_large, or gateway.malformed for invalid UTF-8, half surrogates, bad syntax and deep nesting. */
export function parseJson(input: string | Buffer, limits: JsonLimits): unknown {
  const sizeBytes = typeof input === "string" ? Buffer.byteLength(input) : input.length;
  if (sizeBytes > limits.maxBytes) {
    throw new DomainError("common.too_large", { details: { maxBytes: limits.maxBytes } });
  }
  if (typeof input !== "string" && !isUtf8(input)) throw malformed("invalid UTF-8");
  const text = typeof input === "string" ? input : input.toString("utf8");
  const value = parse(text);
  // An escaped half surrogate is legal JSON that no store can keep as UTF-8; looked for only when one may be there.
  checkTree(value, limits.maxDepth, /\\u[dD][89a-fA-F]/.test(text));
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed("not JSON", cause);
  }
}

/** After the parse, because there are far fewer values than characters; V8 parses any depth without recursion. */
function checkTree(value: unknown, depthLeft: number, checksText: boolean): void {
  if (typeof value === "string") {
    if (checksText && !value.isWellFormed()) throw malformed("half of a surrogate pair");
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (depthLeft === 0) throw malformed("nested too deep");
  if (Array.isArray(value)) {
    for (const item of value) checkTree(item, depthLeft - 1, checksText);
    return;
  }
  for (const key in value) {
    if (checksText && !key.isWellFormed()) throw malformed("half of a surrogate pair");
    checkTree((value as Record<string, unknown>)[key], depthLeft - 1, checksText);
  }
}

function malformed(reason: string, cause?: unknown): DomainError {
  return new DomainError("gateway.malformed", {
    message: `This is not understood: ${reason}.`,
    details: { reason },
    cause,
  });
}
