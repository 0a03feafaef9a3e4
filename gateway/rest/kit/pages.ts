import type { VisibleMessage } from "../../../actors/reading/contract.ts";

/** As many of the first (or last) messages as fit into `maxBytes`, at least one of them. */
export function cutPage(
  messages: readonly VisibleMessage[],
  maxBytes: number,
  keep: "first" | "last",
): { page: VisibleMessage[]; cut: boolean } {
  const nearestFirst = keep === "first" ? messages : messages.toReversed();
  let sizeBytes = 0;
  for (const [count, message] of nearestFirst.entries()) {
    sizeBytes += sizeOf(message);
    if (sizeBytes <= maxBytes || count === 0) continue;
    return { page: keep === "first" ? messages.slice(0, count) : messages.slice(-count), cut: true };
  }
  return { page: [...messages], cut: false };
}

/** Estimated bytes of a message on the wire: names and numbers beside the content are a few hundred bytes. */
function sizeOf(message: VisibleMessage): number {
  return 400 + Buffer.byteLength(JSON.stringify(message.content ?? ""));
}
