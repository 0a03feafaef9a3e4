// Messages of a thread, by seq and without a hole, from pages of history and from what arrives live.
import type { Message } from "../../../client/base/wire.ts";

/** `page` is complete between its first and last message: held messages of that range that it lacks were deleted. */
export function mergePage(held: readonly Message[], page: readonly Message[]): Message[] {
  const first = page[0];
  const last = page.at(-1);
  if (!first || !last) return [...held];
  const outside = held.filter(({ seq }) => seq < first.seq || seq > last.seq);
  return [...outside, ...page].sort(bySeq);
}

/** A message in its newest state. */
export function mergeMessage(held: readonly Message[], message: Message): Message[] {
  const others = held.filter(({ seq }) => seq !== message.seq);
  return [...others, message].sort(bySeq);
}

function bySeq(a: Message, b: Message): number {
  return a.seq - b.seq;
}
