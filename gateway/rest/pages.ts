import type { VisibleMessage } from "../../actors/reading/contract.ts";

/** What fits into `maxBytes`, from the first on; the first always does. */
export function cutPage(
  messages: readonly VisibleMessage[],
  maxBytes: number,
): { page: VisibleMessage[]; cut: boolean } {
  let sizeBytes = 0;
  for (const [index, message] of messages.entries()) {
    sizeBytes += sizeOf(message);
    if (sizeBytes > maxBytes && index > 0) return { page: messages.slice(0, index), cut: true };
  }
  return { page: [...messages], cut: false };
}

/** About what the message takes on the wire: names and numbers beside the content are a few hundred bytes. */
function sizeOf(message: VisibleMessage): number {
  return 400 + Buffer.byteLength(JSON.stringify(message.content ?? ""));
}
