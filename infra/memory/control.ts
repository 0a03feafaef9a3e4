// CONTROL in one process (J5). `put` is a compare-and-set per subject. Every watcher sees the same entries in the same order:
// first the entries that were kept when the watcher began, then each new one.
import type { AppendOutcome, Clock, Control, ControlEntry } from "../../actors/runtime/ports.ts";

/**
 * Subjects that are not written for `keptMs` are forgotten. The default of 24 h is longer than an access token lives, so that
 * no revocation is forgotten while its token is valid.
 */
export function createMemoryControl(clock: Pick<Clock, "nowMs">, { keptMs = 86_400_000 } = {}): Control {
  /** By subject, in order of the last write. */
  const kept = new Map<string, ControlEntry>();
  const watchers = new Set<Watcher>();
  let sequence = 0;

  const forgetOld = (): void => {
    for (const entry of kept.values()) {
      if (entry.atMs > clock.nowMs() - keptMs) return;
      kept.delete(entry.subject);
    }
  };
  return {
    async put(subject, value, expectedSequence): Promise<AppendOutcome> {
      const last = kept.get(subject)?.sequence ?? 0;
      if (last !== expectedSequence) return { kind: "conflict", lastSequence: last };
      const entry = { subject, value, sequence: ++sequence, atMs: clock.nowMs() };
      kept.delete(subject);
      kept.set(subject, entry);
      forgetOld();
      // Every queue gets the entry before any handler runs: an entry that a handler puts must follow this one everywhere.
      for (const watcher of watchers) watcher.add(entry);
      for (const watcher of [...watchers]) watcher.deliverAll();
      return { kind: "appended", sequence };
    },
    watch(handler) {
      const watcher = createWatcher(handler, [...kept.values()]);
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        watcher.stop();
      };
    },
  };
}

interface Watcher {
  add(entry: ControlEntry): void;
  deliverAll(): void;
  stop(): void;
}

function createWatcher(handler: (entry: ControlEntry) => void, entries: ControlEntry[]): Watcher {
  let isDelivering = false;
  const deliverAll = (): void => {
    if (isDelivering) return;
    isDelivering = true;
    try {
      for (let entry = entries.shift(); entry; entry = entries.shift()) handler(entry);
    } finally {
      isDelivering = false;
    }
  };
  queueMicrotask(deliverAll);
  return {
    add(entry) {
      entries.push(entry);
    },
    deliverAll,
    stop() {
      entries = [];
    },
  };
}
