// The versions of a user's own lists as one device knows them: each change is published once, with its version. A version
// that is missing for `patienceMs` was lost; until then it may only be late, as notifications pass each other.
import { Watermark } from "../../../actors/shared/watermark.ts";

const patienceMs = 1_000;
/** Versions remembered ahead of a missing one; further ones count as missing. */
const maxAhead = 64;

export class UserVersions {
  #seen = new Watermark(0, maxAhead);
  #newest = 0;
  #missingSinceMs: number | undefined;

  /** The device holds the lists at `version`, or was asked to sync them. */
  startAt(version: number): void {
    this.#seen.raise(version);
    this.exists(version);
  }

  /** A notification brought `version` to the device. */
  published(version: number): void {
    this.#seen.add(version);
    this.exists(version);
  }

  /** The user's actor has made `version`, whether or not a notification of it came. */
  exists(version: number): void {
    this.#newest = Math.max(this.#newest, version);
  }

  /** The version up to which the device must sync its lists, if one is lost; asked for once. */
  takeLost(nowMs: number): number | undefined {
    if (this.#seen.upTo >= this.#newest) {
      this.#missingSinceMs = undefined;
      return undefined;
    }
    this.#missingSinceMs ??= nowMs;
    if (nowMs - this.#missingSinceMs < patienceMs) return undefined;
    this.startAt(this.#newest);
    return this.#newest;
  }
}
