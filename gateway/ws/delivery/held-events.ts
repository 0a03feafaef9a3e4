// Events that came before an earlier one. They wait until the missing ones were pulled.
import type { VersionedFrame } from "../wire/version-frames.ts";

/** Further ones are dropped, and pulled later. */
const maxHeld = 1_024;

export class HeldEvents {
  #byVersion: Map<number, VersionedFrame> | undefined;

  get isEmpty(): boolean {
    return this.#byVersion === undefined;
  }

  hold(event: VersionedFrame): void {
    this.#byVersion ??= new Map();
    const known = this.#byVersion.get(event.version);
    if (known?.audience && event.audience) known.next ??= event;
    else if (!known && this.#byVersion.size < maxHeld) this.#byVersion.set(event.version, event);
  }

  take(version: number): VersionedFrame | undefined {
    const event = this.#byVersion?.get(version);
    if (event) this.#byVersion?.delete(version);
    return event;
  }

  forget(upToVersion: number): void {
    if (this.#byVersion === undefined) return;
    for (const version of this.#byVersion.keys()) if (version <= upToVersion) this.#byVersion.delete(version);
    if (this.#byVersion.size === 0) this.#byVersion = undefined;
  }
}
