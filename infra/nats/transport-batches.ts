// Gathers the items that one tick sends to the same place into one message. The order per place is kept.
import type { Clock } from "../../actors/runtime/ports.ts";

export class Batches<T extends { readonly bytes: number }> {
  #clock: Clock;
  #maxBytes: number;
  #send: (place: string, items: readonly T[]) => void;
  #open = new Map<string, T[]>();
  #isScheduled = false;
  #isHeld = false;
  #bytes = 0;

  /** Each call of `send` gets items of at most `maxBytes` together, or a single larger item. */
  constructor(clock: Clock, maxBytes: number, send: (place: string, items: readonly T[]) => void) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#send = send;
  }

  /** Bytes of the items that are not sent yet. */
  get bytes(): number {
    return this.#bytes;
  }

  add(place: string, item: T): void {
    const items = this.#open.get(place);
    if (items) items.push(item);
    else this.#open.set(place, [item]);
    this.#bytes += item.bytes;
    if (this.#isScheduled || this.#isHeld) return;
    this.#isScheduled = true;
    this.#clock.soon(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** Nothing is sent until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#flush();
  }

  clear(): void {
    this.#open.clear();
    this.#bytes = 0;
  }

  #flush(): void {
    if (this.#isHeld) return;
    const open = this.#open;
    this.#open = new Map();
    this.#bytes = 0;
    for (const [place, items] of open) this.#sendAll(place, items);
  }

  #sendAll(place: string, items: readonly T[]): void {
    let start = 0;
    let bytes = 0;
    for (let i = 0; i < items.length; i += 1) {
      const itemBytes = items[i]?.bytes ?? 0;
      if (i > start && bytes + itemBytes > this.#maxBytes) {
        this.#send(place, items.slice(start, i));
        start = i;
        bytes = 0;
      }
      bytes += itemBytes;
    }
    if (start < items.length) this.#send(place, start === 0 ? items : items.slice(start));
  }
}
