// Name and picture of a sender, as of now, kept on the gateway while he is connected.
import type { UserId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import type { Edge } from "../edge.ts";

export interface Sender {
  name: string;
  avatar: string;
}

export function findSender({ hub }: Edge, userId: UserId): Sender | undefined {
  return hub.find(userId)?.sender;
}

/** Afterwards `findSender` knows, for as long as the user is connected. */
export async function loadSender({ hub, deps }: Edge, userId: UserId): Promise<void> {
  const { nickname, avatar } = await deps.actors.get(User, userId).profile({});
  const presence = hub.find(userId);
  if (presence) presence.sender = { name: nickname, avatar };
}
