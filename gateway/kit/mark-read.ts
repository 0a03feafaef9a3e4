// Reading moves two marks: the conversation's, for the other members, and the reader's own, for the other devices. Both
// only rise. The conversation comes first: it caps the mark at its last message and says how many messages that covers.
import { Conversation } from "../../actors/conversation/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import type { ConversationId, UserId } from "../../actors/shared/ids.ts";
import { User } from "../../actors/user/contract.ts";

interface UserMark {
  userId: UserId;
  readSeq?: number;
  deliveredSeq?: number;
}

export async function markRead(
  actors: Actors,
  conversationId: ConversationId,
  { userId, seq }: { userId: UserId; seq: number },
  options: CallOptions = {},
): Promise<void> {
  const read = await actors.get(Conversation, conversationId).markRead({ userId, seq }, options);
  await actors.get(User, userId).markRead({ conversationId, ...read }, options);
}

/** Marks of several users of one conversation. Users who are not in it are ignored. */
export async function markMany(
  actors: Actors,
  conversationId: ConversationId,
  marks: readonly UserMark[],
): Promise<void> {
  const { reads } = await actors.get(Conversation, conversationId).markMany({ marks: [...marks] });
  await Promise.all(reads.map(({ userId, ...read }) => actors.get(User, userId).markRead({ conversationId, ...read })));
}
