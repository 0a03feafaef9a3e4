import type { StoredMessage } from "../conversation/contract.ts";
import type { ReadingDeps } from "./deps.ts";

/** With the senders' names as of now; a sender whom the directory does not know keeps the name from the time of sending. */
export async function withNames(deps: ReadingDeps, messages: readonly StoredMessage[]): Promise<StoredMessage[]> {
  const userIds = [...new Set(messages.map(({ senderId }) => senderId))];
  if (userIds.length === 0) return [];
  const names = await deps.directory.findMany(userIds);
  return messages.map((message) => {
    const card = names.get(message.senderId);
    return card ? { ...message, senderName: card.nickname, senderAvatar: card.avatar } : message;
  });
}
