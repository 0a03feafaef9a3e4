// A piece of a ring, encoded once for all listeners that catch up from the same place.
import type { Writer } from "../socket/writer.ts";
import type { Entry } from "../wire/ring.ts";
import { isCausedBy } from "./audience.ts";
import type { Listener } from "./listener.ts";
import { sliceBytes } from "./pace.ts";
import { concat } from "./shared-batch.ts";

interface Slice {
  readonly entries: readonly Entry[];
  /** The bytes for sockets without compression. */
  readonly plain: Buffer;
}

export class Slices {
  #last: Slice | undefined;

  /** From `start` on: at least one entry, and at most `sliceBytes` if there are several. */
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

/** To a listener that was live up to `pausedAt`: its own messages up to there are counted in `ownUnacked` already. */
export function sendShared(listener: Listener, { entries, plain }: Slice, pausedAt: number, writer: Writer): void {
  const { connection } = listener;
  const own = entries.filter(({ except }) => isCausedBy(except, connection));
  if (own.length === 0 && !connection.deflates) writer.push(connection, plain, entries.length);
  else {
    const rest = own.length === 0 ? entries : entries.filter((entry) => !own.includes(entry));
    if (rest.length > 0) writer.push(connection, concat(rest, connection.deflates), rest.length);
  }
  for (const { messageId, version } of own) if (messageId !== undefined && version > pausedAt) listener.ownUnacked += 1;
  listener.moveTo(entries.at(-1)?.version ?? listener.position);
}
