import type { UserId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import type { Edge } from "./route.ts";

/** Current names; users that the directory does not hold yet are absent. */
export async function namesOf(
  edge: Edge,
  userIds: Iterable<UserId>,
): Promise<Map<UserId, { nickname: string; avatar: string }>> {
  const unique = [...new Set(userIds)];
  return unique.length === 0 ? new Map() : edge.directory.findMany(unique);
}

/** The directory is a view: for a user that it does not hold yet, the user actor is asked. */
export async function senderOf(edge: Edge, userId: UserId): Promise<{ senderName: string; senderAvatar: string }> {
  const names = await edge.directory.findMany([userId]);
  const { nickname, avatar } = names.get(userId) ?? (await edge.actors.get(User, userId).profile({}));
  return { senderName: nickname, senderAvatar: avatar };
}
