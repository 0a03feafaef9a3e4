// Replies for turns that did not end well.
import { DomainError } from "../../shared/errors.ts";
import { RuntimeError } from "../errors.ts";
import type { Reply } from "../invocation.ts";
import type { Address } from "../kinds.ts";

export type Answer = (reply: Reply) => void;

/** The shard moved, or moves: the caller asks the hosts again. */
export function notOwner({ kind, key }: Address): Reply {
  return { kind: "failed", error: "not_owner", message: `${kind} ${key} lives elsewhere now` };
}

/** A DomainError or RuntimeError is the answer; anything else is a bug of the actor, and the command is dead-lettered. */
export function refusal(error: unknown, { kind, key }: Address): Reply {
  if (error instanceof DomainError) {
    return { kind: "refused", error: error.error, details: error.details, message: error.message };
  }
  if (error instanceof RuntimeError) return { kind: "failed", error: error.kind, message: error.message };
  return {
    kind: "failed",
    error: "poisoned",
    message: `${kind} ${key} could not run this command; it was dead-lettered`,
  };
}
