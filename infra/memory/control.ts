// CONTROL in process (J5). C1: compare-and-set per subject. C2: every watcher sees the same entries in the same order:
// those kept when it began, then each new one.
import type { AppendOutcome, Clock, Control, ControlEntry } from "../../actors/runtime/ports.ts";

/** Subjects not written for `keptMs` (24 h) are forgotten: longer than any token lives that a revocation concerns. */
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
      if (last !== expectedSequence) return { kind: "conflict", lastSequence: last }; // C1
      const entry = { subject, value, sequence: ++sequence, atMs: clock.nowMs() };
      kept.delete(subject);
      kept.set(subject, entry);
      forgetOld();
      // First to every queue: a handler that writes must not overtake this entry anywhere (C2).
      for (const watcher of watchers) watcher.add(entry);
      for (const watcher of [...watchers]) watcher.showAll();
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
  showAll(): void;
  stop(): void;
}

function createWatcher(handler: (entry: ControlEntry) => void, entries: ControlEntry[]): Watcher {
  let isShowing = false;
  const showAll = (): void => {
    if (isShowing) return;
    isShowing = true;
    try {
      for (let entry = entries.shift(); entry; entry = entries.shift()) handler(entry);
    } finally {
      isShowing = false;
    }
  };
  queueMicrotask(showAll);
  return {
    add(entry) {
      entries.push(entry);
    },
    showAll,
    stop() {
      entries = [];
    },
  };
}
