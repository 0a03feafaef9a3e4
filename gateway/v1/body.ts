// JSON bodies, which are read once; what goes up are the client's own bytes.
import type { UpstreamTarget } from "../../actors/llm/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { invalid } from "./exchange.ts";

/** The largest values that requests may name; more is refused. */
export const maxOf = { modelChars: 256, choices: 128, images: 10, tokens: 10_000_000 } as const;

export interface JsonBody {
  bytes: Buffer;
  text: string;
  value: Record<string, unknown>;
}

export function parseBody(bytes: Buffer): JsonBody {
  const text = bytes.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DomainError("gateway.malformed", { details: { reason: "the body is no JSON" } });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("", "a JSON object");
  return { bytes, text, value: value as Record<string, unknown> };
}

export function modelOf({ model }: Record<string, unknown>): string {
  if (typeof model !== "string" || model.trim() === "" || model.length > maxOf.modelChars) {
    throw invalid("model", "the name of a model");
  }
  return model;
}

/** The field that limits an answer: newer models of OpenAI refuse max_tokens. */
export function lengthFieldOf({ provider }: UpstreamTarget): string {
  return provider === "openai" ? "max_completion_tokens" : "max_tokens";
}

/** A whole number, where the field stands. */
export function checkCount(body: Record<string, unknown>, field: string, max: number): void {
  const value = body[field];
  if (value === undefined || value === null) return;
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > max) {
    throw invalid(field, `a whole number from 1 to ${max}`);
  }
}

export function checkFlag(body: Record<string, unknown>, field: string): boolean {
  const value = body[field];
  if (value === undefined || value === null || value === false) return false;
  if (value !== true) throw invalid(field, "true or false");
  return true;
}
