// What one tick decided for a channel: concatenated once, the same buffer for every live listener.
import type { Listener } from "./listener.ts";
import type { Entry } from "./ring.ts";
import type { Writer } from "./writer.ts";

export class SharedBatch {
  #entries: Entry[] = [];

  /** True for the first one: the batch is to be flushed when the tick ends. */
  push(entry: Entry): boolean {
    return this.#entries.push(entry) === 1;
  }

  flush(listeners: Iterable<Listener>, writer: Writer): void {
    const entries = this.#entries;
    if (entries.length === 0) return;
    this.#entries = [];
    const plain = concat(entries, false);
    let deflated: Buffer | undefined;
    for (const listener of listeners) {
      if (!listener.isLive) continue;
      const { connection } = listener;
      if (listener.skips !== undefined) flushRest(listener, entries, writer);
      else if (!connection.deflates) writer.push(connection, plain, entries.length);
      else {
        deflated ??= concat(entries, true);
        writer.push(connection, deflated, entries.length);
      }
    }
  }
}

export function concat(entries: readonly Entry[], deflates: boolean): Buffer {
  if (entries.length === 1) return entries[0]!.frame.bytes(deflates);
  return Buffer.concat(entries.map(({ frame }) => frame.bytes(deflates)));
}

function flushRest(listener: Listener, entries: readonly Entry[], writer: Writer): void {
  const { connection, skips } = listener;
  listener.skips = undefined;
  const rest = entries.filter((entry) => !skips?.has(entry));
  if (rest.length > 0) writer.push(connection, concat(rest, connection.deflates), rest.length);
}
