// A merged_forward holds the files of the messages inside it: whoever sees it reads them.
import { DomainError } from "../../actors/shared/errors.ts";
import { withStore } from "../kit/with-store.ts";
import type { GatewayDeps } from "../ports.ts";

/** Of the bodies of one message. */
const maxBodiesBytes = 2 * 1_024 * 1_024;

/** Whether a message inside, or inside one of those, names the file. `bodies`: the name of their object. */
export async function bodiesName(
  edge: Pick<GatewayDeps, "objects" | "log">,
  bodies: string,
  fileId: string,
): Promise<boolean> {
  const text = await withStore(edge, async (objects) => {
    const { size, bytes } = await objects.get(bodies);
    if (size > maxBodiesBytes) throw new DomainError("file.not_found");
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  });
  return namesIn(JSON.parse(text), fileId);
}

function namesIn(messages: unknown, fileId: string): boolean {
  if (!Array.isArray(messages)) return false;
  return messages.some(({ content }: { content?: { fileId?: unknown; messages?: unknown } | null }) => {
    return content?.fileId === fileId || namesIn(content?.messages, fileId);
  });
}
