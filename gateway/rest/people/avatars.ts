// Avatars of users. An address of a file of this server must be an avatar that the user uploaded: other files are not for
// everybody, and another user's may go at any time. Any other address is kept as it is; its pictures are not this server's.
import { File } from "../../../actors/file/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { apiPrefix, type Edge } from "../kit/route.ts";

const fileAddress = new RegExp(`${apiPrefix}/files/([A-Za-z0-9_-]{1,64})(?:[/?#]|$)`);

/** Throws user.avatar_refused. */
export async function checkAvatar(edge: Edge, userId: UserId, avatar: string, call: CallOptions): Promise<void> {
  const [, fileId] = fileAddress.exec(avatar) ?? [];
  if (fileId === undefined) return;
  try {
    const file = await edge.actors.get(File, fileId).view({}, { ...call, commandId: undefined });
    if (file.ownerId === userId && file.type === "avatar") return;
  } catch (error) {
    if (!(error instanceof DomainError && error.kind === "not_found")) throw error;
  }
  throw new DomainError("user.avatar_refused");
}
