// The versions of a user's own lists: each change rings once, with the version it made.
// U1: a version that is missing, or that the user's actor says is there and no bell told, is noticed; the device is told
//     to sync its lists when it did not come in `patienceMs`, as bells may pass each other.
import type { Connection } from "../socket/connection.ts";
import { requestSync } from "./sync-request.ts";

const patienceMs = 1_000;
/** Versions heard ahead of a missing one; beyond it the device is told to sync. */
const maxAhead = 64;

export class UserVersions {
  /** Told to the device without a hole. */
  version = 0;
  #newest = 0;
  #ahead: Set<number> | undefined;
  #missingSinceMs: number | undefined;

  /** The device holds them, or was told to sync them. */
  startAt(version: number): void {
    this.version = Math.max(this.version, version);
    this.#newest = Math.max(this.#newest, version);
    this.#follow();
  }

  /** A bell brought it to the device. */
  heard(version: number): void {
    if (version <= this.version) return;
    this.#newest = Math.max(this.#newest, version);
    this.#ahead ??= new Set();
    if (this.#ahead.size < maxAhead) this.#ahead.add(version);
    this.#follow();
  }

  /** It is there, whether the device heard of it or not. */
  exists(version: number): void {
    this.#newest = Math.max(this.#newest, version);
  }

  /** U1 */
  look(connection: Connection, nowMs: number): void {
    if (this.version >= this.#newest) {
      this.#missingSinceMs = undefined;
      return;
    }
    this.#missingSinceMs ??= nowMs;
    if (nowMs - this.#missingSinceMs < patienceMs) return;
    this.startAt(this.#newest);
    requestSync(connection, undefined, this.version);
  }

  #follow(): void {
    while (this.#ahead?.delete(this.version + 1)) this.version += 1;
    for (const version of this.#ahead ?? []) if (version <= this.version) this.#ahead?.delete(version);
    if (this.#ahead?.size === 0) this.#ahead = undefined;
  }
}
