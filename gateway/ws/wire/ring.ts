// The latest frames of one conversation, shared by its listeners: for those who catch up, who ack, and who do not.
// R1: entries rise by version; every versioned event above `fromVersion` that this gateway delivered is in.
import type { Frame } from "./frame.ts";

export interface Entry {
  readonly version: number;
  /** The conversation's last seq at this event: for a message its own. */
  readonly seq: number;
  /** Set for messages: the ones that are acknowledged and sent again. */
  readonly messageId: string | undefined;
  readonly frame: Frame;
  readonly sentAtMs: number;
  /** The device that caused it and got its own answer. */
  readonly except: Origin | undefined;
  /** Not for everybody who listens: never shared with those who come later. */
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

  /** Whether everything above `version` is here, and the same for everybody. */
  covers(version: number): boolean {
    return version >= this.#fromVersion && version >= this.#partialVersion;
  }

  /** Forgets what is older than `untilMs`, and more than `maxEntries`. */
  trim(untilMs: number, maxEntries: number): void {
    const entries = this.#entries;
    let count = Math.max(0, entries.length - maxEntries);
    while (count < entries.length && entries[count]!.sentAtMs < untilMs) count += 1;
    if (count === 0) return;
    this.#fromVersion = entries[count - 1]!.version;
    entries.splice(0, count);
  }

  /** Nothing is kept, and what comes next begins above `version`. */
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

/** The version of the last message with a seq up to `seq`, if it is here. */
export function versionOfSeq(entries: readonly Entry[], seq: number): number | undefined {
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i]!;
    if (entry.messageId !== undefined && entry.seq <= seq) return entry.version;
  }
  return undefined;
}

/** The highest seq of these messages; 0 when none of them is here. */
export function newestSeqOf(entries: readonly Entry[], messageIds: ReadonlySet<string>): number {
  const entry = entries.findLast(({ messageId }) => messageId !== undefined && messageIds.has(messageId));
  return entry?.seq ?? 0;
}
