// A piece of a ring for those who catch up at the same place: encoded once for all of them.

import { sliceBytes } from "../socket/pace.ts";
import type { Entry } from "../wire/ring.ts";
import { isCausedBy } from "./audience.ts";
import type { Listener } from "./listener.ts";
import { concat } from "./shared-batch.ts";

export interface Slice {
  readonly entries: readonly Entry[];
  /** As they go to sockets without compression. */
  readonly plain: Buffer;
}

export class Slices {
  #last: Slice | undefined;

  /** From `start` on: one entry at least, and no more than `sliceBytes` if it is several. */
  take(entries: readonly Entry[], start: number): Slice {
    let end = start;
    let bytes = 0;
    for (; end < entries.length; end += 1) {
      bytes += entries[end]!.frame.plain.length;
      if (bytes > sliceBytes && end > start) break;
    }
    const known = this.#last;
    if (known?.entries[0] === entries[start] && known?.entries.length === end - start) return known;
    const taken = entries.slice(start, end);
    this.#last = { entries: taken, plain: concat(taken, false) };
    return this.#last;
  }

  forget(): void {
    this.#last = undefined;
  }
}

/** To a listener that was live up to `parkedAt`: its own messages of before are counted as such already. */
export function sendShared(listener: Listener, { entries, plain }: Slice, parkedAt: number): void {
  const { connection } = listener;
  const { writer } = connection.edge;
  const own = entries.filter(({ except }) => isCausedBy(except, connection));
  if (own.length === 0 && !connection.deflates) writer.push(connection, plain, entries.length);
  else {
    const rest = own.length === 0 ? entries : entries.filter((entry) => !own.includes(entry));
    if (rest.length > 0) writer.push(connection, concat(rest, connection.deflates), rest.length);
  }
  for (const { messageId, version } of own) if (messageId !== undefined && version > parkedAt) listener.ownUnacked += 1;
  listener.position = entries.at(-1)?.version ?? listener.position;
}
