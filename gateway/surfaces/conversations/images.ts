import { File } from "../../../actors/file/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { isStampId } from "../../../actors/shared/ids.ts";
import type { Asking } from "./chats.ts";

/** Throws file.not_found for an image that is not there, or that is somebody else's. */
export async function checkImages({ edge, userId, call }: Asking, imageIds: readonly string[]): Promise<void> {
  await Promise.all(
    imageIds.map(async (imageId) => {
      if (!isStampId(imageId)) throw new DomainError("file.not_found");
      const { ownerId } = await edge.actors.get(File, imageId).view({}, call);
      if (ownerId !== userId) throw new DomainError("file.not_found");
    }),
  );
}
