// The latest frames of one conversation: for listeners that catch up, for acknowledgements, and to send frames again.
// Entries rise by version, and every versioned event above `fromVersion` that this gateway delivered is in the ring.
import type { Frame } from "./frame.ts";

export interface Entry {
  readonly version: number;
  /** The conversation's last seq at this event: for a message its own. */
  readonly seq: number;
  /** Set for messages: only messages are acknowledged and sent again. */
  readonly messageId: string | undefined;
  readonly frame: Frame;
  readonly sentAtMs: number;
  /** The device that caused the event: the answer to its frame replaces the event. */
  readonly except: Origin | undefined;
  /** Not for every listener, so the entry is never used for a listener that catches up. */
  readonly isPartial: boolean;
}
export interface Origin {
  readonly userId: string | undefined;
  readonly deviceId: string;
}

export class Ring {
  #entries: Entry[] = [];
  #fromVersion: number;
  #partialVersion = 0;

  constructor(fromVersion: number) {
    this.#fromVersion = fromVersion;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  append(entry: Entry): void {
    this.#entries.push(entry);
    if (entry.isPartial) this.#partialVersion = entry.version;
  }

  /** Everything above `version` is in the ring, and the same for every listener. */
  covers(version: number): boolean {
    return version >= this.#fromVersion && version >= this.#partialVersion;
  }

  /** Forgets entries older than `untilMs`, and all but the newest `maxEntries`. */
  trim(untilMs: number, maxEntries: number): void {
    const entries = this.#entries;
    let count = Math.max(0, entries.length - maxEntries);
    while (count < entries.length && entries[count]!.sentAtMs < untilMs) count += 1;
    if (count === 0) return;
    this.#fromVersion = entries[count - 1]!.version;
    entries.splice(0, count);
  }

  /** Forgets everything; the next entry has a version above `version`. */
  restart(version: number): void {
    this.#entries.length = 0;
    this.#fromVersion = version;
  }
}

/** Index of the first entry above `version`. */
export function indexAbove(entries: readonly Entry[], version: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.version > version) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The version of the last message with a seq up to `seq`, if the message is in `entries`. */
export function versionOfSeq(entries: readonly Entry[], seq: number): number | undefined {
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i]!;
    if (entry.messageId !== undefined && entry.seq <= seq) return entry.version;
  }
  return undefined;
}

/** The highest seq of these messages; 0 when none of them is in `entries`. */
export function newestSeqOf(entries: readonly Entry[], messageIds: ReadonlySet<string>): number {
  const entry = entries.findLast(({ messageId }) => messageId !== undefined && messageIds.has(messageId));
  return entry?.seq ?? 0;
}
