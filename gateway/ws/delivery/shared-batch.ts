// The entries of one tick of a channel: concatenated once, the same buffer for every live listener.
import type { Writer } from "../socket/writer.ts";
import type { Entry } from "../wire/ring.ts";
import type { Listener } from "./listener.ts";

/** Without the lease nothing is flushed; with more entries the listeners are paused, and catch up. */
const maxEntries = 1_000;

export class SharedBatch {
  #entries: Entry[] = [];

  get isFull(): boolean {
    return this.#entries.length >= maxEntries;
  }

  /** True for the first entry: the batch must be flushed when the tick ends. */
  push(entry: Entry): boolean {
    return this.#entries.push(entry) === 1;
  }

  /** Writes the batch to the live listeners. One whose socket has no room for it, or everyone (`pausesAll`), goes to `pause`. */
  flush(
    listeners: Iterable<Listener>,
    writer: Writer,
    pause: (listener: Listener, position: number) => void,
    pausesAll: boolean,
  ): void {
    const entries = this.#entries;
    const [first] = entries;
    if (first === undefined) return;
    this.#entries = [];
    const bytes = sizeOf(entries);
    let plain: Buffer | undefined;
    let deflated: Buffer | undefined;
    for (const listener of listeners) {
      if (!listener.isLive) continue;
      const { connection } = listener;
      if (pausesAll || bytes > connection.roomBytes) pause(listener, first.version - 1);
      else if (listener.skips !== undefined) flushRest(listener, entries, writer);
      else if (!connection.deflates) {
        plain ??= concat(entries, false);
        writer.push(connection, plain, entries.length);
      } else {
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

function sizeOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const { frame } of entries) bytes += frame.plain.length;
  return bytes;
}

function flushRest(listener: Listener, entries: readonly Entry[], writer: Writer): void {
  const { connection, skips } = listener;
  listener.skips = undefined;
  const rest = entries.filter((entry) => !skips?.has(entry));
  if (rest.length > 0) writer.push(connection, concat(rest, connection.deflates), rest.length);
}
