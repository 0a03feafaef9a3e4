// What a caller is told when a turn did not end well.
import { DomainError } from "../../shared/errors.ts";
import { RuntimeError } from "../errors.ts";
import type { Reply } from "../invocation.ts";
import type { Address } from "../kinds.ts";

export type Answer = (reply: Reply) => void;

export function notOwner({ kind, key }: Address): Reply {
  return { kind: "failed", error: "not_owner", message: `${kind} ${key} lives elsewhere now` };
}

/** A DomainError is the answer; anything that is no typed error is a bug of the actor: the command is parked. */
export function refusal(error: unknown, { kind, key }: Address): Reply {
  if (error instanceof DomainError) {
    return { kind: "refused", error: error.error, details: error.details, message: error.message };
  }
  if (error instanceof RuntimeError) return { kind: "failed", error: error.kind, message: error.message };
  return { kind: "failed", error: "poisoned", message: `${kind} ${key} could not run this command; it was parked` };
}
