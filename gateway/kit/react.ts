import { Conversation } from "../../actors/conversation/contract.ts";
import type { Reading } from "../../actors/reading/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";

export type Placed = Awaited<ReturnType<Reading["place"]>>;

/** After very many reactions to other messages the place that was read is too old. */
const maxTries = 3;

/** `find` looks for the message with its reactions, anew for each try. */
export async function react(
  actors: Actors,
  find: () => Promise<Placed>,
  tap: { by: string; emoji: string; on: boolean },
  call: CallOptions,
): Promise<{ found: Placed; version: number }> {
  for (let tries = 1; ; tries += 1) {
    const found = await find();
    try {
      const conversation = actors.get(Conversation, found.conversationId);
      const { version } = await conversation.react({ ...tap, message: found.place }, call);
      return { found, version };
    } catch (error) {
      const isOld = error instanceof DomainError && error.error === "common.conflict";
      if (!isOld || tries === maxTries) throw error;
    }
  }
}
