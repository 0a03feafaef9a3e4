// The object with the messages of a merged_forward. It holds the files of the messages inside it: a user who sees it reads them.
import { text } from "node:stream/consumers";
import { DomainError } from "../../actors/shared/errors.ts";
import { type Store, withStore } from "../kit/with-store.ts";

/** Of all bodies of one message: the 100 longest texts fit. One more byte is refused with message.too_long. */
export const maxMergedBytes = 2 * 1_024 * 1_024;

/** Whether a message inside, or inside one of those, names the file. `bodies`: the name of their object. */
export async function bodiesName(store: Store, bodies: string, fileId: string): Promise<boolean> {
  return namesIn(await parsedBodies(store, bodies), fileId);
}

/** The messages, as they were stored. `bodies`: the name of their object. Throws file.not_found. */
export async function parsedBodies(store: Store, bodies: string) {
  const json = await withStore(store, async (objects) => {
    const { size, bytes } = await objects.get(bodies);
    if (size > maxMergedBytes) throw new DomainError("file.not_found");
    return text(bytes);
  });
  return JSON.parse(json);
}

function namesIn(messages: unknown, fileId: string): boolean {
  if (!Array.isArray(messages)) return false;
  return messages.some(({ content }: { content?: { fileId?: unknown; messages?: unknown } | null }) => {
    return content?.fileId === fileId || namesIn(content?.messages, fileId);
  });
}
