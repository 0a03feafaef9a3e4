import type { UserId } from "../../actors/shared/ids.ts";
import { User } from "../../actors/user/contract.ts";
import type { Names } from "../wire/message.ts";
import type { Edge } from "./route.ts";

/** Names as of now. The directory is a view, so a user it does not hold yet is asked himself. */
export async function namesOf(edge: Edge, userIds: Iterable<UserId>): Promise<Names> {
  const unique = [...new Set(userIds)];
  return unique.length === 0 ? new Map() : edge.directory.findMany(unique);
}

export async function senderOf(edge: Edge, userId: UserId): Promise<{ senderName: string; senderAvatar: string }> {
  const names = await edge.directory.findMany([userId]);
  const { nickname, avatar } = names.get(userId) ?? (await edge.actors.get(User, userId).profile({}));
  return { senderName: nickname, senderAvatar: avatar };
}
