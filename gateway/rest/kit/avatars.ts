// Avatars of users and groups. An address of a file of this server must be an avatar that the user uploaded: other files are not for
// everybody, and another user's may go at any time. Any other address is kept as it is; its pictures are not this server's.
import { File } from "../../../actors/file/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { apiPrefix, type Edge } from "./route.ts";

type AvatarType = "avatar" | "group_avatar";

const fileAddress = new RegExp(`${apiPrefix}/files/([A-Za-z0-9_-]{1,64})(?:[/?#]|$)`);

/**
 * `type`: a group's avatar may be a user's avatar, too. The address that is `present` stays, also when another user uploaded the
 * file. Throws user.avatar_refused.
 */
export async function checkAvatar(
  edge: Edge,
  {
    userId,
    avatar,
    type,
    present,
  }: { userId: UserId; avatar: string; type: AvatarType; present?: () => Promise<string> },
  call: CallOptions,
): Promise<void> {
  const [, fileId] = fileAddress.exec(avatar) ?? [];
  if (fileId === undefined) return;
  try {
    const file = await edge.actors.get(File, fileId).view({}, { ...call, commandId: undefined });
    if (file.ownerId === userId && (file.type === "avatar" || file.type === type)) return;
  } catch (error) {
    if (!(error instanceof DomainError && error.kind === "not_found")) throw error;
  }
  if ((await present?.()) === avatar) return;
  throw new DomainError("user.avatar_refused");
}
