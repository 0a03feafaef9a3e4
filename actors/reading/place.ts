import { Conversation } from "../conversation/contract.ts";
import { User } from "../user/contract.ts";
import type { Reading } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { findMessage } from "./find-message.ts";
import { unlessGone } from "./view.ts";

/** Refuses what `findMessage` refuses: whatever the conversation does not know for sure is looked for there. */
export async function findPlace(
  deps: ReadingDeps,
  input: Parameters<Reading["place"]>[0],
): ReturnType<Reading["place"]> {
  const { userId, messageId, conversationId } = input;
  if (conversationId !== undefined) {
    const [place, { entry, deleted }] = await Promise.all([
      unlessGone(deps.actors.get(Conversation, conversationId).place({ userId, messageId })),
      deps.actors.get(User, userId).entry({ conversationId }),
    ]);
    const isHidden = (seq: number) => seq <= (entry?.clearedSeq ?? 0) || deleted.some((each) => each.seq === seq);
    if (place && !isHidden(place.seq)) return { conversationId, place };
  }
  const { message, ref, ...found } = await findMessage(deps, input);
  const place = message.reactedBy ? { ...ref, reactedBy: message.reactedBy } : ref;
  return { conversationId: found.conversationId, place };
}
