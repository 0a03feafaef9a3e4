import { Conversation } from "../../actors/conversation/contract.ts";
import type { FoundMessage } from "../../actors/reading/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";

/** Very many reactions of other messages in between make what was read too old. */
const maxTries = 3;

/** `find` reads the message with its reactions, anew for each try. */
export async function react(
  actors: Actors,
  find: () => Promise<FoundMessage>,
  tap: { by: string; emoji: string; on: boolean },
  call: CallOptions,
): Promise<{ found: FoundMessage; version: number }> {
  for (let tries = 1; ; tries += 1) {
    const found = await find();
    const message = found.message.reactedBy ? { ...found.ref, reactedBy: found.message.reactedBy } : found.ref;
    try {
      const { version } = await actors.get(Conversation, found.conversationId).react({ ...tap, message }, call);
      return { found, version };
    } catch (error) {
      const isOld = error instanceof DomainError && error.error === "common.conflict";
      if (!isOld || tries === maxTries) throw error;
    }
  }
}
